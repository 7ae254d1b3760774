// muster schedule: what the calendar brings: held minimums, scheduled drains and blackout windows, by the clocks of their
// own time zones. Nothing of the fleet is looked at.
import { calendar, type Opening } from '../config/calendar';
import { durationMs } from '../config/units';
import type { Pool, Schedule, Spec } from '../core/model/spec';
import { systemClock } from '../engine/clock';
import { INVALID, readSpec } from './spec-file';
import { isSet, textOf, type Terminal, UsageError, type Verb, type Words } from './verb';

type Kind = 'minimum' | 'drain' | 'blackout';
type Row = {
  readonly kind: Kind;
  readonly name: string;
  readonly pool: string;
  readonly zone: string;
  readonly start: string;
  readonly end: string;
  readonly min?: number;
  readonly drain?: Schedule['drain'];
  /** The clocks of its zone are set while it is open, or it would begin in an hour that they leave out. */
  readonly clocksChange: boolean;
};

export const schedule: Verb = {
  name: 'schedule',
  summary: 'What does the calendar bring: minimums, drains and blackout windows?',
  operands: '',
  options: { config: { type: 'string' }, next: { type: 'string' }, from: { type: 'string' } },
  help: {
    config: 'The file (muster.yaml).',
    next: 'How far to look: 12h, 7d, at most 366d (7d).',
    from: 'From when, as 2026-10-24 or 2026-10-24T12:00:00Z; from now otherwise.',
  },
  example: 'muster schedule --next 7d --config examples/aws-full.yaml',
  codes: { 2: 'the file has faults' },
  run: async (words, terminal) => {
    const [from, to] = span(words);
    const spec = await readSpec(textOf(words, 'config') ?? 'muster.yaml', terminal);
    if (spec === undefined) return INVALID;
    const openings = await calendar.between([...spec.schedules, ...blackouts(spec.pools)], from, to);
    tell(openings, spec, { from, to, words, terminal });
    return 0;
  },
};

const LONGEST_MS = 366 * 86_400_000;

const span = (words: Words): readonly [number, number] => {
  const begin = textOf(words, 'from');
  const from = begin === undefined ? systemClock.now() : Date.parse(begin);
  if (Number.isNaN(from) || (begin !== undefined && !/^\d{4}-\d\d-\d\d/.test(begin)))
    throw new UsageError(`--from takes a date such as 2026-10-24, not "${begin}".`);
  const next = textOf(words, 'next') ?? '7d';
  const ms = durationMs(next);
  if (!(ms > 0 && ms <= LONGEST_MS))
    throw new UsageError(`--next takes a duration such as 7d, at most 366d, not "${next}".`);
  return [from, from + ms];
};

/** A blackout window has no name of its own. */
const BLACKOUT = 'blackout';

const blackouts = (pools: readonly Pool[]): readonly Schedule[] =>
  pools.flatMap(({ name: pool, disruption: { windows } }) =>
    windows.map(({ deny: cron, forMs, zone }) => ({ name: BLACKOUT, pool, min: 0, cron, forMs, zone })),
  );

type Asked = {
  readonly from: number;
  readonly to: number;
  readonly words: Words;
  readonly terminal: Terminal;
};

const tell = (openings: readonly Opening[], spec: Spec, { from, to, words, terminal }: Asked): void => {
  const own = new Set(spec.schedules);
  const rows = openings.map((opening) => rowOf(opening, own.has(opening.schedule)));
  if (isSet(words, 'json')) {
    const [begin, end] = [iso(from), iso(to)];
    const answer = { schemaVersion: 1, cluster: spec.cluster, from: begin, to: end, windows: rows };
    terminal.out(`${JSON.stringify(answer, null, 2)}\n`);
    return;
  }
  const until = `between ${iso(from)} and ${iso(to)}`;
  terminal.out(
    rows.length === 0
      ? `The calendar of ${spec.cluster} has nothing ${until}.\n`
      : `${rows.length} windows of ${spec.cluster} ${until}:\n${rows.map(lineOf).join('')}`,
  );
};

const iso = (at: number): string => new Date(at).toISOString().replace('.000Z', 'Z');

const rowOf = ({ schedule: { name, pool, zone, min, drain }, start, end }: Opening, isOwn: boolean): Row => {
  const base = { name, pool, zone, start: iso(start), end: iso(end) };
  const clocksChange = offsetOf(start, zone) !== offsetOf(end, zone);
  if (drain !== undefined) return { kind: 'drain', ...base, drain, clocksChange };
  return isOwn
    ? { kind: 'minimum', ...base, min, clocksChange }
    : { kind: 'blackout', ...base, clocksChange };
};

const offsetOf = (at: number, zone: string): string => partsOf(at, zone, 'longOffset').name;

/** `Mon 2026-10-26 07:00` by the clock of the zone, and the zone's name for its time then. */
const partsOf = (at: number, zone: string, style: 'short' | 'longOffset') => {
  const parts = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    weekday: 'short',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
    timeZoneName: style,
  }).formatToParts(at);
  const part = (type: Intl.DateTimeFormatPartTypes): string =>
    parts.find((one) => one.type === type)?.value ?? '';
  const day = `${part('weekday')} ${part('year')}-${part('month')}-${part('day')}`;
  return { text: `${day} ${part('hour')}:${part('minute')}`, name: part('timeZoneName') };
};

const lineOf = (row: Row): string => {
  const [start, end] = [row.start, row.end].map((at) => partsOf(Date.parse(at), row.zone, 'short'));
  const changes = row.clocksChange ? '; the clocks are set meanwhile' : '';
  return `  ${start?.text} ${start?.name} to ${end?.text} ${end?.name} (${row.zone}, ${row.start}): ${whatOf(row)}${changes}.\n`;
};

const whatOf = ({ kind, name, pool, min, drain }: Row): string => {
  switch (kind) {
    case 'minimum':
      return `${name} holds pool ${pool} at ${min} machines or more`;
    case 'blackout':
      return `nothing of pool ${pool} is disrupted`;
    case 'drain':
      return `${name} drains pool ${pool}${whichOf(drain)}, ${drain?.atOnce ?? 1} at a time`;
    default:
      return kind satisfies never;
  }
};

const whichOf = (drain: Schedule['drain']): string => {
  const attributes = Object.entries(drain?.attributes ?? {}).map(([key, value]) => `${key}=${value}`);
  const days = drain?.olderThanMs === undefined ? [] : [`older than ${ageText(drain.olderThanMs)}`];
  const all = [...attributes, ...days];
  return all.length === 0 ? '' : ` (${all.join(', ')})`;
};

const ageText = (ms: number): string => {
  const days = ms / 86_400_000;
  return days >= 1 ? `${Number(days.toFixed(1))} d` : `${Math.round(ms / 60_000)} min`;
};
