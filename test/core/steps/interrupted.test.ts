import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { interrupted } from '../../../lib/core/steps/interrupted';
import { viewOf, withMemory } from '../../../lib/core/view';
import { drainingFleets } from '../../builders/draining-worlds';

describe('machines that their cloud takes', () => {
  test('count once each, however many events tell of them, and again change nothing', () => {
    let taken = 0;
    fc.assert(
      fc.property(drainingFleets, (input) => {
        const view = viewOf(input);
        const { memory } = interrupted(view, []);
        const machines = memory.leaving.map(({ machine }) => machine);
        expect(new Set(machines).size).toBe(machines.length);
        expect(interrupted(withMemory(view, memory), []).memory).toEqual(memory);
        taken += memory.leaving.length - input.memory.leaving.length;
      }),
      { numRuns: 300 },
    );
    expect(taken).toBeGreaterThan(20);
  });

  test('are only those of a pool of ours that run, and what was condemned stays so', () => {
    fc.assert(
      fc.property(drainingFleets, (input) => {
        const view = viewOf(input);
        const { memory } = interrupted(view, []);
        const before = new Map(input.memory.leaving.map((entry) => [entry.machine, entry]));
        for (const { machine, drain } of memory.leaving) {
          const known = before.get(machine);
          if (known?.drain?.condemned === true) expect(drain?.condemned).toBe(true);
          if (known !== undefined) continue;
          const entry = view.join.joined.find((joined) => joined.machine.id === machine);
          expect(entry).toMatchObject({ standing: 'ready', machine: { state: 'running' } });
        }
      }),
      { numRuns: 300 },
    );
  });
});
