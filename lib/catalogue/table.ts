// The table of machine shapes and on-demand prices: CSV in, shapes and prices out.
import type { Arch, Shape } from '../core/model/offering';
import { type CsvFault, type CsvRow, numberCell, readCsv } from './csv';

export type ShapeTable = {
  readonly shapes: readonly Shape[];
  /** US dollars an hour on demand by the name of the shape. */
  readonly onDemandUsd: ReadonlyMap<string, number>;
};

const COLUMNS = [
  'instance_type',
  'arch',
  'cpu_milli',
  'mem_mib',
  'alloc_cpu_milli',
  'alloc_mem_mib',
  'gpu_count',
  'usd_per_hour_od',
] as const;
type NumberColumn = Exclude<(typeof COLUMNS)[number], 'instance_type' | 'arch'>;

/** Mesos announces ports 31000-32000 unless told otherwise (configuration/agent.md). */
export const DEFAULT_PORTS = 1001;

/** Reads a catalogue. Disk is 0 in every shape: it is the pool's root disk (withRootDisk). All faults at once, each
 *  with its line; a table without a single shape is a fault too. */
export const parseShapeTable = (
  text: string,
  file: string,
): { readonly table: ShapeTable } | { readonly faults: readonly CsvFault[] } => {
  const csv = readCsv(text, file, COLUMNS);
  if ('faults' in csv) return csv;
  if (csv.rows.length === 0) {
    return {
      faults: [{ file, line: 1, problem: 'the catalogue is empty: it names columns but no machine shape' }],
    };
  }
  const faults: CsvFault[] = [];
  const shapes = new Map<string, Shape>();
  const onDemandUsd = new Map<string, number>();
  for (const row of csv.rows) {
    const read = readRow(row);
    if ('problems' in read) {
      faults.push(...read.problems.map((problem) => ({ file, line: row.line, ...problem })));
    } else if (shapes.has(read.shape.name)) {
      const problem = `${read.shape.name} is listed twice`;
      faults.push({ file, line: row.line, column: 'instance_type', problem });
    } else {
      shapes.set(read.shape.name, read.shape);
      onDemandUsd.set(read.shape.name, read.usdPerHour);
    }
  }
  return faults.length > 0 ? { faults } : { table: { shapes: [...shapes.values()], onDemandUsd } };
};

type Problem = { readonly column: string; readonly problem: string };
type Row = { readonly shape: Shape; readonly usdPerHour: number } | { readonly problems: readonly Problem[] };

const readRow = (row: CsvRow): Row => {
  const problems: Problem[] = [];
  const number = (column: NumberColumn, least: number): number => {
    const value = numberCell(row, column, least);
    if (typeof value === 'number') return value;
    problems.push({ column, ...value });
    return 0;
  };
  const name = row.cells['instance_type'] ?? '';
  if (name === '')
    problems.push({ column: 'instance_type', problem: 'the name of the machine shape is missing' });
  const arch = archOf(row.cells['arch']);
  if (arch === undefined) problems.push({ column: 'arch', problem: 'write amd64 or arm64' });

  const size = (cpu: NumberColumn, mem: NumberColumn, gpus: number) => ({
    cpuMilli: Math.floor(number(cpu, 1)),
    memMib: Math.floor(number(mem, 1)),
    diskMib: 0,
    gpus,
    ports: DEFAULT_PORTS,
  });
  const gpus = Math.floor(number('gpu_count', 0));
  const total = size('cpu_milli', 'mem_mib', gpus);
  const allocatable = size('alloc_cpu_milli', 'alloc_mem_mib', gpus);
  const usdPerHour = number('usd_per_hour_od', 0);
  if (allocatable.cpuMilli > total.cpuMilli || allocatable.memMib > total.memMib) {
    problems.push({ column: 'alloc_cpu_milli', problem: 'more is allocatable than the machine has' });
  }
  return problems.length > 0 || arch === undefined
    ? { problems }
    : { shape: { name, arch, total, allocatable }, usdPerHour };
};

const archOf = (text: string | undefined): Arch | undefined =>
  text === 'amd64' || text === 'arm64' ? text : undefined;
