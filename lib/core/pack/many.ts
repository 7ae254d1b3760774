// Plans for more shapes than the searches take: planned by the means of parts, filled with real tasks, and the rest,
// a few per cent, planned again with finer parts.
import { type Bag, type Draft, downsized, draftOf, type Group, remainder, renamed } from './bag';
import { jointBound, type Split, type Valued, worth } from './bounds';
import { at } from './cells';
import { coarsen } from './coarse';
import { type Improved, improved, type Known } from './improve';
import { isSpent, type Meter, within } from './meter';
import { neighbourhood } from './neighbourhood';
import { byRules, MANY_CLASSES } from './rules';
import { realised } from './realise';

const PARTS = [64, 128, 128] as const;
/** Where restrictions alone make more parts than this, means do not help. */
const MOST_PARTS = 300;

/** The bound of a bag with many classes: climbed with few, then taken with the real ones. */
export const jointBoundOfMany = (bag: Bag, climb: number, meter: Meter): Valued => {
  const coarse = coarsen(bag, PARTS[0]);
  const rough = jointBound(coarse.bag, climb, meter);
  const fine = jointBound(bag, 0, meter);
  const values = new Float64Array(bag.classes);
  const joint = worth(bag, rough.split, values);
  if (joint <= fine.bound.usdPerHour) return { ...fine, split: rough.split };
  return { bound: { usdPerHour: joint, kind: 'joint-lp' }, values, split: rough.split };
};

/** Every method that needs no work units, for a bag of any size; cheapest first. */
export const simplePlans = (bag: Bag, meter: Meter): readonly Draft[] => {
  if (bag.classes <= MANY_CLASSES) return byRules(bag, jointBound(bag, 60, meter).values, meter);
  const values = new Float64Array(bag.classes).fill(1);
  return [...byRules(bag, values, meter), byMeans(bag, { values }, 0, meter)].sort(
    (a, b) => a.price - b.price,
  );
};

/** At the least a plan by means; what work is left afterwards goes into its machines. */
export const improvedMany = (bag: Bag, known: Known, meter: Meter): Improved => {
  const { bound } = known.valued;
  const best = known.rules.reduce((least, { price }) => Math.min(least, price), Infinity);
  if (best <= bound.usdPerHour * (1 + 1e-6)) return { drafts: known.rules, bound };
  const first = byMeans(bag, known.valued, 0.3 * meter.limit, meter);
  if (isSpent(meter)) return { drafts: [...known.rules, first], bound };
  const start = [...known.rules, first].reduce((a, b) => (b.price < a.price ? b : a));
  const last = neighbourhood(bag, start, { values: known.valued.values, enough: bound.usdPerHour }, meter);
  return { drafts: [...known.rules, first, last], bound };
};

/** @param known what a task of each class is worth, and the split that says so where one was climbed.
 *  @param units for planning by means; the realisation comes on top. */
export const byMeans = (
  bag: Bag,
  known: Pick<Valued, 'values'> & Partial<Pick<Valued, 'split'>>,
  units: number,
  meter: Meter,
): Draft => {
  let rest: Bag = bag;
  let from: readonly number[] = [...bag.count.keys()];
  let present = known.values;
  let split = known.split;
  const groups: Group[] = [];
  for (const parts of PARTS) {
    const coarse = coarsen(rest, parts);
    if (coarse.bag.classes > MOST_PARTS) break;
    const plan = coarsePlan(coarse.bag, split, units, meter);
    split = undefined;
    const real = realised(rest, coarse, plan?.groups ?? [], meter);
    const worthKeeping = real.groups.map(({ pattern, copies }) => ({
      pattern: downsized(rest, pattern),
      copies,
    }));
    const names = from;
    groups.push(...worthKeeping.map(({ pattern, copies }) => ({ pattern: renamed(pattern, names), copies })));
    const next = remainder(rest, real.left);
    if (next.bag.classes === 0) return draftOf(bag, 'means', groups);
    present = Float64Array.from(next.from, (index) => at(present, index));
    from = next.from.map((index) => names[index] ?? 0);
    rest = next.bag;
    if (real.groups.length === 0) break;
  }
  const last = byRules(rest, present, meter)[0];
  for (const { pattern, copies } of last?.groups ?? [])
    groups.push({ pattern: renamed(pattern, from), copies });
  return draftOf(bag, 'means', groups);
};

const coarsePlan = (bag: Bag, split: Split | undefined, units: number, meter: Meter): Draft | undefined => {
  const valued = jointBound(bag, split === undefined ? 100 : 0, meter, split);
  const rules = byRules(bag, valued.values, meter);
  const better: Improved = within(meter, units, (part) => improved(bag, { valued, rules }, part));
  return [...better.drafts].sort((a, b) => a.price - b.price)[0];
};
