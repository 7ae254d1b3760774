// The packing problem in the form that the searches work on: classes and types by index, in canonical order, with only
// the dimensions that can bind. Capacity questions of the inner loops are answered here and nowhere else.
import { at, bump, nth } from './cells';

/** Row-major tables: `need[class * dims + dim]`, `room[type * dims + dim]`, `most[class * types + type]`. */
export type Bag = {
  readonly dims: number;
  readonly classes: number;
  readonly types: number;
  readonly need: Float64Array;
  readonly count: Float64Array;
  /** How many of the class may share one machine. */
  readonly cap: Float64Array;
  /** Which shared counter the class is under; -1 for none. */
  readonly counter: Float64Array;
  readonly counterCap: Float64Array;
  readonly room: Float64Array;
  /** Above 0 always. */
  readonly price: Float64Array;
  /** How many of the class an empty machine of the type can take; 0 where it may not run. */
  readonly most: Float64Array;
};

/** What one machine carries. */
export type Pattern = {
  readonly type: number;
  readonly classes: readonly number[];
  readonly counts: readonly number[];
};
export type Group = { readonly pattern: Pattern; readonly copies: number };

/** A plan in the bag's terms. `left` is what is not placed, by class. */
export type Draft = {
  readonly rule: string;
  readonly groups: readonly Group[];
  readonly left: Float64Array;
  readonly price: number;
};

export const draftOf = (bag: Bag, rule: string, groups: readonly Group[]): Draft => {
  const left = Float64Array.from(bag.count);
  let price = 0;
  for (const { pattern, copies } of groups) {
    price += at(bag.price, pattern.type) * copies;
    pattern.classes.forEach((index, slot) => bump(left, index, -nth(pattern.counts, slot) * copies));
  }
  return { rule, groups, left, price };
};

/** How many more of a class a machine of this type with this room left takes, however many there are. */
export const howMany = (bag: Bag, index: number, type: number, room: Float64Array): number => {
  let fit = at(bag.most, index * bag.types + type);
  const base = index * bag.dims;
  for (let dim = 0; dim < bag.dims && fit > 0; dim += 1) {
    const need = at(bag.need, base + dim);
    if (need * fit > at(room, dim)) fit = Math.floor(at(room, dim) / need);
  }
  return fit;
};

/** A machine that is being filled. `under` counts by shared counter. */
export type Filling = {
  readonly room: Float64Array;
  readonly under: Float64Array;
  classes: number[];
  counts: number[];
};

export const emptyFilling = (bag: Bag): Filling => ({
  room: new Float64Array(bag.dims),
  under: new Float64Array(bag.counterCap.length),
  classes: [],
  counts: [],
});

export const openMachine = (bag: Bag, type: number, filling: Filling): void => {
  for (let dim = 0; dim < bag.dims; dim += 1) filling.room[dim] = at(bag.room, type * bag.dims + dim);
  filling.under.fill(0);
  filling.classes = [];
  filling.counts = [];
};

/** How many more of a class fit this machine now, shared counters included; its own cap counts what is there. */
export const roomFor = (bag: Bag, index: number, type: number, filling: Filling): number => {
  const counter = at(bag.counter, index);
  let fit = howMany(bag, index, type, filling.room);
  if (counter >= 0) fit = Math.min(fit, at(bag.counterCap, counter) - at(filling.under, counter));
  if (fit > 0 && at(bag.cap, index) < Infinity) {
    const slot = filling.classes.indexOf(index);
    if (slot >= 0) fit = Math.min(fit, at(bag.cap, index) - nth(filling.counts, slot));
  }
  return fit;
};

export const putIn = (bag: Bag, index: number, count: number, filling: Filling): void => {
  const slot = filling.classes.indexOf(index);
  if (slot >= 0) filling.counts[slot] = nth(filling.counts, slot) + count;
  else {
    filling.classes.push(index);
    filling.counts.push(count);
  }
  for (let dim = 0; dim < bag.dims; dim += 1)
    bump(filling.room, dim, -count * at(bag.need, index * bag.dims + dim));
  const counter = at(bag.counter, index);
  if (counter >= 0) bump(filling.under, counter, count);
};

/** How often a pattern can be repeated with what remains. */
export const repeats = (pattern: Pattern, remaining: Float64Array): number => {
  let most = Infinity;
  for (let slot = 0; slot < pattern.classes.length; slot += 1)
    most = Math.min(most, Math.floor(at(remaining, nth(pattern.classes, slot)) / nth(pattern.counts, slot)));
  return most;
};

export const takeOut = (pattern: Pattern, copies: number, remaining: Float64Array): void => {
  for (let slot = 0; slot < pattern.classes.length; slot += 1)
    bump(remaining, nth(pattern.classes, slot), -copies * nth(pattern.counts, slot));
};

/** True when a machine of this type could carry that load. */
export const holds = (bag: Bag, type: number, pattern: Pattern): boolean => {
  for (let slot = 0; slot < pattern.classes.length; slot += 1)
    if (at(bag.most, nth(pattern.classes, slot) * bag.types + type) < nth(pattern.counts, slot)) return false;
  for (let dim = 0; dim < bag.dims; dim += 1) {
    let load = 0;
    for (let slot = 0; slot < pattern.classes.length; slot += 1)
      load += nth(pattern.counts, slot) * at(bag.need, nth(pattern.classes, slot) * bag.dims + dim);
    if (load > at(bag.room, type * bag.dims + dim)) return false;
  }
  return true;
};

/** The cheapest type that holds the load; types are in order of price. */
export const downsized = (bag: Bag, pattern: Pattern): Pattern => {
  for (let type = 0; type < bag.types; type += 1) {
    if (at(bag.price, type) >= at(bag.price, pattern.type)) return pattern;
    if (holds(bag, type, pattern)) return { ...pattern, type };
  }
  return pattern;
};

/** The bag of what remains: only classes of which there is something, and where each was. */
export const remainder = (
  bag: Bag,
  remaining: Float64Array,
): { readonly bag: Bag; readonly from: readonly number[] } => {
  const from: number[] = [];
  for (let index = 0; index < bag.classes; index += 1) if (at(remaining, index) > 0) from.push(index);
  const pickRows = (cells: Float64Array, width: number): Float64Array => {
    const rows = new Float64Array(from.length * width);
    from.forEach((index, row) => rows.set(cells.subarray(index * width, (index + 1) * width), row * width));
    return rows;
  };
  const rest: Bag = {
    ...bag,
    classes: from.length,
    need: pickRows(bag.need, bag.dims),
    count: pickRows(remaining, 1),
    cap: pickRows(bag.cap, 1),
    counter: pickRows(bag.counter, 1),
    most: pickRows(bag.most, bag.types),
  };
  return { bag: rest, from };
};

export const renamed = (pattern: Pattern, from: readonly number[]): Pattern => ({
  ...pattern,
  classes: pattern.classes.map((index) => nth(from, index)),
});
