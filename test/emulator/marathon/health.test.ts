import { describe, expect, test } from '@jest/globals';
import type { EmulatedWorld } from '../../../lib/emulator/world';
import { addAgents, app, conditions, MINUTE, smallWorld } from '../small-world';

const roomy = (): EmulatedWorld => {
  const world = smallWorld();
  addAgents(world, 2, { cpus: 8, memMib: 16_384 });
  return world;
};

const counts = (world: EmulatedWorld, id: string): readonly number[] => {
  const { tasksStaged, tasksRunning, tasksHealthy, tasksUnhealthy } = world.marathon.app(id);
  return [tasksStaged, tasksRunning, tasksHealthy, tasksUnhealthy];
};

const check = { gracePeriodSeconds: 60, intervalSeconds: 10, maxConsecutiveFailures: 3 };

describe('an app whose new instances are never healthy', () => {
  test('shows them as running and unhealthy, keeps the old ones, and holds its deployment open', () => {
    const world = roomy();
    world.marathon.createApp(app('/web', 2, { healthChecks: [{ ...check, maxConsecutiveFailures: 0 }] }));
    world.advance(MINUTE);
    const end = world.troubles.neverHealthy('/web');
    world.marathon.updateApp('/web', { instances: 3 });
    world.advance(30 * MINUTE);
    expect(counts(world, '/web')).toEqual([0, 3, 2, 1]);
    const alive = world.marathon.appTasks('/web').map((task) => task.healthCheckResults?.[0]?.alive);
    expect(alive.filter((one) => one === true)).toHaveLength(2);
    expect(world.marathon.deployments()).toHaveLength(1);
    end();
    world.marathon.killTasks(
      world.marathon
        .appTasks('/web')
        .filter((task) => task.healthCheckResults?.[0]?.alive === false)
        .map(({ id }) => id),
    );
    world.advance(MINUTE);
    expect(counts(world, '/web')).toEqual([0, 3, 3, 0]);
    expect(world.marathon.deployments()).toEqual([]);
  });

  test('has them killed after the failures that its check allows, and started again', () => {
    const world = roomy();
    world.troubles.neverHealthy('/web');
    const kills: unknown[] = [];
    world.marathon.subscribe((event) => {
      if (event.eventType === 'unhealthy_instance_kill_event') kills.push(event['appId']);
    });
    world.marathon.createApp(app('/web', 1, { healthChecks: [check] }));
    world.advance(90_000);
    expect(kills).toEqual([]);
    world.advance(30_000);
    expect(kills).toEqual(['/web']);
    expect(counts(world, '/web')).toEqual([0, 1, 0, 1]);
  });
});

describe('an app whose new instances never start', () => {
  test('has them staging, killed and launched again every five minutes, until they come loose', () => {
    const world = roomy();
    const end = world.troubles.neverStart('/web');
    world.marathon.createApp(app('/web', 1));
    world.advance(4 * MINUTE);
    expect(counts(world, '/web')).toEqual([1, 0, 0, 0]);
    const [first] = world.marathon.appTasks('/web');
    expect(first?.state).toBe('TASK_STAGING');
    world.advance(2 * MINUTE);
    const [second] = world.marathon.appTasks('/web');
    expect(second?.id).toBe(first?.id.replace(/1$/, '2'));
    end();
    world.advance(10_000);
    expect(counts(world, '/web')).toEqual([0, 1, 0, 0]);
  });
});

describe('a stuck deployment', () => {
  test('a scale check is dropped while it holds the lock, and what it starts is counted again later', () => {
    const world = smallWorld();
    addAgents(world, 1, { cpus: 2, memMib: 4096 });
    world.marathon.createApp(app('/web', 4));
    world.advance(MINUTE);
    const [first] = world.marathon.appTasks('/web');
    world.marathon.killTasks([first?.id ?? ''], { wipe: true });
    expect(world.marathon.instances('/web')).toHaveLength(3);
    world.advance(5000);
    expect(world.marathon.instances('/web')).toHaveLength(4);
  });

  test('a stuck deployment that scales up starts what it lost again after five seconds', () => {
    const world = smallWorld();
    const [first = ''] = addAgents(world, 2, { cpus: 2, memMib: 4096 });
    world.marathon.createApp(app('/web', 6));
    world.advance(MINUTE);
    expect(conditions(world, '/web')).toEqual({ Running: 4, Scheduled: 2 });
    world.troubles.killAgent(first);
    world.advance(100_000);
    expect(conditions(world, '/web')).toEqual({ Running: 2, Scheduled: 4 });
  });

  test('a rollback of a stuck scale-up ends running ones first', () => {
    const world = smallWorld();
    addAgents(world, 1, { cpus: 4, memMib: 4096 });
    world.marathon.createApp(app('/web', 4));
    world.advance(MINUTE);
    const old = world.marathon.appTasks('/web').map(({ id }) => id);
    const { deploymentId } = world.marathon.updateApp('/web', { instances: 6 });
    world.advance(MINUTE);
    world.marathon.cancelDeployment(deploymentId);
    world.advance(3_000);
    expect(world.mesos.completedTasks().map(({ state }) => state)).toEqual(['TASK_KILLED', 'TASK_KILLED']);
    world.advance(MINUTE);
    const left = world.marathon.appTasks('/web').map(({ id }) => id);
    expect(left.filter((id) => old.includes(id))).toHaveLength(2);
    expect(conditions(world, '/web')).toEqual({ Running: 4 });
  });
});

describe('an upgrade', () => {
  test.each([
    // minimum, over, fewest running, most instances
    [1, 1, 4, 8],
    [0.5, 0, 2, 4],
    [1, 0, 4, 5],
    [0.5, 0.5, 2, 6],
  ])('an upgrade with %d and %d keeps %d running and has %d at most', (minimum, over, fewest, most) => {
    const world = roomy();
    const upgradeStrategy = { minimumHealthCapacity: minimum, maximumOverCapacity: over };
    world.marathon.createApp(app('/web', 4, { upgradeStrategy }));
    world.advance(MINUTE);
    world.marathon.updateApp('/web', { cmd: 'next' });
    let [low, high] = [4, 4];
    for (let step = 0; step < 600; step += 1) {
      world.advance(100);
      low = Math.min(low, world.marathon.app('/web').tasksRunning);
      high = Math.max(high, world.marathon.instances('/web').length);
    }
    expect([low, high, world.marathon.deployments()]).toEqual([fewest, most, []]);
  });
});
