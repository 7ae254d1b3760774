import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import type { Constraint, QueueItem, RunSpec } from '../../../lib/core/model/app';
import { text } from '../../../lib/core/model/attributes';
import { fits, type Resources } from '../../../lib/core/model/resources';
import type { Pool } from '../../../lib/core/model/spec';
import type { World } from '../../../lib/core/model/world';
import { plan } from '../../../lib/core/plan';
import type { PlanInput } from '../../../lib/core/view';
import { afterAnswer, afterBoot, boughtIn, launchesIn } from '../../builders/core-turns';
import { ALL_SHAPES, GPU_POOL, offerings } from '../../builders/core-worlds';
import {
  aMachine,
  anAgent,
  anApp,
  anInput,
  aPool,
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
} from '../../builders/fleet';

const asking = (count: number, more: Partial<RunSpec> = {}, row: Partial<QueueItem> = {}): QueueItem =>
  waiting(anApp('/a', more), count, row);
const inputOf = (
  queue: readonly QueueItem[],
  pools: readonly Pool[] = [aPool()],
  world: Partial<World> = {},
): PlanInput =>
  anInput({
    spec: aSpec({ pools }),
    world: aWorld({ queue }, { shapes: source(ALL_SHAPES), offerings: source(offerings), ...world }),
  });
const is = (field: string, operator: Constraint['operator'], value?: string): Constraint =>
  value === undefined ? { field, operator } : { field, operator, value };
const bound = (...constraints: readonly Constraint[]) => ({ constraints });
const lineOf = (input: PlanInput, id = '/a') => plan(input).demand.find(({ runSpec }) => runSpec === id);
const reasonOf = (input: PlanInput, id = '/a') => plan(input).blocked.find(({ subject }) => subject === id);
const zonesOf = (input: PlanInput) =>
  launchesIn(plan(input))
    .flatMap(({ offerings: [best], count }) => Array.from({ length: count }, () => best?.zone ?? ''))
    .sort();

describe('demand', () => {
  test('for which an agent has room buys nothing', () => {
    const machine = aMachine('i-1');
    const input = inputOf([asking(3)]);
    const seen = aWorld({ machines: [machine], agents: [anAgent(machine)], queue: [asking(3)] });
    expect(plan({ ...input, world: seen })).toMatchObject({ actions: [], demand: [{ onExisting: 3 }] });
  });

  test('counts machines that boot and launches that are not listed yet', () => {
    const booting = aMachine('i-1', { launchedAt: NOW - MINUTE });
    const seen = aWorld({ machines: [booting], queue: [asking(6)] });
    const launch = {
      launch: 'turn-0',
      pool: 'web',
      offering: { ...booting, usdPerHour: 0.2 },
      at: NOW - MINUTE,
      machines: ['i-2'],
      count: 1,
      absentAt: [],
    };
    const input = anInput({ world: seen, memory: remembering({ expected: [launch] }) });
    expect(plan(input)).toMatchObject({ actions: [], demand: [{ onComing: 6 }] });
  });

  test('has no room on an agent whose machine is ending', () => {
    const dying = aMachine('i-1', { state: 'shutting-down' });
    const world = aWorld({ machines: [dying], agents: [anAgent(dying)], queue: [asking(3)] });
    expect(plan(anInput({ world })).demand).toMatchObject([{ onExisting: 0, onBought: 3 }]);
  });

  test('is bought only in a pool whose agents pass its constraints', () => {
    const ssd = aPool({ name: 'ssd', attributes: { storage: text('ssd') } });
    const input = inputOf([asking(4, bound(is('storage', 'LIKE', 's.d')))], [aPool(), ssd]);
    expect(boughtIn(plan(input), 'ssd')).toBeGreaterThan(0);
    expect(boughtIn(plan(input), 'web')).toBe(0);
  });

  test('that names a shape buys that shape', () => {
    const input = inputOf([asking(2, bound(is('instance_type', 'IS', 'r7i.xlarge')))]);
    expect(launchesIn(plan(input)).flatMap(({ offerings: all }) => all.map(({ shape }) => shape))).toEqual(
      expect.arrayContaining(['r7i.xlarge']),
    );
    expect(lineOf(input)).toMatchObject({ onBought: 2, unplaced: 0 });
    for (const launch of launchesIn(plan(input)))
      for (const { shape } of launch.offerings) expect(shape).toBe('r7i.xlarge');
  });

  test('that may not share a host buys a machine for each', () => {
    const input = inputOf([asking(5, bound(is('hostname', 'UNIQUE')))]);
    expect(boughtIn(plan(input))).toBe(5);
    expect(boughtIn(plan(inputOf([asking(5, bound(is('hostname', 'MAX_PER', '2')))])))).toBe(3);
  });

  test('that is spread over three zones is bought in each, counting what runs there', () => {
    const spread = bound(is('zone', 'GROUP_BY', '3'));
    expect(new Set(zonesOf(inputOf([asking(6, { ...spread, each: some(3, 2048) })])))).toEqual(
      new Set(ZONES),
    );
    const machine = aMachine('i-1', { zone: ZONES[0] });
    const full = anAgent(machine, { used: some(3.75, 15_360) });
    const app = anApp('/a', { ...spread, instances: 6, each: some(3, 2048) });
    const tasks = [1, 2].map((nth) => aTask(app, full, nth));
    const world = aWorld({ machines: [machine], agents: [full], queue: [waiting(app, 4)], tasks });
    expect(new Set(zonesOf(anInput({ world })))).toEqual(new Set([ZONES[1], ZONES[2]]));
  });

  test('that wants to be together in a zone goes where its first instance is', () => {
    const machine = aMachine('i-1', { zone: ZONES[2] });
    const full = anAgent(machine, { used: some(3.75, 15_360) });
    const app = anApp('/a', { ...bound(is('zone', 'CLUSTER')), instances: 9 });
    const world = aWorld({
      machines: [machine],
      agents: [full],
      queue: [waiting(app, 8)],
      tasks: [aTask(app, full, 1)],
    });
    expect(new Set(zonesOf(anInput({ world })))).toEqual(new Set([ZONES[2]]));
  });

  test('of a pod counts like that of an app', () => {
    const pod = inputOf([asking(3, { kind: 'pod' })]);
    expect(launchesIn(plan(pod))).toEqual(launchesIn(plan(inputOf([asking(3)]))));
  });

  test('of a role buys in the pool of that role, and that pool serves nobody else', () => {
    const pools = [aPool({ name: 'batch', role: 'batch' })];
    expect(boughtIn(plan(inputOf([asking(3, { role: 'batch' })], pools)))).toBeGreaterThan(0);
    const other = inputOf([asking(3)], pools);
    expect(boughtIn(plan(other))).toBe(0);
    expect(reasonOf(other)?.why).toContain('no pool makes agents that pass its constraints and role');
  });

  test('for a GPU buys GPU shapes, and demand without one never does', () => {
    const pools = [aPool(), aPool(GPU_POOL)];
    const both = inputOf([asking(2, { each: some(1, 1024, { gpus: 1 }) })], pools);
    for (const { pool, offerings: all } of launchesIn(plan(both)))
      expect([pool, ...all.map(({ shape }) => shape)]).toEqual(['gpu', ...all.map(() => 'g5.xlarge')]);
    expect(lineOf(both)).toMatchObject({ onBought: 2 });
    const plain = inputOf([asking(2)], [aPool(GPU_POOL)]);
    expect(boughtIn(plan(plain))).toBe(0);
    expect(lineOf(plain)).toMatchObject({ unplaced: 2 });
  });

  test('that waits for its reservation, backs off or is seconds old never buys', () => {
    const rejects = [{ reason: 'NoCorrespondingReservationFound', declined: 2, processed: 2 }] as const;
    const rows = [{ rejects }, { backoffMs: 9_000 }, { since: NOW - 3_000 }];
    for (const row of rows) expect(boughtIn(plan(inputOf([asking(3, {}, row)])))).toBe(0);
  });

  test('of two roles of one app is two rows, each with its own numbers', () => {
    const one = waiting(anApp('/a'), 2);
    const other = { ...waiting(anApp('/a', { role: 'batch', version: '2' }), 3), since: NOW - 2 * MINUTE };
    const made = plan(inputOf([one, other]));
    expect(made.demand.map(({ count, onBought }) => [count, onBought])).toEqual([
      [3, 3],
      [2, 2],
    ]);
  });
});

describe('what cannot be had', () => {
  test('larger than every shape has no pool that fits', () => {
    expect(reasonOf(inputOf([asking(1, { each: some(60, 1024) })]))).toMatchObject({ code: 'no-pool-fits' });
  });

  test('with a constraint that no new agent meets is told from a limit', () => {
    expect(reasonOf(inputOf([asking(1, bound(is('zone', 'IS', 'mars')))]))).toMatchObject({
      code: 'constraint',
    });
    expect(reasonOf(inputOf([asking(900)], [aPool({ size: { min: 0, max: 2 } })]))).toMatchObject({
      code: 'pool-limit',
      why: 'agents lack cpus; web is at the largest size',
    });
    const input = inputOf([asking(900)]);
    const few = { ...input, spec: { ...input.spec, limits: { machines: 3 } } };
    expect(reasonOf(few)).toMatchObject({ code: 'cluster-limit' });
  });

  test('while every offering is cold is said to be cold, and until when', () => {
    const until = NOW + 3 * MINUTE;
    const cold = [{ key: 'aws/us-east-1/*/*/on-demand', code: 'x', failures: 1, since: NOW, until }];
    const input = { ...inputOf([asking(2)]), memory: remembering({ cold }) };
    expect(boughtIn(plan(input))).toBe(0);
    expect(reasonOf(input)).toMatchObject({ code: 'offerings-cold', until });
    expect(reasonOf(input, 'web')).toMatchObject({ code: 'offerings-cold', until });
  });

  test('while the breaker is open is said to wait for that', () => {
    const strikes = [{ pool: 'web', image: 'ami-1@b1', machines: [], openedAt: NOW - MINUTE }];
    const input = { ...inputOf([asking(2)]), memory: remembering({ strikes }) };
    expect(boughtIn(plan(input))).toBe(0);
    expect(reasonOf(input)).toMatchObject({ code: 'breaker-open' });
  });

  test('because the catalogue is empty is said so', () => {
    const input = inputOf([asking(2)], [aPool()], { offerings: source([]) });
    expect(reasonOf(input)).toMatchObject({ code: 'no-offering' });
  });

  test('while agents are not all seen is bought only where Marathon says what they lack', () => {
    const machine = aMachine('i-1');
    const refused = [{ reason: 'UnfulfilledConstraint', declined: 2, processed: 2 }] as const;
    const queue = [asking(3), waiting(anApp('/b'), 3, { rejects: refused })];
    const world = aWorld({ machines: [machine], agents: [anAgent(machine)], queue });
    const input = anInput({ world: { ...world, agents: { ...world.agents, complete: false } } });
    expect(lineOf(input, '/a')).toMatchObject({ onBought: 3 });
    expect(lineOf(input, '/b')).toMatchObject({ onBought: 0, unplaced: 3 });
    expect(reasonOf(input, '/b')).toMatchObject({ code: 'stale-view' });
  });
});

describe('offerings', () => {
  const spot = [aPool({ markets: ['spot', 'on-demand'] })];

  test('of a launch hold the load, are of one market and begin with the cheapest', () => {
    const input = inputOf([asking(3, { each: some(3, 6000) })], spot);
    for (const { offerings: all, count } of launchesIn(plan(input))) {
      expect(new Set(all.map(({ market }) => market))).toEqual(new Set(['spot']));
      expect(all.length).toBeGreaterThan(1);
      expect(count).toBeGreaterThan(0);
      const room = (shape: string): Resources =>
        SHAPES.find(({ name }) => name === shape)?.allocatable ?? some(0, 0);
      for (const { shape } of all) expect(fits(some(3, 6000), room(shape))).toBe(true);
    }
  });

  test('that had a capacity error are passed over for the next one in the same turn', () => {
    const input = inputOf([asking(1, { each: some(3, 6000) })], spot);
    const [first] = launchesIn(plan(input))[0]?.offerings ?? [];
    const key = `aws/us-east-1/${first?.zone}/${first?.shape}/${first?.market}`;
    const cold = [
      { key, code: 'InsufficientInstanceCapacity', failures: 1, since: NOW, until: NOW + MINUTE },
    ];
    const second = plan({ ...input, round: 2, memory: remembering({ cold }) });
    expect(boughtIn(second)).toBe(1);
    const tried = launchesIn(second).flatMap(({ offerings: all }) => all);
    expect(tried).not.toContainEqual(first);
  });

  test('of equal price fill the zones evenly, counting the machines that are there', () => {
    const machines = [1, 2].map((nth) => aMachine(`i-${nth}`, { zone: ZONES[0] }));
    const agents = machines.map((machine) => anAgent(machine, { used: some(3.75, 15_360) }));
    const queue = [asking(4, { each: some(3, 6000) })];
    const input = anInput({ world: aWorld({ machines, agents, queue }) });
    expect(zonesOf(input)).toEqual([ZONES[1], ZONES[1], ZONES[2], ZONES[2]]);
  });

  test('of several markets: the cheapest is bought, whatever the order of preference', () => {
    const pools = [aPool({ markets: ['on-demand', 'spot'] })];
    const made = plan(inputOf([asking(4)], pools));
    expect(launchesIn(made).every(({ offerings: [best] }) => best?.market === 'spot')).toBe(true);
  });
});

describe('any app', () => {
  const numbers = fc.record({
    count: fc.integer({ min: 1, max: 40 }),
    cpus: fc.constantFrom(0.25, 1, 3, 7),
    memMib: fc.constantFrom(128, 2048, 9000),
    operator: fc.constantFrom(
      undefined,
      is('hostname', 'UNIQUE'),
      is('hostname', 'MAX_PER', '3'),
      is('zone', 'GROUP_BY', '3'),
      is('zone', 'MAX_PER', '9'),
      is('zone', 'LIKE', '.*[bc]'),
    ),
  });

  test('that a pool can hold is bought for once, gets its room, and pays at most twice the bound', () => {
    fc.assert(
      fc.property(numbers, ({ count, cpus, memMib, operator }) => {
        const constraints = operator === undefined ? [] : [operator];
        const input = inputOf([asking(count, { each: some(cpus, memMib), constraints })], [aPool()], {
          offerings: source(offeringsOf()),
        });
        const made = plan(input);
        const most = operator?.operator === 'MAX_PER' && operator.field === 'zone' ? 27 : Infinity;
        expect(made.demand[0]?.onBought).toBe(Math.min(count, most));
        expect(boughtIn(plan(afterAnswer(input, made)))).toBe(0);
        expect(boughtIn(plan(afterBoot(input, made)))).toBe(0);
        if (operator === undefined && made.cost.boundKind !== 'none')
          expect(made.cost.boughtUsdPerHour).toBeLessThanOrEqual(2 * made.cost.boundUsdPerHour + 0.11);
      }),
    );
  });
});
