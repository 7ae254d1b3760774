// The figures as a short table, of one file or of two side by side.
import type { Figures } from './figures';

type Row = {
  readonly name: string;
  readonly of: (figures: Figures) => number;
  readonly text: (value: number) => string;
};

const money = (value: number): string => `$${value.toFixed(2)}`;
const seconds = (value: number): string => `${value.toFixed(1)} s`;
const whole = (value: number): string => value.toFixed(0);

const ROWS: readonly Row[] = [
  { name: 'cost', of: ({ cost }) => cost, text: money },
  { name: 'bound, nobody waits', of: ({ bound }) => bound, text: money },
  { name: 'cost / bound', of: ({ ratio }) => ratio, text: (value) => value.toFixed(4) },
  { name: 'bound, any order', of: ({ workBound }) => workBound, text: money },
  { name: 'wait, median', of: ({ waitP50 }) => waitP50, text: seconds },
  { name: 'wait, 99 of 100', of: ({ waitP99 }) => waitP99, text: seconds },
  { name: 'wait, longest', of: ({ waitMax }) => waitMax, text: seconds },
  { name: 'tasks moved', of: ({ moves }) => moves, text: whole },
  { name: 'runs lost', of: ({ lost }) => lost, text: whole },
  { name: 'tasks that never ran', of: ({ neverRan }) => neverRan, text: whole },
  { name: '  larger than any shape', of: ({ tooLarge }) => tooLarge, text: whole },
  { name: 'machines bought', of: ({ machines }) => machines, text: whole },
  { name: '  taken by the cloud', of: ({ taken }) => taken, text: whole },
];

type Column = { readonly file: string; readonly figures: Figures };

/** @param other the second file's, beside which the difference from the first stands. */
export const tableOf = (one: Column, other?: Column): string => {
  const { tasks, finished, hours, turns } = one.figures;
  const head = `${tasks} tasks over ${hours} hours; ${finished} finished with ${one.file} (${turns} turns)${other === undefined ? '' : `, ${other.figures.finished} with ${other.file} (${other.figures.turns} turns)`}.`;
  const cells = [
    ...(other === undefined ? [] : [['', one.file, other.file, 'difference']]),
    ...ROWS.map(({ name, of, text }) => [
      name,
      text(of(one.figures)),
      ...(other === undefined
        ? []
        : [text(of(other.figures)), differenceOf(of(one.figures), of(other.figures), text)]),
    ]),
  ];
  const widths = (cells[0] ?? []).map((_cell, column) =>
    Math.max(...cells.map((row) => row[column]?.length ?? 0)),
  );
  const lines = cells.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  '),
  );
  return [head, ...lines, ''].join('\n');
};

const differenceOf = (before: number, after: number, text: (value: number) => string): string => {
  const by = after - before;
  if (Math.abs(by) < 1e-9) return '=';
  const share = before > 0 ? ` (${by > 0 ? '+' : ''}${((by / before) * 100).toFixed(1)} %)` : '';
  return `${by > 0 ? '+' : '-'}${text(Math.abs(by))}${share}`;
};
