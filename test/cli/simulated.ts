// Small demands and files for the replay's tests.
import { parseSpec } from '../../lib/config/parse';
import type { Spec } from '../../lib/core/model/spec';
import type { TraceTask } from '../../lib/cli/what-if/trace';

/** A file with one pool; what is given replaces the pool's line of that name. */
export const yaml = (pool: Readonly<Record<string, string>> = {}): string => {
  const lines = {
    name: 'work',
    cloud: 'aws',
    region: 'us-east-1',
    zones: '{ us-east-1a: subnet-0000000a, us-east-1b: subnet-0000000b }',
    shapes: '{ families: [m7i, c7i, r7i], cpus: 2..64 }',
    market: '[on-demand]',
    size: '{ min: 0, max: 100 }',
    image: 'ssm:/muster/replay/agent-image',
    rootDisk: '200GiB',
    ...pool,
  };
  return `version: 1
cluster: replay
mesos: { zk: "zk://127.0.0.1:2181/mesos", masters: ["http://127.0.0.1:5050"], source: { kind: baked } }
marathon: { urls: ["http://127.0.0.1:8080"] }
limits: { machines: 100 }
pools:
  - ${Object.entries(lines)
    .map(([name, value]) => `${name}: ${value}`)
    .join('\n    ')}
`;
};

export const specOf = (text: string): Spec => {
  const parsed = parseSpec(text, 'replay.yaml');
  if ('spec' in parsed) return parsed.spec;
  throw new Error(parsed.faults.map(({ problem }) => problem).join('; '));
};

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;

export const aTask = (task: Partial<TraceTask> = {}): TraceTask => ({
  id: 'a',
  arriveMs: 0,
  durationMs: 10 * MINUTE,
  cpuMilli: 1000,
  memMib: 2048,
  ...task,
});

/** As a trace's text. */
export const csvOf = (tasks: readonly TraceTask[]): string =>
  [
    'task_id,arrival_s,duration_s,cpu_milli,mem_mib',
    ...tasks.map((one) =>
      [one.id, one.arriveMs / 1000, one.durationMs / 1000, one.cpuMilli, one.memMib].join(','),
    ),
    '',
  ].join('\n');
