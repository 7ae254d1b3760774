// What the functions may do to machines: launch from our templates, only tagged as ours, and end only what is tagged as
// ours. Actions, resources and conditions as Karpenter's published controller policy has them, with our tag keys.
import type { Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Spec } from '../core/model/spec';

const CLUSTER = 'muster:cluster';
const POOL = 'muster:pool';

export type Fleet = {
  readonly spec: Spec;
  /** The roles of its agents. */
  readonly passRoles: readonly string[];
  /** Any when empty: the network's default groups are not known here. */
  readonly securityGroups: readonly string[];
};

/** One set for each cluster. */
export const fleetStatements = (
  stack: Stack,
  { spec, passRoles, securityGroups }: Fleet,
): readonly PolicyStatement[] => {
  const { partition, region, account } = stack;
  const own = (kind: string): string => `arn:${partition}:ec2:${region}:${account}:${kind}/*`;
  const lent = (kind: string, id = '*'): string => `arn:${partition}:ec2:${region}:*:${kind}/${id}`;
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
        ...['capacity-reservation', 'placement-group', 'key-pair'].map((kind) => lent(kind)),
        ...subnetsOf(spec).map((id) => lent('subnet', id)),
        ...(securityGroups.length > 0 ? securityGroups : ['*']).map((id) => lent('security-group', id)),
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
    // Of what is ours only the state may be written, so that no tag makes a machine ours afterwards.
    new PolicyStatement({
      sid: 'MarkOurs',
      actions: ['ec2:CreateTags'],
      resources: [own('instance')],
      conditions: {
        StringEquals: tagged,
        StringLike: { [`aws:ResourceTag/${POOL}`]: '*' },
        'ForAllValues:StringEquals': { 'aws:TagKeys': ['muster:state'] },
      },
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

export const subnetsOf = (spec: Spec): readonly string[] => {
  const zones = spec.pools.filter(({ cloud }) => cloud === 'aws').flatMap((pool) => pool.zones);
  return [...new Set(zones.flatMap(({ subnet }) => subnet ?? []))].sort();
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
