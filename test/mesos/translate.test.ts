import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { agentSchema, agentInfoSchema } from '../../lib/mesos/schema';
import { agentOf, amountOf, attributesOf, recoveredAgentOf } from '../../lib/mesos/translate';
import { readAgents } from '../../lib/mesos/agents';
import { chunksOf } from '../transport/server';
import { bodyOf } from './recordings';

const scalar = (name: string, value: number, more = {}) => ({ name, scalar: { value }, ...more });
const agentWith = (total: readonly unknown[], more = {}) =>
  agentOf(
    agentSchema.parse({
      agent_info: { id: { value: 'S1' }, hostname: 'a', resources: [] },
      active: true,
      total_resources: total,
      ...more,
    }),
  );

describe('an agent of the master', () => {
  test('as recorded while it drains and while others run tasks', async () => {
    const { registered } = await readAgents(chunksOf(bodyOf('v1-GET_AGENTS.draining.json')));
    const [a, , c] = registered;
    expect(c).toEqual({
      id: 'a3228e00-f4bd-4d9d-a8dd-98183afec384-S2',
      hostname: 'agent-c.rec.local',
      ip: '127.0.0.1',
      active: true,
      deactivated: false,
      recovered: false,
      attributes: {
        rack: { kind: 'text', value: 'c' },
        cloud: { kind: 'text', value: 'onprem' },
        storage: { kind: 'text', value: 'ssd' },
        tier: { kind: 'scalar', value: 4 },
        gen: { kind: 'ranges', ranges: [{ begin: 1, end: 3 }] },
      },
      total: { cpuMilli: 4_000, memMib: 1_024, diskMib: 4_096, gpus: 0, ports: 100 },
      used: { cpuMilli: 2_800, memMib: 64, diskMib: 0, gpus: 0, ports: 0 },
      reserved: {},
      registeredAt: 1_795_344_650_766,
    });
    expect(a).toMatchObject({ active: false, deactivated: true, draining: 'DRAINING' });
  });

  test('that is only recovered has no tasks that anybody knows of', () => {
    const info = { id: { value: 'S1' }, hostname: 'a', resources: [scalar('cpus', 2)] };
    expect(recoveredAgentOf(agentInfoSchema.parse(info))).toMatchObject({
      active: false,
      recovered: true,
      total: { cpuMilli: 2_000 },
      used: { cpuMilli: 0 },
    });
  });

  test('keeps reservations apart, in the old form, the static form and the refined one', () => {
    const agent = agentWith([
      scalar('cpus', 1, { role: '*' }),
      scalar('cpus', 2, { role: 'old' }),
      scalar('cpus', 3, { reservations: [{ type: 'STATIC', role: 'web' }] }),
      scalar('cpus', 4, { reservations: [{ role: 'web' }, { role: 'web/inner' }] }),
    ]);
    expect(agent.total.cpuMilli).toBe(10_000);
    const reserved = Object.entries(agent.reserved).map(([role, { cpuMilli }]) => [role, cpuMilli]);
    expect(reserved).toEqual([
      ['old', 2_000],
      ['web', 3_000],
      ['web/inner', 4_000],
    ]);
  });

  test('does not count what no ordinary task gets: revocable resources and disks of their own', () => {
    const agent = agentWith([
      scalar('cpus', 1),
      scalar('cpus', 8, { revocable: {} }),
      scalar('disk', 100),
      scalar('disk', 900, { disk: { source: { type: 'MOUNT' } } }),
      scalar('disk', 50, { role: 'db', disk: { persistence: { id: 'v' } } }),
    ]);
    expect(agent.total).toMatchObject({ cpuMilli: 1_000, diskMib: 150 });
  });

  test('takes the fault domain, an IPv6 address, and states of before 1.9', () => {
    const domain = { fault_domain: { region: { name: 'eu' }, zone: { name: 'eu-1' } } };
    const agent = agentWith([], {
      agent_info: { id: { value: 'S1' }, hostname: 'a', domain },
      pid: 'slave(1)@[fd00::7]:5051',
    });
    expect(agent).toMatchObject({ region: 'eu', zone: 'eu-1', ip: 'fd00::7', deactivated: false });
    expect(agent.draining).toBeUndefined();
  });

  test('keeps the first of two attributes of one name, as Marathon does', () => {
    const wire = [
      { name: 'rack', text: { value: 'a' } },
      { name: 'rack', text: { value: 'b' } },
      { name: 'disks', set: { item: ['x', 'y'] } },
    ];
    expect(attributesOf(wire)).toEqual({
      rack: { kind: 'text', value: 'a' },
      disks: { kind: 'text', value: '{x,y}' },
    });
  });
});

describe('amounts', () => {
  test('are exact in thousandths and lean the safe way otherwise', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 1_000_000 }), { maxLength: 20 }), (thousandths) => {
        const wire = thousandths.flatMap((n) => [scalar('cpus', n / 1_000), scalar('mem', n / 1_000)]);
        const sum = thousandths.reduce((a, b) => a + b, 0);
        const supply = amountOf(wire, 'supply');
        const need = amountOf(wire, 'need');
        expect([supply.cpuMilli, need.cpuMilli]).toEqual([sum, sum]);
        expect(supply.memMib).toBe(Math.floor(sum / 1_000));
        expect(need.memMib).toBe(Math.ceil(sum / 1_000));
      }),
    );
  });
});
