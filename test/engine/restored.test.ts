import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import type { TurnReport } from '../../lib/engine/reconcile';
import { aroundPorts } from '../builders/around-ports';
import type { EmulatedFleet } from '../builders/emulated-fleet';
import { MINUTE } from '../builders/fleet';
import { type RestorableStore, restorableStore } from '../builders/restorable-store';
import { growth, outcome } from '../builders/scenes';

const LAST_MINUTE = 20;

type Played = {
  readonly fleet: EmulatedFleet;
  readonly store: RestorableStore;
  readonly turns: readonly string[];
};

/** Demand rises at minutes 3 and 7; at the end of `restoreAt` the table goes back to an earlier write. */
const play = async (restore?: { readonly atMinute: number; readonly share: number }): Promise<Played> => {
  const clock = { now: (): number => 0 };
  const store = restorableStore({ now: () => clock.now() });
  const fleet = await growth({ store });
  clock.now = () => fleet.world.now();
  const turns: string[] = [];
  for (let minute = 1; minute <= LAST_MINUTE; minute += 1) {
    if (minute === 3) fleet.world.marathon.updateApp('/shop', { instances: 9 });
    if (minute === 7) fleet.world.marathon.updateApp('/reports', { instances: 4 });
    const report: TurnReport | undefined = await fleet.minute();
    if (report?.kind === 'done') turns.push(report.turn);
    if (restore?.atMinute === minute) await store.restore(writeFiveMinutesAgo(fleet, store, restore.share));
  }
  return { fleet, store, turns };
};

/** Any write of the minute that ended five minutes ago: between two writes of one turn, too. */
const writeFiveMinutesAgo = (fleet: EmulatedFleet, store: RestorableStore, share: number): number => {
  const before = fleet.world.now() - 5 * MINUTE;
  const old = store.writes().filter((at) => at <= before).length;
  const older = store.writes().filter((at) => at <= before - MINUTE).length;
  return older + Math.round((old - older) * share);
};

test('a table that goes back to any moment five minutes ago does no harm', async () => {
  const wanted = await outcome((await play()).fleet);
  expect(wanted).toMatchObject({ tasks: [9, 4], open: [], expected: [], failures: [] });
  const moment = fc.record({
    atMinute: fc.integer({ min: 6, max: 14 }),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
  });
  await fc.assert(
    fc.asyncProperty(moment, async (restore) => {
      const { fleet, turns } = await play(restore);
      expect(await outcome(fleet)).toEqual(wanted);
      expect(new Set(turns).size).toBe(turns.length);
    }),
    { numRuns: 20 },
  );
});

test('a turn that runs while its table goes back begins nothing more', async () => {
  const clock = { now: (): number => 0 };
  const store = restorableStore({ now: () => clock.now() });
  const fleet = await growth({ store });
  clock.now = () => fleet.world.now();
  await fleet.minutes(4);
  const writes = store.writes().length;
  fleet.world.marathon.updateApp('/shop', { instances: 20 });
  fleet.world.advance(5 * MINUTE);
  const machines = fleet.machines().length;
  // It has seen everything and decided; then the table is as it was before its claim.
  const restoring = aroundPorts(fleet.engine, async (name, call) => {
    const answer = await call();
    if (name === 'marathon.queue') await store.restore(writes);
    return answer;
  });
  const report = await fleet.minute(restoring);
  expect(report).toBeUndefined();
  expect(fleet.failures).toMatchObject([{ kind: 'conflict', code: 'deposed' }]);
  expect(fleet.machines().length).toBe(machines);
});
