import { describe, expect, test } from '@jest/globals';
import { isLive } from '../../lib/core/model/machine';
import { messageOf } from '../../lib/engine/failure';
import { recall } from '../../lib/engine/recall';
import { appIn, type EmulatedFleet } from '../builders/emulated-fleet';
import { busyFleet, lowest, watchHealth } from '../builders/draining';
import { aPool, aSpec, MINUTE } from '../builders/fleet';

const calm = { budget: { percent: 100 }, windows: [], emptyForMs: 5 * MINUTE } as const;
const live = (fleet: EmulatedFleet) => fleet.machines().filter(isLive);
const drained = async (fleet: EmulatedFleet) => (await recall(fleet.engine.store, 'prod')).memory.drained;

/** Minutes, and in each the looks that a drain asks for. */
const hours = async (fleet: EmulatedFleet, minutes: number): Promise<void> => {
  for (let nth = 0; nth < minutes; nth += 1) await fleet.minute();
};

describe('machines that are not what the pool starts today', () => {
  test('are replaced one after the other, and no service loses an instance by it', async () => {
    const spec = aSpec({ pools: [aPool({ disruption: calm })] });
    const fleet = await busyFleet([appIn('web', '/shop', 6)], { spec });
    const before = live(fleet).map(({ id }) => id);
    const health = watchHealth(fleet);
    const { web } = fleet.engine.templates;
    if (web === undefined) throw new Error('the pool has a template');
    const templates = { web: { ...web, bootstrap: 'another' } };
    const renewed: EmulatedFleet = { ...fleet, minute: () => fleet.minute({ ...fleet.engine, templates }) };
    await hours(renewed, 60);
    expect(live(fleet).filter(({ id }) => before.includes(id))).toEqual([]);
    expect(live(fleet).length).toBeGreaterThan(0);
    expect(lowest(health, '/shop')).toBe(6);
    expect(new Set((await drained(fleet)).map(({ cause, end }) => `${cause} ${end}`))).toEqual(
      new Set(['drift done']),
    );
    expect(fleet.failures.map(messageOf)).toEqual([]);
  });

  test('that are older than the pool lets them be are replaced', async () => {
    const spec = aSpec({ pools: [aPool({ disruption: { ...calm, expireAfterMs: 60 * MINUTE } })] });
    const fleet = await busyFleet([appIn('web', '/shop', 3)], { spec });
    const before = live(fleet).map(({ id }) => id);
    await hours(fleet, 100);
    expect(live(fleet).filter(({ id }) => before.includes(id))).toEqual([]);
    expect(fleet.failures.map(messageOf)).toEqual([]);
  });
});

describe('machines whose tasks the others can take', () => {
  test('go when the load has fallen, and come back when it rises', async () => {
    const shapes = { ...aPool().shapes, families: [], names: ['m7i.xlarge'] };
    const one = aSpec({ pools: [aPool({ disruption: calm, shapes })] });
    const fleet = await busyFleet([appIn('web', '/big', 3, { cpus: 2.5 })], { spec: one });
    // One beside each of the big ones, which go.
    fleet.world.marathon.createApp(appIn('web', '/shop', 3, { cpus: 1 }));
    await fleet.minutes(4);
    expect(new Set(fleet.world.marathon.appTasks('/shop').map(({ slaveId }) => slaveId)).size).toBe(3);
    const grown = live(fleet).length;
    fleet.world.marathon.updateApp('/big', { instances: 0 });
    const health = watchHealth(fleet);
    await hours(fleet, 150);
    expect({ grown, small: live(fleet).length }).toEqual({ grown: 3, small: 1 });
    expect(lowest(health, '/shop')).toBe(3);
    const ends = (await drained(fleet)).map(({ cause, end }) => `${cause} ${end}`);
    expect(ends).toEqual(['consolidation done', 'consolidation done']);
    fleet.world.marathon.updateApp('/big', { instances: 3 });
    await fleet.minutes(8);
    expect(fleet.world.marathon.app('/big').tasksRunning).toBe(3);
    expect(fleet.failures.map(messageOf)).toEqual([]);
  });

  test('stay where the others have no room', async () => {
    const spec = aSpec({ pools: [aPool({ disruption: calm })] });
    const fleet = await busyFleet([appIn('web', '/shop', 6)], { spec });
    const before = live(fleet).map(({ id }) => id);
    await hours(fleet, 60);
    expect(live(fleet).map(({ id }) => id)).toEqual(before);
  });
});
