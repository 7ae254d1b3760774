import { describe, expect, test } from '@jest/globals';
import type { EmulatedWorld } from '../../lib/emulator/world';
import { addAgents, app, conditions, MINUTE, smallWorld } from './small-world';
import { call, readStream, send, serving } from './http/served-world';

describe('masters of before 1.9', () => {
  test.each(['DRAIN_AGENT', 'DEACTIVATE_AGENT', 'REACTIVATE_AGENT'])('do not know %s', async (type) => {
    const { world, masterUrls } = await serving({}, { mesosVersion: '1.8', masters: 1 });
    const [id = ''] = addAgents(world, 1, { cpus: 4, memMib: 8192 });
    const refused = await call(masterUrls[0] ?? '', {
      type,
      [type.toLowerCase()]: { agent_id: { value: id } },
    });
    expect([refused.status, refused.body]).toEqual([
      400,
      "Failed to validate master::Call: Expecting 'type' to be present",
    ]);
    expect(() => world.mesos.deactivateAgent(id)).toThrow("Expecting 'type' to be present");
    expect((await call(masterUrls[0] ?? '', { type: 'GET_AGENTS' })).body).not.toMatch(
      /deactivated|AGENT_DRAINING/,
    );
    expect((await send(`${masterUrls[0]}/version`)).body).toContain('"version":"1.8.1"');
  });

  test('still mark agents gone', () => {
    const world = smallWorld({ mesosVersion: '1.8' });
    const [id = ''] = addAgents(world, 1, { cpus: 4, memMib: 8192 });
    world.mesos.markAgentGone(id);
    expect(world.mesos.agents()).toEqual([]);
  });
});

describe('Marathon 1.5', () => {
  const old = (more: Record<string, unknown> = {}): EmulatedWorld => {
    const world = smallWorld({ marathonVersion: '1.5' });
    addAgents(world, 1, { cpus: 8, memMib: 16_384 });
    world.marathon.createApp(app('/web', 2, more));
    world.advance(MINUTE);
    return world;
  };

  test('has a new instance for each task, and no incarnations', () => {
    const world = old();
    const before = world.marathon.appTasks('/web').map(({ id }) => id);
    for (const id of before) expect(id).toMatch(/^web\.[0-9a-f-]{36}$/);
    const instances = world.marathon.instances('/web').map(({ instanceId }) => instanceId);
    expect(instances[0]).toMatch(/^web\.marathon-/);
    world.marathon.killTasks(before);
    world.advance(MINUTE);
    const after = world.marathon.instances('/web');
    expect(after.map(({ condition }) => condition)).toEqual(['Running', 'Running']);
    expect(after.filter(({ instanceId }) => instances.includes(instanceId))).toEqual([]);
  });

  test('replaces what is unreachable at once, and expunges it on a tick', () => {
    const world = old();
    const [first] = world.mesos.agents();
    addAgents(world, 1, { cpus: 8, memMib: 16_384 });
    world.troubles.partition(first?.id ?? '');
    world.advance(100_000);
    expect(conditions(world, '/web')).toEqual({ Running: 2, UnreachableInactive: 2 });
    world.advance(3 * MINUTE);
    expect(conditions(world, '/web')).toEqual({ Running: 2 });
  });

  test('keeps a reservation whose agent is gone by the operator, for ever', () => {
    const container = {
      type: 'MESOS',
      volumes: [{ containerPath: 'd', mode: 'RW', persistent: { size: 10 } }],
    };
    const world = old({ instances: 1, container });
    addAgents(world, 1, { cpus: 8, memMib: 16_384 });
    world.mesos.markAgentGone(world.mesos.agents()[0]?.id ?? '');
    world.advance(10 * MINUTE);
    expect(conditions(world, '/web')).toEqual({ Scheduled: 1 });
  });

  test('names no role in the queue', () => {
    const roleIn = (marathonVersion: '1.5' | '1.10'): boolean => {
      const world = smallWorld({ marathonVersion });
      world.marathon.createApp(app('/web', 1));
      return Object.hasOwn(world.marathon.queue()[0] ?? {}, 'role');
    };
    expect([roleIn('1.5'), roleIn('1.10')]).toEqual([false, true]);
  });

  test('sends all groups with a plan unless the light form is asked for, from standbys too', async () => {
    const plans = async (marathonVersion: '1.5' | '1.10', query: string): Promise<readonly string[]> => {
      const { world, marathonUrls } = await serving({ marathonNodes: 2 }, { marathonVersion });
      const { text } = await readStream(
        `${marathonUrls[marathonVersion === '1.5' ? 1 : 0]}/v2/events${query}`,
        { headers: { Accept: 'text/event-stream' } },
        {
          meanwhile: () => world.marathon.createApp(app('/web', 1)),
          enough: (read) => read.includes('deployment_info') && read.endsWith('\r\n\r\n'),
        },
      );
      return ['"original"', '"target"'].filter((member) => text.includes(member));
    };
    expect(await plans('1.5', '')).toEqual(['"original"', '"target"']);
    expect(await plans('1.5', '?plan-format=light')).toEqual([]);
    expect(await plans('1.10', '')).toEqual([]);
  });
});
