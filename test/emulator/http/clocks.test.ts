import { describe, expect, test } from '@jest/globals';
import { createClock } from '../../../lib/emulator/http/clocks';
import { createTimeline } from '../../../lib/emulator/timeline';

describe('the clocks of a served world', () => {
  test('a stepped clock stands still until it is told to move', async () => {
    const timeline = createTimeline(1_000);
    const clock = createClock(timeline, { kind: 'stepped' });
    await new Promise((resolve) => {
      setTimeout(resolve, 60);
    });
    expect(clock.now()).toBe(1_000);
    clock.advance(5_000);
    expect(timeline.now()).toBe(6_000);
    expect(() => {
      clock.advance(-1);
    }).toThrow('cannot be advanced by -1 ms');
  });

  test('a jump passes through every periodic call on the way, in order with the events of the world', () => {
    const timeline = createTimeline(0);
    const clock = createClock(timeline, { kind: 'stepped' });
    const seen: string[] = [];
    const note = (what: string) => () => {
      seen.push(`${what}@${timeline.now()}`);
    };
    const end = clock.every(15_000, note('beat'));
    timeline.at(20_000, note('event'));
    clock.advance(31_000);
    end();
    clock.advance(60_000);
    expect(seen).toEqual(['beat@15000', 'event@20000', 'beat@30000']);
  });

  test('a periodic call that a jump of the world itself has passed comes late, not never', () => {
    const timeline = createTimeline(0);
    const clock = createClock(timeline, { kind: 'stepped' });
    const beats: number[] = [];
    clock.every(1_000, () => beats.push(timeline.now()));
    timeline.advanceTo(2_500);
    clock.advance(0);
    expect(beats).toEqual([2_500, 2_500]);
  });

  test('a paced clock moves virtual time faster than real time, and stops', async () => {
    const timeline = createTimeline(0);
    const clock = createClock(timeline, { kind: 'paced', factor: 1_000, tickMs: 5 });
    while (timeline.now() < 1_000) {
      await new Promise((resolve) => {
        setTimeout(resolve, 5);
      });
    }
    clock.stop();
    const stood = timeline.now();
    await new Promise((resolve) => {
      setTimeout(resolve, 30);
    });
    expect(timeline.now()).toBe(stood);
  });

  test('whoever sleeps on a stepped clock makes time pass, and several sleep at once', async () => {
    const timeline = createTimeline(0);
    const clock = createClock(timeline, { kind: 'stepped' });
    await Promise.all([clock.sleep(2_000), clock.sleep(5_000), clock.sleep(1_000)]);
    expect(timeline.now()).toBe(5_000);
  });

  test('whoever sleeps on a paced clock sleeps in virtual time, and wakes when it stops', async () => {
    const timeline = createTimeline(0);
    const clock = createClock(timeline, { kind: 'paced', factor: 1_000, tickMs: 5 });
    await clock.sleep(2_000);
    expect(timeline.now()).toBeGreaterThanOrEqual(2_000);
    const long = clock.sleep(1_000_000_000);
    clock.stop();
    await long;
    expect(timeline.now()).toBeLessThan(1_000_000_000);
  });

  test('refuses a pace that is none', () => {
    expect(() => createClock(createTimeline(0), { kind: 'paced', factor: 0 })).toThrow(/factor above 0/);
  });
});
