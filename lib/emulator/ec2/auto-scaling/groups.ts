// What a group does by itself: keep its size, choose victims, wait for hooks, even out its zones. For whoever manages
// the machines inside it, it is a second will.
import type { LaunchTemplateData } from '../api';
import type { Cloud, Vm } from '../cloud';
import { emitEvent } from '../cloud';
import { createFleet } from '../fleet';
import { endVm, isUp, USER_END } from '../life';
import { resolveTemplate } from '../templates';
import { dropHooks, startHooks } from './hooks';
import type { LifecycleResult } from './api';
import type { Group, Groups, Member } from './state';
import { isLeaving } from './state';

/** Looks at the group a little later, once for all that happened until then. */
export const consider = (groups: Groups, group: Group, afterMs?: number): void => {
  if (group.isConsidered) return;
  group.isConsidered = true;
  const { timeline, settings } = groups.cloud.base;
  timeline.after(afterMs ?? settings.autoScaling.reactMs, () => {
    group.isConsidered = false;
    keepSize(groups, group);
  });
};

const keepSize = (groups: Groups, group: Group): void => {
  const staying = [...group.members.values()].filter((member) => !isLeaving(member));
  const extra = staying.filter((member) => member.replaces !== undefined).length;
  const missing = group.desired - (staying.length - extra);
  if (missing > 0 && !group.suspended.has('Launch')) launch(groups, group, missing);
  if (missing < 0 && !group.suspended.has('Terminate')) {
    for (const member of victims(staying, -missing)) leave(groups, group, member);
  }
  if (missing === 0 && extra === 0) scheduleBalance(groups, group);
};

const launch = (groups: Groups, group: Group, count: number): void => {
  for (let made = 0; made < count; made += 1) {
    const zones = zonesByCount(groups.cloud, group);
    if (!zones.some((zone) => launchIn(groups, group, zone) !== undefined)) {
      consider(groups, group, groups.cloud.base.settings.autoScaling.retryMs);
      return;
    }
  }
};

/** Zones of the group, that with the fewest staying machines first. */
const zonesByCount = (cloud: Cloud, group: Group): string[] => {
  const counts = new Map(group.subnets.map((id) => [zoneOf(cloud, id), 0]));
  for (const member of group.members.values()) {
    if (!isLeaving(member)) counts.set(member.vm.zone, (counts.get(member.vm.zone) ?? 0) + 1);
  }
  return [...counts].sort(([a, m], [b, n]) => m - n || (a < b ? -1 : 1)).map(([zone]) => zone);
};

export const zoneOf = (cloud: Cloud, subnet: string): string =>
  cloud.subnets.find(({ id }) => id === subnet)?.zone ?? '';

const launchIn = (groups: Groups, group: Group, zone: string): Member | undefined => {
  const { cloud } = groups;
  const { version } = resolveTemplate(cloud, group.template);
  const market = isSpot(version.data) ? 'spot' : 'on-demand';
  const Tags = [
    ...group.tags.filter((tag) => tag.PropagateAtLaunch === true),
    { Key: 'aws:autoscaling:groupName', Value: group.name },
  ].map(({ Key, Value }) => ({ Key, Value }));
  const [SubnetId = ''] = group.subnets.filter((id) => zoneOf(cloud, id) === zone);
  const answer = createFleet(cloud, {
    Type: 'instant',
    LaunchTemplateConfigs: [{ LaunchTemplateSpecification: group.template, Overrides: [{ SubnetId }] }],
    TargetCapacitySpecification: { TotalTargetCapacity: 1, DefaultTargetCapacityType: market },
    TagSpecifications: [{ ResourceType: 'instance', Tags }],
  });
  const vm = cloud.vms.get(answer.Instances[0]?.InstanceIds[0] ?? '');
  if (vm === undefined) {
    tellFailedLaunch(cloud, group, answer.Errors[0]?.ErrorMessage ?? '');
    return undefined;
  }
  const member: Member = { vm, state: 'Pending', isProtected: group.protectsNew, waiting: new Map() };
  group.members.set(vm.id, member);
  return member;
};

const isSpot = (data: LaunchTemplateData): boolean => {
  const options: unknown = data['InstanceMarketOptions'];
  return typeof options === 'object' && options !== null && Reflect.get(options, 'MarketType') === 'spot';
};

const tellFailedLaunch = (cloud: Cloud, group: Group, StatusMessage: string): void =>
  emitEvent(cloud, {
    'detail-type': 'EC2 Instance Launch Unsuccessful',
    source: 'aws.autoscaling',
    resources: [group.arn],
    detail: { AutoScalingGroupName: group.name, StatusCode: 'Failed', StatusMessage },
  });

/** Unprotected ones only; from the fullest zone the oldest first, as the default policy ends up with one template. */
const victims = (staying: readonly Member[], count: number): Member[] => {
  const chosen: Member[] = [];
  while (chosen.length < count) {
    const left = staying.filter((member) => !chosen.includes(member));
    const inZone = (zone: string): number => left.filter(({ vm }) => vm.zone === zone).length;
    const [next] = left
      .filter((member) => !member.isProtected)
      .sort((a, b) => inZone(b.vm.zone) - inZone(a.vm.zone) || a.vm.number - b.vm.number);
    if (next === undefined) break;
    chosen.push(next);
  }
  return chosen;
};

export const leave = (groups: Groups, group: Group, member: Member): void => {
  if (isLeaving(member)) return;
  dropHooks(member);
  member.state = 'Terminating';
  groups.cloud.base.scribe.write(
    'machine-ending',
    member.vm.id,
    `The group ${group.name} lets ${member.vm.id} go.`,
  );
  const waits = startHooks(groups, group, member, (one) => proceed(groups, one));
  if (waits) member.state = 'Terminating:Wait';
  else proceed(groups, member);
};

const proceed = (groups: Groups, member: Member): void => {
  member.state = 'Terminating:Proceed';
  endVm(groups.cloud, member.vm, USER_END);
};

/** What became of a hook; an abandoned launch is ended and made again. */
export const releasedBy =
  (groups: Groups, group: Group) =>
  (member: Member, result: LifecycleResult): void => {
    if (isLeaving(member)) proceed(groups, member);
    else if (result === 'CONTINUE') enterService(groups, group, member);
    else {
      member.state = 'Terminating';
      proceed(groups, member);
      consider(groups, group);
    }
  };

const enterService = (groups: Groups, group: Group, member: Member): void => {
  member.state = 'InService';
  const old = group.members.get(member.replaces ?? '');
  delete member.replaces;
  if (old !== undefined) leave(groups, group, old);
  consider(groups, group);
};

/** Hears of every machine of the account. One that ends without the group's doing is noticed by its health check. */
export const machineChanged = (groups: Groups, vm: Vm): void => {
  for (const group of groups.byName.values()) {
    const member = group.members.get(vm.id);
    if (member === undefined) continue;
    if (vm.state === 'running' && member.state === 'Pending') {
      const waits = startHooks(groups, group, member, releasedBy(groups, group));
      if (waits) member.state = 'Pending:Wait';
      else enterService(groups, group, member);
    } else if (!isUp(vm.state)) lose(groups, group, member);
  }
};

const lose = (groups: Groups, group: Group, member: Member): void => {
  if (member.state === 'Terminating:Proceed') {
    if (member.vm.state === 'terminated') forget(groups, group, member);
    return;
  }
  const { timeline, settings } = groups.cloud.base;
  timeline.after(settings.autoScaling.healthCheckMs, () => {
    if (group.suspended.has('ReplaceUnhealthy') || !group.members.has(member.vm.id)) return;
    endVm(groups.cloud, member.vm, USER_END);
    forget(groups, group, member);
  });
};

const forget = (groups: Groups, group: Group, member: Member): void => {
  dropHooks(member);
  group.members.delete(member.vm.id);
  consider(groups, group);
};

const scheduleBalance = (groups: Groups, group: Group): void => {
  if (fullest(groups, group) === undefined) return;
  const { timeline, settings } = groups.cloud.base;
  timeline.after(settings.autoScaling.rebalanceMs, () => balance(groups, group));
};

/** A machine of the fullest zone, where that has at least two more than the emptiest. */
const fullest = (groups: Groups, group: Group): { old: Member; zone: string } | undefined => {
  if (group.suspended.has('AZRebalance')) return undefined;
  const zones = zonesByCount(groups.cloud, group);
  const [zone = ''] = zones;
  const inService = [...group.members.values()].filter(({ state }) => state === 'InService');
  const of = (name: string): Member[] => inService.filter(({ vm }) => vm.zone === name);
  const most = of(zones.at(-1) ?? '');
  const [old] = most.sort((a, b) => a.vm.number - b.vm.number);
  return old !== undefined && most.length - of(zone).length >= 2 ? { old, zone } : undefined;
};

/** The new machine first, then the old one goes, whatever runs on it. */
const balance = (groups: Groups, group: Group): void => {
  const found = fullest(groups, group);
  const isBusy = [...group.members.values()].some((member) => member.replaces !== undefined);
  if (found === undefined || isBusy) return;
  const made = launchIn(groups, group, found.zone);
  if (made === undefined) scheduleBalance(groups, group);
  else made.replaces = found.old.vm.id;
};
