// The simple rules, cheap enough to run them all: the plan is never worse than the best of them. Machines are filled
// one after the other; a filling that can be repeated with what remains is repeated at once, so that 51,000 equal tasks
// cost as much as two. Filling machine by machine from largest to smallest is first-fit-decreasing, task for task.
import { oneClass } from './alone';
import {
  type Bag,
  type Draft,
  downsized,
  draftOf,
  emptyFilling,
  type Group,
  type Pattern,
  repeats,
  takeOut,
} from './bag';
import { at, nth } from './cells';
import { scoreFiller } from './fill';
import { type Meter, spend } from './meter';
import { fillByWalk, headOf, type Walk, walkBySize } from './walk';

/** Above this many classes a rule that weighs every class for every task is left out. */
export const MANY_CLASSES = 200;

/** All rules' plans, cheapest first. `values` is what one task of each class is worth. */
export const byRules = (bag: Bag, values: Float64Array, meter: Meter): readonly Draft[] => {
  const exact = oneClass(bag);
  const drafts = [...(exact === undefined ? [] : [exact]), ...bestSingles(bag, meter), onePass(bag, meter)];
  // Without work units one score has to do: the second costs as much again and seldom finds a cheaper plan.
  const scores = meter.limit > 0 ? (['smallest-rest', 'dot-product'] as const) : (['dot-product'] as const);
  if (bag.classes <= MANY_CLASSES)
    for (const score of scores)
      drafts.push(byDensity(bag, { rule: score, values, fill: scoreFiller(bag, score) }, meter));
  return drafts.sort((a, b) => a.price - b.price);
};

/** Types that are tried one by one when the classes are many. */
const FEW_SINGLES = 2;

/** First-fit-decreasing on one type: the cheapest that stays with this type, and the cheapest once every machine is
 *  shrunk to its load. */
const bestSingles = (bag: Bag, meter: Meter): Draft[] => {
  let pure: Draft | undefined;
  let mixed: Draft | undefined;
  let tried = 0;
  for (const { type, atLeast } of singles(bag)) {
    if (pure !== undefined && atLeast >= pure.price) break;
    if (bag.classes > MANY_CLASSES && tried >= FEW_SINGLES) break;
    tried += 1;
    const draft = draftOf(bag, 'single-type', inTurn(bag, type, meter));
    const small = draftOf(
      bag,
      'first-fit-decreasing',
      draft.groups.map((group) => downsizedGroup(bag, group)),
    );
    if (pure === undefined || draft.price < pure.price) pure = draft;
    if (mixed === undefined || small.price < mixed.price) mixed = small;
  }
  return [pure, mixed].filter((draft) => draft !== undefined);
};

const downsizedGroup = (bag: Bag, { pattern, copies }: Group): Group => ({
  pattern: downsized(bag, pattern),
  copies,
});

/** Types that take every class, by what the demand's volume alone costs on them. */
const singles = (bag: Bag): readonly { readonly type: number; readonly atLeast: number }[] => {
  const found: { type: number; atLeast: number }[] = [];
  for (let type = 0; type < bag.types; type += 1) {
    let takesAll = true;
    for (let index = 0; index < bag.classes && takesAll; index += 1)
      takesAll = at(bag.most, index * bag.types + type) > 0;
    if (takesAll) found.push({ type, atLeast: volumeCount(bag, type) * at(bag.price, type) });
  }
  return found.sort((a, b) => a.atLeast - b.atLeast || a.type - b.type);
};

const volumeCount = (bag: Bag, type: number): number => {
  let most = bag.classes > 0 ? 1 : 0;
  for (let dim = 0; dim < bag.dims; dim += 1) {
    let total = 0;
    for (let index = 0; index < bag.classes; index += 1)
      total += at(bag.need, index * bag.dims + dim) * at(bag.count, index);
    if (total > 0) most = Math.max(most, Math.ceil(total / at(bag.room, type * bag.dims + dim)));
  }
  return most;
};

/** Fills machine after machine of one type. */
const inTurn = (bag: Bag, type: number, meter: Meter): readonly Group[] => {
  const remaining = Float64Array.from(bag.count);
  const filling = emptyFilling(bag);
  const walk = walkBySize(bag, bag.room.subarray(type * bag.dims, (type + 1) * bag.dims));
  const groups: Group[] = [];
  while (headOf(walk, remaining) >= 0) {
    const pattern = fillByWalk(bag, type, walk, { remaining, filling });
    const copies = repeats(pattern, remaining);
    takeOut(pattern, copies, remaining);
    groups.push({ pattern, copies });
    spend(meter, 100 * (pattern.classes.length + 5));
  }
  return groups;
};

/** Largest task first, with whatever fits beside it on some type; then the cheapest type that holds it all. */
const onePass = (bag: Bag, meter: Meter): Draft => {
  const largest = new Float64Array(bag.dims);
  for (let type = 0; type < bag.types; type += 1)
    for (let dim = 0; dim < bag.dims; dim += 1)
      largest[dim] = Math.max(at(largest, dim), at(bag.room, type * bag.dims + dim));
  const remaining = Float64Array.from(bag.count);
  const groups: Group[] = [];
  const walk = walkBySize(bag, largest);
  for (let head = headOf(walk, remaining); head >= 0; head = headOf(walk, remaining)) {
    const pattern = downsized(bag, widest(bag, { walk, head }, remaining));
    const copies = repeats(pattern, remaining);
    takeOut(pattern, copies, remaining);
    groups.push({ pattern, copies });
    spend(meter, 100 * bag.dims * (pattern.classes.length + 5));
  }
  return draftOf(bag, 'one-pass', groups);
};

/** Of the types that take the largest task, those with the most of each resource are filled; the fullest wins. */
const widest = (
  bag: Bag,
  from: { readonly walk: Walk; readonly head: number },
  remaining: Float64Array,
): Pattern => {
  const filling = emptyFilling(bag);
  let best: Pattern = { type: 0, classes: [], counts: [] };
  const tried = new Set<number>();
  for (let dim = 0; dim < Math.max(1, bag.dims); dim += 1) {
    let type = -1;
    for (let other = 0; other < bag.types; other += 1) {
      if (at(bag.most, from.head * bag.types + other) === 0) continue;
      if (type < 0 || at(bag.room, other * bag.dims + dim) > at(bag.room, type * bag.dims + dim))
        type = other;
    }
    if (tried.has(type)) continue;
    tried.add(type);
    const pattern = fillByWalk(bag, type, from.walk, { remaining, filling });
    if (tasksIn(pattern) > tasksIn(best)) best = pattern;
  }
  return best;
};

const tasksIn = (pattern: Pattern): number => pattern.counts.reduce((sum, count) => sum + count, 0);

export type Filler = (type: number, remaining: Float64Array) => Pattern;

/** A filling that was worth less than this share of the best is not made anew before it is next. */
const RIVAL = 0.8;

/** Always the type whose filling carries the most value for its price. A filling is kept until it cannot be repeated, and
 *  then made anew only when its old value is near the highest: what remains only shrinks, and so, but for the luck of the
 *  filling, does what a machine can carry of it. */
export const byDensity = (
  bag: Bag,
  how: { readonly rule: string; readonly values: Float64Array; readonly fill: Filler },
  meter: Meter,
): Draft => {
  const remaining = Float64Array.from(bag.count);
  const known: Pattern[] = [];
  const density = new Float64Array(bag.types);
  const refill = (type: number): void => {
    const pattern = how.fill(type, remaining);
    known[type] = pattern;
    density[type] = pattern.classes.length === 0 ? -1 : valueOf(pattern, how.values) / at(bag.price, type);
    spend(meter, bag.classes * bag.dims * (2 + 0.5 * tasksIn(pattern)));
  };
  const copiesOf = (type: number): number => {
    const pattern = known[type];
    return pattern === undefined ? 0 : repeats(pattern, remaining);
  };
  const refillRivals = (of: number): void => {
    const enough = RIVAL * at(density, of);
    for (let type = 0; type < bag.types; type += 1)
      if (at(density, type) >= enough && copiesOf(type) < 1) refill(type);
  };
  for (let type = 0; type < bag.types; type += 1) refill(type);
  const groups: Group[] = [];
  for (let best = highest(density); best >= 0; best = highest(density)) {
    refillRivals(best);
    if (highest(density) !== best) continue;
    const pattern = known[best];
    if (pattern === undefined) break;
    const copies = repeats(pattern, remaining);
    takeOut(pattern, copies, remaining);
    groups.push({ pattern: downsized(bag, pattern), copies });
  }
  return draftOf(bag, how.rule, groups);
};

/** The first index with the highest value that is not below 0; -1 where there is none. */
const highest = (values: Float64Array): number => {
  let best = -1;
  for (let index = 0; index < values.length; index += 1)
    if (at(values, index) >= 0 && (best < 0 || at(values, index) > at(values, best))) best = index;
  return best;
};

export const valueOf = (pattern: Pattern, values: Float64Array): number => {
  let value = 0;
  for (let slot = 0; slot < pattern.classes.length; slot += 1)
    value += nth(pattern.counts, slot) * at(values, nth(pattern.classes, slot));
  return value;
};
