import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { text } from '../../../lib/core/model/attributes';
import { fits } from '../../../lib/core/model/resources';
import type { EmulatedWorld } from '../../../lib/emulator/world';
import { addAgents, app, conditions, happenings, MINUTE, smallWorld, START, ZONES } from '../small-world';

const placedBy = (world: EmulatedWorld, at: number): number =>
  world.chronicle.entries().filter((entry) => entry.kind === 'task-placed' && entry.at <= at).length;

describe('the launch path', () => {
  test('asks for offers again no more often than the interval: 5 s, in 1.8 30 s', () => {
    for (const [version, interval] of [
      ['1.10', 5000],
      ['1.8', 30_000],
    ] as const) {
      const world = smallWorld({ marathonVersion: version });
      addAgents(world, 1, { cpus: 4, memMib: 4096 });
      world.marathon.createApp(app('/a', 1));
      world.advance(100);
      world.marathon.createApp(app('/b', 1));
      world.advance(interval - 200);
      expect(conditions(world, '/b')).toEqual({ Scheduled: 1 });
      world.advance(200);
      expect(conditions(world, '/b')['Scheduled']).toBeUndefined();
    }
  });

  test('launches five instances from an offer, the next five an interval later', () => {
    const world = smallWorld();
    addAgents(world, 1, { cpus: 32, memMib: 65_536 });
    world.marathon.createApp(app('/web', 12));
    world.advance(0);
    expect(placedBy(world, START)).toBe(5);
    world.advance(1000);
    expect(placedBy(world, START + 1000)).toBe(10);
    world.advance(1000);
    expect(placedBy(world, START + 2000)).toBe(12);
  });

  test('spends a hundred launch tokens in 30 s and earns one for each instance that runs', () => {
    const world = smallWorld({ settings: { marathon: { taskStartMs: [60_000, 60_000] } } });
    addAgents(world, 100, { cpus: 8, memMib: 65_536 });
    world.marathon.createApp(app('/web', 250));
    world.advance(29_000);
    expect(placedBy(world, world.now())).toBe(100);
    world.advance(30_000);
    expect(placedBy(world, world.now())).toBe(200);
    world.advance(6_000);
    expect(placedBy(world, world.now())).toBe(250);
  });

  test('does not see a refused agent for two minutes, but at once what is new or has become free', () => {
    const world = smallWorld();
    const [old = ''] = addAgents(world, 1, { cpus: 1, memMib: 4096 });
    const other = world.mesos.occupy(old, { cpuMilli: 500 }, 'chronos');
    world.marathon.createApp(app('/web', 2));
    world.advance(20_000);
    const refused = world.marathon.queue()[0]?.processedOffersSummary.processedOffersCount ?? 0;
    world.advance(100_000);
    expect(world.marathon.queue()[0]?.processedOffersSummary.processedOffersCount).toBe(refused);
    world.advance(30_000);
    expect(world.marathon.queue()[0]?.processedOffersSummary.processedOffersCount).toBe(refused + 1);
    world.mesos.release(other);
    addAgents(world, 1, { cpus: 1, memMib: 4096 });
    world.advance(5000);
    expect(conditions(world, '/web')).toEqual({ Running: 2 });
  });

  test('takes only resources of its roles', () => {
    const world = smallWorld({ settings: { marathon: { role: 'web' } } });
    const total = { cpuMilli: 2000, memMib: 2048, diskMib: 0, gpus: 0, ports: 10 };
    world.mesos.addAgent({ hostname: 'public', ip: '10.9.0.1', attributes: {}, total, role: 'web' });
    world.mesos.addAgent({ hostname: 'other', ip: '10.9.0.2', attributes: {}, total, role: 'db' });
    world.marathon.createApp(app('/own', 1, { role: 'web', acceptedResourceRoles: ['web'] }));
    world.marathon.createApp(app('/star', 1, { role: 'web', acceptedResourceRoles: ['*'] }));
    world.advance(MINUTE);
    expect(world.marathon.appTasks('/own').map((task) => task.host)).toEqual(['public']);
    expect(conditions(world, '/star')).toEqual({ Scheduled: 1 });
    const [row] = world.marathon.queue();
    expect(row?.processedOffersSummary.rejectSummaryLastOffers[0]).toEqual({
      reason: 'UnfulfilledRole',
      declined: 1,
      processed: 1,
    });
  });

  test('leaves machines with GPUs to those who ask for them', () => {
    const world = smallWorld();
    const total = { cpuMilli: 8000, memMib: 8192, diskMib: 0, gpus: 2, ports: 10 };
    world.mesos.addAgent({ hostname: 'gpu', ip: '10.9.0.1', attributes: {}, total });
    world.marathon.createApp(app('/plain', 1));
    world.marathon.createApp(app('/cuda', 1, { gpus: 1 }));
    world.advance(MINUTE);
    expect(conditions(world, '/cuda')).toEqual({ Running: 1 });
    expect(conditions(world, '/plain')).toEqual({ Scheduled: 1 });
  });

  test('refuses another region without a reason, unless the app names a region', () => {
    const world = smallWorld({ settings: { mesos: { region: 'home' } } });
    const total = { cpuMilli: 8000, memMib: 8192, diskMib: 0, gpus: 0, ports: 10 };
    world.mesos.addAgent({
      hostname: 'away',
      ip: '10.9.0.1',
      attributes: {},
      total,
      domain: { region: 'away', zone: 'a' },
    });
    world.marathon.createApp(app('/plain', 1));
    world.marathon.createApp(app('/anywhere', 1, { constraints: [['@region', 'LIKE', '.*']] }));
    world.advance(MINUTE);
    expect(conditions(world, '/anywhere')).toEqual({ Running: 1 });
    const [row] = world.marathon.queue();
    expect(row?.processedOffersSummary.processedOffersCount).toBeGreaterThan(0);
    expect(row?.processedOffersSummary.rejectSummaryLastOffers.every((one) => one.processed === 0)).toBe(
      true,
    );
  });

  test('gives ports of the agent, each once', () => {
    const world = smallWorld();
    addAgents(world, 1, { cpus: 16, memMib: 8192 });
    world.marathon.createApp(app('/random', 8));
    world.marathon.createApp(
      app('/fixed', 2, { cpus: 0.1, portDefinitions: [{ port: 31_500 }], requirePorts: true }),
    );
    world.advance(MINUTE);
    const ports = world.marathon.tasks().flatMap((task) => task.ports);
    expect(new Set(ports).size).toBe(9);
    expect(conditions(world, '/fixed')).toEqual({ Running: 1, Scheduled: 1 });
    const rows = world.marathon.queue()[0]?.processedOffersSummary.rejectSummaryLastOffers;
    expect(rows?.find((row) => row.declined > 0)?.reason).toBe('InsufficientPorts');
  });

  test('is healthy only after its checks', () => {
    const world = smallWorld({
      settings: { marathon: { taskStartMs: [1000, 1000], taskHealthyMs: [5000, 5000] } },
    });
    addAgents(world, 1, { cpus: 4, memMib: 8192 });
    const { deploymentId } = world.marathon.createApp(
      app('/web', 1, { healthChecks: [{ protocol: 'HTTP' }] }),
    );
    world.advance(3000);
    expect(world.marathon.app('/web')).toMatchObject({
      tasksRunning: 1,
      tasksHealthy: 0,
      deployments: [{ id: deploymentId }],
    });
    world.advance(4000);
    expect(world.marathon.app('/web')).toMatchObject({ tasksRunning: 1, tasksHealthy: 1, deployments: [] });
  });
});

describe('placement, whatever the world', () => {
  const size = fc.record({ cpus: fc.integer({ min: 1, max: 8 }), memMib: fc.constantFrom(512, 2048, 8192) });
  const demand = fc.record({
    instances: fc.integer({ min: 0, max: 9 }),
    cpus: fc.constantFrom(0.1, 0.5, 1, 2.5),
    mem: fc.constantFrom(64, 300, 1024),
    limit: fc.integer({ min: 1, max: 3 }),
  });

  test('never gives away more than an agent has, and never breaks MAX_PER or UNIQUE', () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.array(size, { minLength: 1, maxLength: 6 }),
        fc.array(demand, { maxLength: 4 }),
        (seed, sizes, apps) => {
          const world = smallWorld({ seed });
          for (const one of sizes) addAgents(world, 1, one);
          apps.forEach(({ limit, ...one }, index) => {
            const constraints =
              limit === 1 ? [['hostname', 'UNIQUE']] : [['hostname', 'MAX_PER', String(limit)]];
            world.marathon.createApp(app(`/a${index}`, one.instances, { ...one, constraints }));
          });
          world.advance(3 * MINUTE);
          for (const agent of world.mesos.agents()) {
            const [total] = agent.total;
            for (const part of agent.allocated)
              expect(total !== undefined && fits(part.resources, total.resources)).toBe(true);
          }
          apps.forEach(({ limit }, index) => {
            const hosts = world.marathon.appTasks(`/a${index}`).map((task) => task.host);
            for (const host of hosts)
              expect(hosts.filter((one) => one === host).length).toBeLessThanOrEqual(limit);
          });
        },
      ),
      { numRuns: 40 },
    );
  });

  test('leaves nothing waiting that an agent could still take', () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.array(size, { minLength: 1, maxLength: 5 }),
        fc.array(demand, { maxLength: 4 }),
        (seed, sizes, apps) => {
          const world = smallWorld({ seed });
          for (const one of sizes) addAgents(world, 1, one);
          apps.forEach((one, index) => world.marathon.createApp(app(`/a${index}`, one.instances, one)));
          world.advance(5 * MINUTE);
          for (const item of world.marathon.queueItems()) {
            const hasRoom = world.mesos.agents().some((agent) => {
              const used = agent.allocated[0]?.resources;
              const total = agent.total[0]?.resources;
              const { each } = item.runSpec;
              return (
                total !== undefined &&
                total.cpuMilli - (used?.cpuMilli ?? 0) >= each.cpuMilli &&
                total.memMib - (used?.memMib ?? 0) >= each.memMib
              );
            });
            expect(hasRoom).toBe(false);
          }
        },
      ),
      { numRuns: 40 },
    );
  });
});

describe('a zone that dies', () => {
  test.each(['1.10', '1.11'] as const)(
    'leaves a third of a GROUP_BY 3 app waiting on %s, for its constraint',
    (marathonVersion) => {
      const world = smallWorld({ marathonVersion });
      const ids = addAgents(world, 6, { cpus: 16, memMib: 65_536 });
      world.marathon.createApp(app('/web', 9, { constraints: [['zone', 'GROUP_BY', '3']] }));
      world.advance(MINUTE);
      expect(conditions(world, '/web')).toEqual({ Running: 9 });
      for (const id of [ids[0], ids[3]]) world.mesos.markAgentGone(id ?? '');
      world.advance(10 * MINUTE);
      expect(conditions(world, '/web')).toEqual({ Running: 6, Scheduled: 3 });
      const rows = world.marathon.queue()[0]?.processedOffersSummary.rejectSummaryLastOffers;
      expect(rows?.find((row) => row.declined > 0)?.reason).toBe('UnfulfilledConstraint');
      world.mesos.addAgent({
        hostname: 'again',
        ip: '10.8.0.1',
        attributes: { zone: text(ZONES[0]) },
        total: { cpuMilli: 16_000, memMib: 65_536, diskMib: 0, gpus: 0, ports: 1001 },
      });
      world.advance(MINUTE);
      expect(conditions(world, '/web')).toEqual({ Running: 9 });
      expect(happenings(world, 'agent-gone')).toHaveLength(2);
    },
  );
});
