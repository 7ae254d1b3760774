import { describe, expect, test } from '@jest/globals';
import { text } from '../../lib/core/model/attributes';
import type { MesosEvent } from '../../lib/emulator/mesos/api';
import type { EmulatedWorld } from '../../lib/emulator/world';
import { addAgents, app, conditions, grow, happenings, MINUTE, smallWorld, START } from './small-world';

const quiet = { taskStartMs: [500, 500], taskStopMs: [500, 500] } as const;

/** One app with one task on each of `agents` agents. */
const busy = (
  agents: number,
  more: Record<string, unknown> = {},
): { world: EmulatedWorld; ids: string[] } => {
  const world = smallWorld({ settings: { marathon: quiet } });
  const ids = addAgents(world, agents, { cpus: 4, memMib: 8192 });
  world.marathon.createApp(app('/web', agents, { constraints: [['hostname', 'UNIQUE']], ...more }));
  world.advance(MINUTE);
  expect(conditions(world, '/web')).toEqual({ Running: agents });
  return { world, ids };
};

const eventsOf = (world: EmulatedWorld): string[] => {
  const seen: string[] = [];
  world.mesos.subscribe((event: MesosEvent) =>
    seen.push('task' in event ? `${event.type} ${event.task.state}` : event.type),
  );
  return seen;
};

const statesOf = (world: EmulatedWorld): string[] => world.mesos.tasks().map((task) => task.state);

describe('an agent that dies with its machine', () => {
  test('is still active and still offered until it is unreachable, 75 to 90 s later', () => {
    for (let seed = 1; seed <= 10; seed += 1) {
      const world = smallWorld({ seed });
      const [machine = ''] = grow(world, 1);
      const before = world.now();
      world.troubles.killMachine(machine);
      expect(world.mesos.agents()[0]).toMatchObject({ active: true, connected: true });
      world.marathon.createApp(app('/late', 1));
      world.advance(74_000);
      expect(statesOf(world)).toEqual(['TASK_STAGING']);
      expect(world.mesos.agents()).toHaveLength(1);
      world.advanceTo(before + 90_000);
      expect(world.mesos.agents()).toEqual([]);
      expect(world.mesos.unreachableCount()).toBe(1);
    }
  });

  test('leaves only updates of its tasks on the stream, and the tasks run elsewhere', () => {
    const world = smallWorld({ settings: { marathon: quiet } });
    const [machine = ''] = grow(world, 1);
    world.marathon.createApp(app('/web', 2));
    world.advance(MINUTE);
    addAgents(world, 1, { cpus: 4, memMib: 8192 });
    const seen = eventsOf(world);
    world.troubles.killMachine(machine);
    world.advance(98_000);
    expect(seen.slice(0, 2)).toEqual(['TASK_UPDATED TASK_UNREACHABLE', 'TASK_UPDATED TASK_UNREACHABLE']);
    expect(seen).not.toContain('AGENT_REMOVED');
    expect(conditions(world, '/web')).toEqual({ Running: 2 });
    expect(world.mesos.unreachableTasks()).toHaveLength(2);
    expect(world.mesos.metrics()).toMatchObject({
      'master/slaves_unreachable': 1,
      'master/slave_unreachable_completed': 1,
    });
  });

  test('is replaced within eight seconds and a start once it is marked gone', () => {
    const world = smallWorld({ settings: { marathon: quiet } });
    const [machine = ''] = grow(world, 1);
    world.marathon.createApp(app('/web', 2));
    world.advance(MINUTE);
    const [agent] = world.mesos.agents();
    addAgents(world, 1, { cpus: 4, memMib: 8192 });
    world.troubles.killMachine(machine);
    world.advance(1000);
    world.mesos.markAgentGone(agent?.id ?? '');
    world.advance(8000 + 600);
    expect(conditions(world, '/web')).toEqual({ Running: 2 });
  });
});

describe('an agent whose process ends', () => {
  test('is disconnected at once, neither active nor deactivated, without any event', () => {
    const { world, ids } = busy(2);
    const seen = eventsOf(world);
    world.troubles.killAgent(ids[0] ?? '');
    expect(world.mesos.agents()[0]).toMatchObject({ active: false, deactivated: false, connected: false });
    world.advance(70_000);
    expect(seen).toEqual([]);
    expect(statesOf(world)).toEqual(['TASK_RUNNING', 'TASK_RUNNING']);
  });

  test('comes back under its id with its tasks', () => {
    const { world, ids } = busy(2);
    world.troubles.killAgent(ids[0] ?? '', { returnsAfterMs: 30_000 });
    world.advance(10 * MINUTE);
    expect(world.mesos.agents().map((agent) => [agent.id, agent.active])).toEqual(
      ids.map((id) => [id, true]),
    );
    expect(happenings(world, 'agent-unreachable')).toEqual([]);
    expect(conditions(world, '/web')).toEqual({ Running: 2 });
  });

  test('is removed with TASK_LOST when another registers from its address', () => {
    const { world, ids } = busy(1);
    const seen = eventsOf(world);
    const [old] = world.mesos.agents();
    world.troubles.killAgent(ids[0] ?? '');
    world.mesos.addAgent({
      hostname: 'new',
      ip: old?.ip ?? '',
      attributes: { pool: text('web') },
      total: { cpuMilli: 4000, memMib: 8192, diskMib: 0, gpus: 0, ports: 10 },
    });
    expect(seen).toEqual(['TASK_UPDATED TASK_LOST', 'AGENT_REMOVED', 'AGENT_ADDED']);
    expect(world.mesos.agents().map((agent) => agent.hostname)).toEqual(['new']);
  });
});

describe('a partition', () => {
  test('that heals within a minute is noticed by nobody', () => {
    const { world, ids } = busy(3);
    const heal = world.troubles.partition(ids[0] ?? '');
    world.advance(60_000);
    heal();
    world.advance(10 * MINUTE);
    expect(happenings(world, 'task-ended')).toEqual([]);
    expect(happenings(world, 'agent-unreachable')).toEqual([]);
  });

  test('that heals after two minutes brings the agent back, and Marathon kills what it gave up', () => {
    const { world, ids } = busy(2, { constraints: [] });
    addAgents(world, 1, { cpus: 4, memMib: 8192 });
    const seen = eventsOf(world);
    const heal = world.troubles.partition(ids[0] ?? '');
    world.advance(120_000);
    expect(conditions(world, '/web')).toEqual({ Running: 2 });
    const lost = world.mesos.unreachableTasks().length;
    heal();
    expect(world.mesos.agents()).toHaveLength(3);
    expect(world.mesos.tasks()).toHaveLength(2 + lost);
    world.advance(MINUTE);
    expect(world.mesos.tasks()).toHaveLength(2);
    expect(seen).toContain('AGENT_ADDED');
    expect(conditions(world, '/web')).toEqual({ Running: 2 });
  });

  test('keeps from Marathon what ends meanwhile, until it heals', () => {
    const { world, ids } = busy(1);
    world.marathon.crash('/web', { afterMs: 20_000 });
    world.marathon.killAppTasks('/web');
    world.advance(15_000);
    const heal = world.troubles.partition(ids[0] ?? '');
    world.advance(40_000);
    expect(happenings(world, 'backoff')).toEqual([]);
    heal();
    expect(happenings(world, 'backoff')).toHaveLength(1);
  });
});

describe('a failover of the masters', () => {
  test('shows all agents as recovered until each has registered again', () => {
    const { world, ids } = busy(4);
    world.troubles.masterFailover();
    expect(() => world.mesos.agents()).toThrow('No leader elected');
    world.advance(9_660);
    expect(world.mesos.agents()).toEqual([]);
    expect(world.mesos.recoveredAgents().map((agent) => agent.id)).toEqual(ids);
    expect(world.mesos.tasks()).toEqual([]);
    world.advance(3_000);
    expect(world.mesos.agents().map((agent) => agent.id)).toEqual(ids);
    expect(statesOf(world)).toEqual(Array.from({ length: 4 }, () => 'TASK_RUNNING'));
  });

  test('stops Marathon for a while, and nothing ends because of it', () => {
    const { world } = busy(4);
    world.troubles.masterFailover();
    expect(() => world.marathon.apps()).toThrow('Could not determine the current leader');
    world.advance(MINUTE);
    expect(world.marathon.isUp()).toBe(true);
    expect(conditions(world, '/web')).toEqual({ Running: 4 });
    expect(happenings(world, 'task-ended')).toEqual([]);
  });

  test('gives up an agent that stays away after ten minutes, without a word about its tasks', () => {
    const { world, ids } = busy(2);
    world.troubles.killAgent(ids[0] ?? '');
    world.troubles.masterFailover();
    const seen = eventsOf(world);
    world.advance(9 * MINUTE);
    expect(world.mesos.recoveredAgents().map((agent) => agent.id)).toEqual([ids[0]]);
    world.advance(MINUTE + 10_000);
    expect(world.mesos.recoveredAgents()).toEqual([]);
    expect(world.mesos.unreachableCount()).toBe(1);
    expect(seen.filter((event) => event.includes('UNREACHABLE'))).toEqual([]);
  });

  test('lets Marathon learn of lost tasks by reconciliation only', () => {
    const { world, ids } = busy(2);
    world.troubles.killAgent(ids[0] ?? '');
    world.troubles.masterFailover();
    world.advance(5 * MINUTE);
    expect(conditions(world, '/web')).toEqual({ Running: 2 });
    world.advance(16 * MINUTE);
    expect(conditions(world, '/web')).toEqual({ Running: 1, Scheduled: 1 });
  });

  test('gives new agents ids of the new master', () => {
    const { world, ids } = busy(1);
    const old = world.mesos.leader();
    world.troubles.masterFailover();
    world.advance(MINUTE);
    const [added = ''] = addAgents(world, 1, { cpus: 1, memMib: 512 });
    expect(added.endsWith('-S0')).toBe(true);
    expect(added).not.toBe(ids[0]);
    expect(world.mesos.leader()).not.toEqual(old);
    expect(world.now()).toBeGreaterThan(START);
  });
});

describe('tasks of other frameworks', () => {
  test('take room that Marathon then does not get', () => {
    const world = smallWorld();
    const [agent = ''] = addAgents(world, 1, { cpus: 4, memMib: 8192 });
    const task = world.mesos.occupy(agent, { cpuMilli: 3500, memMib: 100 }, 'chronos');
    world.marathon.createApp(app('/web', 1));
    world.advance(MINUTE);
    expect(conditions(world, '/web')).toEqual({ Scheduled: 1 });
    expect(world.mesos.frameworks().map(({ name }) => name)).toEqual(['marathon', 'chronos']);
    world.mesos.release(task);
    world.advance(MINUTE);
    expect(conditions(world, '/web')).toEqual({ Running: 1 });
    expect(() => world.mesos.occupy(agent, { cpuMilli: 9000 }, 'chronos')).toThrow('has no room');
  });
});
