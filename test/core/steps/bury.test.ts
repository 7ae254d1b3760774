import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { bury } from '../../../lib/core/steps/bury';
import { viewOf } from '../../../lib/core/view';
import { drainingFleets } from '../../builders/draining-worlds';

describe('agents of dead machines', () => {
  test('and no others are marked gone: registered ones by Mesos, recovered ones by a wipe', () => {
    let marked = 0;
    fc.assert(
      fc.property(drainingFleets, (input) => {
        const { actions } = bury(viewOf(input), []);
        const dead = new Set(
          input.world.clouds.flatMap(({ value }) =>
            value.filter(({ state }) => state === 'terminated').map(({ id }) => id),
          ),
        );
        const recovered = new Set(
          input.world.agents.value.filter((agent) => agent.recovered).map(({ id }) => id),
        );
        for (const action of actions) {
          if (action.kind === 'mark-gone') {
            expect(dead.has(action.machine)).toBe(true);
            expect(recovered.has(action.agent)).toBe(false);
            marked += 1;
          }
          if (action.kind !== 'app' || action.request.call !== 'kill') continue;
          const { runSpec, tasks } = action.request;
          const app = input.world.apps.value.find((one) => one.runSpec.id === runSpec);
          expect(app?.runSpec.resident).toBe(false);
          for (const id of tasks) {
            const agent = app?.tasks.find((task) => task.id === id)?.agentId ?? '';
            expect(dead.has(agent.replace('agent-', ''))).toBe(true);
          }
        }
      }),
      { numRuns: 300 },
    );
    expect(marked).toBeGreaterThan(20);
  });
});
