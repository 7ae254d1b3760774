import type { Bag, Draft } from './bag';
import type { Valued } from './bounds';
import type { Meter } from './meter';
import type { Bound } from './problem';

export const improved = (
  _bag: Bag,
  known: { readonly valued: Valued; readonly rules: readonly Draft[] },
  _meter: Meter,
): { readonly drafts: readonly Draft[]; readonly bound: Bound } => ({
  drafts: known.rules,
  bound: known.valued.bound,
});
