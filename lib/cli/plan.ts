// muster plan: what would a turn do now? Live against the masters and the cloud, or from a recorded input.
import { z } from 'zod';
import { explain } from '../core/explain';
import { plan as makePlan } from '../core/plan';
import type { PlanInput } from '../core/view';
import { dryInput } from '../doors/api';
import { messageOf } from '../engine/failure';
import { engineOf } from '../wiring/engine';
import { openLocal } from '../wiring/local';
import { INVALID, readSpec } from './spec-file';
import { isSet, readText, textOf, type Terminal, UsageError, type Verb, type Words } from './verb';

export const plan: Verb = {
  name: 'plan',
  summary: 'What would a turn do now? Nothing of it is done.',
  operands: '[FILE]',
  options: {
    world: { type: 'string' },
    input: { type: 'boolean' },
    state: { type: 'string' },
    'aws-endpoint': { type: 'string' },
  },
  help: {
    world: 'A recorded input (JSON: spec, world, memory, now, turn, round, work) instead of the live fleet.',
    input: 'Print what the plan is made from, in the form that --world reads, instead of the plan.',
    state:
      'Directory of the state of a stopped `muster serve`, for what is remembered; without it nothing is. A running one answers at /api/plan.',
    'aws-endpoint': 'Another EC2 and SSM than AWS itself: the one that `muster world` serves.',
  },
  example: 'muster plan examples/local.yaml',
  codes: {
    1: 'nothing of the fleet could be read, so no plan was made',
    2: 'the file has faults',
    3: 'part of the fleet could not be read; the plan is made of the rest and says what is unknown',
  },
  run: async (words, terminal) => {
    const recorded = textOf(words, 'world');
    if (recorded !== undefined && words.positionals.length > 0)
      throw new UsageError('Name one muster.yaml or give --world FILE, not both.');
    const input =
      recorded === undefined ? await liveInput(words, terminal) : await readInput(recorded, terminal);
    if (input === undefined) return INVALID;
    const unknown = recorded === undefined ? unknownIn(input) : SEEN;
    if (unknown.isAll) {
      for (const fault of unknown.faults) terminal.err(`${fault}\n`);
      terminal.err('Nothing of the fleet could be read, so no plan was made.\n');
      return UNREAD;
    }
    if (recorded === undefined) tell(input, words, terminal);
    else tellRecorded(recorded, () => tell(input, words, terminal));
    return unknown.faults.length > 0 ? PARTLY : 0;
  },
};

const UNREAD = 1;
const PARTLY = 3;

/** A noun that is not what it was when it was recorded shows only when the plan meets it. */
const tellRecorded = (path: string, job: () => void): void => {
  try {
    job();
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    throw new Error(
      `${path} was changed, or recorded by another version: ${messageOf(cause)}. Record it again with muster plan FILE --input.`,
      { cause },
    );
  }
};

const tell = (input: PlanInput, words: Words, terminal: Terminal): void => {
  if (isSet(words, 'input')) {
    terminal.out(`${JSON.stringify(input)}\n`);
    return;
  }
  const made = makePlan(input);
  if (isSet(words, 'json')) terminal.out(`${JSON.stringify(made, null, 2)}\n`);
  else for (const sentence of explain(made)) terminal.out(`${sentence}\n`);
};

type Unknown = { readonly isAll: boolean; readonly faults: readonly string[] };
/** A recorded input was looked at when it was recorded. */
const SEEN: Unknown = { isAll: false, faults: [] };

/** The catalogue ships with Muster, so it is no word on the fleet. */
const unknownIn = ({ world }: PlanInput): Unknown => {
  const sources = [...world.clouds, world.agents, world.queue];
  return {
    isAll: sources.every(({ complete, value }) => !complete && value.length === 0),
    faults: sources.filter(({ complete }) => !complete).flatMap(({ faults }) => faults),
  };
};

const liveInput = async (words: Words, terminal: Terminal): Promise<PlanInput | undefined> => {
  const [file, ...rest] = words.positionals;
  if (file === undefined || rest.length > 0)
    throw new UsageError('Name one muster.yaml, or give --world FILE.');
  const spec = await readSpec(file, terminal);
  if (spec === undefined) return undefined;
  const directory = textOf(words, 'state');
  const endpoint = textOf(words, 'aws-endpoint');
  const local = await openLocal({
    specs: [spec],
    onLine: (line) => terminal.err(`${line}\n`),
    quiet: true,
    ...(directory === undefined ? {} : { directory }),
    ...(endpoint === undefined ? {} : { aws: { endpoint } }),
  });
  try {
    return await dryInput(engineOf(local.outside, spec.cluster));
  } finally {
    await local.close();
  }
};

const source = z.looseObject({
  at: z.number(),
  complete: z.boolean(),
  faults: z.array(z.string()),
  value: z.array(z.looseObject({})),
});
const bounds = z.looseObject({ min: z.number(), max: z.number() });
const names = z.array(z.string());
const pool = z.looseObject({
  name: z.string(),
  zones: z.array(z.looseObject({ name: z.string() })),
  shapes: z.looseObject({
    families: names,
    names,
    excluded: names,
    cpuMilli: bounds,
    memMib: bounds,
    gpus: bounds,
  }),
  markets: names,
  size: bounds,
  headroom: z.looseObject({ shapes: z.array(z.unknown()) }),
  attributes: z.looseObject({}),
  disruption: z.looseObject({ budget: z.looseObject({}), windows: z.array(z.unknown()) }),
});
const list = z.array(z.looseObject({}));

const parts = z.looseObject({
  spec: z.looseObject({
    cluster: z.string(),
    pools: z.array(pool),
    limits: z.looseObject({ machines: z.number() }),
    marathon: z.looseObject({ groupBy: z.string() }),
  }),
  world: z.looseObject({
    clouds: z.array(source.extend({ scope: z.looseObject({ cloud: z.string() }) })),
    agents: source,
    queue: source,
    tasks: source,
    shapes: source,
    offerings: source,
    facts: source,
    schedules: list,
    templates: list,
    denied: list,
    windows: list,
  }),
  memory: z.looseObject({
    joined: names,
    cold: list,
    expected: list,
    strikes: list,
    floors: list,
    bought: list,
    leaving: list,
  }),
  now: z.number(),
  turn: z.string(),
  round: z.number(),
  work: z.number(),
});

/** The recorder wrote it, so its lists are looked at and the nouns in them are believed. */
const input = z.custom<PlanInput>((value) => parts.safeParse(value).success);

const readInput = async (path: string, terminal: Terminal): Promise<PlanInput> => {
  const text = await readText(path, terminal);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Error(`${path} is not JSON: ${messageOf(error)}.`, { cause: error });
  }
  const parsed = input.safeParse(value);
  if (parsed.success) return parsed.data;
  const faults =
    parts.safeParse(value).error?.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`) ?? [];
  throw new Error(`${path} is not a recorded input: ${faults.join('; ')}.`);
};
