// Everything that puts events on the queue by itself: EventBridge rules and the tick.
import { Duration } from 'aws-cdk-lib';
import { type EventPattern, Rule } from 'aws-cdk-lib/aws-events';
import { SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import { Schedule, ScheduleExpression, ScheduleTargetInput } from 'aws-cdk-lib/aws-scheduler';
import { SqsSendMessage } from 'aws-cdk-lib/aws-scheduler-targets';
import { Construct } from 'constructs';
import type { MessageQueue } from './queue';

type Watched = { readonly pattern: EventPattern; readonly maxAge: Duration };

/** A notice that is older than its machine helps nobody; everything else may be late, because state is read again. */
const PATTERNS: Readonly<Record<string, Watched>> = {
  SpotInterruption: {
    pattern: { source: ['aws.ec2'], detailType: ['EC2 Spot Instance Interruption Warning'] },
    maxAge: Duration.minutes(2),
  },
  Rebalance: {
    pattern: { source: ['aws.ec2'], detailType: ['EC2 Instance Rebalance Recommendation'] },
    maxAge: Duration.minutes(30),
  },
  InstanceState: {
    pattern: {
      source: ['aws.ec2'],
      detailType: ['EC2 Instance State-change Notification'],
      detail: { state: ['running', 'stopping', 'stopped', 'shutting-down', 'terminated'] },
    },
    maxAge: Duration.minutes(15),
  },
  CapacityReservation: {
    pattern: { source: ['aws.ec2'], detailType: ['EC2 Capacity Reservation Instance Interruption Warning'] },
    maxAge: Duration.minutes(10),
  },
  Health: {
    pattern: {
      source: ['aws.health'],
      detailType: ['AWS Health Event'],
      // Trouble of the service itself names no machine, but is a reason to look.
      detail: { service: ['EC2'], eventTypeCategory: ['scheduledChange', 'issue', 'investigation'] },
    },
    maxAge: Duration.hours(24),
  },
  // A hook's token is a key to its group, so only those are taken that are named as meant for us.
  LifecycleHook: {
    pattern: {
      source: ['aws.autoscaling'],
      detailType: ['EC2 Instance-launch Lifecycle Action', 'EC2 Instance-terminate Lifecycle Action'],
      detail: { LifecycleHookName: [{ prefix: 'muster-' }] },
    },
    maxAge: Duration.minutes(30),
  },
  Alarm: {
    pattern: {
      source: ['aws.cloudwatch'],
      detailType: ['CloudWatch Alarm State Change'],
      detail: { alarmName: [{ prefix: 'muster-demand-' }] },
    },
    maxAge: Duration.minutes(15),
  },
};

export class EventSources extends Construct {
  constructor(scope: Construct, id: string, events: MessageQueue) {
    super(scope, id);
    for (const [name, { pattern, maxAge }] of Object.entries(PATTERNS)) {
      new Rule(this, name, {
        eventPattern: pattern,
        targets: [
          new SqsQueue(events.queue, {
            deadLetterQueue: events.deadLetters,
            maxEventAge: maxAge,
            retryAttempts: 10,
          }),
        ],
      });
    }
    new Schedule(this, 'Tick', {
      description: 'Looks again each minute, whatever events were lost',
      schedule: ScheduleExpression.rate(Duration.minutes(1)),
      target: new SqsSendMessage(events.queue, {
        input: ScheduleTargetInput.fromObject({ muster: 'tick' }),
        // The next minute supersedes it.
        maxEventAge: Duration.minutes(1),
        retryAttempts: 1,
      }),
    });
  }
}
