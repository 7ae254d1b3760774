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
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { ALARMS, METRICS, NAMESPACE, SERVICE } from '../telemetry/names';
import type { MessageQueue } from './queue';

export type AlarmsProps = {
  readonly events: MessageQueue;
  readonly wake: MessageQueue;
  readonly reconcile: IFunction;
};

export class Alarms extends Construct {
  constructor(scope: Construct, id: string, { events, wake, reconcile }: AlarmsProps) {
    super(scope, id);
    for (const [name, queue] of Object.entries({ Events: events, Wakes: wake }))
      this.#above(
        `DeadLetters${name}`,
        ALARMS.deadLetters.runbook,
        queue.deadLetters.metricApproximateNumberOfMessagesVisible(),
        0,
      );
    new Alarm(this, 'NoTurns', {
      alarmDescription: describe('No turn has begun for five minutes', ALARMS.noTurns.runbook),
      metric: reconcile.metricInvocations({ period: Duration.minutes(1), statistic: Stats.SUM }),
      threshold: 1,
      comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
      evaluationPeriods: 5,
      treatMissingData: TreatMissingData.BREACHING,
    });
    this.#above('PlansRefused', ALARMS.plansRefused.runbook, own(METRICS.plansRefused), 0);
    this.#above('TurnsFailed', ALARMS.turnsFailed.runbook, own(METRICS.turnsFailed), 2);
    this.#above('SourcesUnknown', ALARMS.sourcesUnknown.runbook, own(METRICS.sourcesUnknown), 4);
  }

  #above(id: string, runbook: string, metric: IMetric, threshold: number): void {
    new Alarm(this, id, {
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
