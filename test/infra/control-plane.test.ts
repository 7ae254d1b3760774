import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Match, type Template } from 'aws-cdk-lib/assertions';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readEnvironment } from '../../lib/config/env';
import { readSpecs } from '../../lib/infra/app';
import { LEASE_SECONDS, TIMEOUTS } from '../../lib/infra/functions';
import {
  emptyAsset,
  FULL,
  MINIMAL,
  type Properties,
  propertiesOf,
  type Statement,
  statementsOf,
  synthesised,
} from './synthesised';

const asset = emptyAsset();
const made = new Map<string, Template>();
const template = (file: string): Template => {
  const known = made.get(file);
  if (known === undefined) throw new Error(`${file} was not synthesised`);
  return known;
};
const properties = (file: string, type: string): readonly Properties[] => propertiesOf(template(file), type);
const statements = (file: string): readonly Statement[] => statementsOf(template(file));
const functionNamed = (file: string, name: string): Properties | undefined =>
  properties(file, 'AWS::Lambda::Function').find(({ Handler }) => Handler === `${name}/index.handler`);

describe('the control plane', () => {
  beforeAll(() => {
    for (const file of [MINIMAL, FULL]) made.set(file, synthesised(file, asset));
  });
  afterAll(() => rmSync(asset, { recursive: true }));

  test('keeps queues encrypted, TLS only and redriven to dead letters that last longer', () => {
    const queues = properties(MINIMAL, 'AWS::SQS::Queue');
    expect(queues.length).toBe(4);
    expect(queues.every((queue) => queue['SqsManagedSseEnabled'] === true)).toBe(true);
    const live = queues.filter((queue) => queue['RedrivePolicy'] !== undefined);
    expect(live.length).toBe(2);
    for (const queue of live) expect(queue['RedrivePolicy']).toMatchObject({ maxReceiveCount: 5 });
    template(MINIMAL).resourcePropertiesCountIs(
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

  test('hides a message for six times its own reader timeout, and gives a batch back in part and at once', () => {
    const queues = template(MINIMAL).findResources('AWS::SQS::Queue');
    const functions = template(MINIMAL).findResources('AWS::Lambda::Function');
    const mappings = properties(MINIMAL, 'AWS::Lambda::EventSourceMapping');
    expect(mappings.length).toBe(2);
    for (const mapping of mappings) {
      const queue = queues[idIn(mapping['EventSourceArn'])]?.['Properties'] as Properties;
      const reader = functions[idIn(mapping['FunctionName'])]?.['Properties'] as Properties;
      expect(queue['VisibilityTimeout']).toBeGreaterThanOrEqual(Number(reader['Timeout']) * 6);
      expect(mapping).toMatchObject({ FunctionResponseTypes: ['ReportBatchItemFailures'], BatchSize: 10 });
      // Either would cost: a window delays each event, a limit keeps Lambda from polling less while idle.
      expect(mapping['MaximumBatchingWindowInSeconds'] ?? 0).toBe(0);
      expect(mapping['ScalingConfig']).toBeUndefined();
    }
  });

  test('keeps dead letters longer than the queue keeps a message', () => {
    const queues = template(MINIMAL).findResources('AWS::SQS::Queue');
    for (const { Properties: queue } of Object.values(queues) as { Properties: Properties }[]) {
      const { deadLetterTargetArn } = (queue['RedrivePolicy'] ?? {}) as { deadLetterTargetArn?: unknown };
      if (deadLetterTargetArn === undefined) continue;
      const dead = queues[idIn(deadLetterTargetArn)]?.['Properties'] as Properties;
      expect(dead['MessageRetentionPeriod']).toBeGreaterThan(Number(queue['MessageRetentionPeriod']));
    }
  });

  test('lets a lease outlast the turn', () => {
    expect(LEASE_SECONDS).toBeGreaterThan(TIMEOUTS.reconcile);
    expect(functionNamed(MINIMAL, 'reconcile')?.['Timeout']).toBe(TIMEOUTS.reconcile);
  });

  test('bounds what the outside can make of the functions, but not below what Lambda polls with', () => {
    const reserved = (name: string) => functionNamed(FULL, name)?.['ReservedConcurrentExecutions'];
    for (const name of ['ingest', 'reconcile']) expect(reserved(name)).toBeGreaterThanOrEqual(5);
    for (const name of ['webhook', 'api']) expect(reserved(name)).toBeGreaterThan(0);
    expect(reserved('reach')).toBeUndefined();
  });

  test('keeps the logs of each function and of the webhooks for a month, and no longer', () => {
    const groups = properties(FULL, 'AWS::Logs::LogGroup');
    expect(groups.length).toBe(6);
    for (const group of groups) expect(group['RetentionInDays']).toBe(30);
    const functions = properties(FULL, 'AWS::Lambda::Function').map((one) => one['LoggingConfig']);
    expect(functions.every((config) => config !== undefined)).toBe(true);
    for (const { Value } of Object.values(template(FULL).findOutputs('*')))
      expect(JSON.stringify(Value)).not.toContain('Logs');
  });

  test('runs functions on the pinned runtime and gives each an environment that it can read', () => {
    const functions = properties(MINIMAL, 'AWS::Lambda::Function').filter((one) =>
      String(one['Handler']).endsWith('/index.handler'),
    );
    expect(new Set(functions.map(({ Handler }) => Handler))).toEqual(
      new Set(['api', 'ingest', 'reconcile', 'webhook'].map((name) => `${name}/index.handler`)),
    );
    for (const one of functions) {
      expect(one).toMatchObject({ Runtime: 'nodejs24.x', Architectures: ['arm64'] });
      const { Variables } = one['Environment'] as { Variables: Readonly<Record<string, unknown>> };
      const text = Object.fromEntries(
        Object.entries(Variables).map(([name, value]) => [name, typeof value === 'string' ? value : '{}']),
      );
      const read = readEnvironment({ ...text, AWS_REGION: 'us-east-1' });
      expect(read.MUSTER_LEASE_SECONDS).toBe(LEASE_SECONDS);
      // Nothing is written that nobody reads.
      expect(Object.keys(Variables).filter((name) => !(name in read))).toEqual([]);
    }
  });

  test('allows no action by wildcard, and every resource for reading only', () => {
    for (const statement of [...statements(MINIMAL), ...statements(FULL)]) {
      expect(statement.Action.filter((action) => action.includes('*'))).toEqual([]);
      if (statement.Resource === '*')
        expect(statement.Action.every((action) => /:Describe/.test(action))).toBe(true);
    }
  });

  test('ends only machines that bear the tag of the cluster, and launches only what it tags so', () => {
    const ending = statements(MINIMAL).filter((one) => one.Action.includes('ec2:TerminateInstances'));
    expect(ending.length).toBe(1);
    expect(JSON.stringify(ending[0]?.Condition)).toContain('aws:ResourceTag/muster:cluster');
    const launching = statements(MINIMAL).filter(
      (one) => one.Action.includes('ec2:CreateFleet') && JSON.stringify(one.Resource).includes('instance/*'),
    );
    expect(JSON.stringify(launching.map(({ Condition }) => Condition))).toContain(
      'aws:RequestTag/muster:cluster',
    );
  });

  test('passes only the agents role, and only to EC2', () => {
    const passing = statements(MINIMAL).filter((one) => one.Action.includes('iam:PassRole'));
    expect(passing).toMatchObject([
      { Condition: { StringEquals: { 'iam:PassedToService': 'ec2.amazonaws.com' } } },
    ]);
    expect(JSON.stringify(passing[0]?.Resource)).not.toContain('*');
  });

  test('keeps the table with its history, and lets nobody scan it', () => {
    template(MINIMAL).hasResourceProperties('AWS::DynamoDB::GlobalTable', {
      // The key of DynamoDB itself: encrypted, and without the price of one's own.
      SSESpecification: { SSEEnabled: false },
      TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
      Replicas: [
        Match.objectLike({
          DeletionProtectionEnabled: true,
          PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        }),
      ],
    });
    expect(
      statements(MINIMAL)
        .flatMap(({ Action }) => Action)
        .filter((action) => /Scan|dynamodb:\*/.test(action)),
    ).toEqual([]);
  });

  test('ticks each minute', () => {
    template(MINIMAL).hasResourceProperties('AWS::Scheduler::Schedule', {
      ScheduleExpression: 'rate(1 minute)',
      FlexibleTimeWindow: { Mode: 'OFF' },
      State: 'ENABLED',
      Target: Match.objectLike({ Input: JSON.stringify({ muster: 'tick' }) }),
    });
  });

  test('has at most eight alarms, each with a runbook that exists', () => {
    const alarms = properties(MINIMAL, 'AWS::CloudWatch::Alarm');
    expect(alarms.length).toBeLessThanOrEqual(8);
    for (const alarm of alarms) {
      const runbook = /Runbook: (\S+\.md)/.exec(String(alarm['AlarmDescription']))?.[1];
      expect(existsSync(runbook ?? 'none')).toBe(true);
    }
  });

  test('starts machines with the metadata service of version 2, an encrypted disk and the rendered bootstrap', () => {
    const templates = properties(MINIMAL, 'AWS::EC2::LaunchTemplate').map(
      (one) => one['LaunchTemplateData'] as Properties,
    );
    for (const data of templates) {
      expect(data).toMatchObject({
        MetadataOptions: { HttpTokens: 'required', InstanceMetadataTags: 'enabled' },
        InstanceInitiatedShutdownBehavior: 'terminate',
        BlockDeviceMappings: [
          {
            DeviceName: '/dev/xvda',
            Ebs: { Encrypted: true, VolumeType: 'gp3', DeleteOnTermination: true },
          },
        ],
      });
      expect(Buffer.from(String(data['UserData']), 'base64').toString()).toContain('#cloud-config');
      expect(JSON.stringify(data)).not.toContain('spot-instances-request');
    }
    expect(templates.length).toBeGreaterThan(0);
  });

  test('gives the forwarding function nothing but its network', () => {
    expect(
      properties(FULL, 'AWS::Lambda::Function').some(({ Handler }) => Handler === 'reach/index.handler'),
    ).toBe(true);
    expect(statementsOf(template(FULL), 'reach')).toEqual([]);
    expect(functionNamed(FULL, 'reach')).toMatchObject({
      VpcConfig: { SubnetIds: ['subnet-0a1b2c3d4e5f60718', 'subnet-1a1b2c3d4e5f60718'] },
    });
    for (const name of ['ingest', 'reconcile', 'webhook', 'api'])
      expect(functionNamed(FULL, name)?.['VpcConfig']).toBeUndefined();
    expect(
      properties(MINIMAL, 'AWS::Lambda::Function').some(({ Handler }) => Handler === 'reach/index.handler'),
    ).toBe(false);
  });

  test('throttles the webhooks and asks for a signature on the API', () => {
    template(MINIMAL).hasResourceProperties('AWS::ApiGatewayV2::Stage', {
      DefaultRouteSettings: { ThrottlingRateLimit: 10, ThrottlingBurstLimit: 20 },
    });
    template(MINIMAL).hasResourceProperties('AWS::Lambda::Url', { AuthType: 'AWS_IAM' });
  });

  test('refuses a faulty muster.yaml with every fault and its line', () => {
    const file = join(asset, 'bad.yaml');
    writeFileSync(file, 'version: 1\ncluster: x\nnonsense: 1\n');
    expect(() => readSpecs([file])).toThrow(/nonsense[\s\S]*pools/);
  });

  test('refuses two files of one cluster: one of them would never be read', () => {
    expect(() => readSpecs([MINIMAL, MINIMAL])).toThrow('Two files are of the cluster');
  });
});

/** The logical id that a reference or an attribute names. */
const idIn = (value: unknown): string =>
  /"(?:Ref|Fn::GetAtt)":\[?"(\w+)"/.exec(JSON.stringify(value))?.[1] ?? 'nothing';
