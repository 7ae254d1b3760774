import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import type { Source } from '../../../lib/core/model/world';
import { replace } from '../../../lib/core/steps/replace';
import { type PlanInput, viewOf } from '../../../lib/core/view';
import { drainingFleets } from '../../builders/draining-worlds';
import { aPool, aSpec, MINUTE, NOW } from '../../builders/fleet';

/** The same fleet as a calm one, in which anything may be disrupted and another bootstrap is the pool's. */
const calm = (input: PlanInput, bootstrap: string): PlanInput => ({
  ...input,
  spec: aSpec({
    pools: [aPool({ disruption: { budget: { percent: 100 }, windows: [], emptyForMs: 60 * MINUTE } })],
  }),
  world: {
    ...input.world,
    agents: at(input.world.agents),
    templates: [{ pool: 'web', image: 'ami-1', bootstrap }],
  },
});

/** A minute in which little used agents are looked for. */
const at = <T>(source: Source<T>): Source<T> => ({
  ...source,
  at: Math.floor(NOW / (5 * MINUTE)) * 5 * MINUTE,
});

const begunBy = (input: PlanInput) => {
  const { memory, blocked } = replace(viewOf(input), []);
  const before = new Set(input.memory.leaving.map(({ machine }) => machine));
  return { begun: memory.leaving.filter(({ machine }) => !before.has(machine)), blocked };
};

describe('machines that run something and go all the same', () => {
  test('are at most one of a pool at a time, registered, and offered until then', () => {
    let count = 0;
    fc.assert(
      fc.property(drainingFleets, fc.constantFrom('b1', 'b2'), (fleet, bootstrap) => {
        const input = calm(fleet, bootstrap);
        const { begun } = begunBy(input);
        expect(begun.length).toBeLessThanOrEqual(1);
        for (const { agent, drain } of begun) {
          const known = input.world.agents.value.find(({ id }) => id === agent);
          expect(known).toMatchObject({ deactivated: false, active: true });
          expect(drain).toMatchObject({ force: false, condemned: false });
          count += 1;
        }
      }),
      { numRuns: 300 },
    );
    expect(count).toBeGreaterThan(20);
  });

  test('stay where anything cannot be seen whole', () => {
    fc.assert(
      fc.property(drainingFleets, (fleet) => {
        const input = calm(fleet, 'b2');
        const { agents } = input.world;
        const blind = { ...input, world: { ...input.world, agents: { ...agents, complete: false } } };
        expect(begunBy(blind).begun).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });

  test('stay where the budget is zero, and the plan says why', () => {
    let told = 0;
    fc.assert(
      fc.property(drainingFleets, (fleet) => {
        const input = calm(fleet, 'b2');
        const none = aPool({ disruption: { budget: { agents: 0 }, windows: [], emptyForMs: 60 * MINUTE } });
        const { begun, blocked } = begunBy({ ...input, spec: aSpec({ pools: [none] }) });
        expect(begun).toEqual([]);
        told += blocked.filter(({ code }) => code === 'budget').length;
      }),
      { numRuns: 100 },
    );
    expect(told).toBeGreaterThan(10);
  });
});
