// muster size: which machines would hold these tasks at the least price?
import { parseShapeTable, type ShapeTable } from '../catalogue/table';
import { formatCsvFault } from '../catalogue/csv';
import { shippedTable } from '../catalogue/shipped';
import { parseTasksCsv, type TaskRow } from '../catalogue/tasks';
import { usd } from '../core/explain';
import { NOTHING } from '../core/model/resources';
import { DEFAULT_WORK, pack } from '../core/pack/pack';
import type { PackProblem, PackResult, TaskClass } from '../core/pack/problem';
import { systemClock } from '../engine/clock';
import { isSet, numberOf, readText, textOf, type Terminal, UsageError, type Verb } from './verb';

const INVALID = 2;
const UNPLACED = 3;

export const size: Verb = {
  name: 'size',
  summary: 'Which machines hold these tasks at the least price, and how near is that to the least possible?',
  operands: '--tasks CSV',
  options: {
    tasks: { type: 'string' },
    catalogue: { type: 'string' },
    families: { type: 'string' },
    work: { type: 'string' },
  },
  help: {
    tasks: 'Columns cpu_milli, mem_mib; optionally task_id, count, app, max_per_host.',
    catalogue: 'Another table of shapes than the shipped one, with its columns.',
    families: 'Only these families or shapes: m7i,c7i,r7i. metal and flex only when named.',
    work: `Work units for improving on simple rules, about a millisecond each (${DEFAULT_WORK}).`,
  },
  example: 'muster size --tasks lib/emulator/data/titus-2016-snapshot.csv --families c7i,m7i,r7i',
  codes: { 2: 'a file has faults', 3: 'some tasks fit nothing' },
  run: async (words, terminal) => {
    const file = textOf(words, 'tasks');
    if (file === undefined || words.positionals.length > 0)
      throw new UsageError('Name the file of tasks with --tasks.');
    const parsed = parseTasksCsv(await readText(file, terminal), file);
    const table = await tableOf(textOf(words, 'catalogue'), terminal);
    if ('faults' in parsed) for (const fault of parsed.faults) terminal.err(`${formatCsvFault(fault)}\n`);
    if ('faults' in parsed || table === undefined) return INVALID;
    const offerings = offeringsOf(table, textOf(words, 'families'));
    if (offerings.length === 0) throw new UsageError('No shape of the catalogue is in these families.');
    const started = systemClock.now();
    const classes = parsed.tasks.map(classOf);
    const result = pack({
      classes,
      offerings,
      limits: [],
      work: numberOf(words, 'work', DEFAULT_WORK, [0, 1_000_000]),
    });
    const seconds = (systemClock.now() - started) / 1000;
    const answer = answerOf(result, { classes, offerings, tasks: parsed.tasks, seconds });
    terminal.out(
      isSet(words, 'json')
        ? `${JSON.stringify(answer, null, 2)}\n`
        : `${counted(result, classes)}\n${textual(answer)}`,
    );
    for (const note of isSet(words, 'json') ? [] : armNote(answer, table)) terminal.err(`${note}\n`);
    return answer.unplaced.length > 0 ? UNPLACED : 0;
  },
};

const tableOf = async (path: string | undefined, terminal: Terminal): Promise<ShapeTable | undefined> => {
  if (path === undefined) return shippedTable();
  const parsed = parseShapeTable(await readText(path, terminal), path);
  if ('table' in parsed) return parsed.table;
  for (const fault of parsed.faults) terminal.err(`${formatCsvFault(fault)}\n`);
  return undefined;
};

/** Only cpu and memory are asked for, so nothing else of a shape counts. */
const offeringsOf = (
  { shapes, onDemandUsd }: ShapeTable,
  families: string | undefined,
): PackProblem['offerings'] => {
  const named = families?.split(',').map((name) => name.trim());
  return shapes.flatMap((shape) => {
    const usdPerHour = onDemandUsd.get(shape.name);
    if (usdPerHour === undefined || !isAsked(shape.name, named)) return [];
    const { cpuMilli, memMib } = shape.allocatable;
    return [{ room: { ...NOTHING, cpuMilli, memMib }, usdPerHour, key: shape.name }];
  });
};

/** A whole machine is taken only by its own name, a flex shape also by its family's. */
const isAsked = (shape: string, named: readonly string[] | undefined): boolean => {
  if (named?.includes(shape) === true) return true;
  const [family = '', kind = ''] = shape.split('.');
  if (kind.startsWith('metal')) return false;
  return named === undefined ? !family.includes('-flex') : named.includes(family);
};

const classOf = (task: TaskRow): TaskClass => ({
  need: { ...NOTHING, cpuMilli: task.cpuMilli, memMib: task.memMib },
  count: task.count,
  perHost: task.maxPerHost ?? Infinity,
  ...(task.app === undefined || task.maxPerHost === undefined ? {} : { group: task.app }),
});

type Answer = {
  readonly schemaVersion: 1;
  readonly pricePerHour: number;
  readonly lowerBound: number;
  readonly boundKind: string;
  readonly ratio: number;
  readonly seconds: number;
  readonly machines: readonly {
    readonly type: string;
    readonly count: number;
    readonly usdPerHour: number;
  }[];
  readonly unplaced: readonly { readonly task: string; readonly reason: string }[];
};

type Asked = Pick<PackProblem, 'classes' | 'offerings'> & {
  readonly tasks: readonly TaskRow[];
  readonly seconds: number;
};

const answerOf = ({ best, bound }: PackResult, asked: Asked): Answer => {
  const counts = new Map<number, number>();
  for (const { offering, copies } of best.machines)
    counts.set(offering, (counts.get(offering) ?? 0) + copies);
  const machines = [...counts].map(([index, count]) => {
    const offering = asked.offerings[index];
    return { type: offering?.key ?? '', count, usdPerHour: offering?.usdPerHour ?? 0 };
  });
  return {
    schemaVersion: 1,
    pricePerHour: rounded(best.usdPerHour),
    lowerBound: rounded(bound.usdPerHour),
    boundKind: bound.kind,
    ratio: bound.usdPerHour > 0 ? rounded(best.usdPerHour / bound.usdPerHour) : 1,
    seconds: asked.seconds,
    machines: machines.sort(
      (a, b) => b.count * b.usdPerHour - a.count * a.usdPerHour || (a.type < b.type ? -1 : 1),
    ),
    unplaced: best.unplaced.map(({ class: index, count, why }) => ({
      task: `${asked.tasks[index]?.taskId ?? ''}${count > 1 ? ` x ${count}` : ''}`,
      reason: why === 'fits-nothing' ? 'larger than every shape' : 'a limit is in the way',
    })),
  };
};

const rounded = (value: number): number => Math.round(value * 1e6) / 1e6;

const counted = ({ best }: PackResult, classes: readonly TaskClass[]): string => {
  const all = classes.reduce((sum, { count }) => sum + count, 0);
  const left = best.unplaced.reduce((sum, { count }) => sum + count, 0);
  const machines = best.machines.reduce((sum, { copies }) => sum + copies, 0);
  return `${all - left} of ${all} tasks on ${machines} machines:`;
};

/** Whoever names no family may not know that the cheapest shapes run another architecture. */
const armNote = ({ machines }: Answer, { shapes }: ShapeTable): readonly string[] => {
  const arm = new Set(shapes.filter(({ arch }) => arch === 'arm64').map(({ name }) => name));
  return machines.some(({ type }) => arm.has(type))
    ? ['Some of these are arm64: name --families to leave them out.']
    : [];
};

const textual = (answer: Answer): string =>
  [
    ...answer.machines.map(
      ({ type, count, usdPerHour }) =>
        `${String(count).padStart(6)} x ${type.padEnd(18)}${usd(usdPerHour)} an hour each`,
    ),
    `${usd(answer.pricePerHour)} an hour; no plan can cost less than ${usd(answer.lowerBound)} (${answer.boundKind}): ${answer.ratio.toFixed(4)} times that, found in ${answer.seconds.toFixed(2)} s.`,
    ...answer.unplaced.map(({ task, reason }) => `Not placed: ${task}, ${reason}.`),
    '',
  ].join('\n');
