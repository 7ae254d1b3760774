// Few alarms, because each costs money while nothing happens; each names its runbook.
import { Duration } from 'aws-cdk-lib';
import {
  Alarm,
  ComparisonOperator,
  type IMetric,
  Metric,
  Stats,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { ALARMS, METRICS, NAMESPACE, SERVICE } from '../telemetry/names';
import type { MessageQueue } from './queue';

export type AlarmsProps = {
  readonly events: MessageQueue;
  readonly wake: MessageQueue;
  readonly reconcile: IFunction;
  /** ARN of the topic that is told when an alarm begins and when it ends. */
  readonly topic?: string | undefined;
};

export class Alarms extends Construct {
  constructor(scope: Construct, id: string, { events, wake, reconcile, topic }: AlarmsProps) {
    super(scope, id);
    const alarms = [
      ...Object.entries({ Events: events, Wakes: wake }).map(([name, { deadLetters }]) => {
        const metric = deadLetters.metricApproximateNumberOfMessagesVisible();
        return this.#above(`DeadLetters${name}`, ALARMS.deadLetters.runbook, metric, 0);
      }),
      this.#noTurns(reconcile),
      this.#above('PlansRefused', ALARMS.plansRefused.runbook, own(METRICS.plansRefused), 0),
      this.#above('TurnsFailed', ALARMS.turnsFailed.runbook, own(METRICS.turnsFailed), 2),
      this.#above('SourcesUnknown', ALARMS.sourcesUnknown.runbook, own(METRICS.sourcesUnknown), 4),
    ];
    if (topic === undefined) return;
    const action = new SnsAction(Topic.fromTopicArn(this, 'Topic', topic));
    for (const alarm of alarms) {
      alarm.addAlarmAction(action);
      alarm.addOkAction(action);
    }
  }

  /** A dead man's switch: no data is as bad as a zero. */
  #noTurns(reconcile: IFunction): Alarm {
    return new Alarm(this, 'NoTurns', {
      alarmDescription: describe('No turn has begun for five minutes', ALARMS.noTurns.runbook),
      metric: reconcile.metricInvocations({ period: Duration.minutes(1), statistic: Stats.SUM }),
      threshold: 1,
      comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
      evaluationPeriods: 5,
      treatMissingData: TreatMissingData.BREACHING,
    });
  }

  #above(id: string, runbook: string, metric: IMetric, threshold: number): Alarm {
    return new Alarm(this, id, {
      alarmDescription: describe(id, runbook),
      metric,
      threshold,
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      evaluationPeriods: 1,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
  }
}

const describe = (what: string, runbook: string): string => `${what}. Runbook: docs/operations/${runbook}.md`;

const own = (metricName: string): IMetric =>
  new Metric({
    namespace: NAMESPACE,
    metricName,
    dimensionsMap: { service: SERVICE },
    period: Duration.minutes(5),
    statistic: Stats.SUM,
  });
