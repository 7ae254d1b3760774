import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createDice } from '../../lib/emulator/dice';
import { createTimeline } from '../../lib/emulator/timeline';

describe('the timeline', () => {
  test('carries everything out in the order of time, and of asking among equals', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ at: fc.nat(20), cancelled: fc.boolean() })), (wishes) => {
        const timeline = createTimeline(0);
        const done: { at: number; index: number }[] = [];
        wishes.forEach(({ at, cancelled }, index) => {
          const ticket = timeline.at(at, () => done.push({ at: timeline.now(), index }));
          if (cancelled) ticket.cancel();
        });
        timeline.advanceTo(20);
        const expected = wishes
          .map(({ at, cancelled }, index) => ({ at, index, cancelled }))
          .filter(({ cancelled }) => !cancelled)
          .sort((a, b) => a.at - b.at || a.index - b.index)
          .map(({ at, index }) => ({ at, index }));
        expect(done).toEqual(expected);
        expect(timeline.nextAt()).toBeUndefined();
      }),
    );
  });

  test('carries out what is added on the way, up to and including its goal', () => {
    const timeline = createTimeline(100);
    const done: number[] = [];
    timeline.after(5, () => timeline.after(5, () => done.push(timeline.now())));
    timeline.after(11, () => done.push(timeline.now()));
    timeline.advanceTo(110);
    expect(done).toEqual([110]);
    expect(timeline.nextAt()).toBe(111);
  });
});

describe('the dice', () => {
  test('give each kind a stream of its own, which others do not disturb', () => {
    const alone = createDice(3);
    const first = Array.from({ length: 20 }, () => alone.int('boot', 0, 1000));
    const mixed = createDice(3);
    const second = Array.from({ length: 20 }, () => {
      mixed.uuid('other');
      return mixed.int('boot', 0, 1000);
    });
    expect(second).toEqual(first);
  });

  test('stay within their bounds and make well-formed ids', () => {
    const dice = createDice(1);
    for (let times = 0; times < 200; times += 1) {
      const value = dice.span('s', [3, 5]);
      expect(value >= 3 && value <= 5).toBe(true);
    }
    expect(dice.uuid('u')).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(dice.shuffle('x', [1, 2, 3]).sort((a, b) => a - b)).toEqual([1, 2, 3]);
  });
});
