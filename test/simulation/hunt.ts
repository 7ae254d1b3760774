// Plays a mutant, seed after seed, until one of the invariants that it was made for is seen to be broken.
import { NOW } from '../builders/fleet';
import type { NamedMutant } from './mutants';
import { simulate } from './simulator';

export type Found = {
  readonly seed: number;
  readonly invariant: string;
  readonly text: string;
  readonly afterMs: number;
};

export const hunt = async (
  mutant: NamedMutant,
  how: { readonly seeds: number; readonly hours: number; readonly from?: number },
): Promise<Found | undefined> => {
  const from = how.from ?? 1;
  for (let seed = from; seed < from + how.seeds; seed += 1) {
    const { violation } = await simulate({ seed, hours: how.hours, calmHours: 1.5, processes: 3, mutant });
    if (violation === undefined || !mutant.breaks.includes(violation.invariant)) continue;
    const { invariant, text, at } = violation;
    return { seed, invariant, text, afterMs: at - NOW };
  }
  return undefined;
};
