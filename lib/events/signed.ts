// The body of a webhook of kind hmac, our own form:
//   { "kind": "scale-out", "pool": "web", "by": "20%" | 5, "for": "30m", "id": "release-2026-07-20" }
// `id` is the sender's: the same id again only extends the wish. At most a week, and the brakes still hold.
import * as z from 'zod/mini';
import { amount, amountOf, duration } from './amounts';
import { id, reading, type Source } from './translation';

const LONGEST_DAYS = 7;

const body = z.object({
  kind: z.literal('scale-out'),
  pool: id,
  by: amount,
  for: duration(LONGEST_DAYS),
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
      expiresAt: at + asks.for,
      body: { kind: 'scale-out', pool: asks.pool, by: amountOf(asks.by), source: webhook.name },
    } as const;
    return { signals: [{ ...bare, clusters: [cluster], fact }] };
  }),
};
