import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { agentFaults } from '../../../lib/core/check-agents';
import type { AppAction } from '../../../lib/core/model/plan';
import { plan } from '../../../lib/core/plan';
import { drain } from '../../../lib/core/steps/drain';
import { viewOf } from '../../../lib/core/view';
import { drainingFleets } from '../../builders/draining-worlds';

const runs = { numRuns: 400 };

const kills = (actions: readonly { readonly kind: string }[]) =>
  actions
    .filter((action): action is AppAction => action.kind === 'app')
    .flatMap(({ request }) => (request.call === 'kill' ? [request] : []));

describe('drains of any fleet, at any moment', () => {
  test('break no invariant of agents and tasks', () => {
    fc.assert(
      fc.property(drainingFleets, (input) => {
        const view = viewOf(input);
        const made = plan(input, []);
        expect(agentFaults(made, view)).toEqual([]);
      }),
      runs,
    );
  });

  test('kill only tasks of agents that are emptied, or copies beyond what the app wants', () => {
    let killed = 0;
    fc.assert(
      fc.property(drainingFleets, (input) => {
        const view = viewOf(input);
        const { actions, memory } = drain(view, []);
        const closing = new Set(
          memory.leaving.filter(({ phase }) => phase === 'closing').map(({ agent }) => agent),
        );
        for (const { runSpec, tasks, how } of kills(actions)) {
          const app = input.world.apps.value.find((one) => one.runSpec.id === runSpec);
          const base = input.memory.surges.find((surge) => surge.runSpec === runSpec)?.base ?? 0;
          const surplus = (app?.runSpec.instances ?? 0) - base;
          const isMoving = tasks.every((id) =>
            closing.has(app?.tasks.find((task) => task.id === id)?.agentId ?? ''),
          );
          expect(isMoving || (how === 'lower' && tasks.length <= surplus)).toBe(true);
          killed += 1;
        }
      }),
      runs,
    );
    expect(killed).toBeGreaterThan(20);
  });

  test('say one thing at a time to an app, and nothing to one that somebody else changes', () => {
    fc.assert(
      fc.property(drainingFleets, (input) => {
        const { actions } = drain(viewOf(input), []);
        const asked = actions.flatMap((action) => (action.kind === 'app' ? [action.request] : []));
        expect(new Set(asked.map(({ runSpec }) => runSpec)).size).toBe(asked.length);
        for (const { runSpec, call } of asked) {
          const locked = input.world.apps.value.find((app) => app.runSpec.id === runSpec)?.deployments ?? [];
          expect(locked.length === 0 || call === 'stop').toBe(true);
        }
      }),
      runs,
    );
  });

  test('are the same for the same look, and change nothing in later rounds', () => {
    fc.assert(
      fc.property(drainingFleets, (input) => {
        const once = drain(viewOf(input), []);
        expect(JSON.stringify(drain(viewOf(input), []))).toBe(JSON.stringify(once));
        expect(drain(viewOf({ ...input, round: 2 }), [])).toMatchObject({
          actions: [],
          memory: input.memory,
        });
      }),
      { numRuns: 100 },
    );
  });
});
