import { describe, expect, test } from '@jest/globals';
import type { EmulatedWorld } from '../../lib/emulator/world';
import { send, serving } from './http/served-world';
import { addAgents, MINUTE, smallWorld, START } from './small-world';

const states = (world: EmulatedWorld): readonly string[] =>
  world.chronos.summary().map(({ name, status, state }) => `${name} ${status} ${state}`);

describe('the jobs of Chronos', () => {
  test('wait for room, run as tasks of its framework, and end', () => {
    const world = smallWorld();
    world.chronos.addJob({ name: 'report', cpus: 2, mem: 1024, runMs: MINUTE });
    expect(states(world)).toEqual(['report fresh idle']);
    world.chronos.run('report');
    world.advance(5 * MINUTE);
    expect(states(world)).toEqual(['report fresh queued']);
    addAgents(world, 1, { cpus: 2, memMib: 4096 });
    world.advance(2000);
    expect(states(world)).toEqual(['report fresh 1 running']);
    world.chronos.run('report');
    world.advance(5000);
    expect(states(world)).toEqual(['report fresh 1 running']);
    const chronos = world.mesos.frameworks().find(({ name }) => name === 'chronos');
    expect(chronos?.partitionAware).toBe(false);
    expect(world.mesos.tasks().map(({ frameworkId }) => frameworkId)).toEqual([chronos?.id]);
    world.advance(MINUTE);
    expect(states(world)).toEqual(['report success 1 running']);
    world.advance(2 * MINUTE);
    expect([states(world), world.mesos.tasks()]).toEqual([['report success idle'], []]);
  });

  test('are due by their schedule, and start their children', () => {
    const world = smallWorld();
    addAgents(world, 1, { cpus: 4, memMib: 4096 });
    const schedule = `R2/${new Date(START + MINUTE).toISOString()}/PT10M`;
    world.chronos.addJob({ name: 'a', schedule, runMs: 1000 });
    world.chronos.addJob({ name: 'b', parents: ['a'], runMs: 1000 });
    world.advance(30 * MINUTE);
    expect(world.mesos.completedTasks()).toHaveLength(4);
    expect(() => world.chronos.addJob({ name: 'c', schedule: 'daily', runMs: 1 })).toThrow('cannot read');
  });

  test('are repeated when their agent is lost, as often as they may be', () => {
    const world = smallWorld();
    const [first = ''] = addAgents(world, 1, { cpus: 4, memMib: 4096 });
    world.chronos.addJob({ name: 'a', runMs: 10 * MINUTE });
    world.chronos.run('a');
    world.advance(2000);
    addAgents(world, 1, { cpus: 4, memMib: 4096 });
    world.troubles.partition(first);
    world.advance(2 * MINUTE);
    expect(states(world)).toEqual(['a failure 1 running']);
    world.advance(10 * MINUTE);
    expect(states(world)).toEqual(['a success idle']);
  });

  test('are told over HTTP', async () => {
    const { world, chronosUrl } = await serving();
    world.chronos.addJob({ name: 'a', runMs: 1000 });
    world.chronos.run('a');
    const { body } = await send(`${chronosUrl}/v1/scheduler/jobs/summary`);
    expect(JSON.parse(body)).toEqual({
      jobs: [{ name: 'a', status: 'fresh', state: 'queued', schedule: '', parents: [], disabled: false }],
    });
    expect(JSON.parse((await send(`${chronosUrl}/scheduler/jobs`)).body)).toMatchObject([
      { name: 'a', cpus: 0.1, mem: 128, disk: 0 },
    ]);
    expect((await send(`${chronosUrl}/v1/scheduler/graph/csv`)).body).toBe('node,a,fresh,queued\n');
    expect((await send(`${chronosUrl}/other`)).status).toBe(404);
  });
});
