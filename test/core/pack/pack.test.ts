import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { fits } from '../../../lib/core/model/resources';
import { pack } from '../../../lib/core/pack/pack';
import type { PackPlan, PackProblem } from '../../../lib/core/pack/problem';
import { verify } from '../../../lib/core/pack/verify';
import { anyProblem, dice, estimatorWork, offer, problem, room, tasks } from './problems';

const unplaced = (plan: PackPlan): number => plan.unplaced.reduce((sum, { count }) => sum + count, 0);
const machines = (plan: PackPlan): number => plan.machines.reduce((sum, { copies }) => sum + copies, 0);

const shuffled = <T>(items: readonly T[], seed: number): readonly number[] => {
  const roll = dice(seed);
  return items
    .map((_, index) => ({ index, weight: roll() }))
    .sort((a, b) => a.weight - b.weight)
    .map(({ index }) => index);
};

const at = <T>(items: readonly T[], order: readonly number[]): T[] =>
  order.flatMap((index) => items.slice(index, index + 1));

/** The same problem with its classes and offerings listed in another order. */
const reordered = (given: PackProblem, seed: number): PackProblem => {
  const classOrder = shuffled(given.classes, seed);
  const offerOrder = shuffled(given.offerings, seed + 1);
  return {
    ...given,
    classes: at(given.classes, classOrder).map((entry) =>
      entry.allowed === undefined ? entry : { ...entry, allowed: at(entry.allowed, offerOrder) },
    ),
    offerings: at(given.offerings, offerOrder),
    limits: given.limits.map((limit) => ({
      ...limit,
      offerings: limit.offerings.map((index) => offerOrder.indexOf(index)),
    })),
  };
};

const inOrder = (a: string, b: string): number => (a < b ? -1 : 1);

/** What is bought and what runs there, in words that do not depend on the order of the input. */
const inWords = (given: PackProblem, plan: PackPlan): string => {
  const words = new Map<string, number>();
  const need = (index: number): string => JSON.stringify(given.classes[index]?.need);
  for (const { offering, copies, load } of plan.machines) {
    const carried = new Map<string, number>();
    for (const { class: index, count } of load)
      carried.set(need(index), (carried.get(need(index)) ?? 0) + count);
    const word = `${given.offerings[offering]?.key}: ${[...carried].map(String).sort(inOrder).join(' ')}`;
    words.set(word, (words.get(word) ?? 0) + copies);
  }
  return `${plan.rule} ${plan.usdPerHour} ${[...words].map(String).sort(inOrder).join('\n')}`;
};

describe('pack', () => {
  test("does the autoscaler's estimator work with exactly 2,595 machines, and knows that no fewer will do", () => {
    const { best, bound } = pack(estimatorWork);
    expect(machines(best)).toBe(2595);
    expect(unplaced(best)).toBe(0);
    expect(bound.usdPerHour).toBe(2595);
    expect(verify(estimatorWork, best)).toEqual([]);
  });

  test('buys nothing for nothing', () => {
    const result = pack(problem({ offerings: [offer('a', 1, room(1, 1))] }));
    expect(result.best).toEqual({ rule: 'nothing', machines: [], unplaced: [], usdPerHour: 0 });
    expect(result.bound).toEqual({ usdPerHour: 0, kind: 'none' });
  });

  test('says of a class that is larger than every allowed offering that it fits nothing', () => {
    const given = problem({
      classes: [tasks(room(5, 5), 2, { allowed: [false, true] }), tasks(room(1, 1), 3)],
      offerings: [offer('large', 2, room(8, 8)), offer('small', 1, room(4, 4))],
    });
    const { best } = pack(given);
    expect(best.unplaced).toEqual([{ class: 0, count: 2, why: 'fits-nothing' }]);
    expect(best.usdPerHour).toBe(1);
  });

  test('takes tasks that need no memory', () => {
    const given = problem({
      classes: [tasks(room(2, 0), 5), tasks(room(0, 0), 7), tasks(room(0, 3), 1)],
      offerings: [offer('a', 1, room(4, 4))],
      work: 20,
    });
    const { best } = pack(given);
    expect(verify(given, best)).toEqual([]);
    expect(best.usdPerHour).toBe(3);
  });

  test('keeps tasks of one group apart, and places as many as a limit allows', () => {
    const given = problem({
      classes: [
        tasks(room(1, 1), 3, { perHost: 1, group: 'app' }),
        tasks(room(1, 2), 2, { perHost: 1, group: 'app' }),
      ],
      offerings: [offer('a', 1, room(10, 10))],
      limits: [{ offerings: [0], machines: 4 }],
    });
    const { best } = pack(given);
    expect(verify(given, best)).toEqual([]);
    expect(machines(best)).toBe(4);
    expect(unplaced(best)).toBe(1);
    expect(best.unplaced[0]?.why).toBe('limit');
  });

  test('buys larger machines where a limit on their number binds, though they cost more', () => {
    const given = problem({
      classes: [tasks(room(1, 1), 16)],
      offerings: [offer('small', 1, room(4, 4)), offer('large', 3, room(8, 8))],
      limits: [{ offerings: [0, 1], machines: 3 }],
    });
    const { best } = pack(given);
    expect(verify(given, best)).toEqual([]);
    expect(unplaced(best)).toBe(0);
    expect(best.usdPerHour).toBeLessThanOrEqual(6);
  });

  test('offers the best plan of a single offering among the candidates', () => {
    const given = problem({
      classes: [tasks(room(5, 1), 3), tasks(room(1, 5), 3), tasks(room(2, 2), 4)],
      offerings: [
        offer('cpu', 3, room(10, 4)),
        offer('even', 4, room(8, 8)),
        offer('memory', 3, room(4, 10)),
      ],
      work: 20,
    });
    const { candidates } = pack(given);
    expect(
      candidates.some(({ machines: found }) => new Set(found.map(({ offering }) => offering)).size === 1),
    ).toBe(true);
    expect(candidates.length).toBeLessThanOrEqual(8);
  });
});

const WORKS = [0, 3] as const;

describe.each(WORKS)('pack with %d work units', (work) => {
  test('gives plans without fault, ordered, and none below the bound', () => {
    fc.assert(
      fc.property(anyProblem(work, 'limits'), (given) => {
        const { best, candidates, bound } = pack(given);
        for (const plan of candidates) expect(verify(given, plan)).toEqual([]);
        expect(candidates[0]).toEqual(best);
        expect(bound.usdPerHour).toBeLessThanOrEqual(best.usdPerHour);
        for (const plan of candidates)
          expect(unplaced(plan) > unplaced(best) || plan.usdPerHour >= best.usdPerHour).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  test('leaves out for a limit only what no machine that may still be bought would take', () => {
    fc.assert(
      fc.property(anyProblem(work, 'limits'), (given) => {
        const { best } = pack(given);
        const bought = (offerings: readonly number[]): number =>
          best.machines.reduce(
            (sum, { offering, copies }) => sum + (offerings.includes(offering) ? copies : 0),
            0,
          );
        const open = given.offerings.flatMap((_, index) =>
          given.limits.every(
            ({ offerings, machines: most }) => !offerings.includes(index) || bought(offerings) < most,
          )
            ? [index]
            : [],
        );
        for (const { class: index, why } of best.unplaced) {
          const entry = given.classes[index];
          if (why !== 'limit' || entry === undefined) continue;
          const takers = open.filter(
            (offering) =>
              (entry.allowed?.[offering] ?? true) &&
              fits(entry.need, given.offerings[offering]?.room ?? room(0, 0)),
          );
          expect(takers).toEqual([]);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('gives the same plan in whatever order classes and offerings are listed', () => {
    fc.assert(
      fc.property(anyProblem(work, 'limits'), fc.nat(), (given, seed) => {
        const other = reordered(given, seed);
        expect(inWords(other, pack(other).best)).toBe(inWords(given, pack(given).best));
      }),
      { numRuns: 200 },
    );
  });

  test('places everything that fits something where there are no limits', () => {
    fc.assert(
      fc.property(anyProblem(work, 'no-limits'), (given) => {
        expect(pack(given).best.unplaced.filter(({ why }) => why === 'limit')).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });
});
