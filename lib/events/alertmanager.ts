// Prometheus Alertmanager's webhook (version 4), and Grafana's, which has the same alerts in it. A group is sent again
// at every repeat and at every change.
import * as z from 'zod/mini';
import { type Alert, fromAlerts } from './alerts';
import { reading, type Source } from './translation';

const alert = z.object({
  status: z.enum(['firing', 'resolved']),
  labels: z.record(z.string(), z.string()),
  startsAt: z.string(),
  fingerprint: z.string(),
});
const message = z.object({ groupKey: z.string(), alerts: z.array(alert) });

const alertsOf = ({ groupKey, alerts }: z.output<typeof message>): readonly Alert[] =>
  alerts.map(({ status, labels, startsAt, fingerprint }) => ({
    name: (Object.hasOwn(labels, 'alertname') ? labels['alertname'] : undefined) ?? fingerprint,
    status,
    labels,
    key: [groupKey, fingerprint, startsAt],
    startsAt: Date.parse(startsAt),
  }));

/** Grafana calls its version 1 and names its organisation. */
const isGrafana = (raw: Readonly<Record<string, unknown>>): boolean => Object.hasOwn(raw, 'orgId');

export const alertmanager: Source = {
  recognises: (raw) => !isGrafana(raw) && Object.hasOwn(raw, 'alerts') && hasGroup(raw),
  translate: reading('alertmanager', z.extend(message, { version: z.literal('4') }), (event, context) =>
    fromAlerts('alertmanager.alert', alertsOf(event), context),
  ),
};

export const grafana: Source = {
  recognises: (raw) => isGrafana(raw) && Object.hasOwn(raw, 'alerts') && hasGroup(raw),
  translate: reading('grafana', message, (event, context) =>
    fromAlerts('grafana.alert', alertsOf(event), context),
  ),
};

const hasGroup = (raw: Readonly<Record<string, unknown>>): boolean =>
  ['groupKey', 'receiver', 'groupLabels', 'version'].some((key) => Object.hasOwn(raw, key));
