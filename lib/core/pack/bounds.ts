// How cheap could any plan be? Two bounds that need no pattern.
// Volume: price each resource so that no type's whole room is worth more than its price; the demand is worth that much.
// Joint: let each type split its own price over its resources in its own way. Every task then costs at least its
// share of the cheapest type that takes it. That is the dual of the fractional assignment of tasks to types: any split
// is a valid bound, so a simple climb is enough and nothing has to converge.
import { coverOf } from './alone';
import type { Bag } from './bag';
import { at, bump } from './cells';
import type { Meter } from './meter';
import { spend } from './meter';
import type { Bound } from './problem';
import { dualValue, solve, startMaster } from './simplex';

/** `split[type * dims + dim]` sums to 1 for each type. */
export type Split = Float64Array;

export type Valued = {
  readonly bound: Bound;
  /** What one task of each class is worth under the best split. */
  readonly values: Float64Array;
  readonly split: Split;
};

/** @param climb steps of the climb; about 200 come within a few ten-thousandths of the best split.
 *  @param from where it begins; without one, at the split of the volume. */
export const jointBound = (bag: Bag, climb: number, meter: Meter, from?: Split): Valued => {
  const start = volumeSplit(bag, meter);
  const best = climbed(bag, from ?? start.split, climb, meter);
  const values = new Float64Array(bag.classes);
  const joint = worth(bag, best, values);
  const alone = aloneBound(bag);
  if (joint > Math.max(alone, start.value))
    return { bound: { usdPerHour: joint, kind: 'joint-lp' }, values, split: best };
  return { bound: { usdPerHour: Math.max(alone, start.value), kind: 'volume' }, values, split: best };
};

/** The value of a split, and the worth of one task of each class under it. */
export const worth = (bag: Bag, split: Split, values: Float64Array): number => {
  const rates = ratesOf(bag, split);
  let total = 0;
  for (let index = 0; index < bag.classes; index += 1) {
    const type = cheapestType(bag, rates, index);
    values[index] = type < 0 ? 0 : shareOf(bag, rates, index, type);
    total += at(values, index) * at(bag.count, index);
  }
  return total;
};

/** What a split asks for one unit of each resource on each type. */
const ratesOf = (bag: Bag, split: Split): Float64Array => {
  const rates = new Float64Array(bag.types * bag.dims);
  for (let type = 0; type < bag.types; type += 1)
    for (let cell = type * bag.dims; cell < (type + 1) * bag.dims; cell += 1) {
      const room = at(bag.room, cell);
      // A class that needs what the type has not never runs there.
      rates[cell] = room > 0 ? (at(split, cell) * at(bag.price, type)) / room : 0;
    }
  return rates;
};

const shareOf = (bag: Bag, rates: Float64Array, index: number, type: number): number => {
  let share = 0;
  for (let dim = 0; dim < bag.dims; dim += 1)
    share += at(rates, type * bag.dims + dim) * at(bag.need, index * bag.dims + dim);
  return share;
};

/** Where one task of the class costs least; -1 when no type takes it. */
const cheapestType = (bag: Bag, rates: Float64Array, index: number): number => {
  const { types } = bag;
  let least = Infinity;
  let found = -1;
  for (let type = 0; type < types; type += 1) {
    if (at(bag.most, index * types + type) === 0) continue;
    const share = shareOf(bag, rates, index, type);
    if (share >= least) continue;
    least = share;
    found = type;
  }
  return found;
};

/** Prices of the resources, by a covering problem with a row for each resource and a column for each type. */
const volumeSplit = (bag: Bag, meter: Meter): { value: number; split: Split } => {
  const { dims, types } = bag;
  const total = new Float64Array(dims);
  for (let index = 0; index < bag.classes; index += 1)
    for (let dim = 0; dim < dims; dim += 1)
      bump(total, dim, at(bag.need, index * dims + dim) * at(bag.count, index));
  const columns = Array.from({ length: types }, (_, type) => {
    const rows = [...total.keys()].filter((dim) => at(bag.room, type * dims + dim) > 0);
    return {
      price: at(bag.price, type),
      rows,
      counts: rows.map((dim) => at(bag.room, type * dims + dim) / at(total, dim)),
    };
  });
  const own = Array.from(total, (_, dim) => {
    const usable = columns.filter(({ rows }) => rows.includes(dim));
    const cost = (column: (typeof columns)[number]): number =>
      column.price / (column.counts[column.rows.indexOf(dim)] ?? 1);
    const best = usable.reduce((a, b) => (cost(b) < cost(a) ? b : a));
    return { price: best.price, rows: [dim], counts: [best.counts[best.rows.indexOf(dim)] ?? 1] };
  });
  const master = startMaster(new Float64Array(dims).fill(1), own);
  master.columns.push(...columns);
  solve(master, { spent: 0, limit: 5 });
  spend(meter, 100 * types * dims);
  return volumeOf(bag, master.duals, total, dualValue(master));
};

/** Scales the prices down until they are valid, whatever the simplex left undone. */
const volumeOf = (
  bag: Bag,
  duals: Float64Array,
  total: Float64Array,
  value: number,
): { value: number; split: Split } => {
  const { dims, types } = bag;
  const split = new Float64Array(types * dims);
  let most = 0;
  for (let type = 0; type < types; type += 1) {
    let sum = 0;
    for (let dim = 0; dim < dims; dim += 1) {
      const share =
        (Math.max(0, at(duals, dim)) * at(bag.room, type * dims + dim)) /
        at(total, dim) /
        at(bag.price, type);
      split[type * dims + dim] = share;
      sum += share;
    }
    most = Math.max(most, sum);
    for (let dim = 0; dim < dims; dim += 1)
      split[type * dims + dim] = sum > 0 ? at(split, type * dims + dim) / sum : 1 / dims;
  }
  return { value: most > 0 ? value / Math.max(1, most) : 0, split };
};

/** Up to this many classes each is covered exactly. */
const FEW_CLASSES = 20;

/** Each class by itself: it needs so many of the machines that take most of it, and none is cheaper than the cheapest. */
const aloneBound = (bag: Bag): number => {
  let best = 0;
  const shared = Array.from(bag.counterCap, (cap) => ({ cap, count: 0, price: Infinity }));
  for (let index = 0; index < bag.classes; index += 1) {
    let most = 0;
    let price = Infinity;
    let each = Infinity;
    for (let type = 0; type < bag.types; type += 1) {
      const fit = at(bag.most, index * bag.types + type);
      if (fit === 0) continue;
      most = Math.max(most, fit);
      price = Math.min(price, at(bag.price, type));
      each = Math.min(each, at(bag.price, type) / fit);
    }
    const count = at(bag.count, index);
    const exact = bag.classes <= FEW_CLASSES ? coverOf(bag, index)?.price : undefined;
    best = Math.max(best, exact ?? 0, Math.ceil(count / most) * price, count * each);
    const counter = shared[at(bag.counter, index)];
    if (counter === undefined) continue;
    counter.count += count;
    counter.price = Math.min(counter.price, price);
  }
  for (const { cap, count, price } of shared)
    if (count > 0) best = Math.max(best, Math.ceil(count / cap) * price);
  return best;
};

/** So many smaller steps in a row that gain nothing: the split is as good as it gets. */
const MOST_VAIN = 4;

/** So many gains in a row mean that the steps are too short. */
const MANY_WON = 8;

/** Climbs along the normalised supergradient; a step that stalls is halved, one that keeps gaining grows by half. */
const climbed = (bag: Bag, start: Split, steps: number, meter: Meter): Split => {
  let best: Split = start;
  let step = 0.1 * Math.sqrt(bag.types);
  let stalled = 0;
  let vain = 0;
  let won = 0;
  let present: Split = start;
  let value = -Infinity;
  if (bag.dims < 2) return start;
  for (let round = 0; round < steps && vain < MOST_VAIN; round += 1) {
    const { total, slope } = slopeAt(bag, present);
    spend(meter, 2 * bag.classes * bag.types * (bag.dims + 1));
    if (total > value * (1 + 1e-6)) {
      won += 1;
      stalled = 0;
      vain = 0;
    } else {
      won = 0;
      stalled += 1;
    }
    if (won === MANY_WON) {
      won = 0;
      step *= 1.5;
    }
    if (total > value) {
      value = total;
      best = present;
    }
    if (stalled >= 6) {
      step /= 2;
      vain += 1;
      stalled = 0;
      present = best;
      continue;
    }
    present = stepped(bag, present, slope, step);
  }
  return best;
};

const slopeAt = (bag: Bag, split: Split): { total: number; slope: Float64Array } => {
  const { dims } = bag;
  const slope = new Float64Array(split.length);
  const rates = ratesOf(bag, split);
  let total = 0;
  for (let index = 0; index < bag.classes; index += 1) {
    const type = cheapestType(bag, rates, index);
    if (type < 0) continue;
    const count = at(bag.count, index);
    total += shareOf(bag, rates, index, type) * count;
    for (let dim = 0; dim < dims; dim += 1) {
      const need = at(bag.need, index * dims + dim);
      if (need > 0)
        bump(
          slope,
          type * dims + dim,
          (count * at(bag.price, type) * need) / at(bag.room, type * dims + dim),
        );
    }
  }
  return { total, slope };
};

const stepped = (bag: Bag, split: Split, slope: Float64Array, step: number): Split => {
  const { dims, types } = bag;
  const move = Float64Array.from(slope);
  let length = 0;
  for (let type = 0; type < types; type += 1) {
    let mean = 0;
    for (let dim = 0; dim < dims; dim += 1) mean += at(move, type * dims + dim) / dims;
    for (let dim = 0; dim < dims; dim += 1) {
      bump(move, type * dims + dim, -mean);
      length += at(move, type * dims + dim) ** 2;
    }
  }
  const next = Float64Array.from(split);
  if (length === 0) return next;
  const by = step / Math.sqrt(length);
  for (let type = 0; type < types; type += 1) {
    let sum = 0;
    for (let dim = 0; dim < dims; dim += 1) {
      const cell = type * dims + dim;
      next[cell] = Math.max(0, at(split, cell) + by * at(move, cell));
      sum += at(next, cell);
    }
    for (let dim = 0; dim < dims; dim += 1) next[type * dims + dim] = at(next, type * dims + dim) / sum;
  }
  return next;
};
