// Lifecycle hooks: the message in its three envelopes, heartbeats, and the end of the wait.
import { iso } from '../../base';
import { emitEvent } from '../cloud';
import type { LifecycleActionName, LifecycleHook, LifecycleResult } from './api';
import type { Group, Groups, Member, Waiting } from './state';
import { hooksFor, invalid, isLeaving } from './state';

const DEFAULT_HEARTBEAT_S = 3600;
/** A hook waits for a hundred heartbeats or 48 hours, whichever is shorter (cloud-apis §2). */
const MOST_HEARTBEATS = 100;
const LONGEST_MS = 48 * 3_600_000;

const heartbeatMs = (hook: LifecycleHook): number => (hook.HeartbeatTimeout ?? DEFAULT_HEARTBEAT_S) * 1000;

export type Released = (member: Member, result: LifecycleResult) => void;

/** All hooks of the transition at once. @returns false when there is none to wait for. */
export const startHooks = (groups: Groups, group: Group, member: Member, released: Released): boolean => {
  const transition = isLeaving(member)
    ? 'autoscaling:EC2_INSTANCE_TERMINATING'
    : 'autoscaling:EC2_INSTANCE_LAUNCHING';
  const { timeline, dice } = groups.cloud.base;
  const hooks = hooksFor(group, transition);
  for (const hook of hooks) {
    const beat = heartbeatMs(hook);
    const token = dice.uuid('lifecycle-action');
    const waiting: Waiting = {
      token,
      hook,
      until: timeline.now() + Math.min(LONGEST_MS, MOST_HEARTBEATS * beat),
      timer: timeline.after(beat, () => release(member, waiting, hook.DefaultResult ?? 'ABANDON', released)),
    };
    member.waiting.set(token, waiting);
  }
  for (const waiting of member.waiting.values()) tell(groups, group, member, waiting);
  return hooks.length > 0;
};

const release = (member: Member, waiting: Waiting, result: LifecycleResult, released: Released): void => {
  waiting.timer.cancel();
  member.waiting.delete(waiting.token);
  if (result === 'CONTINUE' && member.waiting.size > 0) return;
  dropHooks(member);
  released(member, result);
};

/** ABANDON ends the other hooks too, and so does the end of the machine. */
export const dropHooks = (member: Member): void => {
  for (const { timer } of member.waiting.values()) timer.cancel();
  member.waiting.clear();
};

export const completeAction = (
  group: Group,
  input: LifecycleActionName & { readonly LifecycleActionResult: LifecycleResult },
  released: Released,
): void => {
  const { member, waiting } = findAction(group, input);
  release(member, waiting, input.LifecycleActionResult, released);
};

export const recordHeartbeat = (
  groups: Groups,
  group: Group,
  input: LifecycleActionName,
  released: Released,
): void => {
  const { member, waiting } = findAction(group, input);
  const { timeline } = groups.cloud.base;
  waiting.timer.cancel();
  const end = Math.min(timeline.now() + heartbeatMs(waiting.hook), waiting.until);
  waiting.timer = timeline.at(end, () =>
    release(member, waiting, waiting.hook.DefaultResult ?? 'ABANDON', released),
  );
};

const findAction = (group: Group, input: LifecycleActionName): { member: Member; waiting: Waiting } => {
  for (const member of group.members.values()) {
    for (const waiting of member.waiting.values()) {
      if (waiting.hook.LifecycleHookName !== input.LifecycleHookName) continue;
      const { LifecycleActionToken: token, InstanceId: id } = input;
      if (token === undefined ? member.vm.id === id : waiting.token === token) return { member, waiting };
    }
  }
  const named =
    input.LifecycleActionToken === undefined
      ? `instance ID ${input.InstanceId ?? ''}`
      : `token ${input.LifecycleActionToken}`;
  throw invalid(`No active Lifecycle Action found with ${named}`);
};

const tell = (groups: Groups, group: Group, member: Member, { token, hook }: Waiting): void => {
  const { cloud } = groups;
  const isTerminating = hook.LifecycleTransition.endsWith('TERMINATING');
  const detail = {
    LifecycleActionToken: token,
    AutoScalingGroupName: group.name,
    LifecycleHookName: hook.LifecycleHookName,
    EC2InstanceId: member.vm.id,
    LifecycleTransition: hook.LifecycleTransition,
    ...(hook.NotificationMetadata === undefined ? {} : { NotificationMetadata: hook.NotificationMetadata }),
    Origin: isTerminating ? 'AutoScalingGroup' : 'EC2',
    Destination: isTerminating ? 'EC2' : 'AutoScalingGroup',
  };
  emitEvent(cloud, {
    'detail-type': `EC2 Instance-${isTerminating ? 'terminate' : 'launch'} Lifecycle Action`,
    source: 'aws.autoscaling',
    resources: [group.arn],
    detail,
  });
  send(groups, hook, detail);
};

/** The first thing that a hook's queue or topic gets. */
export const tellTest = (groups: Groups, group: Group, hook: LifecycleHook): void =>
  send(groups, hook, {
    AutoScalingGroupARN: group.arn,
    AutoScalingGroupName: group.name,
    Event: 'autoscaling:TEST_NOTIFICATION',
  });

/** Straight to a queue the body is the detail itself; a topic wraps it as text (facts: events §5.1). */
const send = ({ cloud, messages }: Groups, hook: LifecycleHook, fields: object): void => {
  const arn = hook.NotificationTargetARN;
  if (arn === undefined) return;
  const Time = iso(cloud.base.timeline.now());
  const RequestId = cloud.base.dice.uuid('auto-scaling-message');
  const body = JSON.stringify({
    ...fields,
    AccountId: cloud.account,
    RequestId,
    Service: 'AWS Auto Scaling',
    Time,
  });
  const isTopic = arn.startsWith('arn:aws:sns:');
  const wrapped = {
    Type: 'Notification',
    MessageId: RequestId,
    TopicArn: arn,
    Message: body,
    Timestamp: Time,
  };
  messages.emit({ arn, body: isTopic ? JSON.stringify(wrapped) : body });
};
