import { describe, expect, test } from '@jest/globals';
import { isLive } from '../../lib/core/model/machine';
import type { Spec } from '../../lib/core/model/spec';
import { messageOf } from '../../lib/engine/failure';
import { readHead } from '../../lib/engine/head';
import { recall } from '../../lib/engine/recall';
import { reconcile } from '../../lib/engine/reconcile';
import { appIn, type EmulatedFleet, emulatedFleet } from '../builders/emulated-fleet';
import { aroundPorts, counting, Crash, crashAt, MODES } from '../builders/around-ports';
import { aPool, aSpec, MINUTE } from '../builders/fleet';

const live = (fleet: EmulatedFleet): number => fleet.machines().filter(isLive).length;
const agents = (fleet: EmulatedFleet) => fleet.world.mesos.agents();
const anyBudget = { budget: { percent: 100 }, windows: [], emptyForMs: 5 * MINUTE } as const;

/** A fleet that grew for an app of which nothing is wanted any more. */
const idleFleet = async (spec: Spec = aSpec({ pools: [aPool({ disruption: anyBudget })] })) => {
  const fleet = emulatedFleet({ spec });
  fleet.world.marathon.createApp(appIn('web', '/shop', 12));
  await fleet.minutes(6);
  const grown = live(fleet);
  expect(grown).toBeGreaterThan(0);
  expect(running(fleet)).toBe(12);
  fleet.world.marathon.updateApp('/shop', { instances: 0 });
  return { fleet, grown };
};

const running = (fleet: EmulatedFleet): number => fleet.world.marathon.app('/shop').tasksRunning;

/** Turns as they come when the plan asks for a next look. */
const soon = async (fleet: EmulatedFleet, looks: number): Promise<void> => {
  for (let nth = 0; nth < looks; nth += 1) {
    fleet.world.advance(6000);
    await reconcile(fleet.engine);
  }
};

/** What is true when it is all over. */
const ending = async (fleet: EmulatedFleet) => ({
  live: live(fleet),
  agents: agents(fleet).length,
  open: (await readHead(fleet.engine.store, 'prod')).intents,
  leaving: (await recall(fleet.engine.store, 'prod')).memory.leaving,
  failures: fleet.failures.map(messageOf),
});

/** Each turn of giving back, by how many minutes after the app was scaled to nothing it comes. */
const TURNS = [5, 6, 7, 8] as const;

test.each(TURNS)(
  'a turn %i minutes after the last task that dies at any await is finished by the next ones',
  async (minutes) => {
    const at = async (): Promise<EmulatedFleet> => {
      const { fleet } = await idleFleet();
      await fleet.minutes(minutes - 1);
      fleet.world.advance(MINUTE);
      return fleet;
    };
    const calls = counting();
    await reconcile(aroundPorts((await at()).engine, calls));
    const most = [...calls.counts.values()].reduce((sum, count) => sum + count, 0);
    for (let nth = 1; nth <= most; nth += 1)
      for (const mode of MODES) {
        const fleet = await at();
        const crash = crashAt(nth, mode);
        await expect(reconcile(aroundPorts(fleet.engine, crash))).rejects.toThrow(Crash);
        await fleet.minutes(8);
        expect({ at: crash.at(), ...(await ending(fleet)) }).toEqual({
          at: crash.at(),
          live: 0,
          agents: 0,
          open: [],
          leaving: [],
          failures: [],
        });
      }
  },
);

describe('idle machines', () => {
  test('are given back after five minutes: offered no more, read empty twice, marked gone, ended', async () => {
    const { fleet } = await idleFleet();
    await fleet.minutes(4);
    expect(live(fleet)).toBeGreaterThan(0);
    await fleet.minutes(2);
    expect(agents(fleet).every(({ deactivated }) => deactivated)).toBe(true);
    await soon(fleet, 5);
    await fleet.minute();
    expect(agents(fleet)).toEqual([]);
    expect(live(fleet)).toBe(0);
    expect(fleet.failures).toEqual([]);
    await fleet.minutes(2);
    expect((await recall(fleet.engine.store, 'prod')).memory.leaving).toEqual([]);
    expect((await recall(fleet.engine.store, 'prod')).memory.strikes).toEqual([]);
  });

  test('are taken back before anything is bought when their room is wanted again', async () => {
    const { fleet, grown } = await idleFleet();
    await fleet.minutes(6);
    expect(agents(fleet).some(({ deactivated }) => deactivated)).toBe(true);
    fleet.world.marathon.updateApp('/shop', { instances: 12 });
    await fleet.minutes(4);
    expect(running(fleet)).toBe(12);
    expect(fleet.machines().length).toBe(grown);
    expect(agents(fleet).some(({ deactivated }) => deactivated)).toBe(false);
  });

  test('stay above the least size of their pool', async () => {
    const { fleet } = await idleFleet(
      aSpec({ pools: [aPool({ disruption: anyBudget, size: { min: 1, max: 100 } })] }),
    );
    await fleet.minutes(20);
    expect(live(fleet)).toBe(1);
    expect(agents(fleet).map(({ deactivated }) => deactivated)).toEqual([false]);
  });

  test('stay where the budget is zero, and the plan says why', async () => {
    const none = { ...anyBudget, budget: { agents: 0 } };
    const { fleet, grown } = await idleFleet(aSpec({ pools: [aPool({ disruption: none })] }));
    await fleet.minutes(12);
    expect(live(fleet)).toBe(grown);
    const report = await fleet.minute();
    expect(report).toMatchObject({ plans: [{ blocked: [{ code: 'budget', subject: 'web' }] }] });
  });

  test('stay while a blackout window is open', async () => {
    const window = { deny: '0 0 * * *', forMs: 24 * 60 * MINUTE, zone: 'UTC' };
    const closed = { ...anyBudget, windows: [window] };
    const { fleet, grown } = await idleFleet(aSpec({ pools: [aPool({ disruption: closed })] }));
    await fleet.minutes(12);
    expect(live(fleet)).toBe(grown);
    const report = await fleet.minute();
    expect(report).toMatchObject({ plans: [{ blocked: [{ code: 'window', until: expect.any(Number) }] }] });
  });

  test('that serve as headroom stay', async () => {
    const pool = aPool({ disruption: anyBudget, headroom: { agents: 1, percent: 0, shapes: [] } });
    const { fleet } = await idleFleet(aSpec({ pools: [pool] }));
    await fleet.minutes(20);
    expect(live(fleet)).toBe(1);
  });

  test('that an operator deactivated are left to the operator', async () => {
    const { fleet } = await idleFleet();
    await fleet.minutes(2);
    for (const { id } of agents(fleet)) fleet.world.mesos.deactivateAgent(id);
    const before = live(fleet);
    await fleet.minutes(20);
    expect(live(fleet)).toBe(before);
    expect(agents(fleet).every(({ deactivated }) => deactivated)).toBe(true);
  });

  test('stay when the agents cannot be read whole', async () => {
    const { fleet, grown } = await idleFleet();
    const blind = {
      ...fleet.engine,
      mesos: {
        ...fleet.engine.mesos,
        agents: async () => ({
          ...(await fleet.engine.mesos.agents()),
          complete: false,
          faults: ['cut short'],
        }),
      },
    };
    for (let nth = 0; nth < 12; nth += 1) await fleet.minute(blind);
    expect(live(fleet)).toBe(grown);
    expect(agents(fleet).some(({ deactivated }) => deactivated)).toBe(false);
  });
});
