// Better machines by taking a few apart: two to six that earn the least of their price are emptied and their tasks
// packed again, a little differently each time. What costs no more is kept. Works on whole machines, so it repairs what
// rounding and greedy rules left behind, whatever method the plan came from.
import {
  type Bag,
  downsized,
  type Draft,
  draftOf,
  emptyFilling,
  type Filling,
  holds,
  openMachine,
  type Pattern,
  putIn,
  remainder,
  renamed,
  roomFor,
  takeOut,
} from './bag';
import { at, bump, nth } from './cells';
import { generate } from './columns';
import { type Dice, diceOf, pick, roll } from './dice';
import { dive } from './dive';
import { isSpent, type Meter, spend, within } from './meter';
import { valueOf } from './rules';

/** @param values what one task of each class is worth: shows which machines earn their price.
 *  @param enough a price at which nothing is left to gain. */
export const neighbourhood = (
  bag: Bag,
  draft: Draft,
  known: { readonly values: Float64Array; readonly enough: number },
  meter: Meter,
): Draft => {
  const machines = draft.groups.flatMap(({ pattern, copies }) =>
    Array.from({ length: copies }, () => pattern),
  );
  const search = begin(bag, machines, known.values);
  const stopAfter = STALE_SHARE * (meter.limit - meter.spent);
  let price = draft.price;
  let lastGain = meter.spent;
  while (!isSpent(meter) && meter.spent - lastGain < stopAfter && price > known.enough * (1 + 1e-9)) {
    const gain = attempt(search, meter);
    price -= gain;
    if (gain > 1e-9) lastGain = meter.spent;
  }
  return draftOf(
    bag,
    'neighbourhood',
    search.machines.map((pattern) => ({ pattern, copies: 1 })),
  );
};

/** The search ends when this share of its work brought nothing. */
const STALE_SHARE = 0.4;

type Search = {
  readonly bag: Bag;
  readonly values: Float64Array;
  readonly dice: Dice;
  readonly machines: Pattern[];
  readonly filling: Filling;
  readonly remaining: Float64Array;
  /** For each class its worth with this round's noise per share of a usual machine. */
  readonly rank: Float64Array;
  readonly usual: Float64Array;
};

const begin = (bag: Bag, machines: Pattern[], values: Float64Array): Search => ({
  bag,
  values,
  dice: diceOf(bag.count),
  machines,
  filling: emptyFilling(bag),
  remaining: new Float64Array(bag.classes),
  rank: new Float64Array(bag.classes),
  usual: usualRoom(bag),
});

const usualRoom = (bag: Bag): Float64Array => {
  const usual = new Float64Array(bag.dims);
  for (let type = 0; type < bag.types; type += 1)
    for (let dim = 0; dim < bag.dims; dim += 1)
      bump(usual, dim, at(bag.room, type * bag.dims + dim) / at(bag.price, type) / bag.types);
  return usual;
};

/** Takes some machines apart and packs them again; returns what it saved. */
const attempt = (search: Search, meter: Meter): number => {
  const { bag, machines, dice, remaining } = search;
  const isMixed = roll(dice) < MIXED_SHARE;
  const chosen = choose(search, Math.min(machines.length, isMixed ? 4 + pick(dice, 7) : 2 + pick(dice, 5)));
  const old = [...chosen].flatMap((index) => machines.slice(index, index + 1));
  const before = old.reduce((sum, { type }) => sum + at(bag.price, type), 0);
  const classes = [...new Set(old.flatMap((pattern) => pattern.classes))];
  for (const pattern of old) takeOut(pattern, -1, remaining);
  const found = isMixed ? remixed(search, old, before, meter) : repacked(search, classes, before, meter);
  for (const index of classes) remaining[index] = 0;
  if (found === undefined) return 0;
  for (const index of [...chosen].sort((a, b) => b - a)) {
    const last = machines.pop();
    if (last !== undefined && index < machines.length) machines[index] = last;
  }
  machines.push(...found);
  return before - found.reduce((sum, { type }) => sum + at(bag.price, type), 0);
};

/** How many of the attempts mix loads anew by column generation instead of filling greedily. */
const MIXED_SHARE = 0.05;
const MOST_MIXED = 60;

/** A small mix and dive for the emptied tasks alone. */
const remixed = (
  search: Search,
  old: readonly Pattern[],
  limit: number,
  meter: Meter,
): Pattern[] | undefined => {
  const { bag, remaining, values } = search;
  const rest = remainder(bag, remaining);
  if (rest.bag.classes > MOST_MIXED) return undefined;
  const place = new Map(rest.from.map((index, row) => [index, row]));
  const seeds = old.map((pattern) => ({
    ...pattern,
    classes: pattern.classes.map((index) => place.get(index) ?? 0),
  }));
  const start = { values: Float64Array.from(rest.from, (index) => at(values, index)), seeds };
  const draft = within(meter, 12, (part) => {
    const mix = generate(rest.bag, start, part);
    return mix.value >= limit
      ? undefined
      : dive(rest.bag, mix, { threshold: 0.5, below: limit, each: 2 }, part);
  });
  if (draft === undefined || draft.price > limit + 1e-9) return undefined;
  return draft.groups.flatMap(({ pattern, copies }) =>
    Array.from({ length: copies }, () => renamed(pattern, rest.from)),
  );
};

/** A tournament of three for each place: the machine that earns the least share of its price. */
const choose = (search: Search, size: number): ReadonlySet<number> => {
  const { bag, machines, values, dice } = search;
  const chosen = new Set<number>();
  for (let tries = 0; chosen.size < size && tries < 4 * size; tries += 1) {
    let best = -1;
    let least = Infinity;
    for (let turn = 0; turn < 3; turn += 1) {
      const index = pick(dice, machines.length);
      const machine = machines[index];
      if (machine === undefined || chosen.has(index)) continue;
      const earned = valueOf(machine, values) / at(bag.price, machine.type);
      if (earned >= least) continue;
      least = earned;
      best = index;
    }
    if (best >= 0) chosen.add(best);
  }
  return chosen;
};

/** Machines for the emptied tasks that cost at most `limit`; undefined when these would cost more. */
const repacked = (
  search: Search,
  classes: readonly number[],
  limit: number,
  meter: Meter,
): Pattern[] | undefined => {
  const { bag, remaining } = search;
  const order = shaken(search, classes);
  const types = tried(search);
  const found: Pattern[] = [];
  let spent = 0;
  for (;;) {
    const left = order.filter((index) => at(remaining, index) > 0);
    if (left.length === 0) return found;
    spend(meter, 3 * types.length * (left.length + 4) * (bag.dims + 8));
    const best = bestLoad(search, left, types);
    const whole = wholeRest(search, left, limit - spent);
    const next =
      whole !== undefined && (best === undefined || !isBetterThanWhole(bag, best, whole)) ? whole : best;
    if (next === undefined) return undefined;
    const small = downsized(bag, next);
    spent += at(bag.price, small.type);
    if (spent > limit + 1e-9) return undefined;
    found.push(small);
    small.classes.forEach((index, slot) => {
      bump(remaining, index, -nth(small.counts, slot));
    });
  }
};

/** All that is left on one machine ends the matter unless the best load is much cheaper. */
const isBetterThanWhole = (bag: Bag, best: Pattern, whole: Pattern): boolean =>
  at(bag.price, best.type) < 0.5 * at(bag.price, whole.type);

const wholeRest = (
  { bag, remaining }: Search,
  left: readonly number[],
  most: number,
): Pattern | undefined => {
  const counts = left.map((index) => at(remaining, index));
  const under = new Float64Array(bag.counterCap.length);
  left.forEach((index, slot) => {
    if (at(bag.counter, index) >= 0) bump(under, at(bag.counter, index), nth(counts, slot));
  });
  if (under.some((count, counter) => count > at(bag.counterCap, counter))) return undefined;
  for (let type = 0; type < bag.types && at(bag.price, type) <= most + 1e-9; type += 1)
    if (holds(bag, type, { type, classes: left, counts })) return { type, classes: left, counts };
  return undefined;
};

/** The classes by noisy worth, or by noisy size: each finds what the other misses. */
const shaken = (search: Search, classes: readonly number[]): readonly number[] => {
  const { bag, values, dice, rank, usual } = search;
  const bySize = roll(dice) < 0.5;
  const noise = 0.05 + 0.5 * roll(dice);
  const tilt = roll(dice);
  for (const index of classes) {
    let size = 0;
    for (let dim = 0; dim < bag.dims; dim += 1) {
      const weight = dim === 0 ? tilt : (1 - tilt) / Math.max(1, bag.dims - 1);
      size += (weight * at(bag.need, index * bag.dims + dim)) / Math.max(1e-9, at(usual, dim));
    }
    const base = bySize ? size : at(values, index) / Math.max(1e-9, size);
    rank[index] = base * (1 + noise * (roll(dice) - 0.5));
  }
  return [...classes].sort((a, b) => at(rank, b) - at(rank, a) || a - b);
};

/** About half of the types, others each time. */
const tried = ({ bag, dice }: Search): readonly number[] => {
  const types: number[] = [];
  for (let type = 0; type < bag.types; type += 1)
    if (roll(dice) < Math.max(0.25, Math.min(0.6, 12 / bag.types))) types.push(type);
  return types;
};

const bestLoad = (search: Search, left: readonly number[], types: readonly number[]): Pattern | undefined => {
  const { bag, values, dice, filling, remaining } = search;
  let best: Pattern | undefined;
  let most = 0;
  for (const type of types) {
    openMachine(bag, type, filling);
    for (const index of left) {
      const count = Math.min(at(remaining, index), roomFor(bag, index, type, filling));
      if (count > 0) putIn(bag, index, count, filling);
    }
    const pattern = { type, classes: filling.classes, counts: filling.counts };
    const earned = (valueOf(pattern, values) / at(bag.price, type)) * (1 + 0.02 * roll(dice));
    if (earned <= most) continue;
    most = earned;
    best = pattern;
  }
  return best;
};
