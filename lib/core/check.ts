// The invariants of any plan, looked at again in every test and in production before acting. It shares the counts of the
// view (sizes, prices, what is cold) with the steps, not their decisions: an error in a count is not found here. A plan
// that breaks one is refused whole; that is a bug, and it is better found here than in a fleet.
import { STRIKES_TO_OPEN } from './breaker';
import { agentFaults } from './check-agents';
import { isShort, poolAllowsShape } from './buyable';
import type { Joined } from './join';
import type { Offering } from './model/offering';
import type { Launch, Plan, Terminate } from './model/plan';
import type { Pool } from './model/spec';
import { DIMENSIONS } from './model/resources';
import { poolSize, spendNow, type View } from './view';
import { dearest } from './launches';

/** The invariants that the plan breaks, each with the number of facts/invariants; empty when it is sound. */
export const check = (plan: Plan, view: View): readonly string[] => {
  const launches = plan.actions.filter((action): action is Launch => action.kind === 'launch');
  const ends = plan.actions.filter((action): action is Terminate => action.kind === 'terminate');
  return [
    ...uniqueIds(plan),
    ...launches.flatMap((launch) => launchFaults(launch, plan, view)),
    ...terminateFaults(ends, plan, view),
    ...agentFaults(plan, view),
    ...limitFaults(launches, view),
    ...spendFaults(launches, view),
    ...pauseFaults(plan, view),
    ...demandFaults(plan, view),
  ];
};

const uniqueIds = (plan: Plan): readonly string[] => {
  const ids = plan.actions.map(({ id }) => id);
  return new Set(ids).size === ids.length ? [] : ['S2: two actions bear the same id'];
};

const launchFaults = (launch: Launch, plan: Plan, view: View): readonly string[] => {
  const pool = view.pools.get(launch.pool);
  if (pool === undefined) return [`S5: ${launch.id} launches into the unknown pool ${launch.pool}`];
  const faults: string[] = [];
  if (!Number.isInteger(launch.count) || launch.count < 1)
    faults.push(`S2: ${launch.id} launches ${launch.count} machines`);
  if (launch.offerings.length === 0) faults.push(`S2: ${launch.id} names no offering`);
  if (new Set(launch.offerings.map(({ market }) => market)).size > 1)
    faults.push(`S2: ${launch.id} mixes markets`);
  if (hasOpenBreaker(pool.name, plan, view))
    faults.push(`L3: ${launch.id} buys for pool ${pool.name}, whose breaker has just opened`);
  return [
    ...faults,
    ...launch.offerings.flatMap((offering) => offeringFaults(launch.id, offering, pool, view)),
  ];
};

const offeringFaults = (id: string, offering: Offering, pool: Pool, view: View): readonly string[] => {
  const shape = view.shapes.get(offering.shape);
  const allowed =
    offering.cloud === pool.cloud &&
    offering.region === pool.region &&
    pool.zones.some(({ name }) => name === offering.zone) &&
    pool.markets.includes(offering.market) &&
    shape !== undefined &&
    poolAllowsShape(pool, shape);
  const faults = allowed
    ? []
    : [`S14: ${id} offers ${offering.shape} in ${offering.zone}, which pool ${pool.name} does not allow`];
  return isShort(offering, view.memory.cold, view.now)
    ? [...faults, `L7: ${id} tries the cold ${offering.shape} in ${offering.zone}`]
    : faults;
};

const hasOpenBreaker = (pool: string, plan: Plan, view: View): boolean =>
  plan.memory.strikes.some(
    (entry) =>
      entry.pool === pool &&
      entry.openedAt === view.now &&
      entry.machines.length >= STRIKES_TO_OPEN &&
      isCurrent(entry.image, view, pool),
  );

const isCurrent = (image: string, view: View, pool: string): boolean => {
  const template = view.world.templates.find((entry) => entry.pool === pool);
  return template === undefined || `${template.image}@${template.bootstrap}` === image;
};

const terminateFaults = (ends: readonly Terminate[], plan: Plan, view: View): readonly string[] => {
  const listed = new Map(view.join.joined.map((entry) => [entry.machine.id, entry]));
  const overdue = new Set(
    plan.memory.leaving.flatMap(({ machine, drain }) =>
      drain?.killedAt !== undefined && view.now >= drain.deadline ? [machine] : [],
    ),
  );
  return ends.flatMap((end) =>
    end.machines.flatMap((id) => endFaults(end, id, listed.get(id), overdue.has(id))),
  );
};

/** `isOverdue`: the deadline of its drain has passed. */
const endFaults = (
  end: Terminate,
  id: string,
  entry: Joined | undefined,
  isOverdue: boolean,
): readonly string[] => {
  if (entry === undefined) return [`S5: ${end.id} ends ${id}, which no cloud lists as ours`];
  if (entry.machine.pool !== end.pool) return [`S5: ${end.id} ends ${id}, which is not of pool ${end.pool}`];
  if (isOverdue) return [];
  const used = entry.agent?.used;
  const runs = used !== undefined && DIMENSIONS.some((dimension) => used[dimension] > 0);
  return runs ? [`S1: ${end.id} ends ${id}, whose agent runs tasks`] : [];
};

/** What the plan ends lives until its cloud has ended it, so it makes no room yet. */
const limitFaults = (launches: readonly Launch[], view: View): readonly string[] => {
  const bought = (pool?: string): number =>
    launches
      .filter((launch) => pool === undefined || launch.pool === pool)
      .reduce((sum, { count }) => sum + count, 0);
  const faults = [...view.pools.values()].flatMap((pool): readonly string[] => {
    const after = poolSize(view, pool) + bought(pool.name);
    return bought(pool.name) > 0 && after > pool.size.max
      ? [`S3: pool ${pool.name} would have ${after} machines of ${pool.size.max}`]
      : [];
  });
  const total = [...view.pools.values()].reduce((sum, pool) => sum + poolSize(view, pool), 0) + bought();
  const most = view.spec.limits.machines;
  return bought() > 0 && total > most
    ? [...faults, `S3: the cluster would have ${total} machines of ${most}`]
    : faults;
};

/** Replacements may exceed the cap by at most what was lost, which was spent before. */
const spendFaults = (launches: readonly Launch[], view: View): readonly string[] => {
  const cap = view.spec.limits.usdPerHour;
  if (cap === undefined) return [];
  const cost = launches.reduce(
    (sum, launch) =>
      sum +
      (dearest(launch) * (launch.count - Math.min(launch.count, launch.replaces.length))) / launch.count,
    0,
  );
  const after = spendNow(view) + cost;
  return cost > 0 && after > cap + 1e-6
    ? [`S4: $${after.toFixed(4)} an hour would exceed the cap of $${cap}`]
    : [];
};

const pauseFaults = (plan: Plan, view: View): readonly string[] => {
  const paused = plan.memory.pause;
  const inForce = paused !== undefined && (paused.until === undefined || paused.until > view.now);
  return inForce && plan.actions.some(({ kind }) => kind !== 'notify')
    ? ['S27: acts although it is paused']
    : [];
};

/** L2: every row of the queue has a line, and its numbers add up. */
const demandFaults = (plan: Plan, view: View): readonly string[] => {
  const lines = new Map(plan.demand.map((line) => [line.runSpec, line]));
  const missing = view.world.queue.value
    .filter(({ runSpec }) => !lines.has(runSpec.id))
    .map(({ runSpec }) => `L2: ${runSpec.id} waits and the plan does not mention it`);
  const held = plan.blocked.some(
    ({ subject, code }) => HOLDS_ALL.has(code) && (view.pools.has(subject) || subject === view.spec.cluster),
  );
  const named = new Set(plan.blocked.map(({ subject }) => subject));
  const wrong = plan.demand
    .filter((line) => line.onExisting + line.onComing + line.onBought + line.unplaced !== line.count)
    .map((line) => `L2: the numbers of ${line.runSpec} do not add up to ${line.count}`);
  const silent = plan.demand
    .filter((line) => line.unplaced > 0 && !held && !named.has(line.runSpec))
    .map((line) => `L2: ${line.unplaced} of ${line.runSpec} stay unplaced without a reason`);
  return [...missing, ...wrong, ...silent];
};

/** A guard that stops launches speaks for a pool, not for each row. */
const HOLDS_ALL: ReadonlySet<string> = new Set([
  'paused',
  'pool-limit',
  'cluster-limit',
  'spend-cap',
  'stale-view',
]);
