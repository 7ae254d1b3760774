import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { reconcile } from '../../lib/engine/reconcile';
import { aroundPorts, counting, Crash, crashAt, MODES } from '../builders/around-ports';
import { MINUTE } from '../builders/fleet';
import { growth, lateGrowth, outcome, replacement } from '../builders/scenes';

const SCENES = { growth, 'growth that is seen late': lateGrowth, replacement } as const;
/** The lease ends before the next tick. */
const LEASE = { leaseMs: 50_000 };
/** What was sent has to be read back, machines boot and Marathon takes their offers. */
const TO_THE_END = 5;

const callsOf = async (scene: (typeof SCENES)['growth']): Promise<number> => {
  const calls = counting();
  await reconcile(aroundPorts((await scene(LEASE)).engine, calls));
  return [...calls.counts.values()].reduce((sum, count) => sum + count, 0);
};

const calmly = async (scene: (typeof SCENES)['growth']) => {
  const fleet = await scene(LEASE);
  await reconcile(fleet.engine);
  await fleet.minutes(TO_THE_END);
  return outcome(fleet);
};

describe.each(Object.entries(SCENES))('a turn of %s', (name, scene) => {
  test('that dies at any await is finished by the next turns, and nothing is bought twice', async () => {
    const wanted = await calmly(scene);
    expect(wanted).toMatchObject({ tasks: [6, 2], open: [], expected: [], failures: [] });
    if (name === 'replacement') expect(wanted.launched).not.toEqual(wanted.live);
    const calls = await callsOf(scene);
    for (let nth = 1; nth <= calls; nth += 1)
      for (const mode of MODES) {
        const fleet = await scene(LEASE);
        const crash = crashAt(nth, mode);
        await expect(reconcile(aroundPorts(fleet.engine, crash))).rejects.toThrow(Crash);
        await fleet.minutes(TO_THE_END);
        expect({ at: crash.at(), ...(await outcome(fleet)) }).toEqual({ at: crash.at(), ...wanted });
      }
  });
});

test('turns that die one after the other, each anywhere, still end where undisturbed ones do', async () => {
  const wanted = await calmly(growth);
  const crashes = fc.array(
    fc.record({ call: fc.integer({ min: 1, max: 60 }), mode: fc.constantFrom(...MODES) }),
    { minLength: 2, maxLength: 4 },
  );
  await fc.assert(
    fc.asyncProperty(crashes, async (list) => {
      const fleet = await growth(LEASE);
      for (const { call, mode } of list) {
        await reconcile(aroundPorts(fleet.engine, crashAt(call, mode))).catch(() => undefined);
        fleet.world.advance(MINUTE);
      }
      await fleet.minutes(TO_THE_END);
      expect(await outcome(fleet)).toEqual(wanted);
    }),
    { numRuns: 20 },
  );
});
