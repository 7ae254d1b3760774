// What can be bought now: the pools' offerings that are not cold and whose pool's breaker is closed. Offerings that a
// constraint cannot tell apart (same pool, zone and market, and shape where one is named) form a lane; masks over lanes are what the packing sees.
import { boughtHost } from './hosts';
import type { QueueItem, RunSpec } from './model/app';
import type { Cold } from './model/memory';
import type { Millis } from './model/machine';
import { type Offering, offeringKey, type Shape } from './model/offering';
import type { Bounds, Pool } from './model/spec';
import { classAccepts } from './place';
import type { Host } from './supply';

export type Buyable = {
  readonly pool: Pool;
  readonly offering: Offering;
  readonly shape: Shape;
  readonly lane: number;
};

export type Lane = {
  readonly pool: Pool;
  /** A machine of the lane, as the constraints see it; its shape is the first of the lane. */
  readonly host: Host;
  /** Cheapest US dollars an hour for one allocatable cpu: which lane is tried first where the values are free. */
  readonly usdPerCpu: number;
};

export type Market = { readonly buyables: readonly Buyable[]; readonly lanes: readonly Lane[] };

const within = (value: number, bounds: Bounds): boolean => value >= bounds.min && value <= bounds.max;

const family = (shape: string): string =>
  (shape.includes('.') ? shape.split('.')[0] : shape.split('-')[0]) ?? shape;

/** Does the pool's filter allow this shape? Families are EC2's `m7i` of `m7i.large` and Google's `n2` of `n2-standard-4`. */
export const poolAllowsShape = (pool: Pool, shape: Shape): boolean => {
  const filter = pool.shapes;
  if (filter.excluded.includes(shape.name) || filter.excluded.includes(family(shape.name))) return false;
  if (filter.names.includes(shape.name)) return true;
  if (filter.families.length === 0 ? filter.names.length > 0 : !filter.families.includes(family(shape.name)))
    return false;
  return (
    shape.arch === filter.arch &&
    within(shape.total.cpuMilli, filter.cpuMilli) &&
    within(shape.total.memMib, filter.memMib) &&
    within(shape.total.gpus, filter.gpus)
  );
};

/** Cold keys may have `*` for a zone, shape or market: a quota or a subnet binds more than one offering. */
export const isCold = (offering: Offering, cold: readonly Cold[], now: Millis): boolean =>
  coldUntil(offering, cold, now) !== undefined;

/** The code under which an offering is remembered of which a machine was taken: it is likely to be taken again, and can be
 *  had all the same. */
export const INTERRUPTED = 'Interrupted';

/** Cold because its cloud said that it has none, and not only because a machine of it was taken. */
export const isShort = (offering: Offering, cold: readonly Cold[], now: Millis): boolean =>
  isCold(
    offering,
    cold.filter(({ code }) => code !== INTERRUPTED),
    now,
  );

/** Warm ones; where a pool has none, those of which machines were taken rather than nothing. */
const openOnes = (
  offerings: readonly Offering[],
  cold: readonly Cold[],
  now: Millis,
): readonly Offering[] => {
  const warm = offerings.filter((offering) => !isCold(offering, cold, now));
  return warm.length > 0 ? warm : offerings.filter((offering) => !isShort(offering, cold, now));
};

/** When the offering may be tried again; undefined when it is not cold. */
export const coldUntil = (offering: Offering, cold: readonly Cold[], now: Millis): Millis | undefined => {
  const key = offeringKey(offering);
  return cold
    .filter((entry) => entry.until > now && covers(entry.key, key))
    .reduce<Millis | undefined>((last, { until }) => Math.max(last ?? until, until), undefined);
};

const covers = (pattern: string, key: string): boolean => {
  if (!pattern.includes('*')) return pattern === key;
  const parts = key.split('/');
  return pattern.split('/').every((part, nth) => part === '*' || part === parts[nth]);
};

/** Offerings of the pool by its own zones, markets and shapes: cold ones included. */
export const poolOfferings = (
  pool: Pool,
  offerings: readonly Offering[],
  shapes: ReadonlyMap<string, Shape>,
): readonly Offering[] =>
  offerings.filter((offering) => {
    const shape = shapes.get(offering.shape);
    return (
      shape !== undefined &&
      offering.cloud === pool.cloud &&
      offering.region === pool.region &&
      pool.markets.includes(offering.market) &&
      pool.zones.some((zone) => zone.name === offering.zone) &&
      poolAllowsShape(pool, shape)
    );
  });

/** Buyables of the given pools in a fixed order. `isOpen` tells whether anything may be bought of a pool at all. */
export const market = (input: {
  readonly pools: readonly Pool[];
  readonly offerings: readonly Offering[];
  readonly shapes: ReadonlyMap<string, Shape>;
  readonly cold: readonly Cold[];
  readonly now: Millis;
  /** Shapes are lanes of their own: some constraint names one. */
  readonly byShape: boolean;
  /** What somebody does not want bought for a pool. */
  readonly isExcluded?: (pool: Pool, offering: Offering) => boolean;
}): Market => {
  const buyables: Buyable[] = [];
  const lanes: { pool: Pool; host: Host; usdPerCpu: number }[] = [];
  const laneOf = new Map<string, number>();
  for (const pool of input.pools) {
    const own = poolOfferings(pool, input.offerings, input.shapes).filter(
      (offering) => input.isExcluded?.(pool, offering) !== true,
    );
    for (const offering of openOnes(own, input.cold, input.now)) {
      const shape = input.shapes.get(offering.shape);
      if (shape === undefined) continue;
      const kind = input.byShape ? shape.name : shape.total.gpus > 0 ? 'gpu' : '';
      const key = [pool.name, offering.zone, offering.market, kind].join('|');
      const lane = laneOf.get(key) ?? lanes.length;
      const usdPerCpu = (offering.usdPerHour * 1000) / Math.max(1, shape.allocatable.cpuMilli);
      const known = lanes[lane];
      if (known === undefined)
        lanes.push({ pool, host: boughtHost({ pool, offering, shape, id: key }), usdPerCpu });
      else known.usdPerCpu = Math.min(known.usdPerCpu, usdPerCpu);
      laneOf.set(key, lane);
      buyables.push({ pool, offering, shape, lane });
    }
  }
  return { buyables, lanes };
};

/** Does a constraint of any row look at the shape of the machine? */
export const namesShapes = (queue: readonly QueueItem[]): boolean =>
  queue.some(({ runSpec }) => runSpec.constraints.some(({ field }) => field === 'instance_type'));

/** The lanes whose new agents would pass a run spec's role, GPU rule and fixed constraints. */
export const lanesFor = (runSpec: RunSpec, lanes: readonly Lane[]): readonly number[] =>
  lanes.flatMap((lane, index) => (classAccepts(lane.host, runSpec) ? [index] : []));
