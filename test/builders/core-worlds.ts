// Random fleets for properties of whole plans: machines in every standing, rows of the queue with every constraint,
// pools with a role or with GPUs, offerings that are cold, launches that nobody has seen yet.
import * as fc from 'fast-check';
import type { Agent } from '../../lib/core/model/agent';
import type { Constraint, QueueItem, RunSpec, Task } from '../../lib/core/model/app';
import { REJECT_REASONS } from '../../lib/core/model/app';
import { text } from '../../lib/core/model/attributes';
import type { Machine } from '../../lib/core/model/machine';
import type { Cold, Expected, Memory } from '../../lib/core/model/memory';
import { type Market, type Offering, offeringKey, type Shape } from '../../lib/core/model/offering';
import { times } from '../../lib/core/model/resources';
import type { Fact } from '../../lib/core/model/signal';
import type { Pool } from '../../lib/core/model/spec';
import type { PlanInput } from '../../lib/core/view';
import {
  aMachine,
  anAgent,
  anApp,
  anInput,
  aPool,
  aShape,
  aSpec,
  aTask,
  aWorld,
  MINUTE,
  NOW,
  offeringsOf,
  remembering,
  SHAPES,
  some,
  source,
  waiting,
  ZONES,
} from './fleet';

export const GPU_SHAPE: Shape = aShape('g5.xlarge', 4, 16, 1);
export const ALL_SHAPES: readonly Shape[] = [...SHAPES, GPU_SHAPE];
export const GPU_POOL: Partial<Pool> = {
  name: 'gpu',
  shapes: { ...aPool().shapes, families: ['g5'], gpus: { min: 1, max: 8 } },
};

const index = (most: number): fc.Arbitrary<number> => fc.integer({ min: 0, max: most - 1 });

export const constraint: fc.Arbitrary<Constraint> = fc.constantFrom<Constraint>(
  { field: 'hostname', operator: 'UNIQUE' },
  { field: 'hostname', operator: 'MAX_PER', value: '2' },
  { field: 'hostname', operator: 'GROUP_BY', value: '4' },
  { field: 'hostname', operator: 'CLUSTER' },
  { field: 'zone', operator: 'GROUP_BY', value: '3' },
  { field: 'zone', operator: 'GROUP_BY' },
  { field: 'zone', operator: 'MAX_PER', value: '3' },
  { field: 'zone', operator: 'UNIQUE' },
  { field: 'zone', operator: 'CLUSTER' },
  { field: 'zone', operator: 'IS', value: 'us-east-1b' },
  { field: 'zone', operator: 'LIKE', value: 'us-east-1[ab]' },
  { field: 'zone', operator: 'UNLIKE', value: 'us-east-1a' },
  { field: 'lifecycle', operator: 'IS', value: 'on-demand' },
  { field: 'instance_type', operator: 'LIKE', value: 'm7i\\..*' },
  { field: 'pool', operator: 'CLUSTER', value: 'batch' },
  { field: 'storage', operator: 'LIKE', value: 'ssd' },
);

const runSpec = (nth: number): fc.Arbitrary<RunSpec> =>
  fc
    .record({
      kind: fc.constantFrom('app' as const, 'pod' as const),
      role: fc.constantFrom('*', '*', 'batch'),
      cpus: fc.constantFrom(0.1, 0.5, 1, 2, 7, 40),
      memMib: fc.constantFrom(32, 512, 2048, 12_288),
      gpus: fc.constantFrom(0, 0, 0, 0, 1),
      ports: fc.constantFrom(0, 1, 3),
      constraints: fc.uniqueArray(constraint, { maxLength: 2 }),
      resident: fc.constantFrom(false, false, false, true),
      instances: fc.integer({ min: 1, max: 20 }),
    })
    .map(({ cpus, memMib, gpus, ports, ...more }) =>
      anApp(`/app-${nth}`, { ...more, each: some(cpus, memMib, { gpus, ports }) }),
    );

const row = (nth: number): fc.Arbitrary<QueueItem> =>
  fc
    .record({
      app: runSpec(nth),
      count: fc.integer({ min: 1, max: 15 }),
      age: fc.constantFrom(2_000, MINUTE, 10 * MINUTE),
      backoffMs: fc.constantFrom(0, 0, 0, 0, 5_000),
      reason: fc.option(fc.constantFrom(...REJECT_REASONS), { nil: undefined }),
    })
    .map(({ app, count, age, backoffMs, reason }) =>
      waiting(app, count, {
        since: NOW - age,
        backoffMs,
        rejects: reason === undefined ? [] : [{ reason, declined: 2, processed: 4 }],
      }),
    );

type Standing = 'ready' | 'busy' | 'booting' | 'launching' | 'late' | 'ending' | 'misled';
type Seed = {
  readonly standing: Standing;
  readonly zone: number;
  readonly shape: number;
  readonly pool: string;
  readonly market: Market;
};

const machineSeed: fc.Arbitrary<Seed> = fc.record({
  standing: fc.constantFrom<Standing>(
    'ready',
    'ready',
    'busy',
    'busy',
    'booting',
    'launching',
    'late',
    'ending',
    'misled',
  ),
  zone: index(ZONES.length),
  shape: index(ALL_SHAPES.length),
  pool: fc.constantFrom('web', 'web', 'batch', 'gpu', 'gone'),
  market: fc.constantFrom<Market>('spot', 'on-demand'),
});

const machineOf = ({ standing, zone, shape, pool, market }: Seed, nth: number): Machine =>
  aMachine(`i-${String(nth).padStart(3, '0')}`, {
    zone: ZONES[zone] ?? ZONES[0],
    shape: ALL_SHAPES[shape]?.name ?? 'm7i.large',
    pool,
    market,
    state: standing === 'launching' ? 'pending' : standing === 'ending' ? 'shutting-down' : 'running',
    launchedAt: NOW - (standing === 'booting' || standing === 'launching' ? 2 : 16) * MINUTE,
  });

const agentOf = (machine: Machine, { standing }: Seed): readonly Agent[] => {
  if (standing === 'booting' || standing === 'launching' || standing === 'late') return [];
  const total = ALL_SHAPES.find(({ name }) => name === machine.shape)?.allocatable ?? some(0, 0);
  const base = anAgent(machine, { total });
  if (standing === 'busy') return [{ ...base, used: { ...times(total, 0.5), gpus: 0, ports: 0 } }];
  return standing === 'misled' ? [{ ...base, attributes: { pool: text('other') } }] : [base];
};

const sight = fc
  .record({
    seeds: fc.array(machineSeed, { maxLength: 12 }),
    rows: fc
      .integer({ min: 0, max: 5 })
      .chain((n) => fc.tuple(...Array.from({ length: n }, (_, i) => row(i)))),
    hosts: fc.array(fc.tuple(index(5), index(12)), { maxLength: 8 }),
    ghosts: fc.integer({ min: 0, max: 2 }),
  })
  .map(({ seeds, rows, hosts, ghosts }) => {
    const machines = seeds.map(machineOf);
    const agents = machines.flatMap((machine, nth) => (seeds[nth] ? agentOf(machine, seeds[nth]) : []));
    const strays = Array.from({ length: ghosts }, (_, nth) =>
      anAgent(aMachine(`i-ghost-${nth}`), nth === 0 ? {} : { attributes: { kind: text('foreign') } }),
    );
    const tasks = hosts.flatMap(([app, host], nth): readonly Task[] => {
      const runs = rows[app]?.runSpec;
      const agent = agents[host];
      return runs === undefined || agent === undefined ? [] : [aTask(runs, agent, nth)];
    });
    return { machines, agents: [...agents, ...strays], queue: [...rows], tasks };
  });

export const offerings: readonly Offering[] = offeringsOf(ALL_SHAPES);
const anOffering: fc.Arbitrary<Offering> = fc.constantFrom(...offerings);

const cold: fc.Arbitrary<Cold> = fc.record({ offering: anOffering, wide: fc.boolean() }).map((one) => {
  const { cloud, region, market, zone } = one.offering;
  const key = one.wide ? `${cloud}/${region}/${zone}/*/${market}` : offeringKey(one.offering);
  return { key, code: 'InsufficientInstanceCapacity', failures: 1, since: NOW - MINUTE, until: NOW + MINUTE };
});

const expected = (nth: number): fc.Arbitrary<Expected> =>
  fc
    .record({ offering: anOffering, count: fc.integer({ min: 1, max: 3 }), named: fc.boolean() })
    .map((one) => ({
      launch: `turn-0.1.${nth}`,
      pool: one.offering.shape.startsWith('g5') ? 'gpu' : 'web',
      offering: one.offering,
      at: NOW - MINUTE,
      machines: one.named ? Array.from({ length: one.count }, (_, i) => `i-new-${nth}-${i}`) : [],
      count: one.count,
      absentAt: [],
    }));

const memory: fc.Arbitrary<Memory> = fc
  .record({
    cold: fc.uniqueArray(cold, { maxLength: 6, selector: ({ key }) => key }),
    expected: fc.tuple(expected(0), expected(1)),
    known: fc.integer({ min: 0, max: 2 }),
    openedAgo: fc.constantFrom(undefined, undefined, undefined, MINUTE, 70 * MINUTE),
    floor: fc.integer({ min: 0, max: 6 }),
    isPaused: fc.constantFrom(false, false, false, false, false, true),
  })
  .map(({ cold: entries, expected: both, known, openedAgo, floor, isPaused }) =>
    remembering({
      cold: entries,
      expected: both.slice(0, known),
      strikes:
        openedAgo === undefined
          ? []
          : [
              {
                pool: 'web',
                image: 'ami-1@b1',
                machines: ['x', 'y', 'z'].map((id) => ({ id, at: NOW - openedAgo })),
                openedAt: NOW - openedAgo,
              },
            ],
      floors:
        floor === 0
          ? []
          : [{ id: 'wish/x', pool: 'web', min: floor, until: NOW + MINUTE, because: 'x asked' }],
      ...(isPaused ? { pause: { since: NOW - MINUTE, by: 'ann', reason: 'a fire' } } : {}),
    }),
  );

export const aWish = (pool: string, agents: number, key = 'k'): Fact => ({
  scope: { kind: 'cluster', cluster: 'prod' },
  subject: pool,
  dedupeKey: key,
  at: NOW - MINUTE,
  expiresAt: NOW + 30 * MINUTE,
  body: { kind: 'scale-out', pool, by: { agents }, source: 'alertmanager' },
});

const pools = fc
  .record({
    max: fc.constantFrom(0, 3, 20, 60),
    min: fc.constantFrom(0, 0, 2),
    spare: fc.constantFrom(0, 0, 20),
    agents: fc.constantFrom(0, 0, 1),
    target: fc.constantFrom(undefined, undefined, 80),
    markets: fc.constantFrom<readonly Market[]>(['on-demand'], ['spot', 'on-demand'], ['spot']),
    zones: fc.constantFrom<readonly number[]>([0, 1, 2], [0, 1], [1]),
  })
  .map(({ max, min, spare, agents, target, markets, zones }): readonly Pool[] => [
    aPool({
      size: { min: Math.min(min, max), max },
      headroom: { agents, percent: spare, shapes: [] },
      markets,
      zones: zones.map((nth) => ({ name: ZONES[nth] ?? ZONES[0] })),
      ...(target === undefined ? {} : { targetUtilisationPercent: target }),
    }),
    aPool({ name: 'batch', role: 'batch', attributes: { storage: text('ssd') }, size: { min: 0, max: 10 } }),
    aPool({ ...GPU_POOL, size: { min: 0, max: 4 } }),
  ]);

const TEMPLATES = ['web', 'batch', 'gpu'].map((pool) => ({ pool, image: 'ami-1', bootstrap: 'b1' }));

/** Whole inputs of a plan. */
export const fleets: fc.Arbitrary<PlanInput> = fc
  .record({
    sight,
    memory,
    pools,
    machines: fc.constantFrom(4, 30, 200),
    usdPerHour: fc.constantFrom(undefined, undefined, 0.5, 3, 20),
    groupBy: fc.constantFrom('1.10' as const, '1.11' as const),
    sees: fc.record({
      agents: fc.constantFrom(true, true, true, false),
      cloud: fc.constantFrom(true, true, true, false),
    }),
    wishes: fc.uniqueArray(fc.integer({ min: 1, max: 4 }), { maxLength: 2 }),
    work: fc.constantFrom(0, 20),
  })
  .map((one) => {
    const { usdPerHour, sees } = one;
    const base = aSpec();
    const world = aWorld(one.sight, {
      shapes: source(ALL_SHAPES),
      offerings: source(offerings),
      facts: source(one.wishes.map((agents) => aWish('web', agents, `k${agents}`))),
      templates: TEMPLATES,
    });
    return anInput({
      spec: {
        ...base,
        pools: one.pools,
        limits: { machines: one.machines, ...(usdPerHour === undefined ? {} : { usdPerHour }) },
        marathon: { ...base.marathon, groupBy: one.groupBy },
      },
      world: {
        ...world,
        clouds: world.clouds.map((cloud) => ({ ...cloud, complete: sees.cloud })),
        agents: { ...world.agents, complete: sees.agents },
      },
      memory: one.memory,
      work: one.work,
    });
  });

/** The same world, every list of it in another order. */
export const shuffled = (input: PlanInput, seed: number): PlanInput => {
  let state = seed % 2_147_483_647;
  const chance = (): number => {
    state = (state * 48_271 + 11) % 2_147_483_647;
    return state;
  };
  const mix = <T>(list: readonly T[]): readonly T[] =>
    list
      .map((item) => ({ item, at: chance() }))
      .sort((a, b) => a.at - b.at)
      .map(({ item }) => item);
  const inside = <T, S extends { readonly value: readonly T[] }>(one: S): S => ({
    ...one,
    value: mix(one.value),
  });
  const { world } = input;
  return {
    ...input,
    world: {
      ...world,
      clouds: world.clouds.map((cloud) => inside(cloud)),
      agents: inside(world.agents),
      queue: inside(world.queue),
      tasks: inside(world.tasks),
      shapes: inside(world.shapes),
      offerings: inside(world.offerings),
      facts: inside(world.facts),
      schedules: mix(world.schedules),
      templates: mix(world.templates),
    },
  };
};

/** With nothing that waits but one app, and no room asked for beside it. */
export const oneApp = (input: PlanInput): PlanInput => {
  const { world, spec } = input;
  const value = world.queue.value.slice(0, 1).map((item) => ({ ...item, since: NOW - MINUTE }));
  const pools = spec.pools.map(({ targetUtilisationPercent: _target, ...pool }) => ({
    ...pool,
    headroom: { agents: 0, percent: 0, shapes: [] },
  }));
  return {
    ...input,
    spec: { ...spec, pools },
    world: { ...world, queue: { ...world.queue, value }, facts: { ...world.facts, value: [] } },
  };
};

/** Without what makes the answer depend on the order in which Marathon serves the queue, and without a cap. */
export const settled = (input: PlanInput): PlanInput => {
  const { usdPerHour: _cap, ...limits } = input.spec.limits;
  const isFixed = ({ operator }: Constraint): boolean => operator !== 'GROUP_BY' && operator !== 'CLUSTER';
  const value = input.world.queue.value.map((item) => ({
    ...item,
    runSpec: { ...item.runSpec, constraints: item.runSpec.constraints.filter(isFixed) },
  }));
  return {
    ...input,
    spec: { ...input.spec, limits },
    world: { ...input.world, queue: { ...input.world.queue, value } },
  };
};
