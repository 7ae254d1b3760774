// A list of tasks to size a fleet for: what `muster size --tasks` reads.
import { type CsvFault, type CsvRow, numberCell, readCsv } from './csv';

export type TaskRow = {
  readonly taskId: string;
  readonly cpuMilli: number;
  readonly memMib: number;
  /** How many equal tasks the row stands for. */
  readonly count: number;
  readonly app?: string;
  /** At most so many tasks of the row's app (or of the row itself) on one machine. */
  readonly maxPerHost?: number;
};

/** Columns `cpu_milli` and `mem_mib`, optionally `task_id`, `count`, `app` and `max_per_host`; others are ignored and
 *  an empty optional cell is left out. A row without an id is called by its line. Needs are rounded up. All faults at
 *  once, each with its line. */
export const parseTasksCsv = (
  text: string,
  file: string,
): { readonly tasks: readonly TaskRow[] } | { readonly faults: readonly CsvFault[] } => {
  const csv = readCsv(text, file, ['cpu_milli', 'mem_mib']);
  if ('faults' in csv) return csv;
  if (csv.rows.length === 0) {
    return { faults: [{ file, line: 1, problem: 'the file names columns but no task' }] };
  }
  const read = csv.rows.map((row) => ({ line: row.line, ...readTask(row) }));
  const faults = [
    ...read.flatMap(({ line, problems }) => problems.map((problem) => ({ file, line, ...problem }))),
    ...doubledIds(read).map(({ line, id }) => ({
      file,
      line,
      column: 'task_id',
      problem: `${id} is listed twice`,
    })),
  ].toSorted((a, b) => a.line - b.line);
  return faults.length > 0 ? { faults } : { tasks: read.map(({ task }) => task) };
};

type Problem = { readonly column: string; readonly problem: string };

const readTask = (row: CsvRow): { readonly task: TaskRow; readonly problems: readonly Problem[] } => {
  const problems: Problem[] = [];
  const number = (column: string, least: number): number => {
    const value = numberCell(row, column, least);
    if (typeof value === 'number') return value;
    problems.push({ column, ...value });
    return least;
  };
  const count = (column: string): number => {
    const value = number(column, 1);
    if (!Number.isInteger(value)) problems.push({ column, problem: `${value} is not a whole number` });
    return value;
  };
  const has = (column: string): boolean => (row.cells[column] ?? '') !== '';
  const app = row.cells['app'] ?? '';
  const task = {
    taskId: has('task_id') ? (row.cells['task_id'] ?? '') : `line-${row.line}`,
    cpuMilli: Math.ceil(number('cpu_milli', 0)),
    memMib: Math.ceil(number('mem_mib', 0)),
    count: has('count') ? count('count') : 1,
    ...(app === '' ? {} : { app }),
    ...(has('max_per_host') ? { maxPerHost: count('max_per_host') } : {}),
  };
  return { task, problems };
};

const doubledIds = (
  read: readonly { readonly line: number; readonly task: TaskRow }[],
): readonly { readonly line: number; readonly id: string }[] => {
  const seen = new Set<string>();
  const doubled: { line: number; id: string }[] = [];
  for (const { line, task } of read) {
    if (seen.has(task.taskId)) doubled.push({ line, id: task.taskId });
    seen.add(task.taskId);
  }
  return doubled;
};
