// What need not be looked at. An offering is dropped when a kept one has at least its room, costs no more, takes every
// class that it takes and counts under no limit that it does not: 4,035 become about 100. A dimension is dropped when
// another one always runs out first.
import { DIMENSIONS, fits, NOTHING, type Resources } from '../model/resources';
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

/** Above so many pairs of classes and offerings the searches take too long, and sizes next to each other say little. */
const MOST_PAIRS = 150_000;
const PRICE_STEPS = 48;

/** Of very many offerings those that differ: one of each step in price and in the memory that goes with a cpu. What is
 *  largest in any dimension for some class stays, so that nothing that fitted fits no more. */
export const representative = (
  kept: readonly number[],
  offerings: readonly PackOffering[],
  masks: readonly Mask[],
  classes: number,
): readonly number[] => {
  if (kept.length * classes <= MOST_PAIRS) return kept;
  const rooms = new Map<string, { room: Resources; usd: number }>();
  for (const index of kept) {
    const offering = offerings[index];
    if (offering === undefined) continue;
    const key = roomText(offering.room);
    const usd = Math.min(rooms.get(key)?.usd ?? Infinity, offering.usdPerHour);
    rooms.set(key, { room: offering.room, usd });
  }
  const chosen = new Set([...steps([...rooms.values()]), ...largest(kept, offerings, masks)]);
  return kept.filter((index) => chosen.has(roomText(offerings[index]?.room ?? NOTHING)));
};

const roomText = (room: Resources): string => DIMENSIONS.map((dimension) => room[dimension]).join('/');

const steps = (rooms: readonly { readonly room: Resources; readonly usd: number }[]): readonly string[] => {
  const prices = rooms.map(({ usd }) => Math.max(usd, 1e-9));
  const [least, most] = [Math.min(...prices), Math.max(...prices)];
  const width = Math.max(Math.log(most / least) / PRICE_STEPS, 1e-9);
  const byStep = new Map<string, { room: Resources; usd: number }>();
  for (const entry of rooms) {
    const step = Math.floor(Math.log(Math.max(entry.usd, 1e-9) / least) / width);
    const ratio = Math.round(Math.log2((entry.room.memMib + 1) / (entry.room.cpuMilli + 1)));
    const key = `${step}|${ratio}|${entry.room.gpus > 0 ? 'gpu' : ''}`;
    const known = byStep.get(key);
    if (known === undefined || perUsd(entry) > perUsd(known)) byStep.set(key, entry);
  }
  return [...byStep.values()].map(({ room }) => roomText(room));
};

const perUsd = ({ room, usd }: { readonly room: Resources; readonly usd: number }): number =>
  (room.cpuMilli + room.memMib / 4) / Math.max(usd, 1e-9);

const largest = (
  kept: readonly number[],
  offerings: readonly PackOffering[],
  masks: readonly Mask[],
): readonly string[] =>
  masks.flatMap((mask) => {
    const own = kept.filter((index) => mask === undefined || mask[index] === true);
    return DIMENSIONS.flatMap((dimension) => {
      const rooms = own.flatMap((index) => offerings[index]?.room ?? []);
      const best = rooms.reduce<Resources | undefined>(
        (most, room) => (most === undefined || room[dimension] > most[dimension] ? room : most),
        undefined,
      );
      return best === undefined ? [] : [roomText(best)];
    });
  });
