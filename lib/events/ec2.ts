// EC2's events about single machines. They carry no tags, so their facts are kept per account and region.
import * as z from 'zod/mini';
import type { FactBody, Signal, Urgency } from '../core/model/signal';
import { id, instant, MINUTE_MS, reading, shortText } from './translation';

const envelope = { account: id, region: id, time: instant };
const instance = { 'instance-id': id };
const ending = z.object({ ...instance, 'instance-action': z.enum(['terminate', 'stop', 'hibernate']) });

/** EC2 gives two minutes, and the notice is best effort (facts: limits, spot). */
const SPOT_NOTICE_MS = 2 * MINUTE_MS;
const LATE_MS = 10 * MINUTE_MS;

/** Two minutes' notice. Second reader: the in-guest watcher of the instance metadata; failing that, the death itself
 *  is seen by describing machines. One fact a machine, whoever reports it and however often. */
export const spotInterruption = reading('aws.ec2', z.object({ ...envelope, detail: ending }), (event) => {
  const deadline = event.time + SPOT_NOTICE_MS;
  const body = { kind: 'interruption', action: event.detail['instance-action'], deadline } as const;
  return one(event, {
    kind: 'ec2.spot-interruption',
    urgency: 'now',
    dedupeKey: 'spot',
    body,
    expiresAt: deadline + LATE_MS,
  });
});

/** The notice of an interruptible capacity reservation that is reclaimed. Second reader: describing machines, which
 *  shows the death. It names no deadline: that of a spot machine is assumed. */
export const capacityReservation = reading('aws.ec2', z.object({ ...envelope, detail: ending }), (event) => {
  const deadline = event.time + SPOT_NOTICE_MS;
  const body = { kind: 'interruption', action: event.detail['instance-action'], deadline } as const;
  return one(event, {
    kind: 'ec2.capacity-reservation-interruption',
    urgency: 'now',
    dedupeKey: 'capacity-reservation',
    body,
    expiresAt: deadline + LATE_MS,
  });
});

/** A raised risk of interruption, with no deadline. Second reader: the in-guest watcher of the instance metadata. A
 *  machine that is still there after half an hour was not meant (aws-node-termination-handler's experience). */
export const rebalance = reading('aws.ec2', z.object({ ...envelope, detail: z.object(instance) }), (event) =>
  one(event, {
    kind: 'ec2.rebalance',
    urgency: 'soon',
    dedupeKey: 'rebalance',
    body: { kind: 'rebalance' },
    expiresAt: event.time + 30 * MINUTE_MS,
  }),
);

/** Any machine of the account. Second reader: describing machines, each turn; the fact only tells a turn that the
 *  description, which may lag, is older than the event. */
export const stateChange = reading(
  'aws.ec2',
  z.object({ ...envelope, detail: z.object({ ...instance, state: shortText }) }),
  (event) => {
    const { state } = event.detail;
    return one(event, {
      kind: 'ec2.state-change',
      urgency: ENDING_STATES.has(state) ? 'now' : 'soon',
      dedupeKey: 'state',
      body: { kind: 'machine-state', state },
      expiresAt: event.time + LATE_MS,
    });
  },
);

const ENDING_STATES: ReadonlySet<string> = new Set(['shutting-down', 'terminated', 'stopping', 'stopped']);

type Ec2Event = {
  readonly account: string;
  readonly region: string;
  readonly time: number;
  readonly detail: { readonly 'instance-id': string };
};

type Reading = {
  readonly kind: string;
  readonly urgency: Urgency;
  readonly dedupeKey: string;
  readonly body: FactBody;
  readonly expiresAt: number;
};

const one = (
  event: Ec2Event,
  { kind, urgency, ...fact }: Reading,
): { readonly signals: readonly Signal[] } => {
  const { account, region, time: at } = event;
  const subject = event.detail['instance-id'];
  const scope = { kind: 'cloud', cloud: 'aws', account, region } as const;
  return { signals: [{ kind, subject, urgency, at, clusters: [], fact: { scope, subject, at, ...fact } }] };
};
