// Small problems solved to the end by another solver: no bound of ours may be above the best plan, no plan below it.
import { beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import loadHighs from 'highs';
import { DIMENSIONS } from '../../../lib/core/model/resources';
import { pack } from '../../../lib/core/pack/pack';
import type { PackProblem } from '../../../lib/core/pack/problem';
import { problem, room } from './problems';

let highs: Awaited<ReturnType<typeof loadHighs>>;
beforeAll(async () => {
  highs = await loadHighs();
});

/** A machine for every task: each is of one offering or not used; who is where is counted by class. */
const MACHINES = 5;

const bestByMip = (given: PackProblem): number | undefined => {
  const rows: string[] = [];
  const whole: string[] = [];
  const bounds: string[] = [];
  const prices: string[] = [];
  for (let machine = 0; machine < MACHINES; machine += 1) {
    const used = given.offerings.map((offering, type) => {
      prices.push(`${offering.usdPerHour} x${machine}_${type}`);
      bounds.push(`0 <= x${machine}_${type} <= 1`);
      whole.push(`x${machine}_${type}`);
      return `x${machine}_${type}`;
    });
    rows.push(`${used.join(' + ')} <= 1`);
    for (const dimension of DIMENSIONS) {
      const load = given.classes.flatMap(({ need }, of) =>
        need[dimension] > 0 ? [`${need[dimension]} y${machine}_${of}`] : [],
      );
      const has = given.offerings.map(({ room: has }, type) => `- ${has[dimension]} x${machine}_${type}`);
      if (load.length > 0) rows.push(`${load.join(' + ')} ${has.join(' ')} <= 0`);
    }
    given.classes.forEach(({ perHost, count, allowed }, of) => {
      whole.push(`y${machine}_${of}`);
      bounds.push(`0 <= y${machine}_${of} <= ${Math.min(perHost, count)}`);
      const takers = given.offerings.flatMap((_, type) =>
        (allowed?.[type] ?? true) ? [`- ${Math.min(perHost, count)} x${machine}_${type}`] : [],
      );
      rows.push(`y${machine}_${of} ${takers.join(' ')} <= 0`);
    });
  }
  given.classes.forEach(({ count }, of) => {
    rows.push(
      `${Array.from({ length: MACHINES }, (_, machine) => `y${machine}_${of}`).join(' + ')} = ${count}`,
    );
  });
  const model = `Minimize\n obj: ${prices.join(' + ')}\nSubject To\n${rows.map((row, index) => ` r${index}: ${row}`).join('\n')}\nBounds\n ${bounds.join('\n ')}\nGenerals\n ${whole.join(' ')}\nEnd`;
  const answer = highs.solve(model, { output_flag: false });
  return answer.Status === 'Optimal' ? answer.ObjectiveValue : undefined;
};

const small = fc
  .record({
    offerings: fc.array(
      fc.record({
        cpu: fc.integer({ min: 6, max: 20 }),
        mem: fc.integer({ min: 6, max: 20 }),
        ports: fc.integer({ min: 3, max: 6 }),
        price: fc.integer({ min: 4, max: 20 }),
      }),
      { minLength: 1, maxLength: 3 },
    ),
    classes: fc.array(
      fc.record({
        cpu: fc.integer({ min: 0, max: 6 }),
        mem: fc.integer({ min: 0, max: 6 }),
        count: fc.integer({ min: 1, max: 2 }),
        perHost: fc.constantFrom(Infinity, Infinity, 1, 2),
        last: fc.boolean(),
      }),
      { minLength: 1, maxLength: 4 },
    ),
  })
  .filter(({ classes }) => classes.reduce((sum, { count }) => sum + count, 0) <= MACHINES);

const asProblem = (parts: typeof small extends fc.Arbitrary<infer T> ? T : never): PackProblem =>
  problem({
    offerings: parts.offerings.map(({ cpu, mem, ports, price }, index) => ({
      key: `o${index}`,
      usdPerHour: price,
      room: room(cpu, mem, { ports }),
    })),
    classes: parts.classes.map(({ cpu, mem, count, perHost, last }) => ({
      need: room(cpu, mem, { ports: 1 }),
      count,
      perHost,
      allowed: parts.offerings.map((_, index) => last || index === 0),
    })),
    work: 20,
  });

describe('pack against a complete solver', () => {
  test('never claims a bound above the best plan, nor finds a plan below it', () => {
    let [solved, met] = [0, 0];
    fc.assert(
      fc.property(small, (parts) => {
        const given = asProblem(parts);
        const least = bestByMip(given);
        if (least === undefined) return;
        const { best, bound } = pack(given);
        expect(bound.usdPerHour).toBeLessThanOrEqual(least + 1e-6);
        expect(best.usdPerHour).toBeGreaterThanOrEqual(least - 1e-6);
        solved += 1;
        if (best.usdPerHour <= least + 1e-6) met += 1;
      }),
      { numRuns: 60, seed: 11 },
    );
    expect(solved).toBeGreaterThan(30);
    expect(met / solved).toBeGreaterThan(0.95);
  });
});
