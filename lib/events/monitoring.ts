// Alerts of Datadog and of Google Cloud Monitoring. No kind of webhook has rules for them, so they only ask for a look
// and say so. Second reader: every turn's own reads.
import * as z from 'zod/mini';
import { reading, type Source, shortText } from './translation';

const look = (kind: string, subject: string, at: number) => ({
  signals: [{ kind, subject, urgency: 'soon', at, clusters: [] } as const],
  ignored: 'Rules exist only for alerts of Alertmanager and Grafana; this one leads to no more than a look.',
});

/** Datadog's bodies are the operator's own templates; all values are texts. */
export const datadog: Source = {
  recognises: (raw) =>
    Object.hasOwn(raw, 'alertCycleKey') ||
    (Object.hasOwn(raw, 'event_type') && Object.hasOwn(raw, 'last_updated')),
  translate: reading('datadog', z.object({ id: shortText }), ({ id }, { receivedAt }) =>
    look('datadog.alert', id, receivedAt),
  ),
};

const incident = z.object({
  incident: z.object({ incident_id: shortText, state: z.enum(['open', 'closed']) }),
});

export const googleMonitoring: Source = {
  recognises: (raw) => Object.hasOwn(raw, 'incident'),
  translate: reading('gcp-monitoring', incident, (event, { receivedAt }) =>
    look('gcp-monitoring.incident', event.incident.incident_id, receivedAt),
  ),
};
