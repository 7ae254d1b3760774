// Where the work units go when the rules do not meet the bound.
import { type Bag, type Draft } from './bag';
import type { Valued } from './bounds';
import { generate, type Relaxation } from './columns';
import { dive } from './dive';
import { isSpent, type Meter, within } from './meter';
import { neighbourhood } from './neighbourhood';
import type { Bound } from './problem';

export type Improved = { readonly drafts: readonly Draft[]; readonly bound: Bound };
export type Known = { readonly valued: Valued; readonly rules: readonly Draft[] };

/** Shares of the work: the mix, then dives; the neighbourhood gets what is left. */
const MIX_SHARE = 0.38;
const DIVE_SHARE = 0.7;
const THRESHOLDS = [0.5, 0.7, 0.35, 0.6];

export const improved = (bag: Bag, known: Known, meter: Meter): Improved => {
  const drafts = [...known.rules];
  const best = (): number => drafts.reduce((least, { price }) => Math.min(least, price), Infinity);
  let bound = known.valued.bound;
  const isClosed = (): boolean => best() <= bound.usdPerHour * (1 + 1e-6);
  if (isSpent(meter) || isClosed()) return { drafts, bound };
  const seeds = known.rules.flatMap(({ groups }) => groups.map(({ pattern }) => pattern));
  const mix: Relaxation = within(meter, MIX_SHARE * meter.limit, (part) =>
    generate(bag, { values: known.valued.values, seeds }, part),
  );
  if (mix.farley > bound.usdPerHour) bound = { usdPerHour: mix.farley, kind: 'farley' };
  for (const threshold of THRESHOLDS) {
    const left = DIVE_SHARE * meter.limit - meter.spent;
    if (left <= 0 || isClosed() || mix.value >= best()) break;
    const draft = within(meter, left, (part) =>
      dive(bag, mix, { threshold, below: best(), each: 0.04 * meter.limit }, part),
    );
    if (draft !== undefined) drafts.push(draft);
  }
  const first = drafts.reduce((a, b) => (b.price < a.price ? b : a));
  if (!isClosed())
    drafts.push(neighbourhood(bag, first, { values: mix.duals, enough: bound.usdPerHour }, meter));
  return { drafts, bound };
};
