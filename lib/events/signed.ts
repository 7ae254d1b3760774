// The body of a webhook of kind hmac, our own form:
//   { "kind": "scale-out", "pool": "web", "by": "20%" | 5, "for": "30m", "id": "release-2026-07-20" }
// `id` is the sender's: the same id again only extends the wish. At most a week, and the brakes still hold.
import * as z from 'zod/mini';
import type { Amount } from '../core/model/spec';
import { DAY_MS, HOUR_MS, id, MINUTE_MS, reading, type Source } from './translation';

const UNIT_MS = { s: 1000, m: MINUTE_MS, h: HOUR_MS, d: DAY_MS } as const;
const LONGEST_MS = 7 * DAY_MS;

const durationMs = (text: string): number => {
  const [, number, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  return unit === 's' || unit === 'm' || unit === 'h' || unit === 'd'
    ? Number(number) * UNIT_MS[unit]
    : Number.NaN;
};

const amountOf = (by: string | number): Amount =>
  typeof by === 'number' ? { agents: by } : { percent: Number(by.slice(0, -1)) };

const isShare = (by: string): boolean =>
  /^\d{1,4}%$/.test(by) && Number.parseInt(by, 10) >= 1 && Number.parseInt(by, 10) <= 1000;

const body = z.object({
  kind: z.literal('scale-out'),
  pool: id,
  by: z.union([
    z.number().check(z.int(), z.minimum(1), z.maximum(100_000)),
    z.string().check(z.refine(isShare, { error: 'a share from 1% to 1000%' })),
  ]),
  for: z.string().check(
    z.refine((text) => durationMs(text) > 0 && durationMs(text) <= LONGEST_MS, {
      error: 'a duration such as 30m, at most 7d',
    }),
  ),
  id,
});

/** Second reader: none, hence stored before it is acknowledged. */
export const signedRequest: Source = {
  recognises: (raw) => raw['kind'] === 'scale-out',
  translate: reading('webhook', body, (asks, { source, webhooks, receivedAt: at }) => {
    const hook =
      source === undefined || !Object.hasOwn(webhooks ?? {}, source) ? undefined : webhooks?.[source];
    const bare = { kind: 'webhook.scale-out', subject: asks.pool, urgency: 'now', at } as const;
    if (hook === undefined) {
      const ignored = 'No webhook of the configuration is named, so it is not known which cluster is meant.';
      return { signals: [{ ...bare, clusters: [] }], ignored };
    }
    const { cluster, webhook } = hook;
    const fact = {
      scope: { kind: 'cluster', cluster },
      subject: asks.pool,
      dedupeKey: `${webhook.name}/${asks.id}`,
      at,
      expiresAt: at + durationMs(asks.for),
      body: { kind: 'scale-out', pool: asks.pool, by: amountOf(asks.by), source: webhook.name },
    } as const;
    return { signals: [{ ...bare, clusters: [cluster], fact }] };
  }),
};
