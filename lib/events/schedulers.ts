// Events of Marathon's bus and of Mesos' operator stream, where somebody forwards them. Their order is not guaranteed
// and state is read anyway: they only ask for a look. Second reader: every turn's own reads.
import * as z from 'zod/mini';
import { reading, type Source } from './translation';

const look = (kind: string, at: number) => ({
  signals: [{ kind, subject: 'cluster', urgency: 'soon', at, clusters: [] } as const],
});

/** Names of events become part of the kind, so they are held to a name's alphabet. */
const eventName = z.string().check(z.regex(/^[A-Za-z_]{1,60}$/));

export const marathon: Source = {
  recognises: (raw) => Object.hasOwn(raw, 'eventType'),
  translate: reading('marathon', z.object({ eventType: eventName }), ({ eventType }, { receivedAt }) =>
    look(`marathon.${eventType}`, receivedAt),
  ),
};

const AGENT_EVENTS: ReadonlySet<unknown> = new Set(['AGENT_ADDED', 'AGENT_REMOVED']);

export const mesos: Source = {
  recognises: (raw) => AGENT_EVENTS.has(raw['type']),
  translate: reading('mesos', z.object({ type: eventName }), ({ type }, { receivedAt }) =>
    look(`mesos.${type.toLowerCase().replaceAll('_', '-')}`, receivedAt),
  ),
};
