// What stands in the way of something that is wanted: said so that the reader knows what would have to change.
import { breakerState } from './breaker';
import { type Buyable, coldUntil, lanesFor, market, type Market, namesShapes } from './buyable';
import type { FitLine } from './fit';
import type { RunSpec } from './model/app';
import type { Millis } from './model/machine';
import { offeringKey } from './model/offering';
import type { BlockedCode } from './model/plan';
import { fits } from './model/resources';
import { exclusionsOf, type Held } from './overrides';
import type { Purchase } from './purchase';
import type { View } from './view';

export type Obstacle = { readonly code: BlockedCode; readonly why: string; readonly until?: Millis };

/** Looks for what stands in the way of a line that is not wholly placed. */
export type FindObstacle = (line: FitLine) => Obstacle;

/** `open` is what may be bought now, `limit` the limit that binds first. */
export const obstacles = (view: View, open: Market, limit: Obstacle): FindObstacle => {
  let known: Shut | undefined;
  return ({ want, leftover }) => {
    if (leftover === 'limit' || leftover === 'none') return limit;
    if (leftover === 'trial') return ON_TRIAL;
    known ??= shutMarket(view, open);
    if (known.whole.buyables.length === 0) return NO_OFFERING;
    return notNow(want.runSpec, known) ?? never(leftover);
  };
};

const ON_TRIAL: Obstacle = {
  code: 'waiting',
  why: 'an agent that was bought for it has room and Marathon has not taken it yet, so no more are bought before it has had its time',
};

const NO_OFFERING: Obstacle = {
  code: 'no-offering',
  why: 'the catalogue has no shape that any pool allows in its zones',
};

const never = (leftover: 'no-pool' | 'constraint' | 'fits-nothing'): Obstacle => {
  switch (leftover) {
    case 'no-pool':
      return { code: 'constraint', why: 'no pool makes agents that pass its constraints and role' };
    case 'constraint':
      return {
        code: 'constraint',
        why: 'its constraints allow no further instance, wherever an agent is added',
      };
    case 'fits-nothing':
      return { code: 'no-pool-fits', why: 'one instance is larger than every shape that the pools allow' };
    default:
      return leftover satisfies never;
  }
};

/** What the pools could buy on another day, and what of it cannot be bought now. */
type Shut = {
  readonly whole: Market;
  readonly shut: readonly {
    readonly buyable: Buyable;
    readonly until: Millis | undefined;
    readonly excluded: Held | undefined;
  }[];
};

const shutMarket = (view: View, open: Market): Shut => {
  const whole = market({
    pools: [...view.pools.values()],
    offerings: view.world.offerings.value,
    shapes: view.shapes,
    cold: [],
    now: view.now,
    byShape: namesShapes(view.world.queue.value),
  });
  const name = ({ pool, offering }: Buyable): string => `${pool.name}|${offeringKey(offering)}`;
  const had = new Set(open.buyables.map(name));
  const excluded = exclusionsOf(view);
  const shut = whole.buyables
    .filter((buyable) => !had.has(name(buyable)))
    .map((buyable) => ({
      buyable,
      until: coldUntil(buyable.offering, view.memory.cold, view.now),
      excluded: excluded(buyable.pool, buyable.offering),
    }));
  return { whole, shut };
};

const notNow = (runSpec: RunSpec, { whole, shut }: Shut): Obstacle | undefined => {
  if (shut.length === 0) return undefined;
  const lanes = new Set(lanesFor(runSpec, whole.lanes));
  const takers = shut.filter(
    ({ buyable }) => lanes.has(buyable.lane) && fits(runSpec.each, buyable.shape.allocatable),
  );
  if (takers.length === 0) return undefined;
  const warm = takers.flatMap(({ until }) => (until === undefined ? [] : [until]));
  if (warm.length > 0)
    return {
      code: 'offerings-cold',
      why: 'the offerings that would take it had a capacity error lately',
      until: warm.reduce((first, until) => Math.min(first, until)),
    };
  const held = takers.flatMap(({ excluded }) => excluded ?? []);
  const [first] = held;
  if (first !== undefined) return { code: 'excluded', ...first };
  const pools = [...new Set(takers.map(({ buyable }) => buyable.pool.name))].sort();
  return { code: 'breaker-open', why: `the breaker of ${pools.join(' and ')} is open` };
};

/** The limit that holds back what the fit would have bought. */
export const limitOf = (
  view: View,
  purchases: readonly Purchase[],
  left: { readonly cluster: number; readonly pools: ReadonlyMap<string, number> },
): Obstacle => {
  const bought = (pool?: string): number =>
    purchases
      .filter(({ buyable }) => pool === undefined || buyable.pool.name === pool)
      .reduce((sum, { count }) => sum + count, 0);
  if (bought() >= left.cluster)
    return {
      code: 'cluster-limit',
      why: `the cluster is at its limit of ${view.spec.limits.machines} machines`,
    };
  const full = [...left.pools].filter(([pool, room]) => bought(pool) >= room).map(([pool]) => pool);
  const probing = full.filter((pool) => breakerState(view.memory, view, pool) === 'probing');
  if (probing.length > 0)
    return {
      code: 'breaker-open',
      why: `the breaker of ${probing.join(' and ')} lets one machine try first`,
    };
  return full.length > 0
    ? {
        code: 'pool-limit',
        why: `${full.join(' and ')} ${full.length > 1 ? 'are' : 'is'} at the largest size`,
      }
    : { code: 'round-limit', why: 'what is bought now holds no more; the next turn looks again' };
};
