// The units of muster.yaml and of webhook bodies that follow it.
import type { Amount, Bounds } from '../core/model/spec';

export const DURATION = /^(\d{1,6})(s|m|h|d)$/;
export const MEMORY = /^(\d{1,9})(MiB|GiB|TiB)$/;
export const PERCENT = /^(\d{1,4})%$/;
export const COUNT_RANGE = /^(\d{1,6})?\.\.(\d{1,6})?$/;
export const MEMORY_RANGE = /^(?:(\d{1,9}(?:MiB|GiB|TiB)))?\.\.(?:(\d{1,9}(?:MiB|GiB|TiB)))?$/;

/** Stands for "no upper limit" where the answer must be JSON. */
export const UNBOUNDED = Number.MAX_SAFE_INTEGER;

const MS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const MIB = { MiB: 1, GiB: 1024, TiB: 1024 * 1024 } as const;

/** `30s`, `5m`, `10h`, `30d` in milliseconds; NaN for anything else. */
export const durationMs = (text: string): number => {
  const [, number, unit] = DURATION.exec(text) ?? [];
  return unit === 's' || unit === 'm' || unit === 'h' || unit === 'd'
    ? Number(number) * MS[unit]
    : Number.NaN;
};

/** `512MiB`, `8GiB`, `1TiB` in MiB; NaN for anything else. */
export const memoryMib = (text: string): number => {
  const [, number, unit] = MEMORY.exec(text) ?? [];
  return unit === 'MiB' || unit === 'GiB' || unit === 'TiB' ? Number(number) * MIB[unit] : Number.NaN;
};

/** `10%` as 10; NaN for anything else. */
export const percentOf = (text: string): number => Number(PERCENT.exec(text)?.[1] ?? Number.NaN);

/** `4..32`, `4..`, `..32`: both ends included, an open end has no limit. */
export const countBounds = (text: string): Bounds => bounds(COUNT_RANGE.exec(text), Number);
export const memoryBounds = (text: string): Bounds => bounds(MEMORY_RANGE.exec(text), memoryMib);

const bounds = (match: RegExpExecArray | null, read: (text: string) => number): Bounds => ({
  min: match?.[1] === undefined ? 0 : read(match[1]),
  max: match?.[2] === undefined ? UNBOUNDED : read(match[2]),
});

/** `20%` or a number of agents. */
export const amountOf = (by: string | number): Amount =>
  typeof by === 'number' ? { agents: by } : { percent: percentOf(by) };
