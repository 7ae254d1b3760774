// Alerts of Datadog, of Google Cloud Monitoring, and of CloudWatch where EventBridge posts them to a webhook. What each
// says of itself becomes labels, on which the rules of the webhook look.
import * as z from 'zod/mini';
import { fromAlerts } from './alerts';
import { instant, reading, type Source, shortText } from './translation';

const optional = z.exactOptional(z.string());

/** Datadog's bodies are the operator's own templates; all values are texts. `transition` and `alertCycleKey` are of the
 *  template in docs/webhooks.md; without them an alert only asks for a look. */
const datadogBody = z.object({
  id: shortText,
  alertCycleKey: optional,
  transition: optional,
  title: optional,
  tags: optional,
  scope: optional,
  alertType: optional,
  priority: optional,
  date: optional,
});

export const datadog: Source = {
  recognises: (raw) =>
    Object.hasOwn(raw, 'alertCycleKey') ||
    (Object.hasOwn(raw, 'event_type') && Object.hasOwn(raw, 'last_updated')),
  translate: reading('datadog', datadogBody, (event, context) => {
    const { id, alertCycleKey, transition, title = '', date } = event;
    const status = statusOf(transition);
    if (alertCycleKey === undefined || status === undefined) {
      const ignored =
        'It has no alertCycleKey and transition of an alert, so it leads to no more than a look.';
      const signal = {
        kind: 'datadog.alert',
        subject: id,
        urgency: 'soon',
        at: context.receivedAt,
        clusters: [],
      };
      return { signals: [{ ...signal, urgency: 'soon' }], ignored };
    }
    const name = title.replace(/^\[[^\]]{0,100}\]\s*/, '').slice(0, 255);
    const labels = {
      ...pairsOf(event.scope),
      ...pairsOf(event.tags),
      ...textsOf({ alertType: event.alertType, priority: event.priority }),
      alertname: name,
    };
    const alert = {
      name: name === '' ? id : name,
      status,
      labels,
      key: [alertCycleKey],
      startsAt: Number(date),
    };
    return fromAlerts('datadog.alert', [alert], context);
  }),
};

const statusOf = (transition = ''): 'firing' | 'resolved' | undefined => {
  if (transition === 'Recovered') return 'resolved';
  return FIRING.has(transition) ? 'firing' : undefined;
};

const FIRING: ReadonlySet<string> = new Set(['Triggered', 'Re-Triggered', 'Warn', 'Re-Warn']);

/** Labels that are looked at of one alert. */
const MOST_LABELS = 200;

/** `cluster:prod,pool:web` as labels; a tag without a value has an empty one. */
const pairsOf = (text = ''): Readonly<Record<string, string>> =>
  Object.fromEntries(
    text
      .split(',', MOST_LABELS)
      .map((tag) => tag.trim())
      .filter((tag) => tag !== '')
      .map((tag) => {
        const at = tag.indexOf(':');
        return at < 0 ? [tag, ''] : [tag.slice(0, at), tag.slice(at + 1)];
      }),
  );

const textsOf = (fields: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(fields).flatMap(([key, value]) => (typeof value === 'string' ? [[key, value]] : [])),
  );

const anything = z.exactOptional(z.record(z.string(), z.unknown()));
const incident = z.object({
  incident: z.object({
    incident_id: shortText,
    state: z.enum(['open', 'closed']),
    started_at: z.exactOptional(z.number()),
    policy_name: optional,
    condition_name: optional,
    policy_user_labels: z.exactOptional(z.nullable(z.record(z.string(), z.unknown()))),
    resource: z.exactOptional(z.object({ labels: anything })),
    metric: z.exactOptional(z.object({ labels: anything })),
  }),
});

export const googleMonitoring: Source = {
  recognises: (raw) => Object.hasOwn(raw, 'incident'),
  translate: reading('gcp-monitoring', incident, ({ incident: one }, context) => {
    const labels = {
      ...textsOf(one.resource?.labels ?? {}),
      ...textsOf(one.metric?.labels ?? {}),
      ...textsOf(one.policy_user_labels ?? {}),
      ...textsOf({ condition: one.condition_name, alertname: one.policy_name }),
    };
    const alert = {
      name: one.incident_id,
      status: one.state === 'open' ? ('firing' as const) : ('resolved' as const),
      labels,
      key: [one.incident_id],
      startsAt: (one.started_at ?? Number.NaN) * 1000,
    };
    return fromAlerts('gcp-monitoring.incident', [alert], context);
  }),
};

const alarmEvent = z.object({
  account: shortText,
  region: shortText,
  detail: z.object({
    alarmName: shortText,
    state: z.object({ value: z.enum(['OK', 'ALARM', 'INSUFFICIENT_DATA']), timestamp: instant }),
  }),
});

/** An alarm's change of state, as an EventBridge API destination posts it. There is no id of one firing: the alarm asks
 *  once until it is OK again. */
export const postedAlarm: Source = {
  recognises: (raw) => raw['detail-type'] === 'CloudWatch Alarm State Change',
  translate: reading('cloudwatch', alarmEvent, ({ account, region, detail }, context) => {
    const { alarmName: name, state } = detail;
    const labels = { alertname: name, account, region };
    if (state.value === 'INSUFFICIENT_DATA')
      return { signals: [], ignored: 'An alarm without data asks for nothing and releases nothing.' };
    const status = state.value === 'ALARM' ? 'firing' : 'resolved';
    const alert = { name, status, labels, key: [account, region, name], startsAt: state.timestamp } as const;
    return fromAlerts('cloudwatch.alarm', [alert], context);
  }),
};
