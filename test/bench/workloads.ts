// Workloads of the benchmarks, made from numbers alone: the same seed gives the same work.
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import type { Agent } from '../../lib/core/model/agent';
import type { Constraint, QueueItem, Task } from '../../lib/core/model/app';
import { text } from '../../lib/core/model/attributes';
import { NO_MEMORY } from '../../lib/core/model/memory';
import type { Offering, Shape } from '../../lib/core/model/offering';
import { NOTHING, type Resources } from '../../lib/core/model/resources';
import type { Pool, Spec } from '../../lib/core/model/spec';
import type { PlanInput } from '../../lib/core/view';
import { shippedTable } from '../../lib/catalogue/shipped';
import { aPool, aSpec, aWorld, anApp, MINUTE, NOW, source, ZONES } from '../builders/fleet';

export const dice = (seed: number): ((below: number) => number) => {
  const generator = xoroshiro128plus(seed);
  return (below) => uniformInt(generator, 0, below - 1);
};

const pick = <T>(roll: (below: number) => number, list: readonly T[]): T => {
  const found = list[roll(list.length)];
  if (found === undefined) throw new Error('there is nothing to pick from');
  return found;
};

type Wait = {
  readonly id: string;
  readonly each: Resources;
  readonly count: number;
  readonly constraints: readonly Constraint[];
  readonly running?: number;
};

const waitingFor = ({ id, each, count, constraints, running = 0 }: Wait): QueueItem => ({
  runSpec: anApp(id, { each, constraints, instances: running + count }),
  count,
  since: NOW - MINUTE,
  backoffMs: 0,
  processedOffers: 10,
  rejects: [{ reason: 'InsufficientCpus', declined: 5, processed: 5 }],
});

const inputOf = (spec: Spec, world: PlanInput['world'], work: number): PlanInput => ({
  spec,
  world,
  memory: NO_MEMORY,
  now: NOW,
  turn: 'bench',
  round: 1,
  work,
});

// ---- Karpenter's five blocks ---------------------------------------------------------------------------------

const CPUS = [100, 250, 500, 1000, 1500];
const MEMS = [100, 256, 512, 1024, 2048, 4096];

/** 400 types: the i-th has i+1 cpus, 2(i+1) GiB and 10(i+1) slots (as ports), less 100m and 10 MiB; price linear. */
const karpenterShapes = (): readonly Shape[] =>
  Array.from({ length: 400 }, (_, i): Shape => {
    const total = { ...NOTHING, cpuMilli: (i + 1) * 1000, memMib: (i + 1) * 2048, ports: (i + 1) * 10 };
    return {
      name: `k.${i + 1}`,
      arch: 'amd64',
      total,
      allocatable: { ...total, cpuMilli: total.cpuMilli - 100, memMib: total.memMib - 10 },
    };
  });

const karpenterOfferings = (shapes: readonly Shape[]): readonly Offering[] =>
  shapes.flatMap(({ name, total }) =>
    ZONES.flatMap((zone, nth) => {
      const usd = total.cpuMilli / 1000 / 40;
      const offering = { cloud: 'aws', region: 'us-east-1', zone, shape: name } as const;
      const onDemand: Offering = { ...offering, market: 'on-demand', usdPerHour: usd };
      return nth < 2
        ? [{ ...offering, market: 'spot', usdPerHour: usd * 0.7 } as const, onDemand]
        : [onDemand];
    }),
  );

/** Karpenter's blocks as Marathon apps: generic; `zone GROUP_BY 3`; `hostname MAX_PER 1`; `zone CLUSTER` for each of seven
 *  labels; `hostname UNIQUE`, all of one app, so that it needs a machine for each of its n/5 tasks. */
export const karpenter = (n: number, work: number): PlanInput => {
  const roll = dice(42);
  const block = n / 5;
  const counts = new Map<string, { each: Resources; count: number; constraints: readonly Constraint[] }>();
  const put = (name: string, constraints: readonly Constraint[], labels: number): void => {
    for (let nth = 0; nth < block; nth += 1) {
      const each = { ...NOTHING, cpuMilli: pick(roll, CPUS), memMib: pick(roll, MEMS), ports: 1 };
      const id = `/${name}/l${roll(labels)}/c${each.cpuMilli}-m${each.memMib}`;
      const entry = counts.get(id) ?? { each, count: 0, constraints };
      counts.set(id, { ...entry, count: entry.count + 1 });
    }
  };
  put('generic', [], 1);
  put('zone-spread', [{ field: 'zone', operator: 'GROUP_BY', value: '3' }], 7);
  put('host-spread', [{ field: 'hostname', operator: 'MAX_PER', value: '1' }], 7);
  put('zone-cluster', [{ field: 'zone', operator: 'CLUSTER' }], 7);
  const nginx = { ...NOTHING, cpuMilli: 500, memMib: 512, ports: 1 };
  counts.set('/nginx', {
    each: nginx,
    count: block,
    constraints: [{ field: 'hostname', operator: 'UNIQUE' }],
  });
  const queue = [...counts].map(([id, entry]) => waitingFor({ id, ...entry }));
  const shapes = karpenterShapes();
  const filter = { ...aPool().shapes, families: ['k'] };
  const pool = aPool({ shapes: filter, markets: ['spot', 'on-demand'], size: { min: 0, max: 10_000_000 } });
  const spec = aSpec({ pools: [pool], limits: { machines: 10_000_000 } });
  return inputOf(
    spec,
    aWorld({ queue }, { shapes: source(shapes), offerings: source(karpenterOfferings(shapes)) }),
    work,
  );
};

// ---- a very large fleet --------------------------------------------------------------------------------------

export const catalogue = (): {
  readonly shapes: readonly Shape[];
  readonly offerings: readonly Offering[];
} => {
  const { shapes, onDemandUsd } = shippedTable();
  const sold = shapes.filter(({ name }) => onDemandUsd.has(name));
  const offerings = sold.flatMap(({ name }) =>
    ZONES.flatMap((zone) =>
      (['on-demand', 'spot'] as const).map((market): Offering => {
        const usd = onDemandUsd.get(name) ?? 0;
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
  return { shapes: sold, offerings };
};

const bigPool = (): Pool =>
  aPool({
    shapes: { ...aPool().shapes, families: [], gpus: { min: 0, max: 16 } },
    markets: ['spot', 'on-demand'],
    size: { min: 0, max: 60_000 },
  });

/** An agent of 16 cpus and 64 GiB with ten tasks on it, nearly full; one in forty has room for a few. */
const bigAgent = (nth: number, roll: (below: number) => number): Agent => {
  const free = nth % 40 === 0 ? 6000 : roll(900);
  const total = { ...NOTHING, cpuMilli: 15_900, memMib: 60_000, diskMib: 100_000, ports: 1001 };
  const used = {
    ...NOTHING,
    cpuMilli: total.cpuMilli - free,
    memMib: total.memMib - free * 4,
    diskMib: 10_000,
    ports: 10,
  };
  const zone = ZONES[nth % 3] ?? ZONES[0];
  return {
    id: `agent-${String(nth).padStart(6, '0')}`,
    hostname: `10.${nth >> 16}.${(nth >> 8) & 255}.${nth & 255}`,
    active: true,
    deactivated: false,
    recovered: false,
    attributes: {
      role: text('compute'),
      zone: text(zone),
      pool: text('web'),
      instance_id: text(`i-${nth}`),
      cloud: text('aws'),
      region: text('us-east-1'),
      lifecycle: text('on-demand'),
      instance_type: text('m7i.4xlarge'),
    },
    total,
    used,
    reserved: {},
    registeredAt: NOW - 60 * MINUTE,
  };
};

/** `agents` agents with ten tasks each, `pending` tasks of 500 apps, two in five with a constraint, the whole catalogue
 *  in three zones and two markets. */
export const bigFleet = (agents: number, pending: number, work: number): PlanInput => {
  const roll = dice(7);
  const list = Array.from({ length: agents }, (_, nth) => bigAgent(nth, roll));
  const machines = list.map((agent, nth) => ({
    id: `i-${nth}`,
    cloud: 'aws' as const,
    account: 'default',
    region: 'us-east-1',
    zone: ZONES[nth % 3] ?? ZONES[0],
    shape: 'm7i.4xlarge',
    market: 'on-demand' as const,
    state: 'running' as const,
    launchedAt: NOW - 61 * MINUTE,
    privateIp: agent.hostname,
    pool: 'web',
    launch: 'before',
  }));
  const constraints: readonly (readonly Constraint[])[] = [
    [],
    [],
    [],
    [{ field: 'zone', operator: 'GROUP_BY', value: '3' }],
    [{ field: 'hostname', operator: 'MAX_PER', value: '2' }],
  ];
  const apps = 500;
  const queue = Array.from({ length: apps }, (_, nth) => {
    const each = { ...NOTHING, cpuMilli: 100 + 50 * roll(40), memMib: 128 + 64 * roll(120), ports: 1 };
    const own = constraints[nth % 5] ?? [];
    return waitingFor({
      id: `/app-${nth}`,
      each,
      count: pending / apps,
      constraints: own,
      running: own.length > 0 ? RUNNING : 0,
    });
  });
  const tasks = queue
    .filter(({ runSpec }) => runSpec.constraints.length > 0)
    .flatMap(({ runSpec }) => runningTasks(runSpec.id, list, roll));
  const goods = catalogue();
  const world = aWorld(
    { agents: list, machines, queue, tasks },
    { shapes: source(goods.shapes), offerings: source(goods.offerings) },
  );
  return inputOf(aSpec({ pools: [bigPool()], limits: { machines: 100_000 } }), world, work);
};

/** Tasks that run of each app with a constraint. */
const RUNNING = 2000;

/** Tasks of an app that run already: 2,000 each, so that 200 apps have the 400,000 of the fleet. */
const runningTasks = (
  runSpec: string,
  agents: readonly Agent[],
  roll: (below: number) => number,
): readonly Task[] =>
  Array.from({ length: RUNNING }, (_, nth) => {
    const agent = pick(roll, agents);
    return {
      id: `${runSpec}.${nth}`,
      runSpec,
      version: '1',
      condition: 'Running',
      host: agent.hostname,
      agentId: agent.id,
    };
  });
