import { describe, expect, test } from '@jest/globals';
import { MesosFailure } from '../../lib/emulator/mesos/api';
import type { MarathonVersion } from '../../lib/emulator/settings';
import type { EmulatedWorld } from '../../lib/emulator/world';
import { addAgents, app, conditions, happenings, MINUTE, smallWorld } from './small-world';

const refusal = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (error instanceof MesosFailure) return `${error.status} ${error.message}`;
    throw error;
  }
  return 'done';
};

const running = (
  tasks: number,
  more: Record<string, unknown> = {},
  marathonVersion: MarathonVersion = '1.10',
): { world: EmulatedWorld; ids: string[] } => {
  const settings = { marathon: { taskStartMs: [500, 500], taskStopMs: [2000, 2000] } } as const;
  const world = smallWorld({ marathonVersion, settings });
  const ids = addAgents(world, 1, { cpus: 8, memMib: 16_384 });
  world.marathon.createApp(app('/web', tasks, more));
  world.advance(MINUTE);
  ids.push(...addAgents(world, 1, { cpus: 8, memMib: 16_384 }));
  return { world, ids };
};

const drainOf = (world: EmulatedWorld, id: string): string | undefined =>
  world.mesos.agents().find((agent) => agent.id === id)?.drain?.state;

describe('DEACTIVATE_AGENT and REACTIVATE_AGENT', () => {
  test('stop offers and leave tasks alone, and start them again', () => {
    const { world, ids } = running(2);
    for (const id of ids) world.mesos.deactivateAgent(id);
    for (const id of ids) expect(refusal(() => world.mesos.deactivateAgent(id))).toBe('done');
    world.marathon.createApp(app('/late', 1));
    world.advance(5 * MINUTE);
    expect(conditions(world, '/web')).toEqual({ Running: 2 });
    expect(conditions(world, '/late')).toEqual({ Scheduled: 1 });
    expect(world.mesos.agents().map(({ active, deactivated }) => [active, deactivated])).toEqual([
      [false, true],
      [false, true],
    ]);
    for (const id of ids) world.mesos.reactivateAgent(id);
    world.advance(MINUTE);
    expect(conditions(world, '/late')).toEqual({ Running: 1 });
  });

  test('refuse in the words of Mesos', () => {
    const { world, ids } = running(1);
    expect(refusal(() => world.mesos.deactivateAgent('x'))).toBe('400 Unknown agent');
    expect(refusal(() => world.mesos.reactivateAgent('x'))).toBe('400 Agent is not deactivated');
    expect(refusal(() => world.mesos.reactivateAgent(ids[0] ?? ''))).toBe('400 Agent is not deactivated');
    world.mesos.drainAgent(ids[0] ?? '');
    expect(refusal(() => world.mesos.reactivateAgent(ids[0] ?? ''))).toBe(
      '400 Agent is still in the DRAINING state',
    );
  });

  test('do not bring back an offer that was refused', () => {
    const { world, ids } = running(1);
    world.marathon.createApp(app('/big', 1, { cpus: 32 }));
    world.advance(30_000);
    const processed = (): unknown => world.marathon.queue()[0]?.processedOffersSummary.processedOffersCount;
    const before = processed();
    world.mesos.deactivateAgent(ids[0] ?? '');
    world.mesos.reactivateAgent(ids[0] ?? '');
    world.advance(30_000);
    expect(processed()).toBe(before);
  });

  test('survive a failover', () => {
    const { world, ids } = running(1);
    world.mesos.deactivateAgent(ids[0] ?? '');
    world.troubles.masterFailover();
    world.advance(MINUTE);
    expect(world.mesos.agents().map(({ deactivated }) => deactivated)).toEqual([true, false]);
  });
});

describe('DRAIN_AGENT', () => {
  test('kills every task at once, and they start elsewhere without a delay', () => {
    const { world, ids } = running(4);
    world.mesos.drainAgent(ids[0] ?? '');
    expect(drainOf(world, ids[0] ?? '')).toBe('DRAINING');
    world.advance(2000);
    expect(drainOf(world, ids[0] ?? '')).toBe('DRAINED');
    expect(world.mesos.agentTasks(ids[0] ?? '')).toEqual([]);
    world.advance(7000);
    expect(conditions(world, '/web')).toEqual({ Running: 4 });
    expect(world.marathon.instances('/web').map((instance) => instance.agentId)).toEqual(
      Array.from({ length: 4 }, () => ids[1]),
    );
    const statuses = world.mesos.completedTasks().map((task) => task.statuses.at(-1));
    expect(statuses.map((status) => [status?.state, status?.reason])).toEqual(
      Array.from({ length: 4 }, () => ['TASK_KILLED', 'REASON_AGENT_DRAINING']),
    );
  });

  test('waits no longer than the smaller of both graces, where executors hear of it', () => {
    const drained = (httpCommandExecutor: boolean): string | undefined => {
      const world = smallWorld({ settings: { agent: { httpCommandExecutor } } });
      const [id = ''] = addAgents(world, 1, { cpus: 8, memMib: 16_384 });
      world.mesos.occupy(id, { cpuMilli: 100 }, 'other', { graceMs: 60_000, stopMs: 60_000 });
      world.mesos.drainAgent(id, { maxGracePeriodNs: 1_000_000_000 });
      world.advance(1000);
      return drainOf(world, id);
    };
    expect([drained(true), drained(false)]).toEqual(['DRAINED', 'DRAINING']);
  });

  test('with mark_gone ends as gone and is never DRAINED', () => {
    const { world, ids } = running(2);
    world.mesos.drainAgent(ids[0] ?? '', { markGone: true });
    world.advance(2000);
    expect(world.mesos.agents().map(({ id }) => id)).toEqual([ids[1]]);
    expect(world.mesos.completedTasks().map(({ state }) => state)).toEqual([
      'TASK_GONE_BY_OPERATOR',
      'TASK_GONE_BY_OPERATOR',
    ]);
  });

  test.each([
    ['1.8', 2],
    ['1.10', 0],
  ] as const)('with mark_gone on Marathon %s delays %i launches', (version, delays) => {
    const { world, ids } = running(2, {}, version);
    world.mesos.drainAgent(ids[0] ?? '', { markGone: true });
    world.advance(3000);
    expect(happenings(world, 'backoff')).toHaveLength(delays);
  });

  test('is 200 again and again, of drained agents too, and 400 of unknown or gone ones', () => {
    const { world, ids } = running(1);
    const [id = ''] = ids;
    for (let times = 0; times < 3; times += 1) expect(refusal(() => world.mesos.drainAgent(id))).toBe('done');
    world.advance(5000);
    expect(refusal(() => world.mesos.drainAgent(id))).toBe('done');
    expect(drainOf(world, id)).toBe('DRAINED');
    world.mesos.markAgentGone(id);
    expect(refusal(() => world.mesos.drainAgent(id))).toBe('400 Unknown agent');
  });

  test('of a dead agent that is not missed yet is DRAINED at once when nothing is known to run there', () => {
    const { world, ids } = running(1);
    world.troubles.killAgent(ids[1] ?? '');
    world.mesos.drainAgent(ids[1] ?? '');
    expect(drainOf(world, ids[1] ?? '')).toBe('DRAINED');
  });

  test('of an unreachable agent waits until it is back', () => {
    const { world, ids } = running(1);
    const heal = world.troubles.partition(ids[0] ?? '');
    world.advance(100_000);
    world.mesos.drainAgent(ids[0] ?? '');
    expect(drainOf(world, ids[0] ?? '')).toBeUndefined();
    heal();
    expect(drainOf(world, ids[0] ?? '')).toBe('DRAINING');
    world.advance(5000);
    expect(drainOf(world, ids[0] ?? '')).toBe('DRAINED');
  });

  test('is blocked by a framework that is away', () => {
    const { world, ids } = running(2);
    world.mesos.drainAgent(ids[0] ?? '');
    world.troubles.masterFailover();
    world.advance(15_000);
    expect(drainOf(world, ids[0] ?? '')).toBe('DRAINING');
    world.advance(10_000);
    expect(drainOf(world, ids[0] ?? '')).toBe('DRAINED');
  });
});

describe('MARK_AGENT_GONE', () => {
  test('is idempotent, and 404 for an agent that never was', () => {
    const { world, ids } = running(1);
    world.mesos.markAgentGone(ids[0] ?? '');
    expect(refusal(() => world.mesos.markAgentGone(ids[0] ?? ''))).toBe('done');
    expect(refusal(() => world.mesos.markAgentGone('x'))).toBe("404 Agent 'x' not found");
  });

  test('ends the tasks of registered and of unreachable agents by the operator', () => {
    const { world, ids } = running(2);
    const heal = world.troubles.partition(ids[0] ?? '');
    world.advance(100_000);
    expect(world.mesos.unreachableTasks()).toHaveLength(2);
    world.mesos.markAgentGone(ids[0] ?? '');
    expect(world.mesos.unreachableTasks()).toEqual([]);
    heal();
    world.advance(MINUTE);
    expect(world.mesos.agents().map(({ id }) => id)).toEqual([ids[1]]);
    expect(world.mesos.completedTasks().map((task) => task.statuses.at(-1)?.reason)).toEqual([
      'REASON_AGENT_REMOVED_BY_OPERATOR',
      'REASON_AGENT_REMOVED_BY_OPERATOR',
    ]);
  });

  test('while Marathon is away is heard of by reconciliation only', () => {
    const { world, ids } = running(2);
    world.troubles.masterFailover();
    world.advance(13_000);
    expect(world.marathon.isUp()).toBe(false);
    world.mesos.markAgentGone(ids[0] ?? '');
    world.advance(10_000);
    expect(conditions(world, '/web')).toEqual({ Running: 2 });
    expect(world.mesos.tasks()).toEqual([]);
    world.advance(30_000);
    expect(world.marathon.appTasks('/web').map(({ slaveId }) => slaveId)).toEqual([ids[1], ids[1]]);
  });

  test('of a recovered agent says nothing to anybody and leaves it listed until the next failover', () => {
    const { world, ids } = running(2);
    world.troubles.killAgent(ids[0] ?? '');
    world.troubles.masterFailover();
    world.advance(30_000);
    world.mesos.markAgentGone(ids[0] ?? '');
    world.advance(30 * MINUTE);
    expect(world.mesos.recoveredAgents().map(({ id }) => id)).toEqual([ids[0]]);
    expect(conditions(world, '/web')).toEqual({ Running: 2 });
    world.troubles.masterFailover();
    world.advance(MINUTE);
    expect(world.mesos.recoveredAgents()).toEqual([]);
    expect(conditions(world, '/web')).toEqual({ Running: 2 });
  });
});
