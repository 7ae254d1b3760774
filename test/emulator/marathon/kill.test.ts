import { describe, expect, test } from '@jest/globals';
import type { EmulatedWorld } from '../../../lib/emulator/world';
import { addAgents, app, conditions, happenings, MINUTE, smallWorld } from '../small-world';

const running = (
  instances: number,
  more: Record<string, unknown> = {},
): { world: EmulatedWorld; ids: string[]; agents: string[] } => {
  const world = smallWorld();
  const agents = addAgents(world, 2, { cpus: 16, memMib: 65_536 });
  world.marathon.createApp(app('/web', instances, more));
  world.advance(MINUTE);
  return { world, agents, ids: world.marathon.appTasks('/web').map((task) => task.id) };
};

describe('killing tasks', () => {
  test('replaces them under the same instance, without a deployment or a delay', () => {
    const { world, ids } = running(2);
    world.marathon.killTasks(ids.slice(0, 1));
    expect(world.marathon.deployments()).toEqual([]);
    world.advance(MINUTE);
    const after = world.marathon.appTasks('/web').map((task) => task.id);
    expect(after).toContain(ids[0]?.replace(/1$/, '2'));
    expect(happenings(world, 'backoff')).toEqual([]);
  });

  test('with scale shrinks the app by exactly those, in one deployment over all apps', () => {
    const { world, ids } = running(3);
    world.marathon.createApp(app('/other', 2));
    world.advance(MINUTE);
    const other = world.marathon.appTasks('/other').map((task) => task.id);
    world.marathon.killTasks([...ids.slice(0, 2), ...other.slice(0, 1)], { scale: true });
    expect(world.marathon.deployments()[0]?.affectedApps).toEqual(['/web', '/other']);
    world.advance(MINUTE);
    expect(world.marathon.appTasks('/web').map((task) => task.id)).toEqual(ids.slice(2));
    expect([world.marathon.app('/web').instances, world.marathon.app('/other').instances]).toEqual([1, 1]);
    expect(world.marathon.deployments()).toEqual([]);
  });

  test('with scale twice does not shrink twice', () => {
    const { world, ids } = running(3);
    world.marathon.killTasks(ids.slice(0, 1), { scale: true });
    world.marathon.killTasks(ids.slice(0, 1), { scale: true, force: true });
    world.advance(MINUTE);
    expect(world.marathon.app('/web').instances).toBe(2);
  });

  test('with scale of a locked app is 409, without scale it is not', () => {
    const { world, ids } = running(2);
    world.marathon.updateApp('/web', { instances: 200 });
    expect(() => world.marathon.killTasks(ids, { scale: true })).toThrow('locked');
    world.marathon.killTasks(ids);
    world.advance(20_000);
    expect(world.mesos.completedTasks()).toHaveLength(2);
  });

  test('with wipe forgets them at once, also of an agent that answers nobody', () => {
    const { world, ids, agents } = running(2, {
      constraints: [['hostname', 'UNIQUE']],
      unreachableStrategy: 'disabled',
    });
    addAgents(world, 1, { cpus: 4, memMib: 8192 });
    world.troubles.partition(agents[0] ?? '');
    world.advance(100_000);
    expect(conditions(world, '/web')).toEqual({ Running: 1, Unreachable: 1 });
    world.marathon.killTasks(ids, {});
    world.advance(MINUTE);
    const lost = world.marathon.instances('/web').find((instance) => instance.condition === 'Unreachable');
    world.marathon.killTasks([lost?.taskId ?? ''], { wipe: true });
    world.advance(10_000);
    expect(conditions(world, '/web')).toEqual({ Running: 2 });
    expect(() => world.marathon.killTasks(ids, { wipe: true, scale: true })).toThrow('scale and wipe');
  });

  test('takes a host exactly or a star, and passes over ids that nobody knows', () => {
    const { world } = running(6);
    const hosts = world.marathon.appTasks('/web').map((task) => task.host);
    const onFirst = hosts.filter((host) => host === 'agent-0').length;
    const killed = (host: string): number => {
      const answer = world.marathon.killAppTasks('/web', { host });
      return 'tasks' in answer ? answer.tasks.length : -1;
    };
    expect([killed('agent-0'), killed('agent'), killed('*')]).toEqual([onFirst, 0, 6]);
    expect(world.marathon.killTasks(['web.instance-x._app.1'])).toEqual({ tasks: [] });
    expect(() => world.marathon.killTasks(['nonsense'])).toThrow('unable to extract');
  });

  test('waits for the grace of the app at most', () => {
    const world = smallWorld({ settings: { marathon: { taskStopMs: [60_000, 60_000] } } });
    addAgents(world, 1, { cpus: 4, memMib: 8192 });
    world.marathon.createApp(app('/short', 1));
    world.marathon.createApp(app('/long', 1, { taskKillGracePeriodSeconds: 20 }));
    world.advance(MINUTE);
    world.marathon.killAppTasks('/short');
    world.marathon.killAppTasks('/long');
    world.advance(3000);
    expect(world.mesos.completedTasks().map(({ name }) => name)).toEqual(['short']);
    world.advance(17_000);
    expect(world.mesos.completedTasks().map(({ name }) => name)).toEqual(['short', 'long']);
  });
});

describe('unreachable strategies', () => {
  const lose = (unreachableStrategy: unknown, ms: number): Record<string, number> => {
    const world = smallWorld();
    const agents = addAgents(world, 1, { cpus: 4, memMib: 8192 });
    world.marathon.createApp(app('/web', 1, { unreachableStrategy }));
    world.advance(MINUTE);
    addAgents(world, 1, { cpus: 4, memMib: 8192 });
    world.troubles.partition(agents[0] ?? '');
    world.advance(90_000 + ms);
    return conditions(world, '/web');
  };

  test('replace at once by default, after a time where one is given, never when disabled', () => {
    expect(lose({ inactiveAfterSeconds: 0, expungeAfterSeconds: 0 }, 8_000)).toEqual({ Running: 1 });
    const patient = { inactiveAfterSeconds: 120, expungeAfterSeconds: 300 };
    expect(lose(patient, 60_000)).toEqual({ Unreachable: 1 });
    expect(lose(patient, 165_000)).toEqual({ Running: 1, UnreachableInactive: 1 });
    expect(lose(patient, 340_000)).toEqual({ Running: 1 });
    expect(lose('disabled', 60 * MINUTE)).toEqual({ Unreachable: 1 });
  });
});

describe('an app with a persistent volume', () => {
  const data = (): { world: EmulatedWorld; agents: string[] } => {
    const world = smallWorld();
    const agents = addAgents(world, 1, { cpus: 4, memMib: 8192 });
    const container = {
      type: 'MESOS',
      volumes: [{ containerPath: 'data', mode: 'RW', persistent: { size: 100 } }],
    };
    world.marathon.createApp(app('/db', 1, { container }));
    world.advance(MINUTE);
    agents.push(...addAgents(world, 1, { cpus: 4, memMib: 8192 }));
    return { world, agents };
  };

  test('starts again only on the agent that holds it, and shows the reservation as what it waits for', () => {
    const { world, agents } = data();
    world.mesos.drainAgent(agents[0] ?? '');
    world.advance(5 * MINUTE);
    expect(conditions(world, '/db')).toEqual({ Scheduled: 1 });
    const rows = world.marathon.queue()[0]?.processedOffersSummary.rejectSummaryLastOffers;
    expect(rows?.find((row) => row.declined > 0)?.reason).toBe('NoCorrespondingReservationFound');
    world.mesos.reactivateAgent(agents[0] ?? '');
    world.advance(MINUTE);
    expect(world.marathon.appTasks('/db').map(({ slaveId }) => slaveId)).toEqual([agents[0]]);
  });

  test('stays unreachable for ever, and is made anew elsewhere when its agent is marked gone', () => {
    const { world, agents } = data();
    world.troubles.partition(agents[0] ?? '');
    world.advance(60 * MINUTE);
    expect(conditions(world, '/db')).toEqual({ Unreachable: 1 });
    world.mesos.markAgentGone(agents[0] ?? '');
    world.advance(MINUTE);
    expect(world.marathon.appTasks('/db').map(({ slaveId }) => slaveId)).toEqual([agents[1]]);
  });
});

describe('pods', () => {
  const pod = (instances: number): Record<string, unknown> => ({
    id: '/pod',
    containers: [
      { name: 'main', resources: { cpus: 1, mem: 512 } },
      { name: 'side', resources: { cpus: 0.25, mem: 64 }, endpoints: [{ name: 'http', hostPort: 0 }] },
    ],
    scaling: { kind: 'fixed', instances },
    scheduling: { placement: { constraints: [{ fieldName: 'hostname', operator: 'MAX_PER', value: '1' }] } },
  });

  test('count with their containers and executor, and are no tasks', () => {
    const world = smallWorld();
    world.marathon.createPod(pod(3));
    world.advance(1000);
    expect(world.marathon.queueItems()[0]?.runSpec).toMatchObject({
      kind: 'pod',
      each: { cpuMilli: 1350, memMib: 608, diskMib: 10, ports: 1 },
      constraints: [{ field: 'hostname', operator: 'MAX_PER', value: '1' }],
    });
    addAgents(world, 2, { cpus: 8, memMib: 8192 });
    world.advance(MINUTE);
    expect(world.marathon.tasks()).toEqual([]);
    expect(world.marathon.podStatus('/pod')).toMatchObject({ status: 'DEGRADED' });
    expect(world.marathon.podStatus('/pod').instances.map(({ agentHostname }) => agentHostname)).toEqual(
      expect.arrayContaining(['agent-0', 'agent-1']),
    );
    expect(world.marathon.portTasks([{ id: '/pod', kind: 'pod' }])).toHaveLength(2);
  });

  test('lose single instances, are scaled and deleted', () => {
    const world = smallWorld();
    addAgents(world, 2, { cpus: 8, memMib: 8192 });
    world.marathon.createPod(pod(2));
    world.advance(MINUTE);
    const [first] = world.marathon.podStatus('/pod').instances;
    world.marathon.killPodInstances('/pod', [first?.id ?? '']);
    world.advance(MINUTE);
    expect(conditions(world, '/pod')).toEqual({ Running: 2 });
    world.marathon.updatePod('/pod', pod(1));
    world.advance(MINUTE);
    expect(conditions(world, '/pod')).toEqual({ Running: 1 });
    world.marathon.deletePod('/pod');
    world.advance(MINUTE);
    expect(world.marathon.pods()).toEqual([]);
  });
});
