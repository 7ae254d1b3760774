// What an app's owner allows to be done to it, in the labels that Marathon keeps with its definition (DESIGN §5). A label
// that cannot be read protects: nothing is moved on a guess.
import type { RunSpec } from './model/app';
import type { Millis } from './model/machine';

export const LABEL = {
  minHealthy: 'muster/min-healthy',
  maxDisruption: 'muster/max-disruption',
  protectUntil: 'muster/protect-until',
  window: 'muster/window',
} as const;

type Labelled = Pick<RunSpec, 'labels'>;

const labelOf = ({ labels }: Labelled, name: string): string | undefined =>
  Object.hasOwn(labels, name) ? labels[name]?.trim() : undefined;

/** A number of instances, or a share of them in percent; undefined where it is neither. */
const amountOf = (text: string, of: number, round: (share: number) => number): number | undefined => {
  const found = /^(\d{1,6})(%?)$/.exec(text);
  if (found === null) return undefined;
  const value = Number(found[1]);
  return found[2] === '%' ? round((of * value) / 100) : value;
};

/** The least number of healthy instances, at most `target`: `muster/min-healthy`, a number or a percentage (rounded up);
 *  one below the target without it. An unreadable label allows none to be missing. */
export const healthyFloor = (runSpec: Labelled, target: number): number => {
  const text = labelOf(runSpec, LABEL.minHealthy);
  if (text === undefined) return Math.max(0, target - 1);
  return Math.min(target, amountOf(text, target, Math.ceil) ?? target);
};

/** How many instances may be moved at once: `muster/max-disruption`, a number or a percentage (rounded down, at least one
 *  unless it says 0); any number without it. Zero means zero, and so does what cannot be read. */
export const disruptionLimit = (runSpec: Labelled, target: number): number => {
  const text = labelOf(runSpec, LABEL.maxDisruption);
  if (text === undefined) return Infinity;
  const amount = amountOf(text, target, (share) => (share === 0 ? 0 : Math.max(1, Math.floor(share))));
  return amount ?? 0;
};

/** Until when nothing of it is moved: `muster/protect-until`, a date or date and time of ISO 8601 with its offset
 *  (a bare date is the beginning of that day in UTC). Infinity where it cannot be read. */
export const protectedUntil = (runSpec: Labelled): Millis => {
  const text = labelOf(runSpec, LABEL.protectUntil);
  if (text === undefined) return -Infinity;
  return instantOf(text) ?? Infinity;
};

const ISO =
  /^(\d{4})-(\d{2})-(\d{2})(?:T(\d{2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?(?:Z|([+-])(\d{2}):(\d{2})))?$/;

/** Epoch milliseconds, in whole seconds. */
const instantOf = (text: string): Millis | undefined => {
  const found = ISO.exec(text);
  if (found === null) return undefined;
  const parts = found.slice(1, 7).map((part) => Number(part ?? 0));
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts;
  const isSound = parts.every((part, nth) => part >= (LEAST[nth] ?? 0) && part <= (MOST[nth] ?? 0));
  if (!isSound) return undefined;
  const sign = found[7] === '-' ? -1 : 1;
  const offset = sign * (Number(found[8] ?? 0) * 60 + Number(found[9] ?? 0));
  const minutes = (daysSince1970(year, month, day) * 24 + hour) * 60 + minute - offset;
  return (minutes * 60 + second) * 1000;
};

/** Of the parts of an instant, the year first. */
const LEAST = [0, 1, 1, 0, 0, 0];
const MOST = [9999, 12, 31, 23, 59, 59];

/** Of the Gregorian calendar: years begin in March, so that the leap day is the last. */
const daysSince1970 = (year: number, month: number, day: number): number => {
  const shifted = month <= 2 ? year - 1 : year;
  const months = (month + 9) % 12;
  const leaps = Math.floor(shifted / 4) - Math.floor(shifted / 100) + Math.floor(shifted / 400);
  return shifted * 365 + leaps + Math.floor((months * 153 + 2) / 5) + day - 1 - 719_468;
};

export type LabelWindow = { readonly cron: string; readonly forMs: number; readonly zone: string };

/** The only times in which it may be disrupted by our own wish: `muster/window`, a cron expression of five fields, a
 *  duration and a named time zone, as in `0 2 * * 6 4h Europe/Berlin`; several are parted by semicolons. Undefined without
 *  the label; none where it cannot be read. */
export const windowsOf = (runSpec: Labelled): readonly LabelWindow[] | undefined => {
  const text = labelOf(runSpec, LABEL.window);
  if (text === undefined) return undefined;
  const windows = text.split(';').map(windowOf);
  const read = windows.filter((window) => window !== undefined);
  return read.length === windows.length ? read : [];
};

const WINDOW = /^\s*((?:[\w*,/-]{1,60}\s+){5})(\d{1,4})([mhd])\s+([A-Za-z][\w/+-]{0,60})\s*$/;
const UNIT_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

const windowOf = (text: string): LabelWindow | undefined => {
  const [, cron, count, unit, zone] = WINDOW.exec(text) ?? [];
  if (cron === undefined || zone === undefined) return undefined;
  const forMs = Number(count) * (UNIT_MS[unit ?? ''] ?? 0);
  return forMs > 0 ? { cron: cron.trim(), forMs, zone } : undefined;
};

/** Sentences about labels that cannot be read. */
export const labelFaults = (runSpec: Labelled): readonly string[] => {
  const amounts = [LABEL.minHealthy, LABEL.maxDisruption].filter((name) => {
    const text = labelOf(runSpec, name);
    return text !== undefined && amountOf(text, 1, Math.ceil) === undefined;
  });
  const dates = protectedUntil(runSpec) === Infinity ? [LABEL.protectUntil] : [];
  const windows = windowsOf(runSpec)?.length === 0 ? [LABEL.window] : [];
  return [...amounts, ...dates, ...windows].map(
    (name) => `its label ${name} cannot be read (${labelOf(runSpec, name) ?? ''})`,
  );
};
