import { describe, expect, test } from '@jest/globals';
import { isLive } from '../../lib/core/model/machine';
import { appIn, type EmulatedFleet, emulatedFleet } from '../builders/emulated-fleet';
import { aPool, aSpec } from '../builders/fleet';

const live = (fleet: EmulatedFleet): number => fleet.machines().filter(isLive).length;

describe('machines that do not help', () => {
  test('are few where agents lack an attribute that their pool promises, and people are told once', async () => {
    const fleet = emulatedFleet({ spec: aSpec({ pools: [aPool({ attributes: {} })] }) });
    // The pool of the plan promises what the agents, which were rendered without it, do not announce.
    const promised = aSpec({ pools: [aPool({ attributes: { storage: { kind: 'text', value: 'ssd' } } })] });
    const engine = { ...fleet.engine, spec: { ...fleet.engine.spec, pools: promised.pools } };
    const ssd = [['storage', 'LIKE', 'ssd']] as const;
    fleet.world.marathon.createApp(appIn('web', '/a', 1, { constraints: ssd.map((one) => [...one]) }));
    for (let nth = 0; nth < 30; nth += 1) await fleet.minute(engine);
    expect(fleet.failures).toEqual([]);
    expect(fleet.machines().length).toBeLessThanOrEqual(4);
    expect(fleet.notices.map(({ alarm, subject }) => [alarm, subject])).toEqual([['futile-demand', '/a']]);
  });

  test('teach what their shape holds: what a catalogue overstates is bought once of each shape', async () => {
    const fleet = emulatedFleet();
    const overstated = {
      ...fleet.engine,
      catalogue: {
        offerings: async (...all: Parameters<typeof fleet.engine.catalogue.offerings>) => {
          const { shapes, offerings } = await fleet.engine.catalogue.offerings(...all);
          const value = shapes.value.map((shape) => ({
            ...shape,
            allocatable: { ...shape.allocatable, memMib: Math.floor(shape.allocatable.memMib * 1.1) },
          }));
          return { shapes: { ...shapes, value }, offerings };
        },
      },
    };
    // Larger than what an m7i.large really has, smaller than what is said of it.
    fleet.world.marathon.createApp(appIn('web', '/a', 1, { cpus: 1, mem: 7900, constraints: [] }));
    for (let nth = 0; nth < 10; nth += 1) await fleet.minute(overstated);
    expect(fleet.world.marathon.app('/a').tasksRunning).toBe(1);
    // An m7i.large and a c7i.xlarge, then one that holds it.
    expect(fleet.machines().length).toBe(3);
    expect(live(fleet)).toBeGreaterThan(0);
  });
});
