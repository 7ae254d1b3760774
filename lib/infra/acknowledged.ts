// What cdk-nag finds and is meant: each with its reason.
import { type Stack, Token, Validations } from 'aws-cdk-lib';
import type { Spec } from '../core/model/spec';
import { subnetsOf } from './permissions';

export type Deployed = { readonly specs: readonly Spec[]; readonly securityGroups: readonly string[] };

type Finding = { readonly id: string; readonly reason: string };

const managed = (policy: string): string =>
  `AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/${policy}]`;

const REASONS: readonly Finding[] = [
  {
    id: managed('AWSLambdaBasicExecutionRole'),
    reason: 'Writing its own logs is all that this managed policy allows.',
  },
  {
    id: managed('AWSLambdaVPCAccessExecutionRole'),
    reason: 'A function in a network needs its interfaces; the forwarding function has nothing else.',
  },
  {
    id: 'AwsSolutions-APIG4',
    reason: 'Senders cannot sign for AWS: the function checks a secret of each source, over the raw body.',
  },
  {
    id: 'AwsSolutions-IAM5[Resource::*]',
    reason: 'Describe calls know no resources; a condition holds them to the region.',
  },
];

const LENT =
  'A launch names images, networks and capacity that others own; it may use them and not change them.';
const SHARED = 'The wildcard is the account: networks are often shared by another one of the organisation.';
const OURS =
  'Machines have no names before they exist; a condition holds each statement to what bears our cluster tag.';

/** Resources with a wildcard in the launch and end statements, as the checker names them. */
const wildcards = ({ region, account }: Stack, { specs, securityGroups }: Deployed): readonly Finding[] => {
  const finding = (reason: string, owner: string, resource: string): Finding => ({
    id: `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:ec2:${region}:${owner}:${resource}]`,
    reason,
  });
  const subnets = specs.flatMap(subnetsOf).map((id) => `subnet/${id}`);
  const groups = (securityGroups.length > 0 ? securityGroups : ['*']).map((id) => `security-group/${id}`);
  return [
    ...['image', 'snapshot'].map((kind) => finding(LENT, '', `${kind}/*`)),
    ...['capacity-reservation', 'key-pair', 'placement-group'].map((kind) => finding(LENT, '*', `${kind}/*`)),
    ...[...new Set([...subnets, ...groups])].map((resource) => finding(SHARED, '*', resource)),
    ...['fleet', 'instance', 'launch-template', 'network-interface', 'spot-instances-request', 'volume'].map(
      (kind) => finding(OURS, Token.isUnresolved(account) ? '<AWS::AccountId>' : account, `${kind}/*`),
    ),
  ];
};

export const acknowledge = (stack: Stack, deployed: Deployed): void => {
  for (const finding of [...REASONS, ...wildcards(stack, deployed)])
    Validations.of(stack).acknowledge(finding);
};
