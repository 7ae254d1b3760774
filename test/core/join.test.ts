import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { join } from '../../lib/core/join';
import { text } from '../../lib/core/model/attributes';
import { aMachine, anAgent, MINUTE, NOW } from '../builders/fleet';

const rules = { now: NOW, pools: new Set(['web']), registerWithinMs: () => 15 * MINUTE };
const standing = (machine: Parameters<typeof aMachine>[1], registered = false) => {
  const one = aMachine('i-1', machine);
  return join([one], registered ? [anAgent(one)] : [], rules).joined[0]?.standing;
};

describe('join', () => {
  test('names every machine by how far it has come', () => {
    expect(standing({}, true)).toBe('ready');
    expect(standing({ state: 'pending', launchedAt: NOW - MINUTE })).toBe('launching');
    expect(standing({ launchedAt: NOW - MINUTE })).toBe('booting');
    expect(standing({ launchedAt: NOW - 16 * MINUTE })).toBe('never-joined');
    expect(standing({ state: 'terminated' })).toBe('ending');
  });

  test('an agent that announces another pool has not joined', () => {
    const machine = aMachine('i-1');
    const wrong = anAgent(machine, { attributes: { pool: text('batch'), instance_id: text('i-1') } });
    expect(join([machine], [wrong], rules).joined[0]).toMatchObject({
      standing: 'never-joined',
      agent: wrong,
    });
  });

  test('without the attribute the hostname decides, then the ip, and only where one machine can be meant', () => {
    const machines = [
      aMachine('i-1', { hostname: 'a', privateIp: '10.0.0.1' }),
      aMachine('i-2', { hostname: 'b', privateIp: '10.0.0.2' }),
    ];
    const named = anAgent(aMachine('x'), { id: 'named', hostname: 'b', attributes: { pool: text('web') } });
    const addressed = anAgent(aMachine('y'), {
      id: 'addressed',
      hostname: 'z',
      ip: '10.0.0.1',
      attributes: { pool: text('web') },
    });
    const found = join(machines, [named, addressed], rules).joined.map(({ machine, agent }) => [
      machine.id,
      agent?.id,
    ]);
    expect(found).toEqual([
      ['i-1', 'addressed'],
      ['i-2', 'named'],
    ]);
    const twins = [aMachine('i-1', { hostname: 'b' }), aMachine('i-2', { hostname: 'b' })];
    expect(join(twins, [named], rules).joined.every(({ agent }) => agent === undefined)).toBe(true);
  });

  test('an agent of ours without a machine is a ghost, and one that never was ours is foreign', () => {
    const ghost = anAgent(aMachine('i-gone'));
    const foreign = anAgent(aMachine('i-x'), { id: 'foreign', attributes: {} });
    expect(join([], [ghost, foreign], rules)).toMatchObject({ ghosts: [ghost], foreign: [foreign] });
  });

  test('a machine with a second agent after a new work directory is known by the registered one', () => {
    const machine = aMachine('i-1');
    const old = anAgent(machine, { id: 'old', recovered: true });
    const now = anAgent(machine, { id: 'now' });
    expect(join([machine], [now, old], rules).joined[0]?.agent?.id).toBe('now');
  });

  test('loses nobody and does not care for the order', () => {
    const ids = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'), {
      maxLength: 8,
    });
    fc.assert(
      fc.property(ids, ids, fc.infiniteStream(fc.double({ noNaN: true })), (machineIds, agentIds, chance) => {
        const machines = machineIds.map((id) => aMachine(id));
        const agents = agentIds.map((id) => anAgent(aMachine(id)));
        const result = join(machines, agents, rules);
        expect(result.joined.length).toBe(machines.length);
        const paired = result.joined.filter(({ agent }) => agent !== undefined).length;
        expect(paired + result.ghosts.length + result.foreign.length).toBe(agents.length);
        const shuffle = <T>(list: readonly T[]): T[] =>
          [...list].sort(() => (chance.next().value < 0.5 ? -1 : 1));
        expect(join(shuffle(machines), shuffle(agents), rules)).toEqual(result);
      }),
    );
  });
});
