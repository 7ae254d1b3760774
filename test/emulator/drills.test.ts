import { describe, expect, test } from '@jest/globals';
import type { AttributeValue } from '../../lib/core/model/attributes';
import { attributeText } from '../../lib/core/model/attributes';
import type { EmulatedWorld, WorldOptions } from '../../lib/emulator/world';
import { addAgents, app, conditions, fleet, grow, MINUTE, smallWorld, template } from './small-world';

const DCOS = { mesos: { maxPingTimeouts: 20, agentRemovalIntervalMs: 20 * MINUTE } } as const;

const secondsUntil = (world: EmulatedWorld, isDone: () => boolean, mostMinutes: number): number => {
  const from = world.now();
  while (!isDone() && world.now() < from + mostMinutes * MINUTE) world.advance(1000);
  return (world.now() - from) / 1000;
};

const metric = (world: EmulatedWorld, name: string): number => world.mesos.metrics()[`master/${name}`] ?? 0;

describe('slow removal', () => {
  test('three agents under the flags of DC/OS are given up after 300, 1500 and 2700 s', () => {
    const world = smallWorld({ settings: DCOS });
    for (const id of addAgents(world, 3, { cpus: 2, memMib: 4096 })) world.troubles.killAgent(id);
    const times = [1, 2, 3].map((count) => {
      const before = world.now();
      const seconds = secondsUntil(world, () => world.mesos.unreachableCount() === count, 50);
      return (before - world.options.startAt) / 1000 + seconds;
    });
    const [first = 0, second = 0, third = 0] = times;
    expect(first).toBeGreaterThanOrEqual(300);
    expect(first).toBeLessThanOrEqual(316);
    expect([second - first, third - second]).toEqual([1200, 1200]);
  });

  test('agents are given up one at a time, and one that answers is not', () => {
    const world = smallWorld({ settings: DCOS });
    const heals = addAgents(world, 3, { cpus: 2, memMib: 4096 }).map((id) => world.troubles.partition(id));
    world.advance(320_000);
    const state = (): number[] =>
      ['scheduled', 'completed', 'canceled'].map((name) => metric(world, `slave_unreachable_${name}`));
    expect([world.mesos.unreachableCount(), ...state()]).toEqual([1, 3, 1, 0]);
    for (const heal of heals) heal();
    expect([world.mesos.unreachableCount(), ...state()]).toEqual([0, 3, 1, 2]);
    world.advance(60 * MINUTE);
    expect([world.mesos.agents().length, ...state()]).toEqual([3, 3, 1, 2]);
  });
});

const textOf = (value: AttributeValue | undefined): string =>
  value === undefined ? '' : attributeText(value);

const zoneDies = (options: Partial<WorldOptions> = {}): EmulatedWorld => {
  const world = smallWorld(options);
  addAgents(world, 6, { cpus: 8, memMib: 16_384 });
  const idsIn = (isDying: boolean): string[] =>
    world.mesos
      .agents()
      .filter(({ attributes }) => (textOf(attributes['zone']) === 'us-east-1a') === isDying)
      .map(({ id }) => id);
  // All of it runs in the zone that dies.
  for (const id of idsIn(false)) world.mesos.deactivateAgent(id);
  world.marathon.createApp(app('/web', 12));
  world.advance(MINUTE);
  for (const id of idsIn(false)) world.mesos.reactivateAgent(id);
  const dead = idsIn(true);
  for (const id of dead) world.troubles.killAgent(id);
  world.troubles.masterFailover();
  return world;
};

/** Tasks on agents that answer. */
const alive = (world: EmulatedWorld): number => {
  if (!world.marathon.isUp() || world.mesos.leader().kind === 'no-leader') return 0;
  const listed = new Set(world.mesos.agents().map(({ id }) => id));
  return world.marathon
    .appTasks('/web')
    .filter((task) => task.state === 'TASK_RUNNING' && listed.has(task.slaveId)).length;
};

describe('a zone with the leading master', () => {
  test.each([1, 2, 3])(
    'a zone that dies with the leading master is replaced after 10.5 to 20.5 minutes (seed %d)',
    (seed) => {
      const world = zoneDies({ seed });
      const seconds = secondsUntil(world, () => alive(world) === 12, 40);
      expect(seconds).toBeGreaterThanOrEqual(600);
      expect(seconds).toBeLessThanOrEqual(20.5 * 60 + 10);
    },
  );

  test("and within seconds of Marathon's return by a wipe", () => {
    const world = zoneDies();
    secondsUntil(world, () => world.marathon.isUp(), 5);
    world.advance(3000);
    const listed = new Set(world.mesos.agents().map(({ id }) => id));
    const lost = world.marathon.appTasks('/web').filter(({ slaveId }) => !listed.has(slaveId));
    expect(lost).toHaveLength(12);
    world.marathon.killTasks(
      lost.map(({ id }) => id),
      { wipe: true },
    );
    expect(secondsUntil(world, () => alive(world) === 12, 40)).toBeLessThanOrEqual(15);
  });
});

describe('a spot notice', () => {
  test('a spot machine that ends before it is drained stays unreachable until it is marked gone', () => {
    const world = smallWorld();
    const { Instances } = world.ec2.CreateFleet(fleet({ id: template(world), count: 1, market: 'spot' }));
    world.advance(2 * MINUTE);
    const [machine = ''] = Instances.flatMap((one) => [...one.InstanceIds]);
    const [agent] = world.mesos.agents();
    const id = agent?.id ?? '';
    world.mesos.occupy(id, { cpuMilli: 100, memMib: 32 }, 'batch', { graceMs: 300_000, stopMs: 300_000 });
    world.troubles.spotNotice(machine);
    world.mesos.drainAgent(id, { maxGracePeriodNs: 90_000_000_000, markGone: true });
    world.advance(110_000);
    expect(world.mesos.agents().map(({ drain }) => drain?.state)).toEqual(['DRAINING']);
    world.advance(30 * MINUTE);
    expect([world.mesos.agents(), world.mesos.unreachableCount()]).toEqual([[], 1]);
    expect(world.mesos.unreachableTasks()).toHaveLength(1);
    world.mesos.markAgentGone(id);
    expect([world.mesos.unreachableCount(), world.mesos.unreachableTasks()]).toEqual([0, []]);
  });

  test('a machine that is drained in time goes without a loss', () => {
    const world = smallWorld({ settings: { agent: { httpCommandExecutor: true } } });
    grow(world, 1);
    world.marathon.createApp(app('/web', 2, { taskKillGracePeriodSeconds: 90 }));
    world.advance(MINUTE);
    const [agent] = world.mesos.agents();
    grow(world, 1);
    world.troubles.spotNotice(textOf(agent?.attributes['instance_id']));
    world.mesos.drainAgent(agent?.id ?? '', { maxGracePeriodNs: 90_000_000_000, markGone: true });
    world.advance(MINUTE);
    expect([world.mesos.agents().length, world.mesos.unreachableCount()]).toEqual([1, 0]);
    expect(conditions(world, '/web')).toEqual({ Running: 2 });
  });
});
