import { describe, expect, test } from '@jest/globals';
import type { FactBody } from '../../lib/core/model/signal';
import { isLive } from '../../lib/core/model/machine';
import { storeFact } from '../../lib/engine/facts';
import { reconcile, type TurnReport } from '../../lib/engine/reconcile';
import { recall } from '../../lib/engine/recall';
import { ask, appIn, type EmulatedFleet, emulatedFleet, running } from '../builders/emulated-fleet';
import { aPool, aSpec, MINUTE } from '../builders/fleet';

const SETTINGS = { ec2: { pendingMs: [5_000, 5_000], bootMs: [20_000, 20_000] } } as const;
const { shapes } = aPool();
const TEN = {
  size: { min: 10, max: 30 },
  zones: [{ name: 'us-east-1a' }],
  shapes: { ...shapes, families: [], names: ['m7i.large', 'c7i.xlarge'] },
};

const ten = async (more: Parameters<typeof aSpec>[0] = {}): Promise<EmulatedFleet> => {
  const fleet = emulatedFleet({ spec: aSpec({ pools: [aPool(TEN)], ...more }), settings: SETTINGS });
  await fleet.minutes(3);
  expect(live(fleet)).toBe(10);
  return fleet;
};

const live = (fleet: EmulatedFleet): number => fleet.machines().filter(isLive).length;
const codes = (report: TurnReport | undefined): readonly string[] =>
  report?.kind === 'done' ? report.plans.flatMap(({ blocked }) => blocked.map(({ code }) => code)) : [];

/** A webhook's wish for more of the pool, as ingest stores it. */
const wish = (fleet: EmulatedFleet, key: string, by: { percent: number }, forMinutes: number) => {
  const at = fleet.world.now();
  const body: FactBody = { kind: 'scale-out', pool: 'web', by, source: 'alertmanager' };
  return storeFact(fleet.engine.store, {
    scope: { kind: 'cluster', cluster: 'prod' },
    subject: 'web',
    dedupeKey: key,
    at,
    expiresAt: at + forMinutes * MINUTE,
    body,
  });
};

const floors = async (fleet: EmulatedFleet) =>
  (await recall(fleet.engine.store, 'prod')).memory.floors.map(({ min, until }) => ({
    min,
    minutes: Math.round((until - fleet.world.now()) / MINUTE),
  }));

describe('a wish for 20 % more', () => {
  test('is made absolute once, and repeats only extend it', async () => {
    const fleet = await ten();
    await wish(fleet, 'alert-1', { percent: 20 }, 30);
    await fleet.minutes(1);
    expect(live(fleet)).toBe(12);
    expect(await floors(fleet)).toEqual([{ min: 12, minutes: 29 }]);
    for (let nth = 0; nth < 10; nth += 1) {
      await wish(fleet, 'alert-1', { percent: 20 }, 30);
      await fleet.minutes(1);
    }
    expect(live(fleet)).toBe(12);
    expect(await floors(fleet)).toEqual([{ min: 12, minutes: 29 }]);
  });

  test('of another alert is counted from the size that it finds', async () => {
    const fleet = await ten();
    await wish(fleet, 'alert-1', { percent: 20 }, 30);
    await fleet.minutes(1);
    await wish(fleet, 'alert-2', { percent: 20 }, 30);
    await fleet.minutes(1);
    expect(live(fleet)).toBe(15);
  });

  test('ends with its time', async () => {
    const fleet = await ten();
    await wish(fleet, 'alert-1', { percent: 20 }, 5);
    await fleet.minutes(6);
    expect(await floors(fleet)).toEqual([]);
    // Once it has ended, the same alert is a new wish.
    await wish(fleet, 'alert-1', { percent: 20 }, 5);
    await fleet.minutes(1);
    expect(await floors(fleet)).toEqual([{ min: 15, minutes: 4 }]);
  });

  test('that came too late for its turn has no effect', async () => {
    const fleet = await ten();
    await wish(fleet, 'alert-1', { percent: 20 }, 0.5);
    await fleet.minutes(1);
    expect([live(fleet), await floors(fleet)]).toEqual([10, []]);
  });

  test('never passes the limits', async () => {
    const fleet = await ten();
    await wish(fleet, 'alert-1', { percent: 1000 }, 30);
    await fleet.minutes(3);
    expect(live(fleet)).toBe(30);
  });
});

describe('a pause', () => {
  test('stops buying and ending, names who asked, and a resume ends it', async () => {
    const fleet = await ten();
    await ask(fleet, 'pause');
    fleet.world.marathon.createApp(appIn('web', '/shop', 20));
    await fleet.minutes(2);
    const report = await fleet.minute();
    expect(live(fleet)).toBe(10);
    expect(codes(report)).toContain('paused');
    expect(report).toMatchObject({
      sentences: expect.arrayContaining([expect.stringContaining('ada paused it')]),
    });
    fleet.world.advance(1000);
    await ask(fleet, 'resume');
    await fleet.minutes(5);
    expect(live(fleet)).toBeGreaterThan(10);
    expect(running(fleet.world, '/shop')).toBe(20);
  });

  test('outlives its event and ends by itself after its time', async () => {
    const fleet = await ten();
    await ask(fleet, 'pause');
    await fleet.minutes(1);
    fleet.world.marathon.createApp(appIn('web', '/shop', 20));
    await fleet.minutes(57);
    expect(live(fleet)).toBe(10);
    await fleet.minutes(6);
    expect(running(fleet.world, '/shop')).toBe(20);
  });

  test('while it holds, a turn makes no call that changes the fleet', async () => {
    const fleet = await ten();
    await ask(fleet, 'pause');
    fleet.world.troubles.killMachine(fleet.machines()[0]?.id ?? '');
    const before = fleet.machines().length;
    await fleet.minutes(5);
    expect(fleet.machines().length).toBe(before);
  });
});

describe('the spend cap', () => {
  test('is never exceeded, and says what it stops', async () => {
    const fleet = emulatedFleet({
      spec: aSpec({ limits: { machines: 100, usdPerHour: 1 } }),
      settings: SETTINGS,
    });
    fleet.world.marathon.createApp(appIn('web', '/shop', 20));
    await fleet.minutes(2);
    const report = await fleet.minute();
    const usd = fleet
      .machines()
      .filter(isLive)
      .reduce((sum, { shape }) => sum + (PRICES[shape] ?? Infinity), 0);
    expect(usd).toBeGreaterThan(0.5);
    expect(usd).toBeLessThanOrEqual(1);
    expect(codes(report)).toContain('spend-cap');
  });

  test('does not stop the replacement of a machine that never registered', async () => {
    const pools = [aPool({ size: { min: 2, max: 10 }, registerWithinMs: 5 * MINUTE })];
    const fleet = emulatedFleet({ spec: aSpec({ pools }), settings: SETTINGS });
    fleet.world.troubles.neverRegister({ nth: 1 });
    await reconcile(fleet.engine);
    expect(live(fleet)).toBe(2);
    const capped = {
      ...fleet.engine,
      spec: { ...fleet.engine.spec, limits: { machines: 10, usdPerHour: 0.01 } },
    };
    for (let nth = 0; nth < 8; nth += 1) await fleet.minute(capped);
    expect(live(fleet)).toBe(2);
    expect(fleet.machines().length).toBe(3);
  });
});

const PRICES: Readonly<Record<string, number>> = {
  'm7i.large': 0.1008,
  'm7i.xlarge': 0.2016,
  'm7i.2xlarge': 0.4032,
  'm7i.4xlarge': 0.8064,
  'c7i.xlarge': 0.1785,
  'r7i.xlarge': 0.2646,
};
