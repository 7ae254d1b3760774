import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import type { PlanInput } from '../../../lib/core/view';
import { viewOf } from '../../../lib/core/view';
import type { Fact } from '../../../lib/core/model/signal';
import { schedule } from '../../../lib/core/steps/schedule';
import { aMachine, anAgent, anInput, aWorld, MINUTE, NOW, remembering, source } from '../../builders/fleet';
import { aWish } from '../../builders/core-worlds';

const memoryAfter = (more: Partial<PlanInput>) => schedule(viewOf(anInput(more)), []).memory;
const fleetOf = (count: number) => {
  const machines = Array.from({ length: count }, (_, nth) => aMachine(`i-${nth}`));
  return { machines, agents: machines.map((machine) => anAgent(machine)) };
};
const percent = (by: number, more: Partial<Fact> = {}): Fact => ({
  ...aWish('web', 1),
  body: { kind: 'scale-out', pool: 'web', by: { percent: by }, source: 'alertmanager' },
  ...more,
});
const office = (min: number, until = NOW + 60 * MINUTE) => ({ name: 'office', pool: 'web', min, until });
const request = (kind: 'pause' | 'resume', at: number, more: Partial<Fact> = {}): Fact => ({
  scope: { kind: 'cluster', cluster: 'prod' },
  subject: 'prod',
  dedupeKey: `${kind}/${at}`,
  at,
  expiresAt: NOW + 60 * MINUTE,
  body: { kind, by: 'ann', reason: 'a fire' },
  ...more,
});

describe('a wish', () => {
  test('by percent becomes an absolute floor of the size that the pool has when it is first read', () => {
    const world = aWorld(fleetOf(10), { facts: source([percent(20)]) });
    expect(memoryAfter({ world }).floors).toMatchObject([{ pool: 'web', min: 12 }]);
  });

  test('by percent of an empty pool still asks for one machine', () => {
    expect(memoryAfter({ world: aWorld({}, { facts: source([percent(20)]) }) }).floors[0]?.min).toBe(1);
  });

  test('that is repeated after the pool has grown is extended and not raised', () => {
    const first = memoryAfter({ world: aWorld(fleetOf(10), { facts: source([percent(20)]) }) });
    const again = percent(20, { at: NOW, expiresAt: NOW + 90 * MINUTE });
    const later = memoryAfter({
      memory: first,
      world: aWorld(fleetOf(12), { facts: source([again]) }),
    });
    expect(later.floors).toMatchObject([{ min: 12, until: NOW + 90 * MINUTE }]);
  });

  test('that is released lets go of its floor, and of no other', () => {
    const facts = [aWish('web', 3, 'a'), aWish('web', 5, 'b')];
    const first = memoryAfter({ world: aWorld(fleetOf(2), { facts: source(facts) }) });
    const released = [aWish('web', 3, 'a'), { ...aWish('web', 5, 'b'), at: NOW, expiresAt: NOW }];
    const later = memoryAfter({ memory: first, world: aWorld(fleetOf(2), { facts: source(released) }) });
    expect(first.floors.map(({ min }) => min)).toEqual([5, 7]);
    expect(later.floors.map(({ min }) => min)).toEqual([5]);
  });

  test('that has expired, or that names no pool of the cluster, asks for nothing', () => {
    const facts = source([percent(20, { expiresAt: NOW }), aWish('nowhere', 3)]);
    expect(memoryAfter({ world: aWorld(fleetOf(10), { facts }) }).floors).toEqual([]);
  });
});

describe('a schedule', () => {
  test('whose window is open holds the pool at its minimum until the window ends', () => {
    const { floors } = memoryAfter({ world: aWorld({}, { schedules: [office(20)] }) });
    expect(floors).toMatchObject([{ id: 'schedule/office', min: 20, until: NOW + 60 * MINUTE }]);
  });

  test('that is lowered or taken out of muster.yaml during its window lets go at once', () => {
    const before = memoryAfter({ world: aWorld({}, { schedules: [office(20)] }) });
    const lowered = memoryAfter({ memory: before, world: aWorld({}, { schedules: [office(5)] }) });
    expect(lowered.floors).toMatchObject([{ min: 5 }]);
    expect(memoryAfter({ memory: before }).floors).toEqual([]);
  });
});

describe('a request to pause', () => {
  test('holds until it expires, and the newest of several words holds', () => {
    const facts = [request('pause', NOW - 2 * MINUTE)];
    const paused = memoryAfter({ world: aWorld({}, { facts: source(facts) }) });
    expect(paused.pause).toMatchObject({ by: 'ann', reason: 'a fire', until: NOW + 60 * MINUTE });
    const resumed = source([...facts, request('resume', NOW - MINUTE)]);
    expect(memoryAfter({ memory: paused, world: aWorld({}, { facts: resumed }) }).pause).toBeUndefined();
  });

  test('that was made after a resume is not undone by it', () => {
    const memory = remembering({ pause: { since: NOW - MINUTE, by: 'bob', reason: 'an upgrade' } });
    const facts = source([request('resume', NOW - 2 * MINUTE)]);
    expect(memoryAfter({ memory, world: aWorld({}, { facts }) }).pause?.by).toBe('bob');
  });
});

describe('the floors', () => {
  test('do not depend on the order of the facts, and reading them again changes nothing', () => {
    const facts = fc.uniqueArray(
      fc.record({ key: fc.constantFrom('a', 'b', 'c'), agents: fc.nat(9), age: fc.nat(9) }),
      { maxLength: 5 },
    );
    fc.assert(
      fc.property(facts, fc.nat(6), (asked, size) => {
        const list = asked.map(({ key, agents, age }) => ({
          ...aWish('web', agents, key),
          at: NOW - age * MINUTE,
          expiresAt: NOW + (10 - age) * MINUTE,
          subject: `${agents}/${age}`,
        }));
        const read = (order: readonly Fact[], memory = remembering({})) =>
          memoryAfter({ memory, world: aWorld(fleetOf(size), { facts: source(order) }) });
        const once = read(list);
        expect(read([...list].reverse())).toEqual(once);
        expect(read(list, once)).toEqual(once);
        for (const floor of once.floors) expect(floor.min).toBeGreaterThanOrEqual(size);
      }),
    );
  });
});
