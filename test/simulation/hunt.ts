// Plays a mutant, seed after seed, until something is seen to be broken.
import { NOW } from '../builders/fleet';
import type { NamedMutant } from './mutants';
import { simulate } from './simulator';

export type Found = {
  readonly seed: number;
  readonly invariant: string;
  readonly text: string;
  /** One of the invariants that the mutant was made for. */
  readonly isExpected: boolean;
  readonly afterMs: number;
};

export const hunt = async (
  mutant: NamedMutant,
  how: { readonly seeds: number; readonly hours: number; readonly from?: number },
): Promise<Found | undefined> => {
  const from = how.from ?? 1;
  for (let seed = from; seed < from + how.seeds; seed += 1) {
    const { violation } = await simulate({ seed, hours: how.hours, calmHours: 1.5, processes: 3, mutant });
    if (violation === undefined) continue;
    const { invariant, text, at } = violation;
    return { seed, invariant, text, isExpected: mutant.breaks.includes(invariant), afterMs: at - NOW };
  }
  return undefined;
};
