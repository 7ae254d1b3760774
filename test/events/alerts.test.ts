import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import type { Fact } from '../../lib/core/model/signal';
import type { Webhook, WebhookAction } from '../../lib/core/model/spec';
import { translate } from '../../lib/events/translate';
import { isFields } from '../../lib/events/translation';

const MINUTE = 60_000;
const RECEIVED = Date.parse('2026-02-03T17:31:25Z');
const sample = (name: string): Record<string, unknown> => {
  const raw: unknown = JSON.parse(
    readFileSync(new URL(`../fixtures/events/${name}.json`, import.meta.url), 'utf8'),
  );
  return isFields(raw) ? { ...raw } : {};
};
const GROW: WebhookAction = { scaleOut: { pool: 'web', by: { agents: 2 }, forMs: 30 * MINUTE } };

const factsBy = (
  kind: Webhook['kind'],
  raw: unknown,
  when: Readonly<Record<string, string>>,
  action: WebhookAction = GROW,
): readonly Fact[] => {
  const webhook: Webhook = {
    name: 'hook',
    kind,
    auth: 'bearer',
    secret: 'env:S',
    rules: [{ when, do: action }],
  };
  const webhooks = { hook: { cluster: 'prod', webhook } };
  const answer = translate(raw, { receivedAt: RECEIVED, source: 'hook', webhooks });
  if ('malformed' in answer) throw new Error(answer.malformed);
  return answer.signals.flatMap(({ fact }) => fact ?? []);
};
const onGoogle = (more: Record<string, unknown>) => {
  const raw = sample('gcp-monitoring-webhook-v1.2');
  return { ...raw, incident: { ...(isFields(raw['incident']) ? raw['incident'] : {}), ...more } };
};
const onCloudWatch = (value: string) => {
  const raw = sample('aws-cloudwatch-alarm-state-change');
  const detail = isFields(raw['detail']) ? raw['detail'] : {};
  const state = isFields(detail['state']) ? detail['state'] : {};
  return { ...raw, detail: { ...detail, state: { ...state, value } } };
};
const onAlertmanager = (labels: Record<string, string>, more: Record<string, unknown> = {}) => ({
  version: '4',
  groupKey: 'g',
  alerts: [{ status: 'firing', labels, startsAt: '2026-02-03T17:26:20Z', fingerprint: 'f', ...more }],
});
const alarmName = 'mesos';

const firing: readonly (readonly [Webhook['kind'], unknown, unknown, Record<string, string>])[] = [
  ['grafana', sample('grafana-unified-alerting-webhook'), undefined, { pool: 'general' }],
  [
    'datadog',
    sample('datadog-webhook-recommended-example'),
    { ...sample('datadog-webhook-recommended-example'), transition: 'Recovered' },
    { alertname: 'Mesos pool saturated', pool: 'general' },
  ],
  [
    'google-monitoring',
    onGoogle({ state: 'open' }),
    onGoogle({ state: 'closed' }),
    { alertname: 'Mesos pool saturated', zone: 'europe-west1-b' },
  ],
  ['cloudwatch', onCloudWatch('ALARM'), onCloudWatch('OK'), { account: '123456789012' }],
  [
    'alertmanager',
    onAlertmanager({ alertname: alarmName }),
    onAlertmanager({ alertname: alarmName }, { status: 'resolved' }),
    { alertname: alarmName },
  ],
];

describe('an alert', () => {
  test.each(firing)(
    'of kind %s that a rule matches asks for what the rule says',
    (kind, raw, _over, when) => {
      const facts = factsBy(kind, raw, when);
      expect(facts).toMatchObject([
        {
          subject: 'web',
          at: RECEIVED,
          expiresAt: RECEIVED + 30 * MINUTE,
          body: { kind: 'scale-out', source: 'hook' },
        },
      ]);
      expect(factsBy(kind, raw, when)).toEqual(facts);
      expect(factsBy(kind, raw, { ...when, team: 'none' })).toEqual([]);
    },
  );

  test.each(firing.filter(([, , over]) => over !== undefined))(
    'of kind %s that has ended releases the same wish',
    (kind, raw, over, when) => {
      const [asked] = factsBy(kind, raw, when);
      const [released] = factsBy(kind, over, when);
      expect(released?.dedupeKey).toBe(asked?.dedupeKey);
      expect(released).toMatchObject({ subject: 'web', at: RECEIVED, expiresAt: RECEIVED });
    },
  );

  test('drains the host that its label names, from when it began, so that no repeat begins it again', () => {
    const drain: WebhookAction = { drain: { hostFrom: 'instance', withinMs: 60 * MINUTE } };
    const raw = onAlertmanager({ alertname: 'BadDisk', instance: '10.0.0.5:9100' });
    const began = Date.parse('2026-02-03T17:26:20Z');
    expect(factsBy('alertmanager', raw, { alertname: 'BadDisk' }, drain)).toMatchObject([
      {
        subject: '10.0.0.5',
        at: began,
        expiresAt: began + 60 * MINUTE,
        body: {
          kind: 'drain',
          by: 'webhook hook',
          reason: 'BadDisk',
          deadline: began + 60 * MINUTE,
          force: false,
        },
      },
    ]);
    const none = onAlertmanager({ alertname: 'BadDisk' });
    const wild = onAlertmanager({ alertname: 'BadDisk', instance: 'all of them' });
    const old = onAlertmanager({ alertname: 'BadDisk', instance: 'a' }, { startsAt: '2026-02-03T10:00:00Z' });
    for (const one of [none, wild, old])
      expect(factsBy('alertmanager', one, { alertname: 'BadDisk' }, drain)).toEqual([]);
  });

  test.each<[WebhookAction, string, string]>([
    [{ failOver: { target: 'zone', from: 'zone', forMs: MINUTE } }, 'us-east-1a', 'zone'],
    [{ failOver: { target: 'app', name: '/shop', forMs: MINUTE } }, '/shop', 'app'],
  ])('asks by %j for the fail-over of %s', (action, subject, target) => {
    const raw = onAlertmanager({ alertname: 'x', zone: 'us-east-1a' });
    expect(factsBy('alertmanager', raw, { alertname: 'x' }, action)).toMatchObject([
      { subject, expiresAt: RECEIVED + MINUTE, body: { kind: 'fail-over', target, reason: 'x' } },
    ]);
  });

  test('with hundreds of others asks for a hundred things at most', () => {
    const one = onAlertmanager({ alertname: 'x' }).alerts[0];
    const alerts = Array.from({ length: 300 }, (_, nth) => ({ ...one, fingerprint: `f${nth}` }));
    expect(factsBy('alertmanager', { version: '4', groupKey: 'g', alerts }, { alertname: 'x' })).toHaveLength(
      100,
    );
  });

  test('of another kind than its webhook is not taken', () => {
    expect(() => factsBy('datadog', onGoogle({ state: 'open' }), {})).toThrow('not of the form');
    expect(() => factsBy('cloudwatch', sample('grafana-unified-alerting-webhook'), {})).toThrow(
      'not of the form',
    );
  });
});
