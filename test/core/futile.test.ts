import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import type { QueueItem, RunSpec } from '../../lib/core/model/app';
import type { Plan } from '../../lib/core/model/plan';
import { plan } from '../../lib/core/plan';
import type { PlanInput } from '../../lib/core/view';
import { noteBought } from '../../lib/core/futile';
import { text } from '../../lib/core/model/attributes';
import { afterBoot, boughtIn } from '../builders/core-turns';
import { anApp, anInput, aWorld, MINUTE, NOW, remembering, some, waiting } from '../builders/fleet';

const constraints = [{ field: 'role', operator: 'IS', value: 'compute' }] as const;
const row = (more: Partial<RunSpec> = {}, item: Partial<QueueItem> = {}): QueueItem =>
  waiting(anApp('/a', { each: some(3, 4096), constraints, ...more }), 2, item);
const first = anInput({ world: aWorld({ queue: [row()] }) });
const bought = plan(first);
/** Marathon still asks for room some minutes after all that was bought has registered. */
const still = (item: QueueItem, later = 8 * MINUTE, memory = bought.memory, isFull = false): PlanInput => {
  const then = afterBoot(first, bought, later);
  const agents = then.world.agents.value.map((agent) => ({
    ...agent,
    registeredAt: NOW + 2 * MINUTE,
    // They have room, but not what the app asks for.
    attributes: { ...agent.attributes, role: text('other') },
    used: isFull ? { ...agent.total, ports: 0 } : agent.used,
  }));
  return {
    ...then,
    memory,
    world: {
      ...then.world,
      agents: { ...then.world.agents, value: agents },
      queue: { ...then.world.queue, value: [item] },
    },
  };
};
const alarms = ({ actions }: Plan) => actions.filter(({ kind }) => kind === 'notify');

describe('demand that machines did not cure', () => {
  const futile = plan(still(row()));

  test('is called futile, is told once and is not bought for again', () => {
    expect(boughtIn(bought)).toBeGreaterThan(0);
    expect(boughtIn(futile)).toBe(0);
    expect(futile.demand).toMatchObject([{ verdict: 'futile', unplaced: 2 }]);
    expect(futile.blocked).toMatchObject([{ code: 'futile', subject: '/a', count: 2 }]);
    expect(alarms(futile)).toMatchObject([{ alarm: 'futile-demand', subject: '/a' }]);
    const again = plan(still(row(), 9 * MINUTE, futile.memory));
    expect([boughtIn(again), alarms(again)]).toEqual([0, []]);
  });

  test('gets some minutes after the agents registered, in which nothing more is bought for it', () => {
    const waits = plan(still(row(), 5 * MINUTE));
    expect(waits.demand).toMatchObject([{ verdict: 'capacity', unplaced: 2 }]);
    expect(waits.blocked).toMatchObject([{ code: 'waiting', subject: '/a', count: 2 }]);
    expect(boughtIn(waits)).toBe(0);
  });

  test('is not what finds every agent full of other tasks: more machines help', () => {
    const full = plan(still(row(), 20 * MINUTE, bought.memory, true));
    expect(boughtIn(full)).toBeGreaterThan(0);
    expect(alarms(full)).toEqual([]);
  });

  test('stays futile for as long as it waits, days included', () => {
    const days = plan(still(row(), 72 * 60 * MINUTE, futile.memory));
    expect(boughtIn(days)).toBe(0);
    expect(days.demand).toMatchObject([{ verdict: 'futile' }]);
  });

  test('is no longer futile when Marathon took an offer since, when its definition or when the refusal changes', () => {
    const served = row({}, { lastUsedOfferAt: NOW + 4 * MINUTE });
    expect(plan(still(served)).demand).toMatchObject([{ verdict: 'capacity' }]);
    const after = futile.memory;
    const changed = row({ version: '2' });
    expect(boughtIn(plan(still(changed, 9 * MINUTE, after)))).toBeGreaterThan(0);
    const rejects = [{ reason: 'InsufficientMemory', declined: 1, processed: 1 }] as const;
    expect(boughtIn(plan(still(row({}, { rejects }), 9 * MINUTE, after)))).toBeGreaterThan(0);
  });

  test('is forgotten when it has left the queue', () => {
    const input = still(row(), 9 * MINUTE, futile.memory);
    const empty = { ...input.world, queue: { ...input.world.queue, value: [] } };
    expect(plan({ ...input, world: empty }).memory.bought).toEqual([]);
  });
});

describe('the notes of what was bought for', () => {
  test('are one for each row, however often it is bought for, and stay few', () => {
    const turns = fc.array(fc.uniqueArray(fc.nat(600), { maxLength: 300 }), { maxLength: 4 });
    fc.assert(
      fc.property(turns, (list) => {
        const memory = list.reduce(
          (before, ids, nth) =>
            noteBought(
              before,
              ids.map((id) => waiting(anApp(`/${id}`), 1)),
              [`turn-${nth}`],
              NOW + nth,
            ),
          remembering({}),
        );
        const names = memory.bought.map(({ runSpec }) => runSpec);
        expect(new Set(names).size).toBe(names.length);
        expect(names.length).toBeLessThanOrEqual(400);
        for (const { launches } of memory.bought) expect(launches.length).toBeLessThanOrEqual(10);
        const last = list.at(-1) ?? [];
        for (const id of last) expect(names).toContain(`/${id}`);
      }),
      { numRuns: 30 },
    );
  });
});
