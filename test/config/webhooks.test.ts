import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { parseSpec } from '../../lib/config/parse';

const BASE = readFileSync('examples/aws-minimal.yaml', 'utf8');
const parsed = (kind: string, rule: string) =>
  parseSpec(
    `${BASE}\nwebhooks:\n  - { name: hook, kind: ${kind}, secret: "env:S", rules: [{ when: { a: b }, do: ${rule} }] }\n`,
    'm.yaml',
  );
const actionOf = (rule: string, kind = 'datadog') => {
  const answer = parsed(kind, rule);
  if ('faults' in answer) throw new Error(JSON.stringify(answer.faults));
  return answer.spec.webhooks[0]?.rules[0]?.do;
};
const faultsOf = (rule: string, kind = 'datadog') => {
  const answer = parsed(kind, rule);
  return 'faults' in answer ? answer.faults.map(({ path, problem }) => `${path}: ${problem}`) : [];
};

describe('the rule of a webhook', () => {
  test.each(['alertmanager', 'grafana', 'datadog', 'google-monitoring', 'cloudwatch'])(
    'of kind %s is read',
    (kind) => {
      expect(actionOf('{ drain: { hostFrom: instance, within: 1h } }', kind)).toEqual({
        drain: { hostFrom: 'instance', withinMs: 3_600_000 },
      });
    },
  );

  test('fails over a zone or an app, by name or by a label', () => {
    const forMs = 3_600_000;
    expect(actionOf('{ failOver: { zone: us-east-1a, for: 1h } }')).toEqual({
      failOver: { target: 'zone', name: 'us-east-1a', forMs },
    });
    expect(actionOf('{ failOver: { zoneFrom: az, for: 1h } }')).toEqual({
      failOver: { target: 'zone', from: 'az', forMs },
    });
    expect(actionOf('{ failOver: { app: /shop, for: 1h } }')).toEqual({
      failOver: { target: 'app', name: '/shop', forMs },
    });
  });

  test.each([
    ['{}', 'webhooks[0].rules[0].do: a rule does one thing'],
    [
      '{ drain: { hostFrom: a, within: 1h }, failOver: { app: /a, for: 1h } }',
      'webhooks[0].rules[0].do: a rule does one thing',
    ],
    [
      '{ failOver: { for: 1h } }',
      'webhooks[0].rules[0].do.failOver: it does not say one thing that fails over',
    ],
    [
      '{ failOver: { app: /a, zone: us-east-1a, for: 1h } }',
      'webhooks[0].rules[0].do.failOver: it does not say one thing that fails over',
    ],
  ])('as %s has the fault "%s"', (rule, fault) => {
    expect(faultsOf(rule)).toEqual([fault]);
  });
});
