// Which load of one machine is worth most, if one task of each class is worth so much? A knapsack in several
// dimensions. The dimensions are folded into one surrogate, with the weights under which its fractional answer is
// smallest; in the order of value per surrogate a depth-first search takes counts from high to low and turns back
// where even the best class left could not fill the surrogate room well enough.
import type { Bag, Pattern } from './bag';
import { at, bump } from './cells';
import { type Dice, roll } from './dice';
import { type Meter, spend } from './meter';

/** Scratch for one bag, and what is remembered of each type from one search to the next. */
export type Pricer = {
  readonly bag: Bag;
  /** Surrogate weights by type and dimension; sum to 1 for each type. */
  readonly weights: Float64Array;
  /** For each type the classes in the order of the last search: the next one begins nearly sorted. */
  readonly orders: Float64Array[];
  /** How far the next search shifts the weights at first. */
  readonly shifts: Float64Array;
  readonly items: Items;
};

/** The classes worth taking, by place in the order of value per surrogate. */
type Items = {
  size: number;
  readonly index: Float64Array;
  readonly value: Float64Array;
  readonly weight: Float64Array;
  readonly worth: Float64Array;
  readonly limit: Float64Array;
  readonly need: Float64Array;
  readonly taken: Float64Array;
  readonly stack: Float64Array;
  readonly room: Float64Array;
  readonly under: Float64Array;
};

export type Priced = {
  /** The best load found that is worth more than asked for. */
  readonly pattern: Pattern | undefined;
  readonly value: number;
  /** No load of this type can be worth more. */
  readonly upper: number;
  readonly isExhausted: boolean;
};

export const pricerOf = (bag: Bag): Pricer => {
  const row = (): Float64Array => new Float64Array(bag.classes);
  return {
    bag,
    weights: new Float64Array(bag.types * bag.dims).fill(1 / Math.max(1, bag.dims)),
    orders: Array.from({ length: bag.types }, () =>
      Float64Array.from({ length: bag.classes }, (_, index) => index),
    ),
    shifts: new Float64Array(bag.types).fill(0.2),
    items: {
      size: 0,
      index: row(),
      value: row(),
      weight: row(),
      worth: row(),
      limit: row(),
      need: new Float64Array(bag.classes * bag.dims),
      taken: row(),
      stack: row(),
      room: new Float64Array(bag.dims),
      under: new Float64Array(bag.counterCap.length),
    },
  };
};

/** Searches one type for a load worth more than `above`, through at most `nodes` nodes. */
export const priced = (
  pricer: Pricer,
  type: number,
  values: Float64Array,
  ask: { readonly above: number; readonly nodes: number; readonly meter: Meter },
): Priced => {
  const { items } = pricer;
  collect(pricer, type, values);
  const fractional = tuned(pricer, type, ask);
  remember(pricer, type);
  if (fractional <= ask.above) return { pattern: undefined, value: 0, upper: fractional, isExhausted: true };
  lay(pricer, type);
  const found = dig(pricer, { above: ask.above, nodes: ask.nodes });
  spend(ask.meter, found.nodes * 4 * (pricer.bag.dims + 2) + 20 * items.size);
  const upper = found.isExhausted ? Math.max(found.value, ask.above) : fractional;
  return {
    pattern: found.load && { type, ...found.load },
    value: found.value,
    upper,
    isExhausted: found.isExhausted,
  };
};

/** The same search with the weights off their best: other loads come first. For searches that ended early. */
export const pricedAskew = (
  pricer: Pricer,
  type: number,
  values: Float64Array,
  ask: { readonly above: number; readonly nodes: number; readonly meter: Meter; readonly dice: Dice },
): Pattern | undefined => {
  const { bag, weights, items } = pricer;
  const kept = weights.slice(type * bag.dims, (type + 1) * bag.dims);
  collect(pricer, type, values);
  let sum = 0;
  for (let dim = 0; dim < bag.dims; dim += 1) {
    weights[type * bag.dims + dim] = at(kept, dim) * (0.6 + 0.8 * roll(ask.dice));
    sum += at(weights, type * bag.dims + dim);
  }
  for (let dim = 0; dim < bag.dims; dim += 1)
    weights[type * bag.dims + dim] = at(weights, type * bag.dims + dim) / sum;
  weigh(pricer, type);
  lay(pricer, type);
  weights.set(kept, type * bag.dims);
  const found = dig(pricer, { above: ask.above, nodes: ask.nodes });
  spend(ask.meter, found.nodes * 4 * (bag.dims + 2) + 20 * items.size);
  return found.load && { type, ...found.load };
};

const collect = ({ bag, items, orders }: Pricer, type: number, values: Float64Array): void => {
  const order = orders[type] ?? items.index;
  let size = 0;
  for (let place = 0; place < order.length; place += 1) {
    const index = at(order, place);
    const limit = Math.min(at(bag.most, index * bag.types + type), at(bag.count, index));
    if (limit < 1 || at(values, index) <= 1e-12) continue;
    items.index[size] = index;
    items.value[size] = at(values, index);
    items.limit[size] = limit;
    size += 1;
  }
  items.size = size;
};

/** The sorted classes first, then those that were not worth taking. */
const remember = ({ items, orders, bag }: Pricer, type: number): void => {
  const order = orders[type];
  if (order === undefined || items.size === 0) return;
  const rest = [...order];
  const chosen = new Uint8Array(bag.classes);
  for (let place = 0; place < items.size; place += 1) {
    order[place] = at(items.index, place);
    chosen[at(items.index, place)] = 1;
  }
  let into = items.size;
  for (const index of rest) {
    if (chosen[index] === 1) continue;
    order[into] = index;
    into += 1;
  }
};

const LEAST_WEIGHT = 1e-3;

/** Shifts the weights towards one dimension after another while the fractional answer falls; returns that answer. */
const tuned = (
  pricer: Pricer,
  type: number,
  ask: { readonly above: number; readonly meter: Meter },
): number => {
  const { bag, weights, items } = pricer;
  const base = type * bag.dims;
  let best = weigh(pricer, type);
  if (bag.dims < 2) return best;
  const kept = weights.slice(base, base + bag.dims);
  for (let shift = at(pricer.shifts, type); shift > 0.006 && best > ask.above; shift /= 2) {
    for (let dim = 0; dim < bag.dims; dim += 1) {
      for (let other = 0; other < bag.dims; other += 1)
        weights[base + other] = Math.max(
          LEAST_WEIGHT,
          at(kept, other) * (1 - shift) + (other === dim ? shift : 0),
        );
      const value = weigh(pricer, type);
      spend(ask.meter, items.size * (bag.dims + 6) * 3);
      if (value >= best * (1 - 1e-9)) continue;
      best = value;
      kept.set(weights.subarray(base, base + bag.dims));
      dim -= 1;
    }
  }
  weights.set(kept, base);
  pricer.shifts[type] = 0.03;
  return Math.min(best, weigh(pricer, type));
};

/** Sorts by value per surrogate and fills the surrogate room, the last class in part: no load is worth more. */
const weigh = ({ bag, weights, items }: Pricer, type: number): number => {
  const { dims } = bag;
  let whole = 0;
  for (let dim = 0; dim < dims; dim += 1) whole += at(weights, type * dims + dim);
  for (let place = 0; place < items.size; place += 1) {
    const index = at(items.index, place);
    let weight = 0;
    for (let dim = 0; dim < dims; dim += 1) {
      const need = at(bag.need, index * dims + dim);
      if (need > 0) weight += (at(weights, type * dims + dim) * need) / at(bag.room, type * dims + dim);
    }
    items.weight[place] = weight / whole;
    items.worth[place] = at(items.value, place) / Math.max(1e-12, weight / whole);
  }
  sortByWorth(items);
  let room = 1;
  let value = 0;
  for (let place = 0; place < items.size && room > 0; place += 1) {
    const weight = at(items.weight, place);
    const limit = at(items.limit, place);
    const count = weight * limit <= room ? limit : room / weight;
    value += count * at(items.value, place);
    room -= count * weight;
  }
  return value * (1 + 1e-12);
};

/** Insertion: from one weighing to the next the order hardly changes. */
const sortByWorth = (items: Items): void => {
  const { worth, weight, value, limit, index } = items;
  for (let place = 1; place < items.size; place += 1) {
    const [w, a, v, l, i] = [
      at(worth, place),
      at(weight, place),
      at(value, place),
      at(limit, place),
      at(index, place),
    ];
    let into = place;
    while (into > 0 && at(worth, into - 1) < w) {
      worth[into] = at(worth, into - 1);
      weight[into] = at(weight, into - 1);
      value[into] = at(value, into - 1);
      limit[into] = at(limit, into - 1);
      index[into] = at(index, into - 1);
      into -= 1;
    }
    worth[into] = w;
    weight[into] = a;
    value[into] = v;
    limit[into] = l;
    index[into] = i;
  }
};

/** Lays out the needs in the items' order and empties the machine. */
const lay = ({ bag, items }: Pricer, type: number): void => {
  const { dims } = bag;
  for (let place = 0; place < items.size; place += 1) {
    items.taken[place] = 0;
    for (let dim = 0; dim < dims; dim += 1)
      items.need[place * dims + dim] = at(bag.need, at(items.index, place) * dims + dim);
  }
  for (let dim = 0; dim < dims; dim += 1) items.room[dim] = at(bag.room, type * dims + dim);
  items.under.fill(0);
};

type Load = { readonly classes: readonly number[]; readonly counts: readonly number[] };
type Dug = { load: Load | undefined; value: number; nodes: number; isExhausted: boolean };

const dig = (pricer: Pricer, ask: { readonly above: number; readonly nodes: number }): Dug => {
  const { items } = pricer;
  const { worth, value: worthOne, weight, taken, stack } = items;
  const found: Dug = { load: undefined, value: 0, nodes: 0, isExhausted: false };
  let target = ask.above;
  let [depth, value, room, place] = [0, 0, 1, 0];
  for (;;) {
    for (; place < items.size && value + at(worth, place) * room > target; place += 1) {
      found.nodes += 1;
      const count = takes(pricer, place);
      if (count === 0) continue;
      move(pricer, place, count);
      stack[depth] = place;
      depth += 1;
      value += count * at(worthOne, place);
      room -= count * at(weight, place);
    }
    if (value > target) {
      target = value * (1 + 1e-9);
      found.value = value;
      found.load = loadOf(items, depth);
    }
    if (found.nodes >= ask.nodes) return found;
    for (let isBack = false; !isBack; ) {
      if (depth === 0) return { ...found, isExhausted: true };
      const last = at(stack, depth - 1);
      const after = last + 1 < items.size ? at(worth, last + 1) : 0;
      isBack = value - at(worthOne, last) + after * (room + at(weight, last)) > target;
      const back = isBack ? 1 : at(taken, last);
      move(pricer, last, -back);
      value -= back * at(worthOne, last);
      room += back * at(weight, last);
      if (at(taken, last) === 0) depth -= 1;
      place = last + 1;
    }
  }
};

const takes = ({ bag, items }: Pricer, place: number): number => {
  const { dims } = bag;
  let count = at(items.limit, place);
  for (let dim = 0; dim < dims && count > 0; dim += 1) {
    const need = at(items.need, place * dims + dim);
    if (need * count > at(items.room, dim)) count = Math.floor(at(items.room, dim) / need);
  }
  if (bag.counterCap.length === 0) return count;
  const counter = at(bag.counter, at(items.index, place));
  return counter < 0 ? count : Math.min(count, at(bag.counterCap, counter) - at(items.under, counter));
};

const move = ({ bag, items }: Pricer, place: number, count: number): void => {
  bump(items.taken, place, count);
  for (let dim = 0; dim < bag.dims; dim += 1)
    items.room[dim] = at(items.room, dim) - count * at(items.need, place * bag.dims + dim);
  if (bag.counterCap.length === 0) return;
  const counter = at(bag.counter, at(items.index, place));
  if (counter >= 0) bump(items.under, counter, count);
};

const loadOf = (items: Items, depth: number): Load => {
  const places = [...items.stack.subarray(0, depth)];
  return {
    classes: places.map((place) => at(items.index, place)),
    counts: places.map((place) => at(items.taken, place)),
  };
};
