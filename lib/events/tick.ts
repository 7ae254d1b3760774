// The clock: EventBridge's rule, or our own schedule's body `{"muster":"tick"}`, for one cluster or for all.
import * as z from 'zod/mini';
import { id, instant, reading, type Source } from './translation';

const tick = (at: number, clusters: readonly string[]) => ({
  signals: [{ kind: 'tick', subject: clusters[0] ?? 'all', urgency: 'tick', at, clusters } as const],
});

/** No fact, and the next tick is its second reader. */
export const scheduledEvent = reading('aws.events', z.object({ time: instant }), ({ time }) =>
  tick(time, []),
);

export const ownTick: Source = {
  recognises: (raw) => raw['muster'] === 'tick',
  translate: reading('muster', z.object({ cluster: z.optional(id) }), ({ cluster }, { receivedAt }) =>
    tick(receivedAt, cluster === undefined ? [] : [cluster]),
  ),
};
