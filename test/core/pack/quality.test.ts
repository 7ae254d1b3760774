import { describe, expect, test } from '@jest/globals';
import { DEFAULT_WORK, pack } from '../../../lib/core/pack/pack';
import type { PackProblem, PackResult, TaskClass } from '../../../lib/core/pack/problem';
import { verify } from '../../../lib/core/pack/verify';
import {
  allDistinct,
  dice,
  offer,
  openb,
  problem,
  room,
  seventhIntel,
  tasks,
  titus,
  wholeCatalogue,
} from './problems';

const checked = (given: PackProblem): PackResult => {
  const result = pack(given);
  for (const plan of result.candidates) expect(verify(given, plan)).toEqual([]);
  return result;
};
const ratio = ({ best, bound }: PackResult): number => best.usdPerHour / bound.usdPerHour;

describe('pack on real traces', () => {
  test('proves that the Titus snapshot cannot cost less than its plan', () => {
    const result = checked(problem({ classes: titus(), offerings: seventhIntel(), work: DEFAULT_WORK }));
    expect(result.best.usdPerHour).toBeCloseTo(154.829, 3);
    expect(ratio(result)).toBeLessThan(1.000001);
    expect(result.bound.kind).toBe('farley');
  });

  test('stays within 1 % of the bound on openb-2023-a, and below every rule', () => {
    const given = problem({ classes: openb(), offerings: seventhIntel(), work: DEFAULT_WORK });
    const result = checked(given);
    expect(result.bound.usdPerHour).toBeGreaterThan(2446.9);
    expect(ratio(result)).toBeLessThan(1.01);
    expect(result.best.usdPerHour).toBeLessThan(checked({ ...given, work: 0 }).best.usdPerHour);
  });

  test('stays within 3 % of the bound with all types of the catalogue to choose from', () => {
    const result = checked(problem({ classes: openb(), offerings: wholeCatalogue(), work: 200 }));
    expect(ratio(result)).toBeLessThan(1.03);
  });

  test('plans 20,000 tasks of which no two are alike within 2 % of the bound', () => {
    const given = problem({ classes: allDistinct(20_000, 7), offerings: seventhIntel(), work: 200 });
    const result = checked(given);
    expect(ratio(result)).toBeLessThan(1.02);
    expect(result.workUsed).toBeLessThan(1.5 * given.work);
  });

  test('gives the same plan when it is asked again', () => {
    const given = problem({ classes: openb(), offerings: seventhIntel(), work: 60 });
    expect(JSON.stringify(pack(given))).toBe(JSON.stringify(pack(given)));
  });
});

/** Full machines cut into tasks: the best plan is the machines that were cut, by the volume of either resource. */
const cutMachines = (count: number, seed: number): readonly TaskClass[] => {
  const roll = dice(seed);
  return Array.from({ length: count }, () => {
    const pieces = 2 + Math.floor(roll() * 5);
    const cuts = (whole: number): number[] => {
      const marks = Array.from({ length: pieces - 1 }, () => 1 + Math.floor(roll() * (whole - pieces))).sort(
        (a, b) => a - b,
      );
      return [...marks, whole].map((mark, index) => mark - (index === 0 ? 0 : (marks[index - 1] ?? 0)));
    };
    const [cpu, memory] = [cuts(64), cuts(128)];
    return cpu.map((need, index) => tasks(room(need, memory[index] ?? 0), 1));
  }).flat();
};

describe('pack on machines cut into tasks', () => {
  test.each([1, 2, 3, 4])('comes within 9 %% of the known best and has it as its bound (seed %d)', (seed) => {
    const cut = 24;
    const given = problem({
      classes: cutMachines(cut, seed),
      offerings: [offer('whole', 2, room(64, 128)), offer('poor', 1.9, room(48, 96))],
      work: 200,
    });
    const { best, bound } = checked(given);
    expect(bound.usdPerHour).toBeLessThanOrEqual(2 * cut);
    expect(bound.usdPerHour).toBeGreaterThan(2 * cut * 0.999);
    expect(best.usdPerHour).toBeLessThanOrEqual(2 * cut * 1.09);
  });
});
