import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Fact } from '../../lib/core/model/signal';
import type { Webhook } from '../../lib/core/model/spec';
import { type Context, translate, type Understood } from '../../lib/events/translate';
import { isFields } from '../../lib/events/translation';

const folder = new URL('../fixtures/events/', import.meta.url);
const samples = readdirSync(folder).filter((name) => name.endsWith('.json'));
const fieldsOf = (text: string): Record<string, unknown> => {
  const raw: unknown = JSON.parse(text);
  return isFields(raw) ? { ...raw } : {};
};
const sample = (name: string) => fieldsOf(readFileSync(new URL(`${name}.json`, folder), 'utf8'));

const RECEIVED = Date.parse('2026-02-03T17:31:25Z');
const TIME = Date.parse('2026-02-03T17:31:20Z');
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const AWS = { kind: 'cloud', cloud: 'aws', account: '123456789012', region: 'eu-west-1' };
const MACHINE = 'i-0a1b2c3d4e5f60718';

const alerts: Webhook = {
  name: 'alerts',
  kind: 'alertmanager',
  auth: 'bearer',
  secret: 'env:TOKEN',
  rules: [
    {
      when: { alertname: 'MesosPoolSaturated', pool: 'general' },
      do: { scaleOut: { pool: 'web', by: { percent: 20 }, forMs: 30 * MINUTE } },
    },
  ],
};
const batch: Webhook = { name: 'batch', kind: 'hmac', auth: 'hmac', secret: 'env:KEY', rules: [] };
const webhooks = { alerts: { cluster: 'prod', webhook: alerts }, batch: { cluster: 'prod', webhook: batch } };

const understood = (raw: unknown, more: Partial<Context> = {}): Understood => {
  const answer = translate(raw, { receivedAt: RECEIVED, ...more });
  if ('malformed' in answer) throw new Error(answer.malformed);
  return answer;
};
const factOf = (raw: unknown, more: Partial<Context> = {}): Fact | undefined =>
  understood(raw, more).signals[0]?.fact;
const malformedOf = (raw: unknown, more: Partial<Context> = {}): string => {
  const answer = translate(raw, { receivedAt: RECEIVED, ...more });
  return 'malformed' in answer ? answer.malformed : 'understood';
};
const withDetail = (name: string, detail: Record<string, unknown>) => {
  const raw = sample(name);
  return { ...raw, detail: { ...(isFields(raw['detail']) ? raw['detail'] : {}), ...detail } };
};

describe('every recorded sample', () => {
  test.each(samples)('%s is understood, and its facts are JSON', (name) => {
    const raw: unknown = JSON.parse(readFileSync(new URL(name, folder), 'utf8'));
    const answer = understood(raw, { region: 'eu-west-1' });
    expect(answer.signals.length > 0 || answer.ignored !== undefined).toBe(true);
    expect(JSON.parse(JSON.stringify(answer))).toEqual(answer);
    for (const { fact } of answer.signals)
      expect(fact?.expiresAt ?? RECEIVED + 1).toBeGreaterThan(fact?.at ?? 0);
  });

  test.each([
    ['aws-ec2-spot-interruption-warning', 'ec2.spot-interruption', 'now'],
    ['aws-ec2-rebalance-recommendation', 'ec2.rebalance', 'soon'],
    ['aws-ec2-instance-state-change', 'ec2.state-change', 'now'],
    ['aws-ec2-capacity-reservation-interruption-warning', 'ec2.capacity-reservation-interruption', 'now'],
    ['aws-asg-launch-lifecycle-action', 'autoscaling.lifecycle-launch', 'soon'],
    ['aws-asg-terminate-lifecycle-action', 'autoscaling.lifecycle-terminate', 'now'],
    ['aws-asg-lifecycle-direct-sqs-body', 'autoscaling.lifecycle-terminate', 'now'],
    ['aws-sns-lifecycle-notification', 'autoscaling.lifecycle-terminate', 'now'],
    ['aws-health-event-ec2-scheduled-change', 'health.scheduled-change', 'soon'],
    ['aws-health-event-public-issue', 'health.issue', 'soon'],
    ['aws-cloudwatch-alarm-state-change', 'cloudwatch.alarm', 'now'],
    ['aws-eventbridge-scheduled-event', 'tick', 'tick'],
    ['aws-lambda-sqs-batch', 'ec2.spot-interruption', 'now'],
    ['muster-tick', 'tick', 'tick'],
    ['muster-pause', 'request.pause', 'now'],
    ['muster-resume', 'request.resume', 'now'],
    ['muster-signed-request', 'webhook.scale-out', 'now'],
    ['alertmanager-webhook-v4', 'alertmanager.alert', 'soon'],
    ['grafana-unified-alerting-webhook', 'grafana.alert', 'soon'],
    ['gce-preempted-audit-log', 'gce.preempted', 'now'],
    ['gce-pubsub-push-preempted', 'gce.preempted', 'now'],
    ['gcp-pubsub-push-monitoring', 'gcp-monitoring.incident', 'soon'],
    ['marathon-status-update-event', 'marathon.status_update_event', 'soon'],
    ['mesos-operator-agent-added', 'mesos.agent-added', 'soon'],
  ])('%s is %s, %s', (name, kind, urgency) => {
    expect(understood(sample(name)).signals).toMatchObject([{ kind, urgency }]);
  });
});

describe('a spot notice', () => {
  test('has its deadline two minutes after the event and counts ten minutes longer', () => {
    expect(factOf(sample('aws-ec2-spot-interruption-warning'))).toEqual({
      scope: AWS,
      subject: MACHINE,
      dedupeKey: 'spot',
      at: TIME,
      expiresAt: TIME + 12 * MINUTE,
      body: { kind: 'interruption', action: 'terminate', deadline: TIME + 2 * MINUTE },
    });
  });

  // JavaScript reads "5" as a day of the year 2001.
  test.each(['yesterday', '5', '', 0])('with the time %p is malformed: it does not become now', (time) => {
    expect(malformedOf({ ...sample('aws-ec2-spot-interruption-warning'), time })).toMatch(
      /: time \([^)]+\)\.$/,
    );
  });

  test('names every field at fault and no value', () => {
    const raw = {
      ...withDetail('aws-ec2-spot-interruption-warning', { 'instance-id': 7 }),
      account: undefined,
    };
    expect(malformedOf(raw)).toContain('account (string), detail.instance-id (string)');
  });
});

describe('a lifecycle hook', () => {
  const body = { kind: 'lifecycle-hook', group: 'mesos-agents-prod-a', hook: 'mesos-agent-hook' };

  test('lasts as long as a hook can wait', () => {
    expect(factOf(sample('aws-asg-launch-lifecycle-action'))).toMatchObject({
      scope: AWS,
      subject: MACHINE,
      expiresAt: TIME + 2 * DAY,
      body: { ...body, transition: 'launching' },
    });
  });

  test('sent straight to SQS is the same fact where the region of the queue is known', () => {
    const direct = sample('aws-asg-lifecycle-direct-sqs-body');
    expect(factOf(direct, { region: 'eu-west-1' })).toEqual(
      factOf(sample('aws-asg-terminate-lifecycle-action')),
    );
    const inBatch = { Records: [{ body: JSON.stringify(direct), awsRegion: 'eu-west-1' }] };
    expect(factOf(inBatch)).toEqual(factOf(sample('aws-asg-terminate-lifecycle-action')));
    expect(understood(direct)).toMatchObject({ ignored: expect.stringContaining('names no region') });
  });

  test('being tried is understood and does nothing', () => {
    const answer = understood(sample('aws-asg-lifecycle-test-notification-sqs-body'));
    expect(answer).toMatchObject({ signals: [], ignored: expect.stringContaining('test notification') });
  });
});

describe('a health event', () => {
  const NAME = 'aws-health-event-ec2-scheduled-change';

  test('is one fact for each machine, in the region that it is about', () => {
    const raw = {
      ...withDetail(NAME, {
        eventRegion: 'us-west-2',
        affectedEntities: [{ entityValue: MACHINE }, { entityValue: 'vol-0a' }, { entityValue: 'i-0b' }],
      }),
    };
    const facts = understood(raw).signals.map(({ fact }) => fact);
    expect(facts.map((fact) => fact?.subject)).toEqual([MACHINE, 'i-0b']);
    expect(facts[0]).toMatchObject({
      scope: { ...AWS, region: 'us-west-2' },
      body: { startsAt: Date.parse('2026-02-17T15:00:00Z') },
      expiresAt: Date.parse('2026-02-18T15:00:00Z'),
    });
  });

  test('takes the machines from its resources where no entities are listed', () => {
    expect(factOf(withDetail(NAME, { affectedEntities: undefined }))?.subject).toBe(MACHINE);
  });

  test('that is closed ends its own fact', () => {
    const fact = factOf(withDetail(NAME, { statusCode: 'closed' }));
    expect(fact?.expiresAt).toBe(fact?.at);
  });

  test('of another service or category is ignored with the reason', () => {
    expect(understood(withDetail(NAME, { service: 'RDS' })).ignored).toContain('RDS');
    expect(understood(withDetail(NAME, { eventTypeCategory: 'accountNotification' })).ignored).toContain(
      'category',
    );
  });
});

describe('a CloudWatch alarm', () => {
  test('counts from the time of its state, written without a colon in the offset', () => {
    const at = Date.parse('2026-02-03T17:31:19.985Z');
    expect(factOf(sample('aws-cloudwatch-alarm-state-change'))).toMatchObject({
      subject: 'mesos-prod-cpu-allocation-high',
      at,
      expiresAt: at + DAY,
      body: { kind: 'alarm', state: 'ALARM' },
    });
  });

  test('may be composite, with a rule and no metrics', () => {
    const raw = withDetail('aws-cloudwatch-alarm-state-change', { configuration: { alarmRule: 'ALARM(a)' } });
    expect(factOf(raw)?.body.kind).toBe('alarm');
  });
});

describe('an alert', () => {
  const raw = sample('alertmanager-webhook-v4');
  const by = (source: string, body: unknown = raw, receivedAt = RECEIVED) =>
    understood(body, { source, webhooks, receivedAt });

  test('that fires and matches a rule asks for machines for as long as the rule says', () => {
    const [signal] = by('alerts').signals;
    expect(signal).toMatchObject({ urgency: 'now', clusters: ['prod'], subject: 'MesosPoolSaturated' });
    expect(signal?.fact).toMatchObject({
      scope: { kind: 'cluster', cluster: 'prod' },
      subject: 'web',
      at: RECEIVED,
      expiresAt: RECEIVED + 30 * MINUTE,
      body: { kind: 'scale-out', pool: 'web', by: { percent: 20 }, source: 'alerts' },
    });
  });

  test('that is repeated has the same key and a later time; one that fires anew has another key', () => {
    const first = by('alerts').signals[0]?.fact;
    const again = by('alerts', raw, RECEIVED + 5 * MINUTE).signals[0]?.fact;
    expect(again?.dedupeKey).toBe(first?.dedupeKey);
    expect(again?.expiresAt).toBe(RECEIVED + 35 * MINUTE);
    const anew = fieldsOf(JSON.stringify(raw).replace('17:26:20', '18:00:00'));
    expect(by('alerts', anew).signals[0]?.fact?.dedupeKey).not.toBe(first?.dedupeKey);
  });

  test('that is resolved releases what it asked for, and one that matches no rule asks for nothing', () => {
    const resolved = fieldsOf(JSON.stringify(raw).replaceAll('"firing"', '"resolved"'));
    const [asked] = by('alerts', raw).signals;
    expect(by('alerts', resolved).signals).toMatchObject([
      { kind: 'alertmanager.alert', fact: { dedupeKey: asked?.fact?.dedupeKey, expiresAt: RECEIVED } },
    ]);
    const other = fieldsOf(JSON.stringify(raw).replaceAll('"general"', '"special"'));
    expect(by('alerts', other)).toMatchObject({
      ignored: 'No rule of the webhook alerts matches a firing alert.',
    });
  });

  test('of Grafana follows the same rules', () => {
    expect(by('alerts', sample('grafana-unified-alerting-webhook')).signals[0]?.fact?.body.kind).toBe(
      'scale-out',
    );
  });

  test('of another version of Alertmanager is malformed, with the field', () => {
    expect(malformedOf({ ...raw, version: '5' })).toContain('version (4)');
    expect(malformedOf({ ...raw, alerts: [{ status: 'on' }] })).toContain('alerts.0.labels');
  });
});

describe('a signed request', () => {
  const raw = sample('muster-signed-request');

  test('asks for machines once for each id', () => {
    expect(factOf(raw, { source: 'batch', webhooks })).toMatchObject({
      subject: 'web',
      dedupeKey: 'batch/release-41',
      expiresAt: RECEIVED + 30 * MINUTE,
      body: { by: { percent: 20 }, source: 'batch' },
    });
    expect(factOf({ ...raw, by: 5 }, { source: 'batch', webhooks })?.body).toMatchObject({
      by: { agents: 5 },
    });
  });

  test.each([
    ['by', '0%'],
    ['by', '2000%'],
    ['by', 0.5],
    ['for', '30 minutes'],
    ['for', '8d'],
    ['for', '0s'],
    ['pool', ''],
    ['pool', '\uD800'],
    ['id', 'x'.repeat(129)],
    ['id', undefined],
  ])('with %s %p is malformed', (field, value) => {
    expect(malformedOf({ ...raw, [field]: value })).toContain(`${field} (`);
  });
});

describe('a pause', () => {
  test('ends by itself, and a resume is remembered longer than any pause', () => {
    const pause = factOf(sample('muster-pause'), { source: 'api', webhooks });
    const longest = factOf({ ...sample('muster-pause'), minutes: 7 * 24 * 60 });
    const resume = factOf(sample('muster-resume'));
    expect(pause).toMatchObject({ subject: 'prod', expiresAt: RECEIVED + 60 * MINUTE, body: { by: 'ada' } });
    expect(resume?.expiresAt).toBeGreaterThan(longest?.expiresAt ?? 0);
  });
});

describe('the sender of a webhook', () => {
  test('cannot pass for EventBridge, for the API or for another kind of webhook', () => {
    for (const source of ['alerts', 'batch']) {
      for (const name of [
        'aws-ec2-spot-interruption-warning',
        'muster-pause',
        'muster-tick',
        'aws-lambda-sqs-batch',
      ]) {
        expect(malformedOf(sample(name), { source, webhooks })).toContain('may send');
      }
    }
    expect(malformedOf(sample('muster-signed-request'), { source: 'alerts', webhooks })).toContain(
      'may send',
    );
    expect(malformedOf(sample('alertmanager-webhook-v4'), { source: 'batch', webhooks })).toContain(
      'may send',
    );
  });

  test('whose webhook is gone from the configuration is ignored', () => {
    expect(understood(sample('muster-pause'), { source: 'gone', webhooks })).toMatchObject({ signals: [] });
  });
});

describe('anything else', () => {
  test('from EventBridge is ignored with its name, never an error', () => {
    const raw = {
      ...sample('aws-ec2-spot-interruption-warning'),
      'detail-type': 'Object Created',
      source: 'aws.s3',
    };
    expect(understood(raw)).toEqual({
      source: 'eventbridge',
      signals: [],
      ignored: 'Nothing is done on "Object Created" of aws.s3.',
    });
    const forged = { ...sample('aws-ec2-spot-interruption-warning'), source: 'my.app' };
    expect(understood(forged)).toMatchObject({ signals: [] });
    expect(understood({ ...raw, 'detail-type': 'constructor' })).toMatchObject({ signals: [] });
  });

  test('of no known shape is malformed', () => {
    for (const raw of [null, 7, 'text', [], {}, { kind: 'other' }])
      expect(malformedOf(raw)).not.toBe('understood');
  });

  test('never makes an exception, whatever JSON it is', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (raw) => {
        expect(translate(raw, { receivedAt: RECEIVED, webhooks })).toBeDefined();
      }),
    );
  });

  test('never makes an exception in any field of a sample, and always gives the same answer', () => {
    fc.assert(
      fc.property(fc.constantFrom(...samples), fc.jsonValue(), fc.nat(), (name, value, nth) => {
        const raw = mutate(JSON.parse(readFileSync(new URL(name, folder), 'utf8')), value, { nth });
        const context = { receivedAt: RECEIVED, region: 'eu-west-1' };
        expect(translate(raw, context)).toEqual(translate(raw, context));
      }),
      { numRuns: 500 },
    );
  });
});

/** Replaces the nth field, counted over the whole tree and round again. */
const mutate = (raw: unknown, value: unknown, { nth }: { nth: number }): unknown => {
  const total = JSON.stringify(raw).split('":').length - 1;
  let left = nth % Math.max(1, total);
  return JSON.parse(JSON.stringify(raw), (key, member: unknown) => {
    if (key === '' || /^\d+$/.test(key)) return member;
    left -= 1;
    return left === -1 ? value : member;
  });
};
