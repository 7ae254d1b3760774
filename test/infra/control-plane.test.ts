import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readEnvironment } from '../../lib/config/env';
import { LEASE_SECONDS, TIMEOUTS } from '../../lib/infra/functions';
import { makeApp, readSpecs } from '../../lib/infra/app';

type Properties = Readonly<Record<string, unknown>>;
type Statement = {
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
  readonly Condition?: unknown;
  readonly Effect: string;
};

const asset = mkdtempSync(join(tmpdir(), 'muster-asset-'));
const made = new Map<string, Template>();
const template = (file: string): Template => {
  const known = made.get(file);
  if (known === undefined) throw new Error(`${file} was not synthesised`);
  return known;
};
const minimal = 'examples/aws-minimal.yaml';
const full = 'examples/aws-full.yaml';

const properties = (file: string, type: string): readonly Properties[] =>
  Object.values(template(file).findResources(type)).map(
    (resource) => (resource as { Properties: Properties }).Properties,
  );

const statements = (file: string): readonly Statement[] =>
  properties(file, 'AWS::IAM::Policy').flatMap(
    (policy) => (policy['PolicyDocument'] as { Statement: readonly Statement[] }).Statement,
  );

const actionsOf = ({ Action }: Statement): readonly string[] => [Action].flat();

describe('the control plane', () => {
  beforeAll(() => {
    writeFileSync(join(asset, 'index.mjs'), '');
    for (const file of [minimal, full])
      made.set(file, Template.fromStack(makeApp({ specs: readSpecs([file]), asset }).stack));
  });
  afterAll(() => rmSync(asset, { recursive: true }));

  test('keeps queues encrypted, TLS only and redriven to dead letters that last longer', () => {
    const queues = properties(minimal, 'AWS::SQS::Queue');
    expect(queues.length).toBe(4);
    expect(queues.every((queue) => queue['SqsManagedSseEnabled'] === true)).toBe(true);
    const live = queues.filter((queue) => queue['RedrivePolicy'] !== undefined);
    expect(live.length).toBe(2);
    for (const queue of live) expect(queue['RedrivePolicy']).toMatchObject({ maxReceiveCount: 5 });
    template(minimal).resourcePropertiesCountIs(
      'AWS::SQS::QueuePolicy',
      {
        PolicyDocument: {
          Statement: Match.arrayWith([
            Match.objectLike({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
          ]),
        },
      },
      4,
    );
  });

  test('hides a message for six times its reader timeout, and gives a batch back in part', () => {
    const visible = properties(minimal, 'AWS::SQS::Queue')
      .map((queue) => queue['VisibilityTimeout'])
      .filter((value) => value !== undefined);
    expect(new Set(visible)).toEqual(new Set([TIMEOUTS.ingest * 6, TIMEOUTS.reconcile * 6]));
    for (const mapping of properties(minimal, 'AWS::Lambda::EventSourceMapping'))
      expect(mapping).toMatchObject({ FunctionResponseTypes: ['ReportBatchItemFailures'], BatchSize: 10 });
  });

  test('lets a lease outlast the turn', () => {
    expect(LEASE_SECONDS).toBeGreaterThan(TIMEOUTS.reconcile);
  });

  test('runs functions on the pinned runtime and gives each an environment that it can read', () => {
    const functions = properties(minimal, 'AWS::Lambda::Function').filter((one) =>
      String(one['Handler']).endsWith('/index.handler'),
    );
    expect(functions.map(({ Handler }) => Handler).sort()).toEqual(
      ['api', 'ingest', 'reconcile', 'webhook'].map((name) => `${name}/index.handler`),
    );
    for (const one of functions) {
      expect(one).toMatchObject({ Runtime: 'nodejs24.x', Architectures: ['arm64'] });
      const { Variables } = one['Environment'] as { Variables: Readonly<Record<string, unknown>> };
      const text = Object.fromEntries(
        Object.entries(Variables).map(([name, value]) => [name, typeof value === 'string' ? value : '{}']),
      );
      expect(readEnvironment({ ...text, AWS_REGION: 'us-east-1' }).MUSTER_LEASE_SECONDS).toBe(LEASE_SECONDS);
    }
  });

  test('allows no action by wildcard, and every resource for reading only', () => {
    for (const statement of [...statements(minimal), ...statements(full)]) {
      expect(actionsOf(statement).filter((action) => action.includes('*'))).toEqual([]);
      if (statement.Resource === '*')
        expect(actionsOf(statement).every((action) => /:Describe/.test(action))).toBe(true);
    }
  });

  test('ends only machines that bear the tag of the cluster, and launches only what it tags so', () => {
    const ending = statements(minimal).filter((one) => actionsOf(one).includes('ec2:TerminateInstances'));
    expect(ending.length).toBe(1);
    expect(JSON.stringify(ending[0]?.Condition)).toContain('aws:ResourceTag/muster:cluster');
    const launching = statements(minimal).filter(
      (one) =>
        actionsOf(one).includes('ec2:CreateFleet') && JSON.stringify(one.Resource).includes('instance/*'),
    );
    expect(JSON.stringify(launching.map(({ Condition }) => Condition))).toContain(
      'aws:RequestTag/muster:cluster',
    );
  });

  test('passes only the agents role, and only to EC2', () => {
    const passing = statements(minimal).filter((one) => actionsOf(one).includes('iam:PassRole'));
    expect(passing).toMatchObject([
      { Condition: { StringEquals: { 'iam:PassedToService': 'ec2.amazonaws.com' } } },
    ]);
    expect(JSON.stringify(passing[0]?.Resource)).not.toContain('*');
  });

  test('keeps the table with its history, and lets nobody scan it', () => {
    template(minimal).hasResourceProperties('AWS::DynamoDB::GlobalTable', {
      TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
      Replicas: [
        Match.objectLike({
          DeletionProtectionEnabled: true,
          PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        }),
      ],
    });
    expect(
      statements(minimal)
        .flatMap(actionsOf)
        .filter((action) => /Scan|dynamodb:\*/.test(action)),
    ).toEqual([]);
  });

  test('ticks each minute', () => {
    template(minimal).hasResourceProperties('AWS::Scheduler::Schedule', {
      ScheduleExpression: 'rate(1 minute)',
      State: 'ENABLED',
    });
  });

  test('has at most eight alarms, each with a runbook that exists', () => {
    const alarms = properties(minimal, 'AWS::CloudWatch::Alarm');
    expect(alarms.length).toBeLessThanOrEqual(8);
    for (const alarm of alarms) {
      const runbook = /Runbook: (\S+\.md)/.exec(String(alarm['AlarmDescription']))?.[1];
      expect(existsSync(runbook ?? 'none')).toBe(true);
    }
  });

  test('starts machines with the metadata service of version 2, an encrypted disk and the rendered bootstrap', () => {
    const templates = properties(minimal, 'AWS::EC2::LaunchTemplate').map(
      (one) => one['LaunchTemplateData'] as Properties,
    );
    for (const data of templates) {
      expect(data).toMatchObject({
        MetadataOptions: { HttpTokens: 'required' },
        BlockDeviceMappings: [{ Ebs: { Encrypted: true } }],
      });
      expect(Buffer.from(String(data['UserData']), 'base64').toString()).toContain('#cloud-config');
      expect(JSON.stringify(data)).not.toContain('spot-instances-request');
    }
    expect(templates.length).toBeGreaterThan(0);
  });

  test('gives the forwarding function nothing but its network', () => {
    expect(
      properties(full, 'AWS::Lambda::Function').some(({ Handler }) => Handler === 'reach/index.handler'),
    ).toBe(true);
    const policies = Object.keys(template(full).findResources('AWS::IAM::Policy'));
    expect(policies.filter((name) => name.startsWith('reach'))).toEqual([]);
    expect(
      properties(minimal, 'AWS::Lambda::Function').some(({ Handler }) => Handler === 'reach/index.handler'),
    ).toBe(false);
  });

  test('throttles the webhooks and asks for a signature on the API', () => {
    template(minimal).hasResourceProperties('AWS::ApiGatewayV2::Stage', {
      DefaultRouteSettings: { ThrottlingRateLimit: 10, ThrottlingBurstLimit: 20 },
    });
    template(minimal).hasResourceProperties('AWS::Lambda::Url', { AuthType: 'AWS_IAM' });
  });

  test('refuses a faulty muster.yaml with every fault and its line', () => {
    const file = join(asset, 'bad.yaml');
    writeFileSync(file, 'version: 1\ncluster: x\nnonsense: 1\n');
    expect(() => readSpecs([file])).toThrow(/nonsense[\s\S]*pools/);
  });
});
