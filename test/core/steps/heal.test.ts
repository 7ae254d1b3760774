import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import type { Agent } from '../../../lib/core/model/agent';
import type { Machine } from '../../../lib/core/model/machine';
import { text } from '../../../lib/core/model/attributes';
import type { PlanInput } from '../../../lib/core/view';
import { settle } from '../../../lib/core/remember';
import { viewOf, withMemory } from '../../../lib/core/view';
import { heal } from '../../../lib/core/steps/heal';
import { fleets } from '../../builders/core-worlds';
import {
  aMachine,
  anAgent,
  anInput,
  aWorld,
  MINUTE,
  NOW,
  remembering,
  some,
  source,
} from '../../builders/fleet';

const late = (id: string, more: Partial<Machine> = {}) =>
  aMachine(id, { launchedAt: NOW - 16 * MINUTE, ...more });
/** Old and registered: the fleet is not empty and nothing is forgiven by it. */
const old = aMachine('i-old', { launchedAt: NOW - 900 * MINUTE });
const inputOf = (
  machines: readonly Machine[],
  agents: readonly Agent[] = [],
  more: Partial<PlanInput> = {},
): PlanInput =>
  anInput({
    world: aWorld({ machines: [old, ...machines], agents: [anAgent(old), ...agents] }),
    ...more,
  });
/** As in a plan: what the look shows is remembered first. */
const looked = (input: PlanInput) => {
  const view = viewOf(input);
  return withMemory(view, settle(view));
};
const after = (input: PlanInput) => heal(looked(input), []);
const endedBy = (input: PlanInput) =>
  after(input).actions.flatMap((action) => (action.kind === 'terminate' ? action.machines : []));
const alarmsOf = (input: PlanInput) => after(input).actions.filter(({ kind }) => kind === 'notify');
const three = ['a', 'b', 'c'].map((id) => late(`i-${id}`));

describe('a machine', () => {
  test('whose agent has not registered by the deadline is ended and struck', () => {
    const result = after(inputOf([late('i-1')]));
    expect(endedBy(inputOf([late('i-1')]))).toEqual(['i-1']);
    expect(result.memory.strikes).toMatchObject([
      { pool: 'web', image: 'ami-1@b1', machines: [{ id: 'i-1' }] },
    ]);
  });

  test('that still has time, or that registered, is left alone', () => {
    const booting = aMachine('i-1', { launchedAt: NOW - 15 * MINUTE });
    const ready = late('i-2');
    expect(after(inputOf([booting, ready], [anAgent(ready)]))).toMatchObject({
      actions: [],
      memory: { strikes: [] },
    });
  });

  test('whose agent announces another pool is ended when it is idle and waited for when it runs tasks', () => {
    const machine = late('i-1');
    const wrong = anAgent(machine, { attributes: { instance_id: text('i-1'), pool: text('batch') } });
    expect(endedBy(inputOf([machine], [wrong]))).toEqual(['i-1']);
    const busy = { ...wrong, used: some(1, 0) };
    const result = after(inputOf([machine], [busy]));
    expect(result.actions).toEqual([]);
    expect(result.blocked).toMatchObject([{ code: 'waiting', subject: 'i-1' }]);
  });

  test('of a pool that muster.yaml does not have is nobody we may end', () => {
    expect(
      endedBy(inputOf([late('i-1', { pool: 'gone' }), late('i-2', { pool: undefined } as never)])),
    ).toEqual([]);
  });

  test('is neither ended nor struck while the machines or the agents are not all seen', () => {
    const input = inputOf(three);
    const { world } = input;
    const half = { ...world, clouds: world.clouds.map((cloud) => ({ ...cloud, complete: false })) };
    const blind = { ...world, agents: source([anAgent(old)], { complete: false }) };
    for (const seen of [half, blind])
      expect(after({ ...input, world: seen })).toMatchObject({ actions: [], memory: { strikes: [] } });
  });

  test('that was there long before its agent went missing is neither ended nor struck, and is named', () => {
    const ancient = ['a', 'b', 'c'].map((id) => late(`i-${id}`, { launchedAt: NOW - 300 * MINUTE }));
    const input = inputOf(ancient);
    expect(endedBy(input)).toEqual([]);
    expect(after(input).memory.strikes).toEqual([]);
    expect(after(input).blocked.map(({ subject }) => subject)).toEqual(['i-a', 'i-b', 'i-c']);
  });

  test('whose agent was seen once and has left the list is not ended, however young it is', () => {
    const input = inputOf([late('i-1')]);
    expect(endedBy(input)).toEqual(['i-1']);
    expect(endedBy({ ...input, memory: { ...input.memory, joined: ['i-1'] } })).toEqual([]);
  });

  test('that its cloud ended right after the launch is struck, and one that a person ended is not', () => {
    const state = { state: 'terminated' as const };
    const key = late('i-1', { ...state, stateReason: 'Client.InternalError: Client error on launch' });
    const person = late('i-2', { ...state, stateReason: 'Client.UserInitiatedShutdown: User initiated' });
    expect(after(inputOf([key, person])).memory.strikes.flatMap(({ machines }) => machines)).toMatchObject([
      { id: 'i-1' },
    ]);
  });
});

describe('the breaker', () => {
  test('opens at the third failure of one image, and people are told once', () => {
    const input = inputOf(three);
    expect(alarmsOf(inputOf(three.slice(1)))).toEqual([]);
    expect(alarmsOf(input)).toMatchObject([{ alarm: 'breaker-open', subject: 'web' }]);
    const { memory } = after(input);
    expect(memory.strikes).toMatchObject([{ openedAt: NOW }]);
    expect(alarmsOf({ ...input, memory, round: 2 })).toEqual([]);
  });

  test('is not opened anew by machines that failed before, however many there are', () => {
    const many = Array.from({ length: 30 }, (_, nth) => late(`i-${String(nth).padStart(2, '0')}`));
    const input = inputOf(many);
    const { memory } = after(input);
    const next = { ...input, memory, now: NOW + MINUTE };
    expect(alarmsOf(next)).toEqual([]);
    expect(after(next).memory.strikes).toMatchObject([{ openedAt: NOW }]);
  });

  test('opens anew when the machine that tried again fails too', () => {
    const { memory } = after(inputOf(three));
    const now = NOW + 80 * MINUTE;
    const probe = aMachine('i-probe', { launchedAt: now - 16 * MINUTE });
    const input = inputOf([probe]);
    const agents = { ...input.world.agents, at: now };
    const next = { ...input, memory, now, world: { ...input.world, agents } };
    expect(after(next).memory.strikes).toMatchObject([{ openedAt: now }]);
  });

  test('closes when a machine of the image that was launched with the failed ones or later registers', () => {
    const { memory } = after(inputOf(three));
    const lucky = aMachine('i-lucky', { launchedAt: NOW - 10 * MINUTE });
    expect(after(inputOf([lucky], [anAgent(lucky)], { memory })).memory.strikes).toEqual([]);
  });

  test('is not closed by agents that had registered long before', () => {
    const { memory } = after(inputOf(three));
    expect(after(inputOf([], [], { memory, now: NOW + MINUTE })).memory.strikes).toMatchObject([
      { openedAt: NOW },
    ]);
  });

  test('counts another image afresh', () => {
    const memory = remembering({
      strikes: [{ pool: 'web', image: 'ami-1@b1', machines: [{ id: 'x', at: NOW - MINUTE }] }],
    });
    const { strikes } = after(inputOf([late('i-1', { image: 'ami-2' })], [], { memory })).memory;
    expect(strikes.map(({ image, machines }) => [image, machines.length])).toEqual([
      ['ami-1@b1', 1],
      ['ami-2@b1', 1],
    ]);
  });
});

describe('healing any fleet', () => {
  test('ends only machines of ours that run nothing, each once, and says it again the same way', () => {
    fc.assert(
      fc.property(fleets, (input) => {
        const view = looked(input);
        const { actions, memory } = heal(view, []);
        const ended = actions.flatMap((action) => (action.kind === 'terminate' ? action.machines : []));
        expect(new Set(ended).size).toBe(ended.length);
        for (const id of ended) {
          const entry = view.join.joined.find(({ machine }) => machine.id === id);
          expect(entry?.standing).toBe('never-joined');
          expect(view.pools.has(entry?.machine.pool ?? '')).toBe(true);
          expect(entry?.agent?.used.cpuMilli ?? 0).toBe(0);
          expect(NOW - (entry?.machine.launchedAt ?? NOW)).toBeGreaterThan(15 * MINUTE);
        }
        expect(heal(looked({ ...input, memory }), []).memory).toEqual(memory);
      }),
    );
  });
});
