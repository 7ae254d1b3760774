// What a person asks for through the API: pause and resume.
import * as z from 'zod/mini';
import type { FactBody } from '../core/model/signal';
import { DAY_MS, id, MINUTE_MS, reading, type Source } from './translation';

/** The longest pause that can be asked for; a resume must be remembered longer, or the pause would come back. */
const LONGEST_PAUSE_MINUTES = 7 * 24 * 60;
const RESUME_LASTS_MS = 8 * DAY_MS;

const asked = {
  cluster: id,
  by: z.string().check(z.minLength(1), z.maxLength(200)),
  reason: z.string().check(z.maxLength(2000)),
};
const request = z.discriminatedUnion('kind', [
  z.object({
    ...asked,
    kind: z.literal('pause'),
    minutes: z.number().check(z.positive(), z.maximum(LONGEST_PAUSE_MINUTES)),
  }),
  z.object({ ...asked, kind: z.literal('resume') }),
]);

/** One fact a cluster for the last pause and one for the last resume: the later of the two holds. Second reader:
 *  none, hence stored before it is acknowledged. */
export const ownRequest: Source = {
  recognises: (raw) => raw['muster'] === 'request',
  translate: reading('muster', request, (asks, { receivedAt: at }) => {
    const { cluster, by, reason, kind } = asks;
    const expiresAt = asks.kind === 'pause' ? at + asks.minutes * MINUTE_MS : at + RESUME_LASTS_MS;
    const body: FactBody = { kind, by, reason };
    const fact = {
      scope: { kind: 'cluster', cluster },
      subject: cluster,
      dedupeKey: 'last',
      at,
      expiresAt,
      body,
    } as const;
    return {
      signals: [{ kind: `request.${kind}`, subject: cluster, urgency: 'now', at, clusters: [cluster], fact }],
    };
  }),
};
