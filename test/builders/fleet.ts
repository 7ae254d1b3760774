// Small worlds for tests. Each builder fills in what a test does not care about; what it passes is what it is about.
import type { Agent } from '../../lib/core/model/agent';
import type { QueueItem, Reject, RunSpec, Task } from '../../lib/core/model/app';
import { text } from '../../lib/core/model/attributes';
import type { Machine } from '../../lib/core/model/machine';
import { type Memory, NO_MEMORY } from '../../lib/core/model/memory';
import type { Market, Offering, Shape } from '../../lib/core/model/offering';
import { NOTHING, type Resources } from '../../lib/core/model/resources';
import type { Pool, Spec } from '../../lib/core/model/spec';
import type { Source, World } from '../../lib/core/model/world';
import type { PlanInput } from '../../lib/core/view';

/** 2026-11-24T08:00:00Z, a Tuesday. */
export const NOW = Date.UTC(2026, 10, 24, 8);
export const MINUTE = 60_000;
export const ZONES = ['us-east-1a', 'us-east-1b', 'us-east-1c'] as const;

export const some = (cpus: number, memMib: number, more: Partial<Resources> = {}): Resources => ({
  ...NOTHING,
  cpuMilli: cpus * 1000,
  memMib,
  ...more,
});

/** A shape with the given cpus and GiB; a sixteenth of each is not allocatable. */
export const aShape = (name: string, cpus: number, gib: number, gpus = 0): Shape => {
  const total = some(cpus, gib * 1024, { diskMib: 40_960, gpus, ports: 1000 });
  const allocatable = { ...total, cpuMilli: (total.cpuMilli * 15) / 16, memMib: (total.memMib * 15) / 16 };
  return { name, arch: 'amd64', total, allocatable };
};

export const SHAPES: readonly Shape[] = [
  aShape('m7i.large', 2, 8),
  aShape('m7i.xlarge', 4, 16),
  aShape('m7i.2xlarge', 8, 32),
  aShape('m7i.4xlarge', 16, 64),
  aShape('c7i.xlarge', 4, 8),
  aShape('r7i.xlarge', 4, 32),
];

const USD: Readonly<Record<string, number>> = {
  'm7i.large': 0.1008,
  'm7i.xlarge': 0.2016,
  'm7i.2xlarge': 0.4032,
  'm7i.4xlarge': 0.8064,
  'c7i.xlarge': 0.1785,
  'r7i.xlarge': 0.2646,
};

export const offeringsOf = (
  shapes: readonly Shape[] = SHAPES,
  markets: readonly Market[] = ['spot', 'on-demand'],
): readonly Offering[] =>
  shapes.flatMap(({ name }) =>
    markets.flatMap((market) =>
      ZONES.map((zone): Offering => {
        const usd = USD[name] ?? 1;
        return {
          cloud: 'aws',
          region: 'us-east-1',
          zone,
          shape: name,
          market,
          usdPerHour: market === 'spot' ? usd * 0.4 : usd,
        };
      }),
    ),
  );

export const aPool = (more: Partial<Pool> = {}): Pool => ({
  name: 'web',
  cloud: 'aws',
  account: 'default',
  region: 'us-east-1',
  zones: ZONES.map((name) => ({ name, subnet: `subnet-${name.slice(-1)}` })),
  shapes: {
    families: ['m7i', 'c7i', 'r7i'],
    names: [],
    excluded: [],
    cpuMilli: { min: 0, max: 1_000_000 },
    memMib: { min: 0, max: 10_000_000 },
    arch: 'amd64',
    gpus: { min: 0, max: 0 },
  },
  markets: ['on-demand'],
  size: { min: 0, max: 100 },
  headroom: { agents: 0, percent: 0, shapes: [] },
  attributes: { role: text('compute') },
  role: '*',
  image: 'ami-1',
  drain: 'surge',
  disruption: { budget: { percent: 10 }, windows: [], emptyForMs: 5 * MINUTE },
  registerWithinMs: 15 * MINUTE,
  rootDiskGib: 40,
  ...more,
});

export const aSpec = (more: Partial<Spec> = {}): Spec => ({
  version: 1,
  cluster: 'prod',
  hash: 'spec',
  mesos: { masters: ['http://127.0.0.1:5050'], source: { kind: 'baked' } },
  marathon: { urls: ['http://127.0.0.1:8080'], groupBy: '1.11' },
  network: { reach: 'direct', subnets: [] },
  limits: { machines: 1000 },
  pools: [aPool()],
  schedules: [],
  webhooks: [],
  notify: [],
  ...more,
});

export const aMachine = (id: string, more: Partial<Machine> = {}): Machine => ({
  id,
  cloud: 'aws',
  account: 'default',
  region: 'us-east-1',
  zone: 'us-east-1a',
  shape: 'm7i.xlarge',
  market: 'on-demand',
  state: 'running',
  launchedAt: NOW - 30 * MINUTE,
  image: 'ami-1',
  bootstrap: 'b1',
  pool: 'web',
  launch: 'turn-0',
  ...more,
});

/** The agent of a machine: registered, with what its shape has allocatable. */
export const anAgent = (machine: Machine, more: Partial<Agent> = {}): Agent => ({
  id: `agent-${machine.id}`,
  hostname: `${machine.id}.internal`,
  active: true,
  deactivated: false,
  recovered: false,
  attributes: {
    role: text('compute'),
    cloud: text('aws'),
    region: text(machine.region),
    zone: text(machine.zone),
    pool: text(machine.pool ?? ''),
    instance_id: text(machine.id),
    instance_type: text(machine.shape),
    lifecycle: text(machine.market),
  },
  total: SHAPES.find(({ name }) => name === machine.shape)?.allocatable ?? NOTHING,
  used: NOTHING,
  reserved: {},
  registeredAt: machine.launchedAt + 2 * MINUTE,
  ...more,
});

export const anApp = (id: string, more: Partial<RunSpec> = {}): RunSpec => ({
  id,
  kind: 'app',
  role: '*',
  version: '1',
  instances: 1,
  each: some(1, 2048),
  constraints: [],
  acceptedRoles: [],
  labels: {},
  resident: false,
  ...more,
});

export const lacking = (declined = 3): readonly Reject[] => [
  { reason: 'InsufficientCpus', declined, processed: declined },
];

/** A row that has waited for a minute because agents lack cpus. */
export const waiting = (runSpec: RunSpec, count: number, more: Partial<QueueItem> = {}): QueueItem => ({
  runSpec: { ...runSpec, instances: Math.max(runSpec.instances, count) },
  count,
  since: NOW - MINUTE,
  backoffMs: 0,
  processedOffers: 10,
  rejects: lacking(),
  ...more,
});

export const aTask = (runSpec: RunSpec, host: Agent, nth: number): Task => ({
  id: `${runSpec.id}.${nth}`,
  runSpec: runSpec.id,
  version: runSpec.version,
  condition: 'Running',
  host: host.hostname,
  agentId: host.id,
});

export const source = <T>(value: T, more: Partial<Source<T>> = {}): Source<T> => ({
  at: NOW,
  complete: true,
  faults: [],
  value,
  ...more,
});

export type Sight = {
  readonly machines?: readonly Machine[];
  readonly agents?: readonly Agent[];
  readonly queue?: readonly QueueItem[];
  readonly tasks?: readonly Task[];
};

export const aWorld = (sight: Sight = {}, more: Partial<World> = {}): World => ({
  clouds: [
    { ...source(sight.machines ?? []), scope: { cloud: 'aws', account: 'default', region: 'us-east-1' } },
  ],
  agents: source(sight.agents ?? []),
  queue: source(sight.queue ?? []),
  tasks: source(sight.tasks ?? []),
  hosted: source([]),
  apps: source([]),
  shapes: source(SHAPES),
  offerings: source(offeringsOf()),
  facts: source([]),
  schedules: [],
  templates: [{ pool: 'web', image: 'ami-1', bootstrap: 'b1' }],
  denied: [],
  windows: [],
  ...more,
});

export const anInput = (more: Partial<PlanInput> = {}): PlanInput => ({
  spec: aSpec(),
  world: aWorld(),
  memory: NO_MEMORY,
  now: NOW,
  turn: 'turn-1',
  round: 1,
  work: 50,
  ...more,
});

export const remembering = (more: Partial<Memory>): Memory => ({ ...NO_MEMORY, ...more });
