import { afterAll, describe, expect, test } from '@jest/globals';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { z } from 'zod';
import type { Pool, Spec } from '../../lib/core/model/spec';
import { readEnvironment } from '../../lib/config/env';
import { translate } from '../../lib/events/translate';
import { makeApp, readSpecs } from '../../lib/infra/app';
import { readOptions } from '../../lib/infra/options';
import { ALARMS, NOTICES } from '../../lib/telemetry/names';
import { anApp, emptyAsset, FULL, MINIMAL, propertiesOf, statementsOf, synthesised } from './synthesised';

const asset = emptyAsset();
afterAll(() => rmSync(asset, { recursive: true }));

const minimal = (more: Partial<Spec> = {}): Spec => {
  const [spec] = readSpecs([MINIMAL]);
  if (spec === undefined) throw new Error('the example is empty');
  return { ...spec, ...more };
};
const withPool = (more: Partial<Pool>): readonly Pool[] =>
  minimal().pools.map((pool) => ({ ...pool, ...more }));

describe('cdk-nag', () => {
  test('finds nothing that is not acknowledged with a reason', () => {
    for (const specs of [
      readSpecs([MINIMAL]),
      readSpecs([FULL]),
      [minimal(), minimal({ cluster: 'other' })],
    ]) {
      const { app } = makeApp({ specs, asset }, anApp());
      const report: unknown = JSON.parse(
        readFileSync(`${app.synth().directory}/validation-report.json`, 'utf8'),
      );
      expect(report).toMatchObject({ pluginReports: [] });
    }
  });

  test('fails the synthesis when something is', () => {
    const { app, stack } = makeApp({ specs: [minimal()], asset }, anApp());
    const role = new Role(stack, 'Wide', { assumedBy: new ServicePrincipal('ec2.amazonaws.com') });
    role.addToPolicy(new PolicyStatement({ actions: ['s3:*'], resources: ['arn:aws:s3:::bucket'] }));
    expect(() => app.synth()).toThrow(/validation/i);
  });
});

describe('several clusters in one deployment', () => {
  test('each launch and end only their own machines, and pass only their own role', () => {
    const template = synthesised([minimal(), minimal({ cluster: 'other-one' })], asset);
    const statements = statementsOf(template, 'reconcile');
    for (const action of ['ec2:TerminateInstances', 'iam:PassRole'])
      expect(statements.filter(({ Action }) => Action.includes(action)).length).toBe(2);
    const ended = statements.filter(({ Action }) => Action.includes('ec2:TerminateInstances'));
    expect(
      ended.map(
        ({ Condition }) => JSON.stringify(Condition).match(/ResourceTag\/muster:cluster":"([\w-]+)"/)?.[1],
      ),
    ).toEqual(['small', 'other-one']);
    const ids = statements.flatMap(({ Sid }) => Sid ?? []);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.every((id) => /^[A-Za-z0-9]+$/.test(id))).toBe(true);
  });

  test('are refused together where they reach their masters differently', () => {
    const specs = [...readSpecs([FULL]), minimal()];
    expect(() => makeApp({ specs, asset }, anApp())).toThrow(
      /prod through vpc-\w+, small directly.*-c stack/,
    );
  });

  test('are refused where their templates outgrow the environment, by the names of the pools', () => {
    const many = Array.from({ length: 40 }, (_, nth) => withPool({ name: `pool-${nth}` })).flat();
    expect(() => makeApp({ specs: [minimal({ pools: many })], asset }, anApp())).toThrow(
      /40 pools need \d+ bytes.*small\/pool-0.*small\/pool-39/,
    );
  });
});

describe('where a deployment goes', () => {
  test('is the region of the pools, and the account that they name', () => {
    const [spec] = readSpecs([FULL]);
    const { stack } = makeApp({ specs: spec === undefined ? [] : [spec], asset }, anApp());
    expect(stack).toMatchObject({ region: 'us-east-1', account: '123456789012' });
  });

  test('is one region and one account, else it is refused with the pools', () => {
    const elsewhere = [...withPool({}), ...withPool({ name: 'far', region: 'eu-west-1' })];
    expect(() => makeApp({ specs: [minimal({ pools: elsewhere })], asset }, anApp())).toThrow(
      /far \(eu-west-1\)/,
    );
    const accounts = [
      ...withPool({ account: '111111111111' }),
      ...withPool({ name: 'b', account: '222222222222' }),
    ];
    expect(() => makeApp({ specs: [minimal({ pools: accounts })], asset }, anApp())).toThrow(
      /111111111111, 222222222222/,
    );
  });

  test('is nowhere without a pool on AWS', () => {
    expect(() =>
      makeApp({ specs: readSpecs(['examples/gce-and-on-premises.yaml']), asset }, anApp()),
    ).toThrow(/No pool of hybrid is on AWS.*muster serve/);
  });
});

describe('what an operator may say', () => {
  const context = (values: Readonly<Record<string, string>>) => readOptions((name) => values[name]);

  test('gives the agents their groups and the name of their root disk, and the launch no other groups', () => {
    const groups = ['sg-0123456789abcdef0', 'sg-1123456789abcdef0'];
    const options = context({ securityGroups: groups.join(', '), rootDevice: '/dev/sda1' });
    const template = synthesised(MINIMAL, asset, options);
    expect(propertiesOf(template, 'AWS::EC2::LaunchTemplate')).toMatchObject([
      {
        LaunchTemplateData: {
          SecurityGroupIds: groups,
          BlockDeviceMappings: [{ DeviceName: '/dev/sda1', Ebs: { Encrypted: true } }],
        },
      },
    ]);
    const lent = JSON.stringify(statementsOf(template, 'reconcile').map(({ Resource }) => Resource));
    expect(lent).toContain('security-group/sg-0123456789abcdef0');
    expect(lent).not.toContain('security-group/*');
    expect(lent).not.toContain('subnet/*');
  });

  test('sends alarms to a topic, at their beginning and their end', () => {
    const topic = 'arn:aws:sns:us-east-1:123456789012:ops';
    const alarms = propertiesOf(
      synthesised(MINIMAL, asset, context({ alarmTopic: topic })),
      'AWS::CloudWatch::Alarm',
    );
    for (const alarm of alarms) expect(alarm).toMatchObject({ AlarmActions: [topic], OKActions: [topic] });
  });

  test('leaves the concurrency to the account where it has none to give', () => {
    const template = synthesised(MINIMAL, asset, context({ concurrency: 'shared' }));
    for (const one of propertiesOf(template, 'AWS::Lambda::Function'))
      expect(one['ReservedConcurrentExecutions']).toBeUndefined();
  });

  test('is refused with every value that cannot be', () => {
    expect(() => context({ securityGroups: 'sg-1', rootDevice: 'sda1', concurrency: 'none' })).toThrow(
      /sg-1 is not.*sda1 is not.*none is not/,
    );
    expect(() => readSpecs(['no-such.yaml'])).toThrow(/no-such\.yaml cannot be read.*-c config/);
  });
});

const envelope = z.looseObject({ source: z.string(), 'detail-type': z.string() });
const rule = z.object({
  EventPattern: z.object({ source: z.array(z.string()), 'detail-type': z.array(z.string()) }),
});

test('every event of EventBridge that is understood has a rule that brings it', () => {
  const rules = propertiesOf(synthesised(MINIMAL, asset), 'AWS::Events::Rule').map((one) => rule.parse(one));
  const folder = 'test/fixtures/events';
  const files = readdirSync(folder).filter((file) => file.endsWith('.json'));
  const samples = files.map((file): unknown => JSON.parse(readFileSync(`${folder}/${file}`, 'utf8')));
  const understood = samples.flatMap((sample) => {
    const parsed = envelope.safeParse(sample);
    if (!parsed.success || parsed.data.source === 'aws.events') return [];
    const answer = translate(sample, { receivedAt: 0 });
    return 'signals' in answer && answer.signals.length > 0 ? [parsed.data] : [];
  });
  expect(understood.length).toBeGreaterThanOrEqual(8);
  for (const { source, 'detail-type': kind } of understood)
    expect(
      rules.some(
        ({ EventPattern }) =>
          EventPattern.source.includes(source) && EventPattern['detail-type'].includes(kind),
      ) || `no rule for ${kind}`,
    ).toBe(true);
});

test('templates reach the functions as the environment reads them', () => {
  const template = synthesised(MINIMAL, asset);
  const reconcile = propertiesOf(template, 'AWS::Lambda::Function').find(
    ({ Handler }) => Handler === 'reconcile/index.handler',
  );
  const joined = z.object({ 'Fn::Join': z.tuple([z.string(), z.array(z.unknown())]) });
  const environment = z.object({ Variables: z.object({ MUSTER_TEMPLATES: joined }) });
  const [by, parts] = environment.parse(reconcile?.['Environment']).Variables.MUSTER_TEMPLATES['Fn::Join'];
  const text = parts.map((part) => (typeof part === 'string' ? part : 'deployed')).join(by);
  const known = {
    MUSTER_TABLE: 't',
    MUSTER_EVENTS_QUEUE: 'e',
    MUSTER_WAKE_QUEUE: 'w',
    AWS_REGION: 'us-east-1',
  };
  const { MUSTER_TEMPLATES } = readEnvironment({ ...known, MUSTER_TEMPLATES: text });
  expect(MUSTER_TEMPLATES).toEqual({
    small: {
      web: {
        id: 'deployed',
        version: 'deployed',
        image: 'deployed',
        bootstrap: expect.stringMatching(/^[0-9a-f]{12}$/),
      },
    },
  });
});

test('every alarm and every notice has its runbook', () => {
  for (const { runbook } of [...Object.values(ALARMS), ...Object.values(NOTICES)])
    expect(existsSync(`docs/operations/${runbook}.md`) || runbook).toBe(true);
});
