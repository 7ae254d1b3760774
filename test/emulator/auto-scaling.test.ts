import { describe, expect, test } from '@jest/globals';
import { AwsFailure } from '../../lib/emulator/aws-failure';
import type { CreateGroupInput, LifecycleHook } from '../../lib/emulator/ec2/auto-scaling/api';
import type { CloudEvent, EmulatedWorld } from '../../lib/emulator/world';
import { translate } from '../../lib/events/translate';
import { MINUTE, smallWorld, userData } from './small-world';

const NAME = 'mesos-agents';
const HOUR = 60 * MINUTE;

const makeGroup = (world: EmulatedWorld, more: Partial<CreateGroupInput> = {}): void => {
  const { LaunchTemplate } = world.ec2.CreateLaunchTemplate({
    LaunchTemplateName: 'group',
    LaunchTemplateData: {
      ImageId: 'ami-0123456789abcdef0',
      InstanceType: 'm7i.large',
      UserData: userData(),
      InstanceMarketOptions: { MarketType: 'spot' },
    },
  });
  world.autoScaling.CreateAutoScalingGroup({
    AutoScalingGroupName: NAME,
    MinSize: 1,
    MaxSize: 6,
    DesiredCapacity: 3,
    LaunchTemplate: { LaunchTemplateId: LaunchTemplate.LaunchTemplateId, Version: '1' },
    VPCZoneIdentifier: 'subnet-a, subnet-b, subnet-c',
    Tags: [{ Key: 'muster:cluster', Value: 'prod', PropagateAtLaunch: true }],
    ...more,
  });
  world.advance(2 * MINUTE);
};

const members = (world: EmulatedWorld) =>
  world.autoScaling.DescribeAutoScalingGroups({ AutoScalingGroupNames: [NAME] }).AutoScalingGroups[0]
    ?.Instances ?? [];
const desired = (world: EmulatedWorld) =>
  world.autoScaling.DescribeAutoScalingGroups({}).AutoScalingGroups[0]?.DesiredCapacity;
const states = (world: EmulatedWorld) => members(world).map(({ LifecycleState }) => LifecycleState);
const zones = (world: EmulatedWorld) =>
  members(world)
    .map(({ AvailabilityZone }) => AvailabilityZone.slice(-1))
    .sort()
    .join('');

const hook = (more: Partial<LifecycleHook> = {}): LifecycleHook => ({
  LifecycleHookName: 'drain',
  LifecycleTransition: 'autoscaling:EC2_INSTANCE_TERMINATING',
  HeartbeatTimeout: 300,
  NotificationMetadata: '{"pool":"web"}',
  ...more,
});

const hookEvents = (world: EmulatedWorld): CloudEvent[] => {
  const seen: CloudEvent[] = [];
  world.onEvent((event) => {
    if (event['detail-type'].endsWith('Lifecycle Action')) seen.push(event);
  });
  return seen;
};

const tokenOf = (event: CloudEvent | undefined): string => String(event?.detail['LifecycleActionToken']);

const refusal = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (error instanceof AwsFailure) return `${error.code}: ${error.message}`;
    throw error;
  }
  return 'done';
};

describe('a group of Auto Scaling', () => {
  test('keeps its size in all its zones, and its machines register', () => {
    const world = smallWorld();
    makeGroup(world);
    expect([states(world), zones(world)]).toEqual([['InService', 'InService', 'InService'], 'abc']);
    expect(world.mesos.agents()).toHaveLength(3);
    const found = world.ec2.DescribeInstances({
      Filters: [{ Name: 'tag:muster:cluster', Values: ['prod'] }],
    }).Reservations;
    expect(found).toHaveLength(3);
    expect(found[0]?.Instances[0]?.InstanceLifecycle).toBe('spot');
  });

  test('replaces what ends without its doing', () => {
    const world = smallWorld();
    makeGroup(world);
    const [first, second] = members(world).map(({ InstanceId }) => InstanceId);
    world.troubles.humanTerminates(first ?? '');
    world.troubles.spotEnd(second ?? '');
    world.advance(2 * MINUTE);
    expect(states(world)).toEqual(['InService', 'InService', 'InService']);
    expect(members(world).map(({ InstanceId }) => InstanceId)).not.toContain(first);
  });

  test('lets one machine go and keeps the others, unless that breaks its minimum', () => {
    const world = smallWorld();
    makeGroup(world, { MinSize: 2 });
    const [, chosen = '', other = ''] = members(world).map(({ InstanceId }) => InstanceId);
    world.autoScaling.TerminateInstanceInAutoScalingGroup({
      InstanceId: chosen,
      ShouldDecrementDesiredCapacity: true,
    });
    world.advance(2 * MINUTE);
    expect([desired(world), members(world).length]).toEqual([2, 2]);
    expect(members(world).map(({ InstanceId }) => InstanceId)).not.toContain(chosen);
    const again = { InstanceId: other, ShouldDecrementDesiredCapacity: true };
    expect(refusal(() => world.autoScaling.TerminateInstanceInAutoScalingGroup(again))).toMatch(
      /^ValidationError: .*minSize \(2\)/,
    );
    world.autoScaling.TerminateInstanceInAutoScalingGroup({
      InstanceId: other,
      ShouldDecrementDesiredCapacity: false,
    });
    world.advance(2 * MINUTE);
    expect([desired(world), members(world).length]).toEqual([2, 2]);
    expect(members(world).map(({ InstanceId }) => InstanceId)).not.toContain(other);
  });

  test('chooses the victims itself when its size is lowered, but for protected ones', () => {
    const world = smallWorld();
    makeGroup(world);
    const ids = members(world).map(({ InstanceId }) => InstanceId);
    const protect = { AutoScalingGroupName: NAME, ProtectedFromScaleIn: true };
    world.autoScaling.SetInstanceProtection({ ...protect, InstanceIds: ids.slice(0, 1) });
    world.autoScaling.SetDesiredCapacity({ AutoScalingGroupName: NAME, DesiredCapacity: 1 });
    world.advance(2 * MINUTE);
    expect(members(world).map(({ InstanceId }) => InstanceId)).toEqual(ids.slice(0, 1));
    const beyond = { AutoScalingGroupName: NAME, DesiredCapacity: 7 };
    expect(refusal(() => world.autoScaling.SetDesiredCapacity(beyond))).toMatch(/above max value 6/);
  });

  test('evens out its zones by ending a busy machine, unless AZRebalance is suspended', () => {
    const unevenly = (): EmulatedWorld => {
      const world = smallWorld();
      const enough = world.troubles.capacityError({ zone: 'us-east-1b' });
      makeGroup(world, { VPCZoneIdentifier: 'subnet-a,subnet-b' });
      enough();
      return world;
    };
    const free = unevenly();
    const held = unevenly();
    const [oldest] = members(free).map(({ InstanceId }) => InstanceId);
    held.autoScaling.SuspendProcesses({ AutoScalingGroupName: NAME, ScalingProcesses: ['AZRebalance'] });
    expect([zones(free), zones(held)]).toEqual(['aaa', 'aaa']);
    for (const world of [free, held]) world.advance(10 * MINUTE);
    expect([zones(free), zones(held)]).toEqual(['aab', 'aaa']);
    expect(members(free).map(({ InstanceId }) => InstanceId)).not.toContain(oldest);
  });
});

describe('a lifecycle hook', () => {
  const leaving = (more: Partial<LifecycleHook> = {}) => {
    const world = smallWorld();
    makeGroup(world, { LifecycleHookSpecificationList: [hook(more)] });
    const events = hookEvents(world);
    world.troubles.capacityError({});
    const [{ InstanceId } = { InstanceId: '' }] = members(world);
    world.autoScaling.TerminateInstanceInAutoScalingGroup({
      InstanceId,
      ShouldDecrementDesiredCapacity: true,
    });
    const name = { AutoScalingGroupName: NAME, LifecycleHookName: 'drain' };
    return { world, events, id: InstanceId, name };
  };
  const stateOf = (world: EmulatedWorld, id: string) =>
    members(world).find(({ InstanceId }) => InstanceId === id)?.LifecycleState;

  test('is told on the bus as the translators read it, and waits', () => {
    const { world, events, id } = leaving();
    expect(stateOf(world, id)).toBe('Terminating:Wait');
    const [event] = events;
    expect(translate(JSON.parse(JSON.stringify(event)), { receivedAt: world.now() })).toMatchObject({
      source: 'aws.autoscaling',
      signals: [
        {
          kind: 'autoscaling.lifecycle-terminate',
          subject: id,
          urgency: 'now',
          fact: {
            scope: { account: '123456789012', region: 'us-east-1' },
            dedupeKey: tokenOf(event),
            body: { kind: 'lifecycle-hook', group: NAME, hook: 'drain', transition: 'terminating' },
          },
        },
      ],
    });
    world.advance(4 * MINUTE);
    expect(stateOf(world, id)).toBe('Terminating:Wait');
  });

  test.each(['arn:aws:sqs:us-east-1:123456789012:hooks', 'arn:aws:sns:us-east-1:123456789012:hooks'])(
    'is told by %s: a test first, then the action',
    (arn) => {
      const world = smallWorld();
      const bodies: string[] = [];
      world.onQueueMessage((message) => bodies.push(message.body));
      makeGroup(world, { LifecycleHookSpecificationList: [hook({ NotificationTargetARN: arn })] });
      const [{ InstanceId } = { InstanceId: '' }] = members(world);
      world.autoScaling.TerminateInstanceInAutoScalingGroup({
        InstanceId,
        ShouldDecrementDesiredCapacity: true,
      });
      const read = bodies.map((body) => translate(JSON.parse(body), { receivedAt: 0, region: 'us-east-1' }));
      expect(read).toMatchObject([
        { signals: [], ignored: expect.stringMatching(/test notification/) },
        { signals: [{ kind: 'autoscaling.lifecycle-terminate', subject: InstanceId }] },
      ]);
      const types = bodies.map((body) => Object.hasOwn(JSON.parse(body) as object, 'TopicArn'));
      expect(types).toEqual(arn.includes(':sns:') ? [true, true] : [false, false]);
    },
  );

  test('ends with CONTINUE, and a second answer finds no action', () => {
    const { world, events, id, name } = leaving();
    const answer = {
      ...name,
      LifecycleActionToken: tokenOf(events[0]),
      LifecycleActionResult: 'CONTINUE' as const,
    };
    world.autoScaling.CompleteLifecycleAction(answer);
    expect(stateOf(world, id)).toBe('Terminating:Proceed');
    expect(refusal(() => world.autoScaling.CompleteLifecycleAction(answer))).toBe(
      `ValidationError: No active Lifecycle Action found with token ${tokenOf(events[0])}`,
    );
    world.advance(MINUTE);
    expect(stateOf(world, id)).toBeUndefined();
  });

  test('ends by itself when no heartbeat comes', () => {
    const { world, id } = leaving();
    world.advance(5 * MINUTE - 1);
    expect(stateOf(world, id)).toBe('Terminating:Wait');
    world.advance(1);
    expect(stateOf(world, id)).toBe('Terminating:Proceed');
  });

  test.each([
    [30, 100 * 30_000],
    [7200, 48 * HOUR],
  ])('of %d s is held by heartbeats for a hundred of them and 48 hours at most', (seconds, mostMs) => {
    const { world, id, name } = leaving({ HeartbeatTimeout: seconds });
    const start = world.now();
    while (world.now() + seconds * 500 < start + mostMs) {
      world.advance(seconds * 500);
      world.autoScaling.RecordLifecycleActionHeartbeat({ ...name, InstanceId: id });
    }
    world.advanceTo(start + mostMs - 1);
    expect(stateOf(world, id)).toBe('Terminating:Wait');
    world.advance(1);
    expect(stateOf(world, id)).toBe('Terminating:Proceed');
  });

  test('does not hold up the end of a spot machine', () => {
    const { world, id } = leaving();
    world.troubles.spotNotice(id);
    world.advance(3 * MINUTE);
    expect(stateOf(world, id)).toBeUndefined();
  });

  test('at the launch keeps a machine out of service; ABANDON ends it and another comes', () => {
    const world = smallWorld();
    const events = hookEvents(world);
    const launching = hook({
      LifecycleHookName: 'ready',
      LifecycleTransition: 'autoscaling:EC2_INSTANCE_LAUNCHING',
    });
    makeGroup(world, { DesiredCapacity: 1, LifecycleHookSpecificationList: [launching] });
    const [first] = members(world);
    expect(first?.LifecycleState).toBe('Pending:Wait');
    expect(translate(JSON.parse(JSON.stringify(events[0])), { receivedAt: 0 })).toMatchObject({
      signals: [{ kind: 'autoscaling.lifecycle-launch', subject: first?.InstanceId }],
    });
    const name = { AutoScalingGroupName: NAME, LifecycleHookName: 'ready' };
    world.autoScaling.CompleteLifecycleAction({
      ...name,
      LifecycleActionToken: tokenOf(events[0]),
      LifecycleActionResult: 'ABANDON',
    });
    world.advance(2 * MINUTE);
    expect(states(world)).toEqual(['Pending:Wait']);
    expect(members(world)[0]?.InstanceId).not.toBe(first?.InstanceId);
    world.autoScaling.CompleteLifecycleAction({
      ...name,
      LifecycleActionToken: tokenOf(events[1]),
      LifecycleActionResult: 'CONTINUE',
    });
    expect(states(world)).toEqual(['InService']);
  });
});
