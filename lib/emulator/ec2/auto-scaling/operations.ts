// The operations of EC2 Auto Scaling in one place (cloud-apis §2).
import { iso } from '../../base';
import { admit, deliver } from '../cloud';
import { matchesFilters, paged } from '../filters';
import { resolveTemplate } from '../templates';
import type {
  AutoScaling,
  AutoScalingGroup,
  CreateGroupInput,
  DescribeGroupsInput,
  LifecycleActionName,
  LifecycleHook,
} from './api';
import { consider, leave, releasedBy, zoneOf } from './groups';
import { completeAction, recordHeartbeat, tellTest } from './hooks';
import type { Group, Groups, Member } from './state';
import { groupOf, invalid } from './state';

export const operationsOf = (groups: Groups): AutoScaling => {
  const gated =
    <I, O>(action: string, run: (groups: Groups, input: I) => O) =>
    (input: I): O => {
      admit(groups.cloud, action);
      const answer = run(groups, input);
      deliver(groups.cloud, action);
      return answer;
    };
  const named =
    <I>(run: (all: Groups, group: Group, input: I) => void) =>
    (all: Groups, input: I & { readonly AutoScalingGroupName: string }): void =>
      run(all, groupOf(all, input.AutoScalingGroupName), input);
  return {
    CreateAutoScalingGroup: gated('CreateAutoScalingGroup', create),
    DescribeAutoScalingGroups: gated('DescribeAutoScalingGroups', describe),
    SetDesiredCapacity: gated('SetDesiredCapacity', named(setDesired)),
    PutLifecycleHook: gated('PutLifecycleHook', named(putHook)),
    SuspendProcesses: gated(
      'SuspendProcesses',
      named((_, group, input: Processes) => {
        for (const name of input.ScalingProcesses) group.suspended.add(name);
      }),
    ),
    ResumeProcesses: gated(
      'ResumeProcesses',
      named((all, group, input: Processes) => {
        for (const name of input.ScalingProcesses) group.suspended.delete(name);
        consider(all, group);
      }),
    ),
    SetInstanceProtection: gated('SetInstanceProtection', named(protect)),
    TerminateInstanceInAutoScalingGroup: gated('TerminateInstanceInAutoScalingGroup', terminate),
    RecordLifecycleActionHeartbeat: gated(
      'RecordLifecycleActionHeartbeat',
      named((all, group, input: LifecycleActionName) =>
        recordHeartbeat(all, group, input, releasedBy(all, group)),
      ),
    ),
    CompleteLifecycleAction: gated(
      'CompleteLifecycleAction',
      named((all, group, input: Completion) => completeAction(group, input, releasedBy(all, group))),
    ),
  };
};

type Processes = { readonly ScalingProcesses: readonly string[] };
type Completion = Parameters<AutoScaling['CompleteLifecycleAction']>[0];

const create = (groups: Groups, input: CreateGroupInput): void => {
  const { cloud } = groups;
  const name = input.AutoScalingGroupName;
  const { MinSize: min, MaxSize: max } = input;
  const desired = input.DesiredCapacity ?? min;
  if (groups.byName.has(name)) throw invalid(`AutoScalingGroup by this name already exists - ${name}`);
  if (min > desired || desired > max)
    throw invalid('Desired capacity must be between the minimum and the maximum');
  resolveTemplate(cloud, input.LaunchTemplate);
  const group: Group = {
    name,
    arn: `arn:aws:autoscaling:${cloud.region}:${cloud.account}:autoScalingGroup:${cloud.base.dice.uuid('group')}:autoScalingGroupName/${name}`,
    createdAt: cloud.base.timeline.now(),
    min,
    max,
    desired,
    subnets: input.VPCZoneIdentifier.split(',').map((id) => id.trim()),
    template: input.LaunchTemplate,
    tags: input.Tags ?? [],
    protectsNew: input.NewInstancesProtectedFromScaleIn === true,
    hooks: new Map(),
    suspended: new Set(),
    members: new Map(),
    isConsidered: false,
  };
  groups.byName.set(name, group);
  for (const hook of input.LifecycleHookSpecificationList ?? []) putHook(groups, group, hook);
  consider(groups, group);
};

const describe = (
  groups: Groups,
  input: DescribeGroupsInput,
): ReturnType<AutoScaling['DescribeAutoScalingGroups']> => {
  const names = input.AutoScalingGroupNames ?? [];
  const rows = [...groups.byName.values()]
    .filter((group) => names.length === 0 || names.includes(group.name))
    .filter((group) =>
      matchesFilters(input.Filters, new Map(group.tags.map(({ Key, Value }) => [Key, Value])), {}),
    )
    .map((group) => groupRow(groups, group));
  const token = input.NextToken === undefined ? {} : { NextToken: input.NextToken };
  const { page, next } = paged(rows, { MaxResults: input.MaxRecords ?? 50, ...token }, 100);
  return { AutoScalingGroups: page, ...next };
};

const groupRow = (groups: Groups, group: Group): AutoScalingGroup => ({
  AutoScalingGroupName: group.name,
  AutoScalingGroupARN: group.arn,
  MinSize: group.min,
  MaxSize: group.max,
  DesiredCapacity: group.desired,
  AvailabilityZones: [...new Set(group.subnets.map((id) => zoneOf(groups.cloud, id)))],
  VPCZoneIdentifier: group.subnets.join(','),
  CreatedTime: iso(group.createdAt),
  Instances: [...group.members.values()].map(({ vm, state, isProtected }) => ({
    InstanceId: vm.id,
    InstanceType: vm.shape.name,
    AvailabilityZone: vm.zone,
    LifecycleState: state,
    HealthStatus: vm.state === 'pending' || vm.state === 'running' ? 'Healthy' : 'Unhealthy',
    ProtectedFromScaleIn: isProtected,
  })),
  SuspendedProcesses: [...group.suspended].map((ProcessName) => ({ ProcessName })),
  Tags: group.tags,
});

const setDesired = (groups: Groups, group: Group, input: { readonly DesiredCapacity: number }): void => {
  const wanted = input.DesiredCapacity;
  if (wanted < group.min)
    throw invalid(`New SetDesiredCapacity value ${wanted} is below min value ${group.min}`);
  if (wanted > group.max)
    throw invalid(`New SetDesiredCapacity value ${wanted} is above max value ${group.max}`);
  group.desired = wanted;
  consider(groups, group);
};

const putHook = (groups: Groups, group: Group, hook: LifecycleHook): void => {
  const seconds = hook.HeartbeatTimeout ?? 3600;
  if (seconds < 30 || seconds > 7200) throw invalid('HeartbeatTimeout must be between 30 and 7200 seconds');
  group.hooks.set(hook.LifecycleHookName, hook);
  tellTest(groups, group, hook);
};

const protect = (
  _: Groups,
  group: Group,
  input: { readonly InstanceIds: readonly string[]; readonly ProtectedFromScaleIn: boolean },
): void => {
  for (const id of input.InstanceIds) memberOf(group, id).isProtected = input.ProtectedFromScaleIn;
};

const memberOf = (group: Group | undefined, id: string): Member => {
  const member = group?.members.get(id);
  if (member !== undefined) return member;
  throw invalid(`Instance Id not found - No managed instance found for instance ID: ${id}`);
};

/** Without the decrement the group replaces the machine. */
const terminate = (
  groups: Groups,
  input: { readonly InstanceId: string; readonly ShouldDecrementDesiredCapacity: boolean },
): void => {
  const group = [...groups.byName.values()].find(({ members }) => members.has(input.InstanceId));
  const member = memberOf(group, input.InstanceId);
  if (group === undefined) return;
  if (input.ShouldDecrementDesiredCapacity) {
    if (group.desired <= group.min)
      throw invalid(
        `Currently, desiredSize equals minSize (${group.min}). Terminating instance without replacement will violate group's min size constraint.`,
      );
    group.desired -= 1;
  }
  leave(groups, group, member);
  consider(groups, group);
};
