// Read this first. A plan is made by an ordered list of steps, each a pure function of one view of the world; guards
// then narrow it. Same input, same bytes: no clock, no chance, no environment.
import { takesMachine } from './drain/reads';
import { floorOf } from './floors';
import { limits } from './guards/limits';
import { impairedZone } from './guards/impaired-zone';
import { massFailure } from './guards/mass-failure';
import type { Guard } from './guards/guard';
import { closingIn, READ_APART_MS } from './leaving';
import type { Agent } from './model/agent';
import { pause } from './guards/pause';
import { spend } from './guards/spend';
import { staleView } from './guards/stale-view';
import { type Plan, PLAN_VERSION, type PoolLine } from './model/plan';
import { settle } from './remember';
import type { World } from './model/world';
import type { Step, StepResult } from './step';
import { bury } from './steps/bury';
import { drain } from './steps/drain';
import { failOver } from './steps/fail-over';
import { heal } from './steps/heal';
import { interrupted } from './steps/interrupted';
import { replace } from './steps/replace';
import { scaleIn } from './steps/scale-in';
import { scaleOut } from './steps/scale-out';
import { schedule } from './steps/schedule';
import {
  expectedOf,
  type PlanInput,
  poolSize,
  spendNow,
  standingIn,
  type View,
  viewOf,
  withMemory,
} from './view';

/** The behaviours, in order. Later ones see what earlier ones want and remember. */
const STEPS: readonly Step[] = [
  schedule,
  failOver,
  interrupted,
  bury,
  heal,
  replace,
  drain,
  scaleIn,
  scaleOut,
];

/** The brakes. Whatever a step wants passes all of them. */
export const GUARDS: readonly Guard[] = [pause, staleView, massFailure, impairedZone, limits, spend];

/** Work units for the packing of a turn: three times as many buy less than 1 % that survives Marathon's own placement. */
export const TURN_WORK = 200;

/** Milliseconds: when nothing else is due, the tick looks again. */
const TICK_MS = 60_000;

export const plan = (input: PlanInput, guards: readonly Guard[] = GUARDS): Plan => {
  const seen = viewOf(input);
  let view = withMemory(seen, settle(seen));
  const results: StepResult[] = [];
  for (const step of STEPS) {
    const result = step(
      view,
      results.flatMap(({ actions }) => actions),
    );
    results.push(result);
    view = withMemory(view, result.memory);
  }
  return guards.reduce((draft, guard) => guard.narrow(draft, view), draftOf(view, results));
};

const draftOf = (view: View, results: readonly StepResult[]): Plan => ({
  schemaVersion: PLAN_VERSION,
  cluster: view.spec.cluster,
  at: view.now,
  round: view.round,
  actions: results.flatMap(({ actions }) => actions),
  blocked: results.flatMap(({ blocked }) => blocked),
  demand: results.flatMap(({ demand }) => demand ?? []),
  pools: [...view.pools.values()].map((pool) => poolLine(view, pool)),
  cost: {
    nowUsdPerHour: spendNow(view),
    ...(results.find(({ cost }) => cost !== undefined)?.cost ?? NO_COST),
  },
  oddities: oddities(view),
  memory: view.memory,
  ...lookAgain(view),
});

const NO_COST = { packedUsdPerHour: 0, boughtUsdPerHour: 0, boundUsdPerHour: 0, boundKind: 'none' } as const;

const poolLine = (view: View, pool: View['spec']['pools'][number]): PoolLine => {
  const leaving = new Set(closingIn(view.memory.leaving, pool.name).map(({ machine }) => machine));
  const count = (standing: string): number =>
    standingIn(view, pool.name).filter(
      (entry) => entry.standing === standing && !leaving.has(entry.machine.id),
    ).length;
  return {
    pool: pool.name,
    ready: count('ready'),
    launching: count('launching') + expectedOf(view, pool.name),
    booting: count('booting'),
    neverJoined: count('never-joined'),
    leaving: leaving.size,
    ending: count('ending'),
    wanted: Math.max(floorOf(view, pool), poolSize(view, pool)),
    limit: pool.size.max,
  };
};

/** What could not be read of the world, a sentence each, without its full stop. */
export const unread = (world: World): readonly string[] =>
  [
    ...world.clouds,
    world.agents,
    world.queue,
    world.tasks,
    world.hosted,
    world.apps,
    world.offerings,
    world.facts,
  ].flatMap(({ faults }) => faults);

/** What does not pair, and what could not be seen: each worth a sentence, none worth an action here. */
const oddities = (view: View): readonly string[] => {
  const { world, join } = view;
  const ghosts = join.ghosts.map(
    (agent) => `agent ${agent.id} on ${agent.hostname} belongs to no machine that the cloud lists`,
  );
  const lost = join.joined
    .filter(({ machine }) => machine.pool !== undefined && !view.pools.has(machine.pool))
    .map(
      ({ machine }) =>
        `machine ${machine.id} names the pool ${machine.pool ?? ''}, which muster.yaml does not have`,
    );
  return [...unread(world), ...lost, ...ghosts, ...foreign(join.foreign)];
};

/** They are somebody else's and may be many: one sentence for all. */
const foreign = (agents: readonly Agent[]): readonly string[] => {
  const [first] = agents;
  if (first === undefined) return [];
  const example = `${first.id} on ${first.hostname}`;
  return agents.length === 1
    ? [`agent ${example} is none of ours; its room counts, and nothing is done to it`]
    : [
        `${agents.length} agents are none of ours (${example} is one); their room counts, and nothing is done to them`,
      ];
};

/** The next moment at which time alone changes something, when that is sooner than the tick. */
const lookAgain = (view: View): { readonly lookAgainAt?: number } => {
  const moments = [
    ...view.join.joined
      .filter(
        ({ standing, machine }) =>
          (standing === 'launching' || standing === 'booting') && machine.pool !== undefined,
      )
      .map(
        ({ machine }) =>
          machine.launchedAt + (view.pools.get(machine.pool ?? '')?.registerWithinMs ?? Infinity) + 1,
      ),
    ...view.memory.cold.map(({ until }) => until),
    ...view.memory.floors.map(({ until }) => until),
    ...nextReads(view),
    ...unseen(view),
    ...view.world.queue.value
      .flatMap(({ since, lastUsedOfferAt }) => [since, lastUsedOfferAt ?? since])
      .map((at) => at + YOUNG_MS + 1),
  ].filter((at) => at > view.now && at < view.now + TICK_MS);
  const first = moments.reduce((least, at) => Math.min(least, at), Infinity);
  return moments.length === 0 ? {} : { lookAgainAt: first };
};

/** While a cloud takes machines, what could not be read is read again soon: a minute is half of a notice. */
const unseen = (view: View): readonly number[] => {
  const isTaken = view.world.facts.value.some((fact) => fact.expiresAt > view.now && takesMachine(fact));
  return isTaken && unread(view.world).length > 0 ? [view.now + READ_APART_MS] : [];
};

/** An agent that is given back is read again soon, until its machine is ended. */
const nextReads = (view: View): readonly number[] => {
  const { pause: paused, leaving, surges, buried } = view.memory;
  const isMoving = leaving.some(
    ({ phase, since, emptyAt, drain: its }) =>
      phase !== 'idle' && (its !== undefined || emptyAt.length > 0 || view.now - since < TICK_MS),
  );
  const isFresh = buried.some(({ at }) => view.now - at < TICK_MS);
  const isSoon = paused === undefined && (isMoving || isFresh || surges.length > 0);
  return isSoon ? [view.now + READ_APART_MS] : [];
};

const YOUNG_MS = 10_000;
