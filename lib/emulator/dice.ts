// All randomness of the emulated world. Each kind has its own stream, so that one more draw of one kind changes
// nothing about the others.
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { Span } from './settings';

export type Dice = {
  /** A whole number from `min` to `max`, both included. */
  int(kind: string, min: number, max: number): number;
  span(kind: string, span: Span): number;
  hex(kind: string, digits: number): string;
  /** In the form of a version 4 uuid. */
  uuid(kind: string): string;
  /** A new array in a new order. */
  shuffle<T>(kind: string, items: readonly T[]): T[];
};

export const createDice = (seed: number): Dice => {
  const streams = new Map<string, ReturnType<typeof xoroshiro128plus>>();
  const stream = (kind: string) => {
    const known = streams.get(kind);
    if (known !== undefined) return known;
    const made = xoroshiro128plus(streamSeed(seed, kind));
    streams.set(kind, made);
    return made;
  };
  const int = (kind: string, min: number, max: number): number => uniformInt(stream(kind), min, max);
  const hex = (kind: string, digits: number): string => {
    let text = '';
    while (text.length < digits) text += int(kind, 0, 0xffff).toString(16).padStart(4, '0');
    return text.slice(0, digits);
  };
  return {
    int,
    span: (kind, [min, max]) => (max <= min ? min : int(kind, min, max)),
    hex,
    uuid: (kind) => {
      const h = hex(kind, 32);
      const variant = ((Number.parseInt(h.charAt(16), 16) & 3) | 8).toString(16);
      return `${h.slice(0, 8)}-${h.slice(8, 12)}-4${h.slice(13, 16)}-${variant}${h.slice(17, 20)}-${h.slice(20)}`;
    },
    shuffle: (kind, items) => {
      const mixed = [...items];
      for (let last = mixed.length - 1; last > 0; last -= 1) {
        const other = int(kind, 0, last);
        const [a, b] = [mixed[last], mixed[other]];
        if (a !== undefined && b !== undefined) [mixed[last], mixed[other]] = [b, a];
      }
      return mixed;
    },
  };
};

/** FNV-1a over the seed and the kind. */
const streamSeed = (seed: number, kind: string): number => {
  let hash = 0x811c9dc5;
  for (const char of `${seed}/${kind}`) hash = Math.imul(hash ^ char.charCodeAt(0), 0x01000193);
  return hash | 0;
};
