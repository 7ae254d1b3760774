import { describe, expect, test } from '@jest/globals';
import { MarathonFailure } from '../../../lib/emulator/marathon/api';
import type { EmulatedWorld } from '../../../lib/emulator/world';
import { addAgents, app, conditions, MINUTE, smallWorld } from '../small-world';

const refusal = (run: () => unknown): MarathonFailure => {
  try {
    run();
  } catch (error) {
    if (error instanceof MarathonFailure) return error;
    throw error;
  }
  throw new Error('It was not refused.');
};

const roomy = (): EmulatedWorld => {
  const world = smallWorld();
  addAgents(world, 4, { cpus: 16, memMib: 65_536 });
  return world;
};

describe('a deployment', () => {
  test('of a new number restarts nothing', () => {
    const world = roomy();
    world.marathon.createApp(app('/web', 3));
    world.advance(MINUTE);
    const before = world.marathon.appTasks('/web').map((task) => task.id);
    const { deploymentId } = world.marathon.updateApp('/web', { instances: 5 });
    expect(world.marathon.deployments()[0]).toMatchObject({
      id: deploymentId,
      affectedApps: ['/web'],
      currentActions: [{ action: 'ScaleApplication', app: '/web' }],
    });
    world.advance(MINUTE);
    const after = world.marathon.appTasks('/web').map((task) => task.id);
    expect(after).toHaveLength(5);
    expect(after).toEqual(expect.arrayContaining(before));
    expect(world.marathon.deployments()).toEqual([]);
  });

  test('locks the app: 409 with its id, and force takes its place', () => {
    const world = smallWorld();
    const { deploymentId } = world.marathon.createApp(app('/web', 2));
    const error = refusal(() => world.marathon.updateApp('/web', { instances: 3 }));
    expect([error.status, error.body['deployments']]).toEqual([409, [{ id: deploymentId }]]);
    const forced = world.marathon.updateApp('/web', { instances: 3 }, { force: true });
    expect(world.marathon.deployments().map(({ id }) => id)).toEqual([forced.deploymentId]);
  });

  test('stays open as long as new tasks cannot be placed', () => {
    const world = smallWorld();
    world.marathon.createApp(app('/web', 1));
    world.advance(60 * MINUTE);
    expect(world.marathon.deployments()).toHaveLength(1);
    addAgents(world, 1, { cpus: 1, memMib: 512 });
    world.advance(MINUTE);
    expect(world.marathon.deployments()).toEqual([]);
  });

  test('above the most is refused with 403, and nothing is left of it', () => {
    const world = smallWorld({ settings: { marathon: { maxDeployments: 2 } } });
    world.marathon.createApp(app('/a', 1));
    world.marathon.createApp(app('/b', 1));
    expect(refusal(() => world.marathon.createApp(app('/c', 1))).status).toBe(403);
    expect(world.marathon.apps().map(({ id }) => id)).toEqual(['/a', '/b']);
  });

  test('of a new definition replaces every instance, never below the health floor', () => {
    const world = roomy();
    world.marathon.createApp(app('/web', 4));
    world.advance(MINUTE);
    const before = world.marathon.appTasks('/web').map((task) => task.id);
    world.marathon.updateApp('/web', { constraints: [['zone', 'UNLIKE', 'nowhere']] });
    for (let second = 0; second < 120; second += 1) {
      world.advance(1000);
      const running = world.marathon.app('/web').tasksRunning;
      expect(running).toBeGreaterThanOrEqual(4);
      expect(world.marathon.instances('/web').length).toBeLessThanOrEqual(8);
    }
    const after = world.marathon.appTasks('/web').map((task) => task.id);
    expect(after).toHaveLength(4);
    expect(after.filter((id) => before.includes(id))).toEqual([]);
    expect(world.marathon.deployments()).toEqual([]);
  });

  test('can be rolled back by another, or just ended by force', () => {
    const world = smallWorld();
    addAgents(world, 1, { cpus: 2, memMib: 4096 });
    world.marathon.createApp(app('/web', 2));
    world.advance(MINUTE);
    const stuck = world.marathon.updateApp('/web', { instances: 9 });
    const back = world.marathon.cancelDeployment(stuck.deploymentId);
    expect(back?.deploymentId).not.toBe(stuck.deploymentId);
    world.advance(MINUTE);
    expect(world.marathon.app('/web').instances).toBe(2);
    expect(conditions(world, '/web')).toEqual({ Running: 2 });
    const again = world.marathon.updateApp('/web', { instances: 9 });
    expect(world.marathon.cancelDeployment(again.deploymentId, { force: true })).toBeUndefined();
    expect(world.marathon.app('/web').instances).toBe(9);
    expect(refusal(() => world.marathon.cancelDeployment('none')).status).toBe(404);
  });

  test('of a delete ends when the last task has ended', () => {
    const world = roomy();
    world.marathon.createApp(app('/web', 2));
    world.advance(MINUTE);
    world.marathon.deleteApp('/web');
    world.advance(MINUTE);
    expect(world.marathon.apps()).toEqual([]);
    expect(world.mesos.tasks()).toEqual([]);
    expect(refusal(() => world.marathon.app('/web')).status).toBe(404);
  });

  test('that scales down ends running ones before it gives up waiting ones', () => {
    const world = smallWorld();
    addAgents(world, 1, { cpus: 2, memMib: 4096 });
    world.marathon.createApp(app('/web', 4));
    world.advance(MINUTE);
    world.marathon.updateApp('/web', { instances: 3 }, { force: true });
    world.advance(4_000);
    expect(world.mesos.completedTasks().map(({ state }) => state)).toEqual(['TASK_KILLED']);
    world.advance(MINUTE);
    expect(conditions(world, '/web')).toEqual({ Running: 2, Scheduled: 1 });
  });

  test('is told on the event bus, after the answer to the call', () => {
    const world = roomy();
    const types: string[] = [];
    world.marathon.subscribe((event) => types.push(event.eventType));
    world.marathon.createApp(app('/web', 1, { healthChecks: [{}] }));
    expect(types).toEqual(['deployment_info']);
    world.advance(MINUTE);
    expect(types).toEqual([
      'deployment_info',
      'instance_changed_event',
      'status_update_event',
      'instance_changed_event',
      'status_update_event',
      'instance_changed_event',
      'instance_health_changed_event',
      'deployment_step_success',
      'deployment_success',
    ]);
  });
});

describe('definitions', () => {
  test('are refused with 422 and a path', () => {
    const world = roomy();
    const details = (definition: Record<string, unknown>): unknown => {
      const error = refusal(() => world.marathon.createApp(definition));
      expect(error.status).toBe(422);
      return error.body['details'];
    };
    expect(details(app('/web', -1))).toMatchObject([{ path: '/instances' }]);
    expect(details(app('/Web!', 1))).toMatchObject([{ path: '/id' }]);
    expect(details(app('/web', 1, { constraints: [['zone', 'IN', 'a']] }))).toMatchObject([
      { path: '/constraints(0)' },
    ]);
    expect(details(app('/web', 1, { constraints: [['zone', 'MAX_PER', 'x']] }))).toMatchObject([
      { path: '/constraints(0)' },
    ]);
    expect(refusal(() => world.marathon.createApp('text')).status).toBe(400);
  });

  test('keep what is not known here, and come back unchanged without a restart', () => {
    const world = roomy();
    world.marathon.createApp(app('/web', 1, { cmd: 'sleep 1000', env: { A: 'b' } }));
    world.advance(MINUTE);
    const read = world.marathon.app('/web');
    expect(read['cmd']).toBe('sleep 1000');
    world.marathon.updateApp('/web', JSON.parse(JSON.stringify(read)));
    world.advance(MINUTE);
    expect(world.mesos.completedTasks()).toEqual([]);
    expect(world.marathon.app('/web')['versionInfo']).toMatchObject({ lastConfigChangeAt: read.version });
  });

  test('exist once: a second post is 409, a put makes what is missing', () => {
    const world = roomy();
    world.marathon.createApp(app('/web', 0));
    expect(refusal(() => world.marathon.createApp(app('/web', 1))).status).toBe(409);
    expect(refusal(() => world.marathon.updateApp('/new', { instances: 1 })).status).toBe(404);
    world.marathon.updateApp('/new', { instances: 1, cpus: 1 }, { creation: 'allowed' });
    world.advance(MINUTE);
    expect(conditions(world, '/new')).toEqual({ Running: 1 });
  });

  test('stand in the groups of their paths', () => {
    const world = roomy();
    world.marathon.createApp(app('/shop/web', 1));
    world.marathon.createApp(app('/shop/db/main', 1));
    const root = world.marathon.group();
    expect(root.groups.map(({ id }) => id)).toEqual(['/shop']);
    expect(world.marathon.group('/shop').apps.map(({ id }) => id)).toEqual(['/shop/web']);
    expect(root.groups[0]?.groups[0]?.apps[0]?.id).toBe('/shop/db/main');
  });
});
