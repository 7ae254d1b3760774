// Metrics in CloudWatch's embedded format, by powertools. Only the few names that an alarm needs become metrics, because
// each costs money while idle.
import { MetricUnit, Metrics } from '@aws-lambda-powertools/metrics';
import { NAMESPACE, SENT_METRICS, SERVICE } from './names';

export type NamedMeter = {
  readonly count: (name: string, value?: number) => void;
  readonly time: (name: string, ms: number) => void;
};

/** Buffers until `flush`, which prints one line of embedded metrics when there is anything to say. */
export const embeddedMeter = (): NamedMeter & { readonly flush: () => void } => {
  const metrics = new Metrics({ namespace: NAMESPACE, serviceName: SERVICE });
  return {
    count: (name, value = 1) => {
      if (SENT_METRICS.has(name)) metrics.addMetric(name, MetricUnit.Count, value);
    },
    time: () => undefined,
    flush: () => {
      if (metrics.hasStoredMetrics()) metrics.publishStoredMetrics();
    },
  };
};

/** Counts in memory, for `serve`, its page and tests. */
export const countingMeter = (): NamedMeter & { readonly counts: ReadonlyMap<string, number> } => {
  const counts = new Map<string, number>();
  return {
    counts,
    count: (name, value = 1) => {
      counts.set(name, (counts.get(name) ?? 0) + value);
    },
    time: () => undefined,
  };
};
