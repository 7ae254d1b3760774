// A demand trace: which tasks came, when, for how long and how large.
import { type CsvFault, type CsvRow, numberCell, readCsv } from '../../catalogue/csv';

/** Times in milliseconds; `arriveMs` counts from the beginning of the trace. */
export type TraceTask = {
  readonly id: string;
  readonly arriveMs: number;
  readonly durationMs: number;
  readonly cpuMilli: number;
  readonly memMib: number;
};

const COLUMNS = ['task_id', 'arrival_s', 'duration_s', 'cpu_milli', 'mem_mib'] as const;
/** Nothing shorter can be told apart on a clock of milliseconds. */
const LEAST_S = 0.001;

/** Tasks in the order of their arrival, equal ones in that of the file. Needs are rounded up. Columns beside the five
 *  are ignored. All faults at once, each with its line. */
export const parseTrace = (
  text: string,
  file: string,
): { readonly tasks: readonly TraceTask[] } | { readonly faults: readonly CsvFault[] } => {
  const csv = readCsv(text, file, COLUMNS);
  if ('faults' in csv) return csv;
  if (csv.rows.length === 0)
    return { faults: [{ file, line: 1, problem: 'the file names columns but no task' }] };
  const seen = new Set<string>();
  const read = csv.rows.map((row) => readTask(row, seen));
  const faults = read.flatMap(({ faults: found }) => found.map((fault) => ({ file, ...fault })));
  if (faults.length > 0) return { faults };
  return { tasks: read.map(({ task }) => task).toSorted((a, b) => a.arriveMs - b.arriveMs) };
};

type Read = { readonly task: TraceTask; readonly faults: readonly Omit<CsvFault, 'file'>[] };

const readTask = (row: CsvRow, seen: Set<string>): Read => {
  const { line } = row;
  const faults: Omit<CsvFault, 'file'>[] = [];
  const number = (column: (typeof COLUMNS)[number], least: number): number => {
    const value = numberCell(row, column, least);
    if (typeof value === 'number') return value;
    faults.push({ line, column, ...value });
    return least;
  };
  const id = row.cells['task_id'] ?? '';
  if (id === '') faults.push({ line, column: 'task_id', problem: 'a task needs an id' });
  else if (seen.has(id)) faults.push({ line, column: 'task_id', problem: `${id} is listed twice` });
  seen.add(id);
  const task = {
    id,
    arriveMs: Math.round(number('arrival_s', 0) * 1000),
    durationMs: Math.round(number('duration_s', LEAST_S) * 1000),
    cpuMilli: Math.ceil(number('cpu_milli', 0)),
    memMib: Math.ceil(number('mem_mib', 0)),
  };
  return { task, faults };
};
