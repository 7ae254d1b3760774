import { describe, expect, test } from '@jest/globals';
import type { EmulatedWorld } from '../../lib/emulator/world';
import { call, serving } from './http/served-world';
import { addAgents, app, conditions, MINUTE, smallWorld } from './small-world';

const small = { cpuMilli: 100, memMib: 32 };

const occupied = (options: { endsFramework?: boolean } = {}): { world: EmulatedWorld; id: string } => {
  const world = smallWorld();
  const [id = ''] = addAgents(world, 1, { cpus: 4, memMib: 8192 });
  world.mesos.occupy(id, small, 'batch', { stopMs: 1000, ...options });
  return { world, id };
};

const drainOf = (world: EmulatedWorld): string | undefined => world.mesos.agents()[0]?.drain?.state;

/** The ways in which a framework was seen to leave an agent stuck; each is called once the drain has begun. */
const LEAVING: readonly [string, (world: EmulatedWorld) => void][] = [
  ['it ends with its task', () => undefined],
  [
    'it is torn down',
    (world) => {
      world.mesos.disconnectFramework('batch');
      world.mesos.teardown(world.mesos.frameworks().find(({ name }) => name === 'batch')?.id ?? '');
    },
  ],
  [
    'its failover timeout passes',
    (world) => {
      world.mesos.disconnectFramework('batch', { failoverTimeoutMs: 3000 });
    },
  ],
];

describe('a drain', () => {
  test.each(LEAVING)(
    'sticks when the last framework goes away, until it is ordered again: %s',
    (how, leave) => {
      const { world, id } = occupied({ endsFramework: how === 'it ends with its task' });
      world.mesos.drainAgent(id);
      leave(world);
      world.advance(10 * MINUTE);
      expect([drainOf(world), world.mesos.tasks()]).toEqual(['DRAINING', []]);
      expect(world.mesos.frameworks().map(({ name }) => name)).toEqual(['marathon']);
      world.mesos.drainAgent(id);
      expect(drainOf(world)).toBe('DRAINED');
    },
  );

  test('waits for an acknowledgement', () => {
    const { world, id } = occupied();
    world.mesos.disconnectFramework('batch');
    world.mesos.drainAgent(id);
    world.advance(5 * MINUTE);
    expect(drainOf(world)).toBe('DRAINING');
    const [task] = world.mesos.tasks();
    expect([task?.state, task?.statuses.at(-1)?.state]).toEqual(['TASK_KILLED', 'TASK_RUNNING']);
    world.mesos.reconnectFramework('batch');
    expect([drainOf(world), world.mesos.tasks()]).toEqual(['DRAINED', []]);
  });

  test('with mark_gone of an agent that dies is never gone by itself', () => {
    const { world, id } = occupied();
    const heal = world.troubles.partition(id);
    world.mesos.drainAgent(id, { markGone: true });
    world.advance(30 * MINUTE);
    expect([world.mesos.unreachableCount(), world.mesos.unreachableTasks().length]).toEqual([1, 1]);
    heal();
    expect(drainOf(world)).toBe('DRAINING');
    world.advance(5000);
    expect([world.mesos.agents(), world.mesos.unreachableCount()]).toEqual([[], 0]);
  });
});

describe('REACTIVATE_AGENT', () => {
  test('of an unreachable agent is told that it was removed, and has worked', () => {
    const { world, id } = occupied();
    world.mesos.deactivateAgent(id);
    const heal = world.troubles.partition(id);
    world.advance(2 * MINUTE);
    expect(() => world.mesos.reactivateAgent(id)).toThrow('Agent removed while processing the call');
    expect(() => world.mesos.reactivateAgent(id)).toThrow('Agent is not deactivated');
    heal();
    expect(world.mesos.agents()[0]?.deactivated).toBe(false);
  });
});

describe('a call that writes', () => {
  test('is answered once the registry has it', async () => {
    const { world, masterUrls } = await serving({}, { masters: 1, settings: { mesos: { registryMs: 200 } } });
    const [id = ''] = addAgents(world, 1, { cpus: 4, memMib: 8192 });
    const before = world.now();
    const body = { type: 'DEACTIVATE_AGENT', deactivate_agent: { agent_id: { value: id } } };
    expect((await call(masterUrls[0] ?? '', body)).status).toBe(200);
    expect([world.now() - before, world.mesos.agents()[0]?.deactivated]).toEqual([200, true]);
  });

  test('stalls with the registry', () => {
    const { world, id } = occupied();
    world.troubles.registryStall(20_000);
    world.mesos.deactivateAgent(id);
    world.advance(19_999);
    expect(world.mesos.agents()[0]?.deactivated).toBe(false);
    world.advance(1);
    expect(world.mesos.agents()[0]?.deactivated).toBe(true);
  });

  test('is 503 while another transition is under way, and a drain is 409', () => {
    const world = smallWorld({ settings: { mesos: { registryMs: 500 } } });
    const [id = ''] = addAgents(world, 1, { cpus: 4, memMib: 8192 });
    world.marathon.createApp(app('/web', 1));
    world.advance(MINUTE);
    world.mesos.markAgentGone(id);
    expect(() => world.mesos.markAgentGone(id)).toThrow(expect.objectContaining({ status: 503 }));
    expect(() => world.mesos.drainAgent(id)).toThrow('Agent is currently being marked gone');
    expect(conditions(world, '/web')).toEqual({ Running: 1 });
    world.advance(500);
    expect(conditions(world, '/web')).toEqual({ Scheduled: 1 });
    world.mesos.markAgentGone(id);
  });
});
