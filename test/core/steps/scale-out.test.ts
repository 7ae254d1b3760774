import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { check } from '../../../lib/core/check';
import { add, NOTHING, times } from '../../../lib/core/model/resources';
import { classAccepts } from '../../../lib/core/place';
import { plan } from '../../../lib/core/plan';
import { boughtHost } from '../../../lib/core/hosts';
import { machinePrice, poolSize, viewOf } from '../../../lib/core/view';
import type { PlanInput } from '../../../lib/core/view';
import { afterAnswer, afterBoot, boughtIn, launchesIn } from '../../builders/core-turns';
import { fleets, oneApp, settled } from '../../builders/core-worlds';

const whole = { numRuns: 100 };
const live = (input: PlanInput) => {
  const view = viewOf(input);
  return (pool: string) => {
    const found = view.pools.get(pool);
    return found === undefined ? 0 : poolSize(view, found);
  };
};

describe('buying for any fleet', () => {
  test('stays within the limits of every pool and of the cluster', () => {
    fc.assert(
      fc.property(fleets, (input) => {
        const made = plan(input);
        const size = live(input);
        const ended = (pool: string) =>
          made.actions
            .flatMap((action) => (action.kind === 'terminate' && action.pool === pool ? action.machines : []))
            .filter((id) => input.world.clouds.some(({ value }) => value.some((one) => one.id === id)))
            .length;
        let total = 0;
        for (const { name, size: bounds } of input.spec.pools) {
          const after = size(name) + boughtIn(made, name) - ended(name);
          if (boughtIn(made, name) > 0) expect(after).toBeLessThanOrEqual(bounds.max);
          total += after;
        }
        if (boughtIn(made) > 0) expect(total).toBeLessThanOrEqual(input.spec.limits.machines);
      }),
      whole,
    );
  });

  test('costs no more than the cap, whichever offering the cloud takes, but for replacements', () => {
    fc.assert(
      fc.property(fleets, (input) => {
        const cap = input.spec.limits.usdPerHour;
        if (cap === undefined) return;
        const view = viewOf(input);
        const now = view.join.joined
          .filter(({ machine }) => machine.state === 'running' || machine.state === 'pending')
          .reduce((sum, { machine }) => sum + machinePrice(view, machine), 0);
        const paid = launchesIn(plan(input)).reduce((sum, launch) => {
          const dearest = Math.max(...launch.offerings.map(({ usdPerHour }) => usdPerHour));
          return sum + dearest * Math.max(0, launch.count - launch.replaces.length);
        }, 0);
        if (paid > 0) expect(now + paid).toBeLessThanOrEqual(cap + 1e-6);
      }),
      whole,
    );
  });

  test('names only offerings that the pool allows, that are not cold, of one market, in one launch', () => {
    fc.assert(
      fc.property(fleets, (input) => {
        const view = viewOf(input);
        for (const launch of launchesIn(plan(input))) {
          const pool = view.pools.get(launch.pool);
          expect(new Set(launch.offerings.map(({ market }) => market)).size).toBe(1);
          for (const { zone, market, shape } of launch.offerings) {
            expect(pool?.zones.map(({ name }) => name)).toContain(zone);
            expect(pool?.markets).toContain(market);
            expect(pool?.shapes.families).toContain(shape.split('.')[0]);
          }
        }
      }),
      whole,
    );
  });

  test('counts on no machine for a task that its role, its GPUs or its constraints keep off', () => {
    fc.assert(
      fc.property(fleets, (input) => {
        const view = viewOf(input);
        const made = plan(input);
        for (const line of made.demand.filter(({ onBought }) => onBought > 0)) {
          const item = input.world.queue.value.find(({ runSpec }) => runSpec.id === line.runSpec);
          const takers = launchesIn(made).flatMap((launch) => {
            const pool = view.pools.get(launch.pool);
            return launch.offerings.slice(0, 1).flatMap((offering) => {
              const shape = view.shapes.get(offering.shape);
              return pool === undefined || shape === undefined
                ? []
                : [{ host: boughtHost({ pool, offering, shape, id: 'x' }), count: launch.count }];
            });
          });
          const passing = takers.filter(({ host }) => item && classAccepts(host, item.runSpec));
          const machines = passing.reduce((sum, { count }) => sum + count, 0);
          expect(machines).toBeGreaterThan(0);
          const perHost = item?.runSpec.constraints.flatMap(({ field, operator, value }) =>
            field !== 'hostname'
              ? []
              : operator === 'UNIQUE'
                ? [1]
                : operator === 'MAX_PER'
                  ? [Number(value)]
                  : [],
          );
          expect(line.onBought).toBeLessThanOrEqual(machines * Math.min(Infinity, ...(perHost ?? [])));
        }
      }),
      whole,
    );
  });

  test('puts no more on what it buys than that holds', () => {
    fc.assert(
      fc.property(fleets, (input) => {
        const view = viewOf(input);
        const made = plan(input);
        const load = made.demand.reduce((sum, line) => add(sum, times(line.each, line.onBought)), NOTHING);
        const room = launchesIn(made).reduce((sum, { offerings: [best], count }) => {
          const shape = view.shapes.get(best?.shape ?? '');
          return shape === undefined ? sum : add(sum, times(shape.allocatable, count));
        }, NOTHING);
        expect(load.cpuMilli).toBeLessThanOrEqual(room.cpuMilli);
        expect(load.memMib).toBeLessThanOrEqual(room.memMib);
        expect(load.gpus).toBeLessThanOrEqual(room.gpus);
      }),
      whole,
    );
  });

  test('forgets no demand: every row has a line whose numbers add up, and a reason for what stays unplaced', () => {
    fc.assert(
      fc.property(fleets, (input) => {
        const made = plan(input);
        expect(made.demand.map(({ runSpec }) => runSpec).sort()).toEqual(
          input.world.queue.value.map(({ runSpec }) => runSpec.id).sort(),
        );
        for (const line of made.demand) {
          const parts = [line.onExisting, line.onComing, line.onBought, line.unplaced];
          expect(parts.every((part) => Number.isInteger(part) && part >= 0)).toBe(true);
          expect(parts.reduce((sum, part) => sum + part, 0)).toBe(line.count);
          expect(line.why).not.toBe('');
          if (line.unplaced > 0)
            expect(
              made.blocked.some(({ subject, why }) => subject === line.runSpec && why !== '') ||
                boughtIn(made) === 0 ||
                made.blocked.some(({ code }) => /limit|cap/.test(code)),
            ).toBe(true);
        }
      }),
      whole,
    );
  });

  test('never claims a bound that is above the price', () => {
    fc.assert(
      fc.property(fleets, (input) => {
        const { cost } = plan(input);
        for (const figure of [cost.boundUsdPerHour, cost.packedUsdPerHour, cost.boughtUsdPerHour])
          expect(figure).toBeGreaterThanOrEqual(0);
        expect(cost.boundUsdPerHour).toBeLessThanOrEqual(cost.boughtUsdPerHour + 1e-6);
      }),
      whole,
    );
  });

  test('does not buy twice for an app: what was answered and is not listed yet counts', () => {
    fc.assert(
      fc.property(fleets, (fleet) => {
        const input = oneApp(settled(fleet));
        const second = plan(afterAnswer(input, plan(input)));
        expect(boughtIn(second)).toBe(0);
      }),
      whole,
    );
  });

  test('does not buy twice for many apps either, though the order in which they are served decides', () => {
    const inputs = fc.sample(fleets, { numRuns: 400, seed: 1 }).map(settled);
    const buying = inputs.filter((input) => boughtIn(plan(input)) > 0);
    const twice = buying.filter((input) => boughtIn(plan(afterAnswer(input, plan(input), 0))) > 0);
    expect(buying.length).toBeGreaterThan(100);
    expect(twice.length).toBeLessThanOrEqual(1);
  });

  test('is enough for an app: once all has registered, what got room has it and nothing more is bought', () => {
    fc.assert(
      fc.property(fleets, (fleet) => {
        const input = oneApp(settled(fleet));
        if (!input.world.agents.complete || !input.world.clouds.every(({ complete }) => complete)) return;
        const first = plan(input);
        const then = afterBoot(input, first);
        const second = plan(then);
        expect(check(second, viewOf(then))).toEqual([]);
        // What had to stay unplaced may be bought now: what was cold is warm again.
        for (const line of first.demand.filter(({ onBought, unplaced }) => onBought > 0 && unplaced === 0)) {
          const now = second.demand.find(({ runSpec }) => runSpec === line.runSpec);
          expect(now).toMatchObject({ unplaced: 0, onBought: 0 });
        }
      }),
      whole,
    );
  });
});
