// Which machines to buy for a bag of tasks, at least total price, with a proven lower bound. Simple rules first: they
// are offered whatever follows, so the plan is never worse than the best of them. Where they do not meet the bound,
// the work units go into better patterns and better machines.
import { type Bag, type Draft, downsized } from './bag';
import { jointBound, type Valued } from './bounds';
import { type Canonical, canonical, toPlan } from './canonical';
import { at } from './cells';
import { limitedDrafts, respects } from './limited';
import { type Meter, within } from './meter';
import type { Bound, PackPlan, PackProblem, PackResult } from './problem';
import { improvedMany, jointBoundOfMany } from './many';
import { byRules, MANY_CLASSES } from './rules';
import { improved } from './improve';

/** Work units a caller without an opinion should give: openb-2023-a ends within 0.8 % of its bound. */
export const DEFAULT_WORK = 600;

const CANDIDATES = 8;

/** Plans the purchase. Pure: the same problem gives the same plan, in whatever order its parts are listed. */
export const pack = (problem: PackProblem): PackResult => {
  const meter: Meter = { spent: 0, limit: problem.work };
  const free = solved(canonical(problem, 'unlimited'), problem, meter);
  const allowed = free.plans.filter(({ draft }) => respects(draft, free.from, problem));
  const whole = free.from.isReduced ? boundOver(problem, meter) : free.bound;
  if (allowed.length > 0 && allowed[0] === free.plans[0]) return resultOf(allowed, whole, meter);
  const tight = canonical(problem, 'limited');
  const drafts = limitedDrafts(tight, problem, meter);
  const plans = [
    ...allowed,
    ...drafts.map((draft) => ({ draft, from: tight, plan: toPlan(draft, tight, problem) })),
  ];
  plans.sort((a, b) => unplacedIn(a.plan) - unplacedIn(b.plan) || a.plan.usdPerHour - b.plan.usdPerHour);
  const best = plans[0];
  const isWhole = best !== undefined && best.draft.left.every((count) => count === 0);
  const bound = isWhole || best === undefined ? whole : boundOfPlaced(best, meter);
  return resultOf(plans, bound, meter);
};

/** The bound alone, over every size: for a demand that is packed otherwise. */
export const packBound = (problem: PackProblem): Bound =>
  boundOver(problem, { spent: 0, limit: problem.work });

const boundOver = (problem: PackProblem, meter: Meter): Bound => {
  const { bag } = canonical(problem, 'unlimited', 'all');
  if (bag.classes === 0) return { usdPerHour: 0, kind: 'none' };
  return (bag.classes > MANY_CLASSES ? jointBoundOfMany : jointBound)(bag, CLIMB, meter).bound;
};

type Solved = { readonly draft: Draft; readonly from: Canonical; readonly plan: PackPlan };

const solved = (
  from: Canonical,
  problem: PackProblem,
  meter: Meter,
): { readonly from: Canonical; readonly plans: readonly Solved[]; readonly bound: Bound } => {
  const { bag } = from;
  if (bag.classes === 0) {
    const draft: Draft = { rule: 'nothing', groups: [], left: new Float64Array(0), price: 0 };
    return {
      from,
      plans: [{ draft, from, plan: toPlan(draft, from, problem) }],
      bound: { usdPerHour: 0, kind: 'none' },
    };
  }
  const isMany = bag.classes > MANY_CLASSES;
  const valued = (isMany ? jointBoundOfMany : jointBound)(bag, CLIMB, meter);
  const rules = byRules(bag, valued.values, meter).map((draft) => shrunk(bag, draft));
  const isTight = rules[0] !== undefined && !respects(rules[0], from, problem);
  const better = within(meter, (isTight ? FREE_SHARE : 1) * problem.work, (part) =>
    (isMany ? improvedMany : improved)(bag, { valued, rules }, part),
  );
  const plans = better.drafts.map((draft) => ({ draft, from, plan: toPlan(draft, from, problem) }));
  plans.sort((a, b) => a.plan.usdPerHour - b.plan.usdPerHour);
  return { from, plans, bound: better.bound };
};

const CLIMB = 150;
/** Where a limit seems to bind, this much of the work goes into the plan without limits: it gives the bound. */
const FREE_SHARE = 0.4;

/** Every machine becomes the cheapest that holds its load. A single-type plan stays as it is. */
const shrunk = (bag: Bag, draft: Draft): Draft => {
  if (draft.rule === 'single-type') return draft;
  const groups = draft.groups.map(({ pattern, copies }) => ({ pattern: downsized(bag, pattern), copies }));
  const price = groups.reduce((sum, { pattern, copies }) => sum + at(bag.price, pattern.type) * copies, 0);
  return { ...draft, groups, price };
};

const unplacedIn = (plan: PackPlan): number => plan.unplaced.reduce((sum, { count }) => sum + count, 0);

/** Where limits leave tasks out, the bound is that of the tasks that are placed. */
const boundOfPlaced = ({ draft, from }: Solved, meter: Meter): Bound => {
  if (from.isReduced) return { usdPerHour: 0, kind: 'none' };
  const count = from.bag.count.map((all, index) => all - at(draft.left, index));
  if (count.every((placed) => placed === 0)) return { usdPerHour: 0, kind: 'none' };
  const bound = from.bag.classes > MANY_CLASSES ? jointBoundOfMany : jointBound;
  const valued: Valued = bound(placedOnly(from.bag, count), CLIMB, meter);
  return valued.bound;
};

const placedOnly = (bag: Bag, count: Float64Array): Bag => ({ ...bag, count });

const resultOf = (plans: readonly Solved[], bound: Bound, meter: Meter): PackResult => {
  const distinct = new Map<string, PackPlan>();
  for (const { plan } of plans) {
    const name = machinesIn(plan);
    if (!distinct.has(name)) distinct.set(name, plan);
  }
  const all = [...distinct.values()];
  const single = all.find(({ machines }) => new Set(machines.map(({ offering }) => offering)).size === 1);
  const first = all.slice(0, CANDIDATES);
  if (single !== undefined && !first.includes(single)) first[CANDIDATES - 1] = single;
  const best = first[0] ?? { rule: 'nothing', machines: [], unplaced: [], usdPerHour: 0 };
  // Sums of the same prices in another order may differ in their last bits.
  const usdPerHour = Math.min(bound.usdPerHour, best.usdPerHour);
  return { best, candidates: first, bound: { ...bound, usdPerHour }, workUsed: meter.spent };
};

const machinesIn = (plan: PackPlan): string => {
  const copies = new Map<number, number>();
  for (const { offering, copies: more } of plan.machines)
    copies.set(offering, (copies.get(offering) ?? 0) + more);
  return [...copies].sort(([a], [b]) => a - b).join(' ');
};
