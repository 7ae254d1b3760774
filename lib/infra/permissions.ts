// What the functions may do to machines: launch from our templates, only tagged as ours, and end only what is tagged as
// ours. Actions, resources and conditions as Karpenter's published controller policy has them, with our tag keys.
import type { Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Spec } from '../core/model/spec';

const CLUSTER = 'muster:cluster';
const POOL = 'muster:pool';

/** One set for each cluster; `passRoles` are the roles of its agents. */
export const fleetStatements = (
  stack: Stack,
  spec: Spec,
  passRoles: readonly string[],
): readonly PolicyStatement[] => {
  const { partition, region, account } = stack;
  const own = (kind: string): string => `arn:${partition}:ec2:${region}:${account}:${kind}/*`;
  const lent = (kind: string): string => `arn:${partition}:ec2:${region}:*:${kind}/*`;
  const created = ['fleet', 'instance', 'volume', 'network-interface'].map(own);
  const requested = { [`aws:RequestTag/${CLUSTER}`]: spec.cluster };
  const tagged = { [`aws:ResourceTag/${CLUSTER}`]: spec.cluster };
  const launch = ['ec2:RunInstances', 'ec2:CreateFleet'];
  return [
    new PolicyStatement({
      sid: 'LaunchFromSharedResources',
      actions: launch,
      resources: [
        `arn:${partition}:ec2:${region}::image/*`,
        `arn:${partition}:ec2:${region}::snapshot/*`,
        ...['security-group', 'subnet', 'capacity-reservation', 'placement-group', 'key-pair'].map(lent),
        own('spot-instances-request'),
      ],
    }),
    new PolicyStatement({
      sid: 'LaunchFromOurTemplates',
      actions: launch,
      resources: [own('launch-template')],
      conditions: { StringEquals: tagged },
    }),
    new PolicyStatement({
      sid: 'CreateOnlyTagged',
      actions: launch,
      resources: created,
      conditions: { StringEquals: requested, StringLike: { [`aws:RequestTag/${POOL}`]: '*' } },
    }),
    new PolicyStatement({
      sid: 'TagOnlyAtCreate',
      actions: ['ec2:CreateTags'],
      resources: created,
      conditions: { StringEquals: { ...requested, 'ec2:CreateAction': ['RunInstances', 'CreateFleet'] } },
    }),
    new PolicyStatement({
      sid: 'TerminateOurs',
      actions: ['ec2:TerminateInstances'],
      resources: [own('instance')],
      conditions: { StringEquals: tagged, StringLike: { [`aws:ResourceTag/${POOL}`]: '*' } },
    }),
    new PolicyStatement({
      sid: 'PassAgentRoles',
      actions: ['iam:PassRole'],
      resources: [...passRoles],
      conditions: { StringEquals: { 'iam:PassedToService': 'ec2.amazonaws.com' } },
    }),
  ];
};

/** Describe calls know no resources; they are held to the region. */
export const readFleet = (stack: Stack): PolicyStatement =>
  new PolicyStatement({
    sid: 'ReadFleet',
    actions: ['ec2:DescribeInstances', 'ec2:DescribeLaunchTemplates', 'ec2:DescribeLaunchTemplateVersions'],
    resources: ['*'],
    conditions: { StringEquals: { 'aws:RequestedRegion': stack.region } },
  });

/** Reads exactly the parameters that are referred to. */
export const readParameters = (stack: Stack, references: readonly string[]): readonly PolicyStatement[] => {
  const paths = [...new Set(references.filter((reference) => reference.startsWith('ssm:')))].map(
    (reference) => reference.slice('ssm:'.length),
  );
  if (paths.length === 0) return [];
  const resources = paths
    .sort()
    .map((path) =>
      stack.formatArn({ service: 'ssm', resource: 'parameter', resourceName: path.replace(/^\//, '') }),
    );
  return [
    new PolicyStatement({
      sid: 'ReadParameters',
      actions: ['ssm:GetParameter', 'ssm:GetParameters'],
      resources,
    }),
  ];
};

/** References that a turn resolves. */
export const turnReferences = (spec: Spec): readonly string[] => [
  ...(spec.mesos.auth === undefined ? [] : [spec.mesos.auth]),
  ...(spec.marathon.auth === undefined ? [] : [spec.marathon.auth]),
  ...spec.notify.map(({ url }) => url),
];
