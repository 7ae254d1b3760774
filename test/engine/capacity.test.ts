import { describe, expect, test } from '@jest/globals';
import { isLive } from '../../lib/core/model/machine';
import type { Outcome } from '../../lib/core/model/outcome';
import { reconcile, type TurnReport } from '../../lib/engine/reconcile';
import { recall } from '../../lib/engine/recall';
import { appIn, type EmulatedFleet, emulatedFleet, running } from '../builders/emulated-fleet';
import { aPool, aSpec, MINUTE } from '../builders/fleet';

const SETTINGS = { ec2: { pendingMs: [5_000, 5_000], bootMs: [20_000, 20_000] } } as const;

const short = (names: readonly string[], instances = 3): EmulatedFleet => {
  const { shapes } = aPool();
  const pool = aPool({ zones: [{ name: 'us-east-1a' }], shapes: { ...shapes, families: [], names } });
  const fleet = emulatedFleet({ spec: aSpec({ pools: [pool] }), settings: SETTINGS });
  fleet.world.marathon.createApp(appIn('web', '/shop', instances));
  fleet.world.advance(30_000);
  return fleet;
};

const outcomes = (report: TurnReport | undefined): readonly Outcome[] =>
  report?.kind === 'done' ? report.outcomes : [];
const tried = (report: TurnReport | undefined): number =>
  outcomes(report).filter(({ kind }) => kind === 'launched').length;
const cold = async (fleet: EmulatedFleet) => (await recall(fleet.engine.store, 'prod')).memory.cold;

describe('an offering without capacity', () => {
  test('is followed by the next one in the same call where it holds the load', async () => {
    const fleet = short(['c7i.xlarge', 'm7i.xlarge']);
    fleet.world.troubles.capacityError({ shape: 'c7i.xlarge' });
    const report = await reconcile(fleet.engine);
    expect(outcomes(report)).toMatchObject([
      {
        kind: 'launched',
        errors: [{ code: 'InsufficientInstanceCapacity' }],
        machines: [{ offering: { shape: 'm7i.xlarge' } }],
      },
    ]);
  });

  test('and dear ones left only, by another round of the same turn', async () => {
    const fleet = short(['c7i.xlarge', 'm7i.4xlarge']);
    fleet.world.troubles.capacityError({ shape: 'c7i.xlarge' });
    const report = await reconcile(fleet.engine);
    expect(report).toMatchObject({ plans: [{ round: 1 }, { round: 2 }] });
    expect(fleet.machines().map(({ shape }) => shape)).toEqual(['m7i.4xlarge']);
    await fleet.minutes(3);
    expect(running(fleet.world, '/shop')).toBe(3);
    expect(fleet.machines().length).toBe(1);
  });

  test('brings what there is, and the rest comes from the next', async () => {
    const fleet = short(['c7i.xlarge', 'm7i.4xlarge'], 9);
    fleet.world.troubles.capacityError({ shape: 'c7i.xlarge', left: 1 });
    await reconcile(fleet.engine);
    expect(
      fleet
        .machines()
        .map(({ shape }) => shape)
        .sort(),
    ).toEqual(['c7i.xlarge', 'm7i.4xlarge']);
    await fleet.minutes(3);
    expect(running(fleet.world, '/shop')).toBe(9);
  });

  test('stays cold for 3, 6 and 12 minutes, and is tried only once each time', async () => {
    const fleet = short(['c7i.xlarge']);
    const end = fleet.world.troubles.capacityError({ shape: 'c7i.xlarge' });
    const lengths: number[] = [];
    const tries: number[] = [];
    expect(tried(await reconcile(fleet.engine))).toBe(1);
    const start = fleet.world.now();
    lengths.push(((await cold(fleet))[0]?.until ?? 0) - start);
    for (let minute = 1; minute <= 24; minute += 1) {
      const report = await fleet.minute();
      if (tried(report) === 0) continue;
      tries.push(minute);
      lengths.push(((await cold(fleet))[0]?.until ?? 0) - fleet.world.now());
    }
    expect(lengths.map((ms) => ms / MINUTE)).toEqual([3, 6, 12, 24]);
    expect(tries).toEqual([3, 9, 21]);
    end();
    await fleet.minutes(26);
    expect(running(fleet.world, '/shop')).toBe(3);
    expect(fleet.machines().filter(isLive).length).toBe(1);
  });

  test('is not tried again in the next turns, and what waits is named with the time', async () => {
    const fleet = short(['c7i.xlarge']);
    fleet.world.troubles.capacityError({ shape: 'c7i.xlarge' });
    await reconcile(fleet.engine);
    const report = await fleet.minute();
    expect(tried(report)).toBe(0);
    expect(report).toMatchObject({
      plans: [{ blocked: expect.arrayContaining([expect.objectContaining({ code: 'offerings-cold' })]) }],
    });
  });

  test('of a whole market is remembered as a quota, and the other market is bought', async () => {
    const { shapes } = aPool();
    const pool = aPool({
      markets: ['spot', 'on-demand'],
      shapes: { ...shapes, families: [], names: ['c7i.xlarge'] },
    });
    const fleet = emulatedFleet({ spec: aSpec({ pools: [pool] }), settings: SETTINGS });
    fleet.world.marathon.createApp(appIn('web', '/shop', 3));
    fleet.world.advance(30_000);
    fleet.world.troubles.capacityError({ market: 'spot', code: 'MaxSpotInstanceCountExceeded' });
    await reconcile(fleet.engine);
    expect(fleet.machines().map(({ market }) => market)).toEqual(['on-demand']);
    expect((await cold(fleet)).map(({ key }) => key)).toEqual(['aws/us-east-1/*/*/spot']);
  });
});
