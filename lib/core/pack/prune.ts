// What need not be looked at. An offering is dropped when a kept one has at least its room, costs no more, takes every
// class that it takes and counts under no limit that it does not: 4,035 become about 100. A dimension is dropped when
// another one always runs out first.
import { DIMENSIONS, fits, type Resources } from '../model/resources';
import type { PackOffering } from './problem';

/** One allowed-mask as the classes use it; absent means that all offerings will do. */
export type Mask = readonly boolean[] | undefined;

/** Cheapest first; of equal price the roomiest first, then by name. */
export const byPrice = (offerings: readonly PackOffering[]): readonly number[] => {
  const order = offerings.flatMap(({ usdPerHour }, index) =>
    usdPerHour >= 0 && usdPerHour < Infinity ? [index] : [],
  );
  const compare = (a: PackOffering, b: PackOffering): number => {
    if (a.usdPerHour !== b.usdPerHour) return a.usdPerHour - b.usdPerHour;
    for (const dimension of DIMENSIONS)
      if (a.room[dimension] !== b.room[dimension]) return b.room[dimension] - a.room[dimension];
    if (a.key === b.key) return 0;
    return a.key < b.key ? -1 : 1;
  };
  return order.sort((a, b) => {
    const [first, second] = [offerings[a], offerings[b]];
    return first === undefined || second === undefined ? a - b : compare(first, second) || a - b;
  });
};

/** The offerings worth keeping, cheapest first. `under` names for each offering the limits that count it. */
export const undominated = (
  offerings: readonly PackOffering[],
  masks: readonly Mask[],
  under: readonly (readonly number[])[],
): readonly number[] => {
  const kept: { index: number; offering: PackOffering }[] = [];
  const takes = (index: number, mask: Mask): boolean => mask === undefined || mask[index] === true;
  const replaces = (by: number, index: number): boolean =>
    masks.every((mask) => !takes(index, mask) || takes(by, mask)) &&
    (under[by] ?? []).every((limit) => (under[index] ?? []).includes(limit));
  for (const index of byPrice(offerings)) {
    const offering = offerings[index];
    if (offering === undefined || !masks.some((mask) => takes(index, mask))) continue;
    const isDominated = kept.some(
      (other) => fits(offering.room, other.offering.room) && replaces(other.index, index),
    );
    if (!isDominated) kept.push({ index, offering });
  }
  return kept.map(({ index }) => index);
};

/** The dimensions that can bind, given what is needed and what there is. */
export const binding = (
  needs: readonly Resources[],
  rooms: readonly Resources[],
): readonly (keyof Resources)[] => {
  let active = DIMENSIONS.filter((dimension) => needs.some((need) => need[dimension] > 0));
  for (const dimension of [...active].reverse()) {
    const others = active.filter((other) => other !== dimension);
    if (others.some((other) => runsOutFirst(other, dimension, needs, rooms))) active = others;
  }
  return active;
};

/** True when a load that fits in `first` always fits in `second`. */
const runsOutFirst = (
  first: keyof Resources,
  second: keyof Resources,
  needs: readonly Resources[],
  rooms: readonly Resources[],
): boolean => {
  // The room with the least of `second` for its `first` decides. Cross-multiplied, so that whole numbers stay exact.
  let tight: Resources | undefined;
  for (const room of rooms) {
    if (room[first] <= 0) continue;
    if (tight === undefined || room[second] * tight[first] < tight[second] * room[first]) tight = room;
  }
  if (tight === undefined) return false;
  for (const need of needs) if (need[second] * tight[first] > need[first] * tight[second]) return false;
  return true;
};

/** For each offering, the limits (by index) that count it. */
export const limitsOver = (
  count: number,
  limits: readonly { readonly offerings: readonly number[] }[],
): readonly (readonly number[])[] => {
  const under: number[][] = Array.from({ length: count }, () => []);
  limits.forEach(({ offerings }, limit) => {
    for (const index of new Set(offerings)) under[index]?.push(limit);
  });
  return under;
};
