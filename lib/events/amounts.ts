// Durations and amounts as they are written in bodies of our own form, the same as in muster.yaml.
import * as z from 'zod/mini';
import type { Amount } from '../core/model/spec';
import { DAY_MS, HOUR_MS, MINUTE_MS } from './translation';

const UNIT_MS = { s: 1000, m: MINUTE_MS, h: HOUR_MS, d: DAY_MS } as const;

/** `30s`, `5m`, `10h`, `7d` in milliseconds; NaN for anything else. */
const durationMs = (text: string): number => {
  const [, number, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  return unit === 's' || unit === 'm' || unit === 'h' || unit === 'd'
    ? Number(number) * UNIT_MS[unit]
    : Number.NaN;
};

/** A duration in milliseconds, at most `longest` days. */
export const duration = (longestDays: number, leastMs = 1) =>
  z.pipe(
    z.string().check(
      z.refine((text) => durationMs(text) >= leastMs && durationMs(text) <= longestDays * DAY_MS, {
        error: `a duration such as 30m, at ${leastMs > 1 ? `least ${leastMs / MINUTE_MS}m and at ` : ''}most ${longestDays}d`,
        abort: true,
      }),
    ),
    z.transform(durationMs),
  );

const isShare = (by: string): boolean =>
  /^\d{1,4}%$/.test(by) && Number.parseInt(by, 10) >= 1 && Number.parseInt(by, 10) <= 1000;

/** `20%`, or a number of agents. */
export const amount = z.union([
  z.number().check(z.int(), z.minimum(1), z.maximum(100_000)),
  z.string().check(z.refine(isShare, { error: 'a share from 1% to 1000%' })),
]);

export const amountOf = (by: string | number): Amount =>
  typeof by === 'number' ? { agents: by } : { percent: Number(by.slice(0, -1)) };
