// What a person asks for through the API. Each request has an author and a reason, and all but those that take something
// back have an end.
import { createHash } from 'node:crypto';
import * as z from 'zod/mini';
import type { FactBody } from '../core/model/signal';
import { amount, amountOf, duration } from './amounts';
import { DAY_MS, id, MINUTE_MS, reading, type Source } from './translation';

/** Days. What takes a request back is remembered a day longer, or the request would come back. */
const LONGEST_PAUSE_DAYS = 7;
const LONGEST_DRAIN_DAYS = 7;
const LONGEST_OVERRIDE_DAYS = 30;

/** A drain needs the last half minute for what is left. */
const SHORTEST_DRAIN_MS = 2 * MINUTE_MS;

const word = {
  reason: z.string().check(z.minLength(1), z.maxLength(500)),
  by: z.string().check(z.minLength(1), z.maxLength(200)),
};
const lasting = { ...word, for: duration(LONGEST_OVERRIDE_DAYS) };
const name = z.string().check(z.regex(/^[\w.-]{1,64}$/));
const goods = { pool: id, shape: z.exactOptional(name), zone: z.exactOptional(name) };
const drain = {
  ...word,
  subject: id,
  within: duration(LONGEST_DRAIN_DAYS, SHORTEST_DRAIN_MS),
  force: z.exactOptional(z.boolean()),
};
const pause = {
  ...word,
  minutes: z.exactOptional(z.number().check(z.positive(), z.maximum(LONGEST_PAUSE_DAYS * 24 * 60))),
};
const resume = { by: word.by, reason: z.exactOptional(z.string().check(z.maxLength(500))) };
const scale = {
  ...lasting,
  pool: id,
  min: z.exactOptional(z.number().check(z.int(), z.minimum(0), z.maximum(100_000))),
  add: z.exactOptional(amount),
};

/** A request as a person makes it, without the cluster that it is for. Unknown fields are faults: they are mostly slips. */
export const requestSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('pause'), ...pause }),
  z.strictObject({ kind: z.literal('resume'), ...resume }),
  z.strictObject({ kind: z.literal('drain'), ...drain }),
  z.strictObject({ kind: z.literal('replace'), ...drain }),
  z.strictObject({ kind: z.literal('undrain'), ...word, subject: id }),
  z.strictObject({ kind: z.literal('protect'), ...lasting, subject: id }),
  z.strictObject({ kind: z.literal('unprotect'), ...word, subject: id }),
  z.strictObject({ kind: z.literal('exclude'), ...lasting, ...goods }),
  z.strictObject({ kind: z.literal('include'), ...word, ...goods }),
  z
    .strictObject({ kind: z.literal('scale'), ...scale })
    .check(z.refine(({ min, add }) => (min === undefined) !== (add === undefined), { path: ['min'] })),
]);
export type Request = z.output<typeof requestSchema>;

const DEFAULT_PAUSE_MINUTES = 60;

const envelope = z.looseObject({ muster: z.literal('request'), cluster: id });

/** Second reader: none, hence stored before it is acknowledged. */
export const ownRequest: Source = {
  recognises: (raw) => raw['muster'] === 'request',
  translate: (raw, context) =>
    reading('muster', envelope, ({ muster: _muster, cluster, ...rest }) => {
      const answer = reading('muster', requestSchema, (asks, { receivedAt }) => ({
        signals: [signalOf(asks, cluster, receivedAt)],
      }))(rest, context);
      return answer;
    })(raw, context),
};

const signalOf = (asks: Request, cluster: string, at: number) => {
  const { subject, dedupeKey = 'last', expiresAt, body } = factOf(asks, cluster, at);
  const scope = { kind: 'cluster', cluster } as const;
  const fact = { scope, subject, dedupeKey, at, expiresAt, body };
  return { kind: `request.${asks.kind}`, subject, urgency: 'now', at, clusters: [cluster], fact } as const;
};

type Told = {
  readonly subject: string;
  /** Without it there is one fact of the kind for each subject, and the last word holds. */
  readonly dedupeKey?: string;
  readonly expiresAt: number;
  readonly body: FactBody;
};

const factOf = (asks: Request, cluster: string, at: number): Told => {
  const { by, reason = '' } = asks;
  const forgotten = (days: number): number => at + (days + 1) * DAY_MS;
  switch (asks.kind) {
    case 'pause':
      return { subject: cluster, expiresAt: at + pausedMs(asks), body: { kind: asks.kind, by, reason } };
    case 'resume':
      return {
        subject: cluster,
        expiresAt: forgotten(LONGEST_PAUSE_DAYS),
        body: { kind: asks.kind, by, reason },
      };
    case 'drain':
    case 'replace':
      return drainOf(asks, at);
    case 'undrain':
      return {
        subject: asks.subject,
        expiresAt: forgotten(LONGEST_DRAIN_DAYS),
        body: { kind: asks.kind, by, reason },
      };
    case 'protect':
      return { subject: asks.subject, expiresAt: at + asks.for, body: { kind: asks.kind, by, reason } };
    case 'unprotect':
      return {
        subject: asks.subject,
        expiresAt: forgotten(LONGEST_OVERRIDE_DAYS),
        body: { kind: asks.kind, by, reason },
      };
    case 'exclude':
      return excluded(asks, at + asks.for);
    case 'include':
      return excluded(asks, forgotten(LONGEST_OVERRIDE_DAYS));
    case 'scale':
      return scaled(asks, at);
    default:
      return asks satisfies never;
  }
};

type Of<K extends Request['kind']> = Extract<Request, { readonly kind: K }>;

const pausedMs = ({ minutes = DEFAULT_PAUSE_MINUTES }: Of<'pause'>): number => minutes * MINUTE_MS;

const drainOf = (
  { kind, subject, by, reason, within, force = false }: Of<'drain' | 'replace'>,
  at: number,
): Told => {
  const deadline = at + within;
  const first = kind === 'replace' ? { replacementFirst: true } : {};
  return { subject, expiresAt: deadline, body: { kind: 'drain', by, reason, deadline, force, ...first } };
};

const excluded = (
  { kind, pool, shape, zone, by, reason }: Of<'exclude' | 'include'>,
  expiresAt: number,
): Told => ({
  subject: pool,
  dedupeKey: `${shape ?? '*'}@${zone ?? '*'}`,
  expiresAt,
  body: {
    kind,
    by,
    reason,
    pool,
    ...(shape === undefined ? {} : { shape }),
    ...(zone === undefined ? {} : { zone }),
  },
});

/** A least size replaces the one before; the same wish for more, in the same words, only lasts longer. */
const scaled = ({ pool, by, reason, min, add, for: forMs }: Of<'scale'>, at: number): Told => {
  const base = { subject: pool, expiresAt: at + forMs };
  if (add === undefined) return { ...base, body: { kind: 'scale', by, reason, pool, min: min ?? 0 } };
  const dedupeKey = createHash('sha256')
    .update(JSON.stringify([by, reason, add]))
    .digest('hex')
    .slice(0, 32);
  return { ...base, dedupeKey, body: { kind: 'scale-out', pool, by: amountOf(add), source: by } };
};
