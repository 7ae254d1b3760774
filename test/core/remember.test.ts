import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import type { Expected, Memory } from '../../lib/core/model/memory';
import type { OfferingError, Outcome } from '../../lib/core/model/outcome';
import { chill, fold, settle } from '../../lib/core/remember';
import { isCold } from '../../lib/core/buyable';
import { expectedOf, type PlanInput, viewOf } from '../../lib/core/view';
import { aMachine, anInput, aSpec, aWorld, MINUTE, NOW, offeringsOf, remembering } from '../builders/fleet';

const all = offeringsOf();
const [offering, other] = all;
if (offering === undefined || other === undefined) throw new Error('there are offerings');
const error = (more: Partial<OfferingError> = {}): OfferingError => ({
  offering,
  code: 'InsufficientInstanceCapacity',
  message: 'none left',
  kind: 'capacity',
  ...more,
});
const launch = (more: Partial<Expected> = {}): Expected => ({
  launch: 'turn-0.1.0',
  pool: 'web',
  offering,
  at: NOW,
  machines: ['i-1', 'i-2'],
  count: 2,
  absentAt: [],
  ...more,
});
const launched = (more: Partial<Extract<Outcome, { kind: 'launched' }>> = {}): Outcome => ({
  kind: 'launched',
  action: 'turn-0.1.0',
  pool: 'web',
  at: NOW,
  machines: [
    { id: 'i-1', offering },
    { id: 'i-2', offering: other },
  ],
  errors: [],
  asked: 2,
  ...more,
});
const settled = (memory: Memory, now: number, more: Partial<PlanInput> = {}): Memory => {
  const input = anInput({ memory, now, ...more });
  const clouds = input.world.clouds.map((cloud) => ({ ...cloud, at: now }));
  return settle(viewOf({ ...input, world: { ...input.world, clouds } }));
};

describe('an offering that had a capacity error', () => {
  test('is cold for three minutes, twice as long each time it fails again, and at most half an hour', () => {
    const spans = [];
    let cold: Memory['cold'] = [];
    for (let at = NOW; spans.length < 6; at += 40 * MINUTE) {
      cold = chill(cold, error(), at);
      spans.push(((cold[0]?.until ?? 0) - at) / MINUTE);
    }
    expect(spans).toEqual([3, 6, 12, 24, 30, 30]);
  });

  test('alone is cold: its neighbours are tried', () => {
    const cold = chill([], error(), NOW);
    expect(all.filter((one) => isCold(one, cold, NOW))).toEqual([offering]);
    expect(all.filter((one) => isCold(one, cold, NOW + 3 * MINUTE))).toEqual([]);
  });

  test('is cold in its whole market for a quota, in its whole zone for a subnet without addresses', () => {
    const quota = chill([], error({ kind: 'quota', code: 'MaxSpotInstanceCountExceeded' }), NOW);
    const colds = (cold: Memory['cold']) => all.filter((one) => isCold(one, cold, NOW));
    expect(colds(quota)).toEqual(all.filter(({ market }) => market === offering.market));
    const subnet = chill([], error({ code: 'InsufficientFreeAddressesInSubnet' }), NOW);
    expect(colds(subnet)).toEqual(all.filter(({ zone }) => zone === offering.zone));
  });

  test('is forgotten an hour after it warmed up', () => {
    const memory = remembering({ cold: chill([], error(), NOW) });
    expect(settled(memory, NOW + 62 * MINUTE).cold).toHaveLength(1);
    expect(settled(memory, NOW + 64 * MINUTE).cold).toEqual([]);
  });
});

describe('a launch', () => {
  test('is expected by offering, and told twice is expected once', () => {
    const once = fold(remembering({}), [launched()]);
    expect(once.expected.map(({ machines }) => machines)).toEqual(expect.arrayContaining([['i-1'], ['i-2']]));
    expect(fold(once, [launched()])).toEqual(once);
  });

  test('whose outcome is unknown is expected in full until it is known', () => {
    const asked = { pool: 'web', offering, count: 3 };
    const unknown = fold(remembering({}), [
      { kind: 'unknown', action: 'turn-0.1.0', at: NOW, message: 'timed out', launch: asked },
    ]);
    expect(expectedOf(viewOf(anInput({ memory: unknown })), 'web')).toBe(3);
    const refused: Outcome = { kind: 'refused', action: 'turn-0.1.0', at: NOW, failure: 'x', message: 'x' };
    expect(fold(unknown, [refused]).expected).toEqual([]);
    expect(expectedOf(viewOf(anInput({ memory: fold(unknown, [launched()]) })), 'web')).toBe(2);
  });

  test('of unknown ids counts what is still missing of those that carry its name', () => {
    const memory = remembering({ expected: [launch({ machines: [], count: 3 })] });
    const world = aWorld({ machines: [aMachine('i-9', { launch: 'turn-0.1.0' })] });
    expect(expectedOf(viewOf(anInput({ memory, world })), 'web')).toBe(2);
  });

  test('is no longer expected once all of it is listed', () => {
    const world = aWorld({ machines: [aMachine('i-1'), aMachine('i-2')] });
    expect(settled(remembering({ expected: [launch()] }), NOW + MINUTE, { world }).expected).toEqual([]);
  });

  test('that is listed in part is expected for the rest', () => {
    const world = aWorld({ machines: [aMachine('i-1')] });
    expect(settled(remembering({ expected: [launch()] }), NOW + MINUTE, { world }).expected).toMatchObject([
      { machines: ['i-2'] },
    ]);
  });

  test('never came to be when it is older than five minutes and absent from two complete reads', () => {
    const young = settled(remembering({ expected: [launch()] }), NOW + 4 * MINUTE);
    expect(young.expected).toMatchObject([{ absentAt: [] }]);
    const first = settled(young, NOW + 6 * MINUTE);
    expect(first.expected).toHaveLength(1);
    expect(settled(first, NOW + 6 * MINUTE).expected).toHaveLength(1);
    expect(settled(first, NOW + 7 * MINUTE).expected).toEqual([]);
  });

  test('is not judged by an incomplete read', () => {
    const input = anInput({ memory: remembering({ expected: [launch()] }), now: NOW + 60 * MINUTE });
    const clouds = input.world.clouds.map((cloud) => ({ ...cloud, complete: false, at: input.now }));
    const { expected } = settle(viewOf({ ...input, world: { ...input.world, clouds } }));
    expect(expected).toEqual([launch()]);
  });

  test('of a pool that muster.yaml no longer has does not count for ever', () => {
    const spec = aSpec({ pools: [] });
    const memory = remembering({ expected: [launch()] });
    expect(settled(memory, NOW + MINUTE, { spec }).expected).toHaveLength(1);
    expect(settled(memory, NOW + 6 * MINUTE, { spec }).expected).toEqual([]);
  });
});

describe('memory', () => {
  const kind = fc.constantFrom('capacity' as const, 'quota' as const, 'unsupported' as const);
  const outcome: fc.Arbitrary<Outcome> = fc.oneof(
    fc
      .record({ action: fc.constantFrom('a', 'b'), offering: fc.constantFrom(...all), kind, n: fc.nat(3) })
      .map(({ action, offering: one, kind: why, n }) =>
        launched({
          action,
          machines: Array.from({ length: n }, (_, nth) => ({ id: `${action}-${nth}`, offering: one })),
          errors: n < 2 ? [error({ offering: one, kind: why })] : [],
        }),
      ),
    fc.record({ action: fc.constantFrom('a', 'b'), count: fc.integer({ min: 1, max: 3 }) }).map(
      ({ action, count }): Outcome => ({
        kind: 'unknown',
        action,
        at: NOW,
        message: 'x',
        launch: { pool: 'web', offering, count },
      }),
    ),
    fc
      .constantFrom('a', 'b')
      .map((action): Outcome => ({ kind: 'refused', action, at: NOW, failure: 'x', message: 'x' })),
  );

  test('learns the same from the same news told twice, as after a crash between acting and storing', () => {
    fc.assert(
      fc.property(outcome, fc.array(outcome, { maxLength: 3 }), (last, before) => {
        const memory = fold(remembering({}), before);
        const once = fold(memory, [last]);
        expect(fold(once, [last])).toEqual(once);
      }),
    );
  });

  test('that is settled by one sight is not changed by the same sight', () => {
    fc.assert(
      fc.property(fc.array(outcome, { maxLength: 4 }), fc.nat(90), (news, minutes) => {
        const once = settled(fold(remembering({}), news), NOW + minutes * MINUTE);
        expect(settled(once, NOW + minutes * MINUTE)).toEqual(once);
      }),
    );
  });
});
