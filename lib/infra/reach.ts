// The only function inside a network, where the masters are private. It may do nothing on AWS but what a function in a
// network needs; every cloud API is called from outside, so the network needs no NAT gateway and no endpoint.
import { Annotations, type Stack } from 'aws-cdk-lib';
import { SecurityGroup, Subnet, Vpc } from 'aws-cdk-lib/aws-ec2';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { Spec } from '../core/model/spec';
import { type Build, makeFunction } from './functions';

/** Undefined where the masters are reached directly. Throws an Error where the clusters differ in how: one function
 *  serves them all, and inside one network it reaches neither another nor the internet. */
export const makeReach = (stack: Stack, build: Build, specs: readonly Spec[]): LambdaFunction | undefined => {
  const ways = new Set(specs.map(({ network }) => wayOf(network)));
  if (ways.size > 1) {
    const list = specs.map(({ cluster, network }) => `${cluster} ${wayOf(network)}`).join(', ');
    throw new Error(
      `The clusters of one deployment reach their masters the same way, and these do not: ${list}. Deploy them apart, each with its own -c stack=NAME.`,
    );
  }
  const vpcId = specs[0]?.network.vpcId;
  if (specs[0]?.network.reach !== 'vpc' || vpcId === undefined) return undefined;
  // The pools' zones, because asking for those of the network would be a look-up; the subnets are given.
  const pools = specs.flatMap((spec) => spec.pools).filter(({ cloud }) => cloud === 'aws');
  const availabilityZones = [...new Set(pools.flatMap(({ zones }) => zones.map(({ name }) => name)))];
  const vpc = Vpc.fromVpcAttributes(stack, 'Vpc', { vpcId, availabilityZones });
  const group = new SecurityGroup(stack, 'ReachGroup', {
    vpc,
    description: 'Muster to the Mesos masters and Marathon',
  });
  const ids = [...new Set(specs.flatMap(({ network }) => network.subnets))].sort();
  const subnets = ids.map((id) => subnetOf(stack, id));
  return makeFunction(stack, 'reach', build, { vpc, vpcSubnets: { subnets }, securityGroups: [group] });
};

const wayOf = ({ reach, vpcId }: Spec['network']): string =>
  reach === 'vpc' ? `through ${vpcId ?? 'a network'}` : 'directly';

const subnetOf = (stack: Stack, id: string) => {
  const subnet = Subnet.fromSubnetId(stack, `Subnet-${id}`, id);
  Annotations.of(subnet).acknowledgeWarning(
    '@aws-cdk/aws-ec2:noSubnetRouteTableId',
    'No route is made here.',
  );
  return subnet;
};
