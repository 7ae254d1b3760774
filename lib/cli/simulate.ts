// muster simulate: what would this muster.yaml have cost, and how long would tasks have waited, on that demand?
import { writeFile } from 'node:fs/promises';
import { formatCsvFault } from '../catalogue/csv';
import type { Spec } from '../core/model/spec';
import { messageOf } from '../engine/failure';
import { INVALID, readSpec } from './spec-file';
import { isSet, numberOf, readText, textOf, type Terminal, UsageError, type Verb, type Words } from './verb';
import { type Told, tellReplay } from './what-if/figures';
import { replay } from './what-if/replay';
import { reportPage } from './what-if/report';
import { missingFor } from './what-if/stage';
import { tableOf } from './what-if/table';
import { parseTrace, type TraceTask } from './what-if/trace';

/** For a hundred spot machines that run a month. An assumption: EC2 publishes only classes, the lowest of which is
 *  "less than 5 %". */
const SPOT_LOSSES = 10;

export const simulate: Verb = {
  name: 'simulate',
  summary: 'What would a muster.yaml have cost on this demand, and how long would tasks have waited?',
  operands: '--trace CSV --config FILE',
  options: {
    trace: { type: 'string' },
    config: { type: 'string' },
    compare: { type: 'string' },
    report: { type: 'string' },
    seed: { type: 'string' },
    'spot-losses': { type: 'string' },
  },
  help: {
    trace: 'The demand: columns task_id, arrival_s, duration_s, cpu_milli, mem_mib.',
    config: 'The muster.yaml whose pools buy for it. Pools of aws in one region.',
    compare: 'Another muster.yaml, replayed on the same demand and put beside the first.',
    report: 'Write the charts to this file: one HTML page that needs nothing else.',
    seed: 'Seed of everything that is left to chance (1). The same seed gives the same bytes.',
    'spot-losses': `Machines that the cloud takes back, for a hundred spot machines running a month (${SPOT_LOSSES}).`,
  },
  example:
    'muster simulate --trace test/fixtures/traces/task-demand-day.csv --config examples/local.yaml --report what-if.html',
  codes: {
    1: 'the report could not be written',
    2: 'a file has faults, or the emulated world cannot stand for it',
  },
  run: async (words, terminal) => {
    const asked = await readAsked(words, terminal);
    if (asked === undefined) return INVALID;
    const told: Named[] = [];
    for (const { file, spec } of asked.configs) told.push(await runOne({ file, spec }, asked, terminal));
    const page = textOf(words, 'report');
    if (page !== undefined) await writePage(page, told);
    const [one, other] = told;
    if (one === undefined) return INVALID;
    if (isSet(words, 'json')) terminal.out(`${JSON.stringify(answerOf(one, other), null, 2)}\n`);
    else terminal.out(tableOf(columnOf(one), other === undefined ? undefined : columnOf(other)));
    return 0;
  },
};

type Config = { readonly file: string; readonly spec: Spec };
type Asked = {
  readonly tasks: readonly TraceTask[];
  readonly configs: readonly Config[];
  readonly seed: number;
  readonly spotLosses: number;
};
type Named = { readonly file: string; readonly told: Told };

/** Everything that was named, or undefined after every fault of every file was said. */
const readAsked = async (words: Words, terminal: Terminal): Promise<Asked | undefined> => {
  const [trace, config, compare] = ['trace', 'config', 'compare'].map((name) => textOf(words, name));
  if (trace === undefined || config === undefined || words.positionals.length > 0)
    throw new UsageError('Name the demand with --trace and the muster.yaml with --config.');
  const seed = numberOf(words, 'seed', 1, [0, 2 ** 31]);
  const spotLosses = numberOf(words, 'spot-losses', SPOT_LOSSES, [0, 100_000]);
  const tasks = await readTasks(trace, terminal);
  const files = compare === undefined ? [config] : [config, compare];
  const configs: Config[] = [];
  for (const file of files) configs.push(...(await readConfig(file, terminal)));
  return tasks === undefined || configs.length < files.length
    ? undefined
    : { tasks, configs, seed, spotLosses };
};

const readTasks = async (file: string, terminal: Terminal): Promise<readonly TraceTask[] | undefined> => {
  const parsed = parseTrace(await readText(file, terminal), file);
  if ('tasks' in parsed) return parsed.tasks;
  for (const fault of parsed.faults) terminal.err(`${formatCsvFault(fault)}\n`);
  return undefined;
};

/** One, or none after its faults were said. */
const readConfig = async (file: string, terminal: Terminal): Promise<readonly Config[]> => {
  const spec = await readSpec(file, terminal);
  if (spec === undefined) return [];
  const missing = missingFor(spec);
  for (const sentence of missing) terminal.err(`${file}: ${sentence}\n`);
  return missing.length > 0 ? [] : [{ file, spec }];
};

const runOne = async ({ file, spec }: Config, asked: Asked, terminal: Terminal): Promise<Named> => {
  const { tasks, seed, spotLosses } = asked;
  const watched = terminal.isWatched === true;
  const onProgress = (share: number): void => terminal.err(`\r${file}: ${Math.floor(share * 100)} % `);
  const made = await replay({ spec, tasks, seed, spotLosses, ...(watched ? { onProgress } : {}) });
  if (watched) terminal.err(`\r${' '.repeat(file.length + 8)}\r`);
  for (const note of made.notes) terminal.err(`${file}: ${note}\n`);
  return { file, told: tellReplay(made) };
};

const writePage = async (path: string, told: readonly Named[]): Promise<void> => {
  try {
    await writeFile(path, reportPage(told));
  } catch (error) {
    throw new Error(`The report cannot be written to ${path}: ${messageOf(error)}.`, { cause: error });
  }
};

const columnOf = ({ file, told }: Named) => ({ file, figures: told.figures });

/** Of one file its figures; of two, the second's and the differences under names of their own. */
const answerOf = (one: Named, other: Named | undefined) => {
  const first = { schemaVersion: 1, config: one.file, ...one.told.figures };
  if (other === undefined) return first;
  const { figures } = other.told;
  const before = new Map(Object.entries(one.told.figures));
  const difference = Object.fromEntries(
    Object.entries(figures).map(([name, value]) => [name, rounded(value - (before.get(name) ?? 0))]),
  );
  return { ...first, compare: { config: other.file, ...figures }, difference };
};

/** The finest of the figures has four digits. */
const rounded = (value: number): number => Math.round(value * 1e4) / 1e4;
