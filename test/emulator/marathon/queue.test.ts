import { describe, expect, test } from '@jest/globals';
import type { EmulatedWorld } from '../../../lib/emulator/world';
import { addAgents, app, conditions, happenings, MINUTE, smallWorld } from '../small-world';

const funnelOf = (world: EmulatedWorld): string[] =>
  (world.marathon.queue()[0]?.processedOffersSummary.rejectSummaryLastOffers ?? [])
    .filter((row) => row.processed > 0)
    .map((row) => `${row.reason} ${row.declined}/${row.processed}`);

describe('the launch queue', () => {
  test('shows a full cluster without a single offer as nothing processed at all', () => {
    const world = smallWorld();
    const [agent = ''] = addAgents(world, 1, { cpus: 2, memMib: 2048 });
    world.mesos.occupy(agent, { cpuMilli: 1995, memMib: 2030 }, 'chronos');
    world.marathon.createApp(app('/web', 3));
    world.advance(MINUTE);
    const [row] = world.marathon.queue();
    expect(row).toMatchObject({ count: 3, role: '*', delay: { timeLeftSeconds: 0, overdue: true } });
    expect(row?.processedOffersSummary).toMatchObject({ processedOffersCount: 0, unusedOffersCount: 0 });
    expect(funnelOf(world)).toEqual([]);
  });

  test('passes offers down a funnel of reasons, each offer by its first one', () => {
    const world = smallWorld();
    addAgents(world, 2, { cpus: 1, memMib: 256 });
    addAgents(world, 1, { cpus: 8, memMib: 512 });
    addAgents(world, 2, { cpus: 8, memMib: 8192, pool: 'other' });
    world.marathon.createApp(app('/web', 1, { cpus: 2, mem: 4096, constraints: [['pool', 'IS', 'web']] }));
    world.advance(MINUTE);
    expect(funnelOf(world)).toEqual([
      'UnfulfilledRole 0/5',
      'UnfulfilledConstraint 2/5',
      'NoCorrespondingReservationFound 0/3',
      'AgentMaintenance 0/3',
      'InsufficientCpus 2/3',
      'InsufficientMemory 1/1',
    ]);
    const [row] = world.marathon.queue({ embed: 'lastUnusedOffers' });
    expect(row?.lastUnusedOffers?.map((offer) => offer.reason).sort()).toEqual([
      ['InsufficientCpus', 'InsufficientMemory'],
      ['InsufficientCpus', 'InsufficientMemory'],
      ['InsufficientMemory'],
      ['UnfulfilledConstraint'],
      ['UnfulfilledConstraint'],
    ]);
  });

  test('keeps the last rejected offer of each agent, and counts every attempt beside it', () => {
    const world = smallWorld();
    addAgents(world, 2, { cpus: 1, memMib: 4096 });
    world.marathon.createApp(app('/web', 1, { cpus: 4 }));
    world.advance(5 * MINUTE);
    const summary = world.marathon.queue()[0]?.processedOffersSummary;
    const attempts = summary?.rejectSummaryLaunchAttempt.find((row) => row.reason === 'InsufficientCpus');
    expect(summary?.rejectSummaryLastOffers.find((row) => row.reason === 'InsufficientCpus')?.declined).toBe(
      2,
    );
    expect(attempts?.declined).toBe(summary?.processedOffersCount);
    expect(attempts?.declined).toBeGreaterThan(2);
    expect(summary?.lastUnusedOfferAt).toBeDefined();
    expect(summary?.lastUsedOfferAt).toBeUndefined();
  });

  test('says when an offer was last used, and starts anew once all have been launched', () => {
    const world = smallWorld();
    addAgents(world, 1, { cpus: 2, memMib: 4096 });
    world.marathon.createApp(app('/web', 3));
    world.advance(MINUTE);
    expect(world.marathon.queue()[0]).toMatchObject({ count: 1 });
    expect(world.marathon.queue()[0]?.processedOffersSummary.lastUsedOfferAt).toBeDefined();
    addAgents(world, 1, { cpus: 2, memMib: 4096 });
    world.advance(MINUTE);
    expect(world.marathon.queue()).toEqual([]);
    world.marathon.updateApp('/web', { instances: 5 });
    expect(world.marathon.queue()[0]?.processedOffersSummary).toMatchObject({ processedOffersCount: 0 });
  });

  test('hides waiting instances from the tasks', () => {
    const world = smallWorld();
    world.marathon.createApp(app('/web', 2));
    world.advance(MINUTE);
    expect(world.marathon.tasks()).toEqual([]);
    expect(world.marathon.app('/web')).toMatchObject({ tasksStaged: 0, tasksRunning: 0 });
    expect(world.marathon.queue()[0]?.count).toBe(2);
  });
});

describe('a crash loop', () => {
  const crashing = (): EmulatedWorld => {
    const world = smallWorld({ settings: { marathon: { taskStartMs: [500, 500] } } });
    addAgents(world, 2, { cpus: 4, memMib: 4096 });
    world.marathon.createApp(app('/crash', 1));
    world.marathon.crash('/crash', { afterMs: 500 });
    return world;
  };

  test('grows its delay by 1.15 each time, up to the most', () => {
    const world = crashing();
    world.advance(20 * MINUTE);
    const delays = happenings(world, 'backoff').map((line) => Number(/waits ([\d.]+) s/.exec(line)?.[1]));
    expect(delays.slice(0, 4)).toEqual([1, 1.1, 1.3, 1.5]);
    world.advance(120 * MINUTE);
    expect(happenings(world, 'backoff').at(-1)).toContain('waits 300.0 s');
  });

  test('shows as a delay, and asks for no offers meanwhile', () => {
    const world = crashing();
    world.advance(60 * MINUTE);
    const [row] = world.marathon.queue();
    expect(row?.delay.timeLeftSeconds).toBeGreaterThan(1);
    expect(row?.delay.overdue).toBe(false);
    expect(world.marathon.queueItems()[0]?.backoffMs).toBeGreaterThan(1_000);
    expect(world.marathon.instances('/crash').map(({ instanceId }) => instanceId)).toHaveLength(1);
  });

  test('has zero seconds left and is not overdue in the last second of its delay', () => {
    const world = crashing();
    world.advance(10 * MINUTE);
    while ((world.marathon.queue()[0]?.delay.timeLeftSeconds ?? 0) === 0) world.advance(500);
    let row = world.marathon.queue()[0];
    while ((row?.delay.timeLeftSeconds ?? 0) > 0) {
      world.advance(500);
      row = world.marathon.queue()[0];
    }
    expect(row?.delay).toEqual({ timeLeftSeconds: 0, overdue: false });
  });

  test('is launched at once after its delay is deleted; without one in the queue that is 404', () => {
    const world = crashing();
    world.advance(60 * MINUTE);
    world.marathon.crash('/crash', undefined);
    world.marathon.resetDelay('/crash');
    world.advance(6000);
    expect(conditions(world, '/crash')).toEqual({ Running: 1 });
    expect(() => world.marathon.resetDelay('/crash')).toThrow('not found in tasks queue');
  });

  test('is forgiven after a task ran for long enough', () => {
    const world = crashing();
    world.advance(5 * MINUTE);
    world.marathon.crash('/crash', undefined);
    world.advance(10 * MINUTE);
    world.marathon.crash('/crash', { afterMs: 500 });
    world.marathon.killAppTasks('/crash');
    const before = happenings(world, 'backoff').length;
    world.advance(10_000);
    expect(happenings(world, 'backoff')[before]).toContain('waits 1.0 s');
  });

  test('keeps its instance and counts incarnations', () => {
    const world = crashing();
    world.advance(MINUTE);
    const tasks = world.mesos.completedTasks().map((task) => task.id);
    expect(new Set(tasks.map((id) => id.split('._app.')[0])).size).toBe(1);
    expect(tasks.map((id) => Number(id.split('._app.')[1]))).toEqual(tasks.map((_, index) => index + 1));
    expect(tasks[0]).toMatch(/^crash\.instance-[0-9a-f-]{36}\._app\.1$/);
  });
});

describe('the delay after many instances are gone at once', () => {
  test('multiplies with each of them, as the arithmetic says', () => {
    const world = smallWorld();
    const [first = ''] = addAgents(world, 1, { cpus: 64, memMib: 65_536 });
    world.marathon.createApp(app('/web', 30));
    world.advance(MINUTE);
    addAgents(world, 1, { cpus: 64, memMib: 65_536 });
    world.mesos.markAgentGone(first);
    const backoffMs = world.marathon.queueItems()[0]?.backoffMs ?? 0;
    expect(backoffMs / 1000).toBeCloseTo(1.15 ** 29, 3);
    world.advance(50_000);
    expect(conditions(world, '/web')).toEqual({ Scheduled: 30 });
    world.marathon.resetDelay('/web');
    world.advance(20_000);
    expect(conditions(world, '/web')).toEqual({ Running: 30 });
  });
});
