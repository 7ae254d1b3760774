import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import type { EmulatedWorld } from '../../lib/emulator/world';
import { call, serving, withAgent } from './http/served-world';
import { addAgents, app, conditions, MINUTE, smallWorld } from './small-world';

const container = {
  type: 'MESOS',
  volumes: [{ containerPath: 'data', mode: 'RW', persistent: { size: 100 } }],
};

const db = (instances = 1): { world: EmulatedWorld; agents: string[] } => {
  const world = smallWorld();
  const agents = addAgents(world, 1, { cpus: 4, memMib: 8192 });
  world.marathon.createApp(app('/db', instances, { container }));
  world.advance(MINUTE);
  return { world, agents };
};

const resource = z.looseObject({
  name: z.string(),
  role: z.string().optional(),
  scalar: z.unknown().optional(),
});
const answer = z.object({
  get_agents: z.object({
    agents: z.array(
      z.object({
        agent_info: z.object({ resources: z.array(resource) }),
        total_resources: z.array(resource),
      }),
    ),
  }),
});

const reservedOn = (world: EmulatedWorld, id: string): readonly (number | undefined)[] =>
  world.mesos
    .agents()
    .filter((row) => row.id === id)
    .flatMap((row) => row.total)
    .filter(({ role }) => role === 'marathon')
    .map(({ resources }) => resources.cpuMilli);

describe('a persistent volume', () => {
  test('is a dynamic reservation of the agent, with a disk of its own', async () => {
    const { world, masterUrls } = await serving({}, { masters: 1 });
    withAgent(world);
    world.marathon.createApp(app('/db', 1, { container, disk: 10 }));
    world.advance(MINUTE);
    const { body } = await call(masterUrls[0] ?? '', { type: 'GET_AGENTS' });
    const [agent] = answer.parse(JSON.parse(body)).get_agents.agents;
    const held = agent?.total_resources.filter((one) => one.role === 'marathon');
    expect(held?.map((one) => [one.name, one.scalar])).toEqual([
      ['cpus', { value: 1 }],
      ['mem', { value: 512 }],
      ['disk', { value: 10 }],
      ['disk', { value: 100 }],
    ]);
    expect(held?.[3]).toMatchObject({
      reservations: [{ type: 'DYNAMIC', role: 'marathon', principal: 'marathon' }],
      disk: {
        persistence: { id: expect.stringContaining('#data#'), principal: 'marathon' },
        volume: { container_path: 'data', mode: 'RW' },
      },
    });
    const cpus = agent?.total_resources
      .filter((one) => one.name === 'cpus')
      .map((one) => [one.role, one.scalar]);
    expect(cpus).toEqual([
      ['*', { value: 3 }],
      ['marathon', { value: 1 }],
    ]);
    const announced = agent?.agent_info.resources.find((one) => one.name === 'cpus');
    expect(announced).toEqual({ name: 'cpus', type: 'SCALAR', scalar: { value: 4 } });
  });

  test('is kept over a drain and a reactivation, and nobody else is given it', () => {
    const { world, agents } = db();
    const [id = ''] = agents;
    world.mesos.drainAgent(id);
    world.advance(MINUTE);
    expect(reservedOn(world, id)).toEqual([1000]);
    world.marathon.createApp(app('/greedy', 4));
    world.mesos.reactivateAgent(id);
    world.advance(MINUTE);
    expect([conditions(world, '/db'), conditions(world, '/greedy')]).toEqual([
      { Running: 1 },
      { Running: 3, Scheduled: 1 },
    ]);
    expect(world.mesos.metrics()['master/cpus_percent']).toBe(1);
  });

  test.each([
    ['MARK_AGENT_GONE', (world: EmulatedWorld, id: string) => world.mesos.markAgentGone(id)],
    [
      'a drain with mark_gone',
      (world: EmulatedWorld, id: string) => world.mesos.drainAgent(id, { markGone: true }),
    ],
  ])('is abandoned by %s for a new one elsewhere', (_, end) => {
    const { world, agents } = db();
    const [other = ''] = addAgents(world, 1, { cpus: 4, memMib: 8192 });
    end(world, agents[0] ?? '');
    world.advance(MINUTE);
    expect(world.marathon.appTasks('/db').map(({ slaveId }) => slaveId)).toEqual([other]);
    expect(reservedOn(world, other)).toEqual([1000]);
  });

  test('is kept by a stopped instance when the app is scaled down, and used again', () => {
    const { world, agents } = db(2);
    const before = world.marathon.instances('/db').map(({ instanceId }) => instanceId);
    world.marathon.updateApp('/db', { instances: 1 });
    world.advance(MINUTE);
    expect(world.marathon.deployments()).toEqual([]);
    expect(
      world.marathon
        .instances('/db')
        .map(({ goal }) => goal)
        .sort(),
    ).toEqual(['Running', 'Stopped']);
    expect(reservedOn(world, agents[0] ?? '')).toEqual([2000]);
    world.marathon.updateApp('/db', { instances: 2 });
    world.advance(MINUTE);
    expect(world.marathon.instances('/db').map(({ instanceId }) => instanceId)).toEqual(before);
    expect(conditions(world, '/db')).toEqual({ Running: 2 });
  });

  test('is freed by a wipe and by deleting the app, and waits for an agent that is away', () => {
    const { world, agents } = db();
    const [id = ''] = agents;
    const heal = world.troubles.partition(id);
    world.advance(2 * MINUTE);
    world.marathon.killAppTasks('/db', { wipe: true });
    heal();
    world.marathon.deleteApp('/db');
    world.advance(MINUTE);
    expect(reservedOn(world, id)).toEqual([]);
    expect(world.mesos.agents()[0]?.total.map(({ resources }) => resources.cpuMilli)).toEqual([4000]);
  });

  test('is used by the next version of the app', () => {
    const { world } = db();
    const [before] = world.marathon.instances('/db');
    world.marathon.updateApp('/db', { cmd: 'next' });
    world.advance(MINUTE);
    const [after] = world.marathon.instances('/db');
    expect([after?.instanceId, after?.condition]).toEqual([before?.instanceId, 'Running']);
    expect(after?.version).not.toBe(before?.version);
    expect(world.marathon.deployments()).toEqual([]);
  });
});
