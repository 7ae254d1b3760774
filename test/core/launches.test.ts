import { expect, test } from '@jest/globals';
import { plan } from '../../lib/core/plan';
import { launchesIn } from '../builders/core-turns';
import { anApp, anInput, aWorld, some, waiting } from '../builders/fleet';

test('when a shape is dry everywhere, the next of equal price is taken in the zone that was chosen', () => {
  const app = anApp('/a', {
    each: some(3, 2048),
    instances: 12,
    constraints: [{ field: 'hostname', operator: 'UNIQUE' }],
  });
  const made = plan(anInput({ world: aWorld({ queue: [waiting(app, 12)] }) }));
  const zones = launchesIn(made).flatMap(({ offerings: [best, ...others] }) => {
    const other = others.find(({ shape }) => shape !== best?.shape);
    return best === undefined || other === undefined ? [] : [[best.zone, other.zone] as const];
  });
  expect(new Set(zones.map(([best]) => best)).size).toBe(3);
  expect(zones.map(([, other]) => other)).toEqual(zones.map(([best]) => best));
});
