// A few seeds of every kind in the ordinary tests, and a few mutants that they must find; `npm run sim` plays more.
import { describe, expect, test } from '@jest/globals';
import { hunt } from './hunt';
import { MUTANTS } from './mutants';
import { simulate } from './simulator';
import { story } from './story';

const HOURS = 0.5;
const options = { hours: HOURS, calmHours: 0.75, processes: 3 };

describe('the engine on the emulated world, with all that can go wrong', () => {
  test.each([2, 3])('breaks nothing and comes to rest (seed %i)', async (seed) => {
    const result = await simulate({ ...options, seed });
    if (result.violation !== undefined) console.info(story(result, { ...options, isWhole: false }));
    expect(result.violation).toBeUndefined();
    expect(result.turns).toBeGreaterThan(20);
    expect([...result.deeds.keys()]).toContain('cloud.launch');
  });

  test('does the same again, to the byte', async () => {
    const short = { ...options, hours: 0.5, calmHours: 0, seed: 4 };
    const [first, second] = [await simulate(short), await simulate(short)];
    expect(first.lines.length).toBeGreaterThan(200);
    expect(first.lines.filter(({ at }, nth) => at < (first.lines[nth - 1]?.at ?? 0))).toEqual([]);
    expect(second.digest).toBe(first.digest);
  });

  test('hears nothing from the real world', async () => {
    const result = await simulate({
      ...options,
      seed: 5,
      mutant: {
        beneath: (engine) => ({
          ...engine,
          clock: { ...engine.clock, now: () => 0 },
          plan: () => ({ at: Date.now() }) as never,
        }),
      },
    });
    expect(result.violation).toMatchObject({ invariant: 'reality', subject: 'now' });
  });
});

describe('an engine with one thing wrong', () => {
  test.each([
    ['a machine has a minute to register', 'S22'],
    ['an idle agent is given back at once', 'S22b'],
    ['one machine more than asked', 'S2'],
    ['ownership is not looked at', 'S5'],
    ['an agent is marked gone without a second look', 'check'],
  ])('is found: %s', async (name, invariant) => {
    const mutant = MUTANTS.find((one) => one.name === name);
    if (mutant === undefined) throw new Error(`no mutant is called ${name}`);
    expect(await hunt(mutant, { seeds: 3, hours: 1 })).toMatchObject({ invariant });
  });
});
