// EC2 Auto Scaling's lifecycle hooks: through EventBridge, or straight to SQS, where the body is the detail itself.
import * as z from 'zod/mini';
import type { Fact } from '../core/model/signal';
import { type Context, HOUR_MS, id, instant, reading, type Source, shortText, text } from './translation';

const SOURCE = 'aws.autoscaling';

const hookFields = {
  LifecycleActionToken: id,
  AutoScalingGroupName: shortText,
  LifecycleHookName: shortText,
  EC2InstanceId: id,
};

/** A hook waits at most 48 hours, however often its heartbeat is recorded: its fact lives as long, unless a turn
 *  completes it first. */
const LONGEST_HOOK_MS = 48 * HOUR_MS;

type Hook = {
  readonly [Field in keyof typeof hookFields]: string;
} & { readonly account: string; readonly region: string; readonly time: number };

/** Second reader: none for the token; describing the group shows a machine that waits (`Pending:Wait`,
 *  `Terminating:Wait`), and the hook's own timeout ends the wait. */
const hookSignal = (hook: Hook, transition: 'launching' | 'terminating') => {
  const subject = hook.EC2InstanceId;
  const fact: Fact = {
    scope: { kind: 'cloud', cloud: 'aws', account: hook.account, region: hook.region },
    subject,
    dedupeKey: hook.LifecycleActionToken,
    at: hook.time,
    expiresAt: hook.time + LONGEST_HOOK_MS,
    body: {
      kind: 'lifecycle-hook',
      group: hook.AutoScalingGroupName,
      hook: hook.LifecycleHookName,
      token: hook.LifecycleActionToken,
      transition,
    },
  };
  const kind = KINDS[transition];
  return {
    kind,
    subject,
    urgency: transition === 'terminating' ? 'now' : 'soon',
    at: hook.time,
    clusters: [],
    fact,
  } as const;
};

const KINDS = {
  launching: 'autoscaling.lifecycle-launch',
  terminating: 'autoscaling.lifecycle-terminate',
} as const;

const throughEventBridge = (transition: 'launching' | 'terminating') =>
  reading(
    SOURCE,
    z.object({ account: id, region: id, time: instant, detail: z.object(hookFields) }),
    ({ account, region, time, detail }) => ({
      signals: [hookSignal({ ...detail, account, region, time }, transition)],
    }),
  );

export const launchHook = throughEventBridge('launching');
export const terminateHook = throughEventBridge('terminating');

const directBody = z.object({
  ...hookFields,
  AccountId: id,
  Time: instant,
  LifecycleTransition: z.enum(['autoscaling:EC2_INSTANCE_LAUNCHING', 'autoscaling:EC2_INSTANCE_TERMINATING']),
});

/** The body names no region: it is that of the queue, which Auto Scaling requires to be its own. */
const direct = reading(SOURCE, directBody, (body, { region }: Context) => {
  const transition = body.LifecycleTransition.endsWith('LAUNCHING') ? 'launching' : 'terminating';
  const signal = hookSignal(
    { ...body, account: body.AccountId, region: region ?? '', time: body.Time },
    transition,
  );
  if (region !== undefined) return { signals: [signal] };
  const { fact: _fact, ...bare } = signal;
  return {
    signals: [bare],
    ignored: 'The hook is not kept: its body names no region, and none was given for the queue it came by.',
  };
});

/** What a group sends first, to try the way. */
const testNotification = reading(
  SOURCE,
  z.object({ AutoScalingGroupName: text }),
  ({ AutoScalingGroupName }) => ({
    signals: [],
    ignored: `Only a test notification: the hook of ${AutoScalingGroupName.slice(0, 255)} reaches us.`,
  }),
);

export const autoScalingDirect: Source = {
  recognises: (raw) =>
    raw['Service'] === 'AWS Auto Scaling' || typeof raw['LifecycleTransition'] === 'string',
  translate: (raw, context) =>
    raw['Event'] === 'autoscaling:TEST_NOTIFICATION' ? testNotification(raw, context) : direct(raw, context),
};
