import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { EmulatedWorld } from '../../lib/emulator/world';
import {
  addAgents,
  app,
  conditions,
  fleet,
  grow,
  happenings,
  MINUTE,
  smallWorld,
  START,
  template,
} from './small-world';

describe('the emulated world', () => {
  test('grows from a launch to running tasks by itself', () => {
    const world = smallWorld();
    world.marathon.createApp(app('/web', 4));
    world.advance(MINUTE);
    expect(conditions(world, '/web')).toEqual({ Scheduled: 4 });
    grow(world, 1);
    expect(conditions(world, '/web')).toEqual({ Running: 4 });
    expect(world.marathon.deployments()).toEqual([]);
  });

  test('stands still between advances and never goes back', () => {
    const world = smallWorld();
    expect(world.now()).toBe(START);
    world.ec2.CreateFleet(fleet({ id: template(world), count: 1 }));
    expect(world.now()).toBe(START);
    expect(world.nextAt()).toBeGreaterThan(START);
    world.advance(10);
    expect(() => world.advanceTo(START)).toThrow('cannot go back');
  });

  test('refuses to be advanced from inside one of its events', () => {
    const world = smallWorld();
    world.chronicle.subscribe(() => world.advance(1));
    expect(() => {
      world.marathon.createApp(app('/web', 1));
      addAgents(world, 1, { cpus: 4, memMib: 4096 });
      world.advance(MINUTE);
    }).toThrow('cannot be advanced from inside');
  });

  test('gives the same history, to the byte, for the same seed', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const history = (): string => {
          const world = smallWorld({ seed });
          drama(world);
          return JSON.stringify(world.chronicle.entries());
        };
        const first = history();
        expect(first.length).toBeGreaterThan(1000);
        expect(history()).toBe(first);
      }),
      { numRuns: 8 },
    );
  });

  test('gives another history for another seed', () => {
    const told = [1, 2].map((seed) => {
      const world = smallWorld({ seed });
      drama(world);
      return JSON.stringify(world.chronicle.entries());
    });
    expect(told[0]).not.toBe(told[1]);
  });

  test('advances a thousand agents and ten thousand tasks', () => {
    const world = smallWorld();
    addAgents(world, 1000, { cpus: 16, memMib: 65_536 });
    for (let number = 0; number < 20; number += 1) {
      world.marathon.createApp(app(`/load/a${number}`, 500, { constraints: [['hostname', 'MAX_PER', '3']] }));
    }
    world.advance(60 * MINUTE);
    expect(world.mesos.tasks()).toHaveLength(10_000);
    world.advance(60 * MINUTE);
    expect(happenings(world, 'task-ended')).toEqual([]);
  });
});

const drama = (world: EmulatedWorld): void => {
  world.marathon.createApp(app('/web', 6, { constraints: [['hostname', 'UNIQUE']] }));
  world.marathon.createApp(app('/batch', 9, { cpus: 0.5 }));
  world.troubles.capacityError({ shape: 'm7i.2xlarge', zone: 'us-east-1a', left: 3 });
  world.troubles.neverRegister({ nth: 2 });
  const [first = ''] = grow(world, 6);
  world.troubles.killMachine(first);
  world.advance(3 * MINUTE);
  world.troubles.masterFailover();
  world.advance(10 * MINUTE);
};
