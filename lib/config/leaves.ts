// The kinds of value that muster.yaml is made of. Each error text is a noun phrase that ends in examples
// ("a duration, such as 5m"): issues.ts makes both the problem and the advice of it.
import { Cron } from 'croner';
import { z } from 'zod';
import {
  amountOf,
  COUNT_RANGE,
  countBounds,
  DURATION,
  durationMs,
  MEMORY,
  MEMORY_RANGE,
  memoryBounds,
  memoryMib,
  PERCENT,
  percentOf,
} from './units';

/** Unknown keys are faults, because they are mostly slips: the message carries the keys to suggest from. */
export const strict = <Shape extends z.core.$ZodLooseShape>(
  shape: Shape,
): z.ZodObject<Shape, z.core.$strict> =>
  z.strictObject(shape, {
    error: (issue) => (issue.code === 'unrecognized_keys' ? Object.keys(shape).join(',') : undefined),
  });

/** Text of one form. */
export const text = (phrase: string, pattern: RegExp) =>
  z.string({ error: phrase }).regex(pattern, { error: phrase });

export const whole = (phrase: string, min: number, max: number) =>
  z.int({ error: phrase }).min(min, { error: phrase }).max(max, { error: phrase });

const DURATION_PHRASE = 'a duration, such as 30s, 5m, 10h or 30d';
const DECADE_MS = 3_650 * 86_400_000;
const isDurationAbove = (leastMs: number) => (value: string) => {
  const ms = durationMs(value);
  return Number.isNaN(ms) || (ms >= leastMs && ms <= DECADE_MS);
};

/** A whole number and s, m, h or d; read as milliseconds. At most ten years. */
export const duration = text(DURATION_PHRASE, DURATION)
  .refine(isDurationAbove(0), { error: 'a duration of at most ten years, such as 30d' })
  .transform(durationMs);

/** A duration that something lasts: 0 would mean never. */
export const span = text(DURATION_PHRASE, DURATION)
  .refine(isDurationAbove(1000), { error: 'a duration between one second and ten years, such as 30m' })
  .transform(durationMs);

/** Read as MiB. */
export const memory = text('an amount of memory or disk, such as 512MiB, 8GiB or 1TiB', MEMORY).transform(
  memoryMib,
);

/** Read as the number: `10%` is 10, and so is 10 by itself, where nothing else could be meant. */
export const percent = (min: number, max: number) => {
  const phrase = `a percentage from ${min}% to ${max}%, such as ${Math.min(max, 10)}%`;
  const inRange = (value: string) => percentOf(value) >= min && percentOf(value) <= max;
  return z
    .union([text(phrase, PERCENT).refine(inRange, { error: phrase }), whole(phrase, min, max)], {
      error: phrase,
    })
    .transform((value) => (typeof value === 'number' ? value : percentOf(value)));
};

/** `20%` of what is there, or a number of agents. */
export const amount = (maxPercent: number) => {
  const phrase = `a percentage up to ${maxPercent}% or a number of agents, such as 20% or 5`;
  return z
    .union(
      [
        text(phrase, PERCENT).refine((value) => percentOf(value) >= 1 && percentOf(value) <= maxPercent, {
          error: phrase,
        }),
        whole(phrase, 1, 100_000),
      ],
      { error: phrase },
    )
    .transform(amountOf);
};

const COUNT_PHRASE = 'a range of whole numbers, such as 4..32, 4.., ..32 or 8';
/** `4..32`, open at either end, or one number. */
export const countRange = z
  .union([whole(COUNT_PHRASE, 0, 999_999), text(COUNT_PHRASE, COUNT_RANGE)], { error: COUNT_PHRASE })
  .transform((value) => (typeof value === 'number' ? { min: value, max: value } : countBounds(value)))
  .refine(({ min, max }) => min <= max, {
    error: 'a range whose first number is the smaller, such as 4..32',
  });

/** In MiB. */
export const memoryRange = text('a range of memory, such as 8GiB..256GiB or 8GiB..', MEMORY_RANGE)
  .transform(memoryBounds)
  .refine(({ min, max }) => min <= max, {
    error: 'a range whose first amount is the smaller, such as 8GiB..256GiB',
  });

/** Names end up in tags, labels, host names and DynamoDB keys, hence the narrowest alphabet of them all. */
export const name = text(
  'a name of at most 40 small letters, digits and dashes that begins with a letter, such as web-1',
  /^[a-z](?:[a-z0-9-]{0,38}[a-z0-9])?$/,
);

/** Where a secret lives. The value itself never belongs in the file. */
export const reference = text(
  'a reference to where the value is kept, such as ssm:/muster/prod/token, gcp:projects/acme/secrets/token or env:MUSTER_TOKEN',
  /^(?:ssm:\/[\w.\-/]{1,1000}|gcp:projects\/[\w.\-:]+\/secrets\/[\w-]+(?:\/versions\/\w+)?|env:[A-Za-z_]\w*)$/,
);

export const url = text(
  'an http or https address without user, password or query, such as http://10.0.0.10:5050',
  /^https?:\/\/(?:\[[0-9a-fA-F:]+\]|[\w.-]+)(?::\d{1,5})?(?:\/[\w.\-~%/+]*)?$/,
);

const CRON_PHRASE = 'a cron expression of five fields (minute hour day month weekday), such as "0 7 * * 1-5"';
export const cron = z.string({ error: CRON_PHRASE }).refine(isCron, { error: CRON_PHRASE });

function isCron(expression: string): boolean {
  try {
    return new Cron(expression, { mode: '5-part', paused: true }).nextRun('2024-01-01T00:00:00Z') !== null;
  } catch {
    return false;
  }
}

const MOMENT_PHRASE = 'a date and time without an offset, such as 2026-08-01T02:00';
/** One moment, read in the time zone that stands beside it. */
export const moment = z.string({ error: MOMENT_PHRASE }).refine(isMoment, { error: MOMENT_PHRASE });

function isMoment(value: string): boolean {
  if (!/^20\d\d-\d\d-\d\dT\d\d:\d\d$/.test(value)) return false;
  const at = Date.parse(`${value}:00Z`);
  // A day that its month does not have would silently become one of the next.
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(value);
}

const ZONE_PHRASE = 'a named time zone of the IANA database, such as Europe/Berlin, America/New_York or UTC';
export const timeZone = z.string({ error: ZONE_PHRASE }).refine(isTimeZone, { error: ZONE_PHRASE });

function isTimeZone(zone: string): boolean {
  // An offset such as +01:00 passes Intl and knows no daylight saving: nobody who writes it means that.
  if (!/^[A-Za-z]/.test(zone)) return false;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
