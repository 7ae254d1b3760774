// The envelope of Amazon EventBridge, and which file knows each kind of event in it. Delivery is at least once and
// unordered. ARNs are never read: that of a spot notice has the zone where the region belongs, and no account.
import * as z from 'zod/mini';
import { launchHook, terminateHook } from './auto-scaling';
import { alarm } from './cloudwatch';
import { capacityReservation, rebalance, spotInterruption, stateChange } from './ec2';
import { health } from './health';
import { scheduledEvent } from './tick';
import type { Fields, Source, Translation } from './translation';

const KINDS: Readonly<Record<string, { readonly source: string; readonly translate: Source['translate'] }>> =
  {
    'EC2 Spot Instance Interruption Warning': { source: 'aws.ec2', translate: spotInterruption },
    'EC2 Instance Rebalance Recommendation': { source: 'aws.ec2', translate: rebalance },
    'EC2 Instance State-change Notification': { source: 'aws.ec2', translate: stateChange },
    'EC2 Capacity Reservation Instance Interruption Warning': {
      source: 'aws.ec2',
      translate: capacityReservation,
    },
    'EC2 Instance-launch Lifecycle Action': { source: 'aws.autoscaling', translate: launchHook },
    'EC2 Instance-terminate Lifecycle Action': { source: 'aws.autoscaling', translate: terminateHook },
    'AWS Health Event': { source: 'aws.health', translate: health },
    'CloudWatch Alarm State Change': { source: 'aws.cloudwatch', translate: alarm },
    'Scheduled Event': { source: 'aws.events', translate: scheduledEvent },
  };

export const eventBridge: Source = {
  recognises: (raw) => typeof raw['detail-type'] === 'string',
  translate: (raw, context): Translation => {
    const envelope = z.safeParse(named, raw);
    if (!envelope.success) return { source: 'eventbridge', malformed: 'The event names no source (a text).' };
    const { 'detail-type': detailType, source } = envelope.data;
    const kind = Object.hasOwn(KINDS, detailType) ? KINDS[detailType] : undefined;
    if (kind === undefined || kind.source !== source) return foreign(detailType, source);
    return kind.translate(raw satisfies Fields, context);
  },
};

const named = z.object({ 'detail-type': z.string(), source: z.string() });

const foreign = (detailType: string, source: string): Translation => ({
  source: 'eventbridge',
  signals: [],
  ignored: `Nothing is done on "${detailType.slice(0, 100)}" of ${source.slice(0, 100)}.`,
});
