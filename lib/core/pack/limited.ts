// Where limits on the number of machines bind. The searches know no limits; they see prices. So each limit that a plan
// breaks gets a surcharge on its machines, which steers the rules to fewer and larger ones or to other offerings, a
// little more each time. What still breaks a limit is cut: the machines with the fewest tasks go, and what they carried
// is tried again on machines that are still allowed. Most tasks placed wins, then the lower price.
import {
  type Bag,
  type Draft,
  downsized,
  draftOf,
  emptyFilling,
  type Filling,
  type Group,
  openMachine,
  type Pattern,
  putIn,
  repeats,
  roomFor,
  takeOut,
} from './bag';
import { jointBound } from './bounds';
import type { Canonical } from './canonical';
import { at, bump, nth } from './cells';
import { improved } from './improve';
import { simplePlans } from './many';
import type { Meter } from './meter';
import type { PackProblem } from './problem';
import { byRules, MANY_CLASSES } from './rules';

import { walkBySize } from './walk';

/** True when the draft keeps within every limit. */
export const respects = (draft: Draft, from: Canonical, problem: PackProblem): boolean =>
  problem.limits.every(({ offerings, machines }) => {
    const counted = new Set(offerings);
    const bought = draft.groups.reduce(
      (sum, { pattern, copies }) => sum + (counted.has(nth(from.offerings, pattern.type)) ? copies : 0),
      0,
    );
    return bought <= machines;
  });

const ROUNDS = 12;
/** With very many classes a round is dear. */
const FEW_ROUNDS = 2;

/** Plans within the limits, most tasks placed first, then cheapest. */
export const limitedDrafts = (from: Canonical, problem: PackProblem, meter: Meter): readonly Draft[] => {
  const { bag } = from;
  if (bag.classes === 0) return [];
  const drafts: Draft[] = [cutToLimits(bag, { rule: 'most-tasks', groups: [] }, from, problem)];
  const keep = (found: readonly Draft[]): void => {
    for (const draft of found) drafts.push(cutToLimits(bag, draft, from, problem));
  };
  const steered = { ...bag, price: surcharged(from, surchargeOf(from, problem, meter, keep)) };
  if (bag.classes <= MANY_CLASSES && meter.spent < meter.limit) {
    const valued = jointBound(steered, 60, meter);
    keep(improved(steered, { valued, rules: byRules(steered, valued.values, meter) }, meter).drafts);
  }
  return drafts.sort((a, b) => tasksLeft(a) - tasksLeft(b) || a.price - b.price);
};

/** Raises the surcharge of each limit that the cheapest plan breaks until none is broken. `keep` sees all plans. */
const surchargeOf = (
  from: Canonical,
  problem: PackProblem,
  meter: Meter,
  keep: (found: readonly Draft[]) => void,
): Float64Array => {
  const { bag } = from;
  const usual = bag.price.reduce((sum, price) => sum + price, 0) / bag.types;
  const surcharge = new Float64Array(problem.limits.length);
  const rounds = bag.classes > MANY_CLASSES ? FEW_ROUNDS : ROUNDS;
  for (let round = 0; round < rounds; round += 1) {
    const found = simplePlans({ ...bag, price: surcharged(from, surcharge) }, meter);
    keep(found);
    const cheapest = found[0]?.groups ?? [];
    const broken = problem.limits.flatMap(({ machines }, limit) =>
      boughtUnder(cheapest, from, limit) > machines ? [limit] : [],
    );
    if (broken.length === 0) break;
    const first = bag.classes > MANY_CLASSES ? usual / 4 : usual / 40;
    for (const limit of broken) surcharge[limit] = Math.max(1.8 * at(surcharge, limit), first);
  }
  return surcharge;
};

const tasksLeft = (draft: Draft): number => draft.left.reduce((sum, count) => sum + count, 0);

const surcharged = (from: Canonical, surcharge: Float64Array): Float64Array =>
  from.bag.price.map(
    (price, type) => price + (from.under[type] ?? []).reduce((sum, limit) => sum + at(surcharge, limit), 0),
  );

const boughtUnder = (groups: readonly Group[], from: Canonical, limit: number): number =>
  groups.reduce(
    (sum, { pattern, copies }) => sum + ((from.under[pattern.type] ?? []).includes(limit) ? copies : 0),
    0,
  );

/** Keeps the fullest machines that the limits allow and fills what is still allowed with the rest. */
const cutToLimits = (
  bag: Bag,
  draft: { readonly rule: string; readonly groups: readonly Group[] },
  from: Canonical,
  problem: PackProblem,
): Draft => {
  const left = Float64Array.from(problem.limits, ({ machines }) => Math.max(0, Math.floor(machines)));
  const fullest = [...draft.groups].sort((a, b) => tasks(b.pattern) - tasks(a.pattern));
  const kept: Group[] = [];
  for (const { pattern, copies } of fullest) {
    const small = downsizedWithin(bag, pattern, from, left);
    const under = from.under[small.type] ?? [];
    const allowed = under.reduce((least, limit) => Math.min(least, at(left, limit)), copies);
    if (allowed <= 0) continue;
    kept.push({ pattern: small, copies: allowed });
    for (const limit of under) bump(left, limit, -allowed);
  }
  const remaining = draftOf(bag, draft.rule, kept).left;
  return draftOf(bag, draft.rule, [...kept, ...fillRest(bag, remaining, from, left)]);
};

/** A smaller machine must not count under a limit that the planned one does not. */
const downsizedWithin = (bag: Bag, pattern: Pattern, from: Canonical, left: Float64Array): Pattern => {
  const small = downsized(bag, pattern);
  const under = from.under[pattern.type] ?? [];
  const isHarmless = (from.under[small.type] ?? []).every(
    (limit) => under.includes(limit) || at(left, limit) === Infinity,
  );
  return isHarmless ? small : pattern;
};

/** As many tasks as possible on the machines still allowed: of all types the one that takes the most, cheapest first. */
const fillRest = (
  bag: Bag,
  remaining: Float64Array,
  from: Canonical,
  left: Float64Array,
): readonly Group[] => {
  const filling = emptyFilling(bag);
  const groups: Group[] = [];
  let order = smallestFirst(bag);
  for (;;) {
    order = order.filter((index) => at(remaining, index) > 0);
    let best: Pattern | undefined;
    for (let type = 0; type < bag.types; type += 1) {
      if ((from.under[type] ?? []).some((limit) => at(left, limit) < 1)) continue;
      const pattern = fillInOrder(bag, type, order, { remaining, filling });
      if (tasks(pattern) > (best === undefined ? 0 : tasks(best))) best = pattern;
    }
    if (best === undefined) return groups;
    const small = downsizedWithin(bag, best, from, left);
    const under = from.under[small.type] ?? [];
    const copies = under.reduce(
      (least, limit) => Math.min(least, at(left, limit)),
      repeats(small, remaining),
    );
    groups.push({ pattern: small, copies });
    takeOut(small, copies, remaining);
    for (const limit of under) bump(left, limit, -copies);
  }
};

/** By the share of an average machine: many small tasks before one large. */
const smallestFirst = (bag: Bag): readonly number[] => {
  const mean = Float64Array.from({ length: bag.dims }, (_, dim) => {
    let sum = 0;
    for (let type = 0; type < bag.types; type += 1) sum += at(bag.room, type * bag.dims + dim);
    return sum / bag.types;
  });
  return [...walkBySize(bag, mean).order].reverse();
};

/** Classes in a row that do not fit before a machine counts as full. */
const PATIENCE = 200;

/** Takes as many of each class as fit, in the order given. */
const fillInOrder = (
  bag: Bag,
  type: number,
  order: readonly number[],
  from: { readonly remaining: Float64Array; readonly filling: Filling },
): Pattern => {
  const { remaining, filling } = from;
  openMachine(bag, type, filling);
  let misses = 0;
  for (const index of order) {
    const left = at(remaining, index);
    const count = left === 0 ? 0 : Math.min(left, roomFor(bag, index, type, filling));
    if (count > 0) putIn(bag, index, count, filling);
    misses = count > 0 || filling.classes.length === 0 ? 0 : misses + 1;
    if (misses > PATIENCE) break;
  }
  return { type, classes: filling.classes, counts: filling.counts };
};

const tasks = ({ counts }: Pattern): number => counts.reduce((sum, count) => sum + count, 0);
