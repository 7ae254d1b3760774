// Prometheus Alertmanager's webhook (version 4), and Grafana's, which has the same alerts in it. A group is sent again
// at every repeat and at every change: the rules of the webhook decide what an alert asks for, its key that it asks once.
import { createHash } from 'node:crypto';
import * as z from 'zod/mini';
import type { Signal } from '../core/model/signal';
import type { Webhook, WebhookRule } from '../core/model/spec';
import { type Context, reading, type Source, type Understood } from './translation';

const alert = z.object({
  status: z.enum(['firing', 'resolved']),
  labels: z.record(z.string(), z.string()),
  startsAt: z.string(),
  fingerprint: z.string(),
});
type Alert = z.output<typeof alert>;
const message = z.object({ groupKey: z.string(), alerts: z.array(alert) });

const understand = (
  kind: 'alertmanager.alert' | 'grafana.alert',
  { groupKey, alerts }: z.output<typeof message>,
  context: Context,
): Omit<Understood, 'source'> => {
  const hook = hookOf(context);
  const signals = alerts.flatMap((entry): readonly Signal[] => {
    const bare: Signal = {
      kind,
      subject: entry.labels['alertname'] ?? entry.fingerprint,
      urgency: 'soon',
      at: context.receivedAt,
      clusters: hook === undefined ? [] : [hook.cluster],
    };
    const wishes = entry.status === 'firing' && hook !== undefined ? matching(hook.webhook, entry) : [];
    if (hook === undefined || wishes.length === 0) return [bare];
    return wishes.map((wish) => ({
      ...bare,
      urgency: 'now',
      fact: scaleOut(wish, { hook, groupKey, alert: entry, at: context.receivedAt }),
    }));
  });
  const asks = signals.some(({ fact }) => fact !== undefined);
  const isFiring = alerts.some(({ status }) => status === 'firing');
  return asks || !isFiring ? { signals } : { signals, ignored: whyNothing(hook) };
};

type Hook = { readonly cluster: string; readonly webhook: Webhook };
type Wish = { readonly rule: WebhookRule; readonly nth: number };

const hookOf = ({ source, webhooks }: Context): Hook | undefined => {
  if (source === undefined || webhooks === undefined || !Object.hasOwn(webhooks, source)) return undefined;
  return webhooks[source];
};

const whyNothing = (hook: Hook | undefined): string =>
  hook === undefined
    ? 'No webhook of the configuration is named, so no rule applies.'
    : `No rule of the webhook ${hook.webhook.name} matches a firing alert.`;

const matching = ({ rules }: Webhook, { labels }: Alert): readonly Wish[] =>
  rules
    .map((rule, nth) => ({ rule, nth }))
    .filter(({ rule }) =>
      Object.entries(rule.when).every(
        ([name, value]) => Object.hasOwn(labels, name) && labels[name] === value,
      ),
    );

type Origin = { readonly hook: Hook; readonly groupKey: string; readonly alert: Alert; readonly at: number };

/** Each repeat of the same firing has the same key and a later time, so it only extends the wish. Second reader: none
 *  but Alertmanager's own repeats. */
const scaleOut = ({ rule, nth }: Wish, { hook, groupKey, alert: { fingerprint, startsAt }, at }: Origin) => {
  const { pool, by, forMs } = rule.do.scaleOut;
  const { name } = hook.webhook;
  const identity = JSON.stringify([name, nth, groupKey, fingerprint, startsAt]);
  return {
    scope: { kind: 'cluster', cluster: hook.cluster },
    subject: pool,
    dedupeKey: createHash('sha256').update(identity).digest('hex').slice(0, 32),
    at,
    expiresAt: at + forMs,
    body: { kind: 'scale-out', pool, by, source: name },
  } as const;
};

/** Grafana calls its version 1 and names its organisation. */
const isGrafana = (raw: Readonly<Record<string, unknown>>): boolean => Object.hasOwn(raw, 'orgId');

export const alertmanager: Source = {
  recognises: (raw) => !isGrafana(raw) && Object.hasOwn(raw, 'alerts') && hasGroup(raw),
  translate: reading('alertmanager', z.extend(message, { version: z.literal('4') }), (event, context) =>
    understand('alertmanager.alert', event, context),
  ),
};

export const grafana: Source = {
  recognises: (raw) => isGrafana(raw) && Object.hasOwn(raw, 'alerts') && hasGroup(raw),
  translate: reading('grafana', message, (event, context) => understand('grafana.alert', event, context)),
};

const hasGroup = (raw: Readonly<Record<string, unknown>>): boolean =>
  ['groupKey', 'receiver', 'groupLabels', 'version'].some((key) => Object.hasOwn(raw, key));
