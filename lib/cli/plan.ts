// muster plan: what would a turn do now? Live against the masters and the cloud, or from a recorded input.
import { z } from 'zod';
import { explain } from '../core/explain';
import { plan as makePlan } from '../core/plan';
import type { Plan } from '../core/model/plan';
import type { PlanInput } from '../core/view';
import { dryPlan } from '../doors/api';
import { engineOf } from '../wiring/engine';
import { openLocal } from '../wiring/local';
import { INVALID, readSpec } from './spec-file';
import { isSet, textOf, type Terminal, UsageError, type Verb, type Words } from './verb';

export const plan: Verb = {
  name: 'plan',
  summary: 'What would a turn do now? Nothing of it is done.',
  operands: '[FILE]',
  options: { world: { type: 'string' }, state: { type: 'string' } },
  help: {
    world: 'A recorded input (JSON: spec, world, memory, now, turn, round, work) instead of the live fleet.',
    state: 'Directory of the state of `muster serve`, for what is remembered; without it nothing is.',
  },
  example: 'muster plan muster.yaml',
  codes: { 1: 'the fleet could not be read', 2: 'the file has faults' },
  run: async (words, terminal) => {
    const recorded = textOf(words, 'world');
    const made =
      recorded === undefined
        ? await livePlan(words, terminal)
        : makePlan(await readInput(recorded, terminal));
    if (made === undefined) return INVALID;
    if (isSet(words, 'json')) terminal.out(`${JSON.stringify(made, null, 2)}\n`);
    else for (const sentence of explain(made)) terminal.out(`${sentence}\n`);
    return 0;
  },
};

const livePlan = async (words: Words, terminal: Terminal): Promise<Plan | undefined> => {
  const [file, ...rest] = words.positionals;
  if (file === undefined || rest.length > 0)
    throw new UsageError('Name one muster.yaml, or give --world FILE.');
  const spec = await readSpec(file, terminal);
  if (spec === undefined) return undefined;
  const directory = textOf(words, 'state');
  const local = await openLocal({
    specs: [spec],
    onLine: (line) => terminal.err(`${line}\n`),
    quiet: true,
    ...(directory === undefined ? {} : { directory }),
  });
  try {
    return await dryPlan(engineOf(local.outside, spec.cluster));
  } finally {
    await local.close();
  }
};

const parts = z.looseObject({
  spec: z.looseObject({ cluster: z.string(), pools: z.array(z.looseObject({ name: z.string() })) }),
  world: z.looseObject({
    clouds: z.array(z.unknown()),
    agents: z.unknown(),
    queue: z.unknown(),
    offerings: z.unknown(),
  }),
  memory: z.looseObject({ cold: z.array(z.unknown()), expected: z.array(z.unknown()) }),
  now: z.number(),
  turn: z.string(),
  round: z.number(),
  work: z.number(),
});

/** The recorder wrote it, so its shape is looked at and its nouns are believed. */
const input = z.custom<PlanInput>((value) => parts.safeParse(value).success);

const readInput = async (path: string, terminal: Terminal): Promise<PlanInput> => {
  let value: unknown;
  try {
    value = JSON.parse(await terminal.readFile(path));
  } catch (error) {
    throw new Error(`${path} is not JSON: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
  const parsed = input.safeParse(value);
  if (parsed.success) return parsed.data;
  const faults =
    parts.safeParse(value).error?.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`) ?? [];
  throw new Error(`${path} is not a recorded input: ${faults.join('; ')}.`);
};
