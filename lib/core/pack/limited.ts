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
import type { Meter } from './meter';
import type { PackProblem } from './problem';
import { byRules } from './rules';
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

const ROUNDS = 10;

/** Plans within the limits, most tasks placed first, then cheapest. */
export const limitedDrafts = (from: Canonical, problem: PackProblem, meter: Meter): readonly Draft[] => {
  const { bag } = from;
  if (bag.classes === 0) return [];
  const usual = bag.price.reduce((sum, price) => sum + price, 0) / bag.types;
  const surcharge = new Float64Array(problem.limits.length);
  const drafts: Draft[] = [cutToLimits(bag, { rule: 'most-tasks', groups: [] }, from, problem)];
  for (let round = 0; round < ROUNDS; round += 1) {
    const steered = { ...bag, price: surcharged(from, surcharge) };
    const found = byRules(steered, jointBound(steered, 60, meter).values, meter);
    for (const draft of found) drafts.push(cutToLimits(bag, draft, from, problem));
    const broken = problem.limits.flatMap(({ machines }, limit) =>
      found.every((draft) => boughtUnder(draft.groups, from, limit) > machines) ? [limit] : [],
    );
    if (broken.length === 0) break;
    for (const limit of broken) surcharge[limit] = Math.max(2.5 * at(surcharge, limit), usual / 8);
  }
  return drafts.sort((a, b) => tasksLeft(a) - tasksLeft(b) || a.price - b.price);
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
  const order = smallestFirst(bag);
  for (;;) {
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

/** Takes as many of each class as fit, in the order given. */
const fillInOrder = (
  bag: Bag,
  type: number,
  order: readonly number[],
  from: { readonly remaining: Float64Array; readonly filling: Filling },
): Pattern => {
  const { remaining, filling } = from;
  openMachine(bag, type, filling);
  for (const index of order) {
    const count =
      at(remaining, index) === 0 ? 0 : Math.min(at(remaining, index), roomFor(bag, index, type, filling));
    if (count > 0) putIn(bag, index, count, filling);
  }
  return { type, classes: filling.classes, counts: filling.counts };
};

const tasks = ({ counts }: Pattern): number => counts.reduce((sum, count) => sum + count, 0);
