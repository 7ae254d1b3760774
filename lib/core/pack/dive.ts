// From a fractional mix to whole machines: buy the whole part of every load, or else the loads nearest to one, then
// mix anew for what remains, with loads made for it. Rounding is nearly free once the loads are made anew on the way.
import {
  type Bag,
  type Draft,
  downsized,
  draftOf,
  type Group,
  type Pattern,
  remainder,
  renamed,
  repeats,
  takeOut,
} from './bag';
import { at } from './cells';
import { generate, type Relaxation, trimmed } from './columns';
import { isSpent, type Meter, within } from './meter';
import { byRules } from './rules';

export type Dive = {
  /** Loads at or above this level may be rounded up. */
  readonly threshold: number;
  /** Give up when what is bought and what must follow cost at least this. */
  readonly below: number;
  /** Work units for each new mix. */
  readonly each: number;
};

export const dive = (bag: Bag, from: Relaxation, how: Dive, meter: Meter): Draft | undefined => {
  const remaining = Float64Array.from(bag.count);
  const groups: Group[] = [];
  let spent = 0;
  let present = from;
  let pool = from.pool;
  for (;;) {
    const taken = rounded(present, remaining, how.threshold);
    for (const { pattern, copies } of taken) {
      takeOut(pattern, copies, remaining);
      const small = downsized(bag, pattern);
      groups.push({ pattern: small, copies });
      spent += copies * at(bag.price, small.type);
    }
    if (remaining.every((count) => count <= 0)) return draftOf(bag, 'columns', groups);
    if (taken.length === 0 || isSpent(meter))
      return finished(bag, { groups, remaining }, present.duals, meter);
    const next = mixOfRest(bag, { remaining, pool, duals: present.duals }, how.each, meter);
    if (spent + next.value >= how.below) return undefined;
    present = next;
    pool = [...pool, ...next.pool];
  }
};

/** Whole parts, or the largest fractions; only what still fits whole into what remains. */
const rounded = (mix: Relaxation, remaining: Float64Array, threshold: number): readonly Group[] => {
  const left = Float64Array.from(remaining);
  const groups: Group[] = [];
  const buy = (pattern: Pattern, wanted: number): void => {
    const copies = Math.min(wanted, repeats(pattern, left));
    if (copies < 1) return;
    takeOut(pattern, copies, left);
    groups.push({ pattern, copies });
  };
  for (const { pattern, level } of mix.mix) buy(pattern, Math.floor(level + 1e-6));
  if (groups.length > 0) return groups;
  const largest = [...mix.mix].sort((a, b) => b.level - a.level);
  const most = Math.max(1, Math.ceil(0.12 * largest.length));
  for (const { pattern, level } of largest) {
    if (groups.length >= most || (groups.length > 0 && level < threshold)) break;
    buy(pattern, 1);
  }
  return groups;
};

const mixOfRest = (
  bag: Bag,
  state: {
    readonly remaining: Float64Array;
    readonly pool: readonly Pattern[];
    readonly duals: Float64Array;
  },
  units: number,
  meter: Meter,
): Relaxation => {
  const rest = remainder(bag, state.remaining);
  const place = new Map(rest.from.map((index, row) => [index, row]));
  const inside = (pattern: Pattern): Pattern => ({
    ...pattern,
    classes: pattern.classes.map((index) => place.get(index) ?? 0),
  });
  const seeds = state.pool.flatMap((pattern) => {
    const part = trimmed(pattern, state.remaining);
    return part === undefined || part.counts.length < pattern.counts.length / 2 ? [] : [inside(part)];
  });
  const values = Float64Array.from(rest.from, (index) => at(state.duals, index));
  const mix = within(meter, units, (part) => generate(rest.bag, { values, seeds }, part));
  const duals = new Float64Array(bag.classes);
  rest.from.forEach((index, row) => {
    duals[index] = at(mix.duals, row);
  });
  const pool = mix.pool.slice(rest.bag.classes + seeds.length).map((pattern) => renamed(pattern, rest.from));
  return {
    ...mix,
    duals,
    pool,
    mix: mix.mix.map(({ pattern, level }) => ({ pattern: renamed(pattern, rest.from), level })),
  };
};

/** The rest by the best simple rule. */
const finished = (
  bag: Bag,
  state: { readonly groups: readonly Group[]; readonly remaining: Float64Array },
  duals: Float64Array,
  meter: Meter,
): Draft => {
  const rest = remainder(bag, state.remaining);
  const values = Float64Array.from(rest.from, (index) => at(duals, index));
  const draft = byRules(rest.bag, values, meter)[0];
  const more =
    draft?.groups.map(({ pattern, copies }) => ({ pattern: renamed(pattern, rest.from), copies })) ?? [];
  return draftOf(bag, 'columns', [...state.groups, ...more]);
};
