// A least number of machines in a pool: its minimum, a schedule's window, a webhook's wish. Counted in machines of the
// pool's usual shape, because that is what the person who wrote the number had in mind.
import type { Buyable, Market } from './buyable';
import { emptiest, type Purchase } from './purchase';
import { closingIn } from './leaving';
import { isSpent } from './overrides';
import type { Shape } from './model/offering';
import type { Terminate } from './model/plan';
import { NOTHING } from './model/resources';
import type { Pool } from './model/spec';
import { poolScope, poolSize, standingIn, type View } from './view';

/** Memory that goes with one cpu when shapes are compared by value. */
const MIB_PER_CPU = 4096;

/** A balanced task needs both, so the scarcer of the two counts. */
const usdPerUnit = ({ offering, shape }: Buyable): number =>
  offering.usdPerHour / Math.min(shape.allocatable.cpuMilli / 1000, shape.allocatable.memMib / MIB_PER_CPU);

/** Larger machines lose a little less to the system; that is no reason to buy the largest. */
const NEARLY_AS_GOOD = 1.1;

/** The shape that the pool's machines mostly have; of an empty pool the one with the best value, the smaller on a tie. */
export const referenceShape = (view: View, pool: Pool, market: Market): Shape | undefined => {
  const counts = new Map<string, number>();
  for (const { machine } of standingIn(view, pool.name))
    counts.set(machine.shape, (counts.get(machine.shape) ?? 0) + 1);
  const usual = [...counts].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))[0]?.[0];
  return view.shapes.get(usual ?? '') ?? bestValue(market, pool.name)?.shape;
};

/** The cheapest machine among those whose value is nearly the best. */
const bestValue = (market: Market, pool: string): Buyable | undefined => {
  const own = market.buyables.filter((buyable) => buyable.pool.name === pool);
  const best = own.reduce((least, buyable) => Math.min(least, usdPerUnit(buyable)), Infinity);
  return own
    .filter((buyable) => usdPerUnit(buyable) <= best * NEARLY_AS_GOOD)
    .reduce<Buyable | undefined>(
      (smallest, buyable) =>
        smallest === undefined || buyable.offering.usdPerHour < smallest.offering.usdPerHour
          ? buyable
          : smallest,
      undefined,
    );
};

/** The least number of machines the pool is held at now. */
export const floorOf = (view: View, pool: Pool): number =>
  view.memory.floors
    .filter((floor) => floor.pool === pool.name && floor.until > view.now)
    .filter((floor) => !isSpent(floor, view.memory))
    .reduce((most, floor) => Math.max(most, floor.min), pool.size.min);

export type FloorRoom = {
  readonly market: Market;
  readonly poolLeft: ReadonlyMap<string, number>;
  readonly clusterLeft: number;
  readonly ended: readonly Terminate[];
  /** Live machines by `pool|zone`. */
  readonly zoneLoad: ReadonlyMap<string, number>;
};

/** What is bought beyond the fit so that every pool reaches its floor, as far as the limits allow. */
export const floorPurchases = (
  view: View,
  bought: readonly Purchase[],
  room: FloorRoom,
): readonly Purchase[] => {
  let left = room.clusterLeft;
  const zones = new Map(room.zoneLoad);
  for (const { buyable, count } of bought) {
    const zone = `${buyable.pool.name}|${buyable.offering.zone}`;
    zones.set(zone, (zones.get(zone) ?? 0) + count);
  }
  return [...view.pools.values()].flatMap((pool) => {
    // With neither the machines nor the agents known, a pool below its floor looks like one that nobody can see.
    if (poolScope(view, pool)?.complete !== true && !view.world.agents.complete) return [];
    const fitted = bought
      .filter(({ buyable }) => buyable.pool.name === pool.name)
      .reduce((sum, { count }) => sum + count, 0);
    const ended = new Set(
      room.ended.filter((action) => action.pool === pool.name).flatMap(({ machines }) => machines),
    );
    const going = new Set([...ended, ...drainedIn(view, pool)]).size;
    const short = floorOf(view, pool) - (poolSize(view, pool) - going + fitted);
    const count = Math.max(0, Math.min(short, (room.poolLeft.get(pool.name) ?? 0) - fitted, left));
    left -= count;
    return count > 0 ? spread({ view, pool, count, zones }, room.market) : [];
  });
};

/** Machines that are emptied for another reason than that nobody needs them: they are replaced first. */
const drainedIn = (view: View, pool: Pool): readonly string[] =>
  closingIn(view.memory.leaving, pool.name).flatMap(({ machine, drain }) =>
    drain === undefined || drain.cause === 'consolidation' ? [] : [machine],
  );

type Spread = {
  readonly view: View;
  readonly pool: Pool;
  readonly count: number;
  readonly zones: Map<string, number>;
};

/** The reference shape's cheapest offering, and its equals in other zones, the emptiest zone first. */
const spread = ({ view, pool, count, zones }: Spread, market: Market): readonly Purchase[] => {
  const shape = referenceShape(view, pool, market);
  const own = market.buyables.filter((buyable) => buyable.pool.name === pool.name);
  const usual = own.filter((buyable) => buyable.shape.name === shape?.name);
  const best = (usual.length > 0 ? usual : own).reduce<Buyable | undefined>(
    (cheapest, buyable) =>
      cheapest === undefined || buyable.offering.usdPerHour < cheapest.offering.usdPerHour
        ? buyable
        : cheapest,
    undefined,
  );
  if (best === undefined) return [];
  const lanes = [...new Set(own.map(({ lane }) => lane))];
  const twins = own.filter(
    ({ shape: other, offering }) =>
      other.name === best.shape.name &&
      offering.market === best.offering.market &&
      offering.usdPerHour === best.offering.usdPerHour,
  );
  const counts = new Map(twins.map((twin) => [twin, 0]));
  for (let nth = 0; nth < count; nth += 1) {
    const twin = emptiest(twins, zones) ?? best;
    counts.set(twin, (counts.get(twin) ?? 0) + 1);
  }
  return [...counts]
    .filter(([, machines]) => machines > 0)
    .map(([buyable, machines]) => ({ buyable, count: machines, load: NOTHING, lanes }));
};
