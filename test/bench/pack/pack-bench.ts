// What packing takes and how good it is. Each bench asserts that what it timed is right; the runner prints the figures.
import { performance } from 'node:perf_hooks';
import { DEFAULT_WORK, pack } from '../../../lib/core/pack/pack';
import type { PackPlan, PackProblem, PackResult } from '../../../lib/core/pack/problem';
import { verify } from '../../../lib/core/pack/verify';
import {
  allDistinct,
  estimatorWork,
  openb,
  problem,
  seventhIntel,
  titus,
  wholeCatalogue,
} from '../../core/pack/problems';

export type Figures = Readonly<Record<string, number | string>>;
export type Bench = { readonly name: string; readonly run: () => Figures };

export const packBenches: readonly Bench[] = [
  { name: 'pack: the autoscaler estimator work, 51,000 tasks', run: () => estimator() },
  { name: 'pack: openb-2023-a, 27 types', run: () => quality(openbProblem(), 5) },
  { name: 'pack: titus-2016, 27 types', run: () => quality(titusProblem(), 11) },
  { name: 'pack: openb-2023-a, the whole catalogue', run: () => quality(catalogueProblem(), 3) },
  { name: 'pack: 20,000 tasks, all distinct, 27 types', run: () => quality(distinctProblem(), 3) },
];

const openbProblem = (): PackProblem =>
  problem({ classes: openb(), offerings: seventhIntel(), work: DEFAULT_WORK });
const titusProblem = (): PackProblem =>
  problem({ classes: titus(), offerings: seventhIntel(), work: DEFAULT_WORK });
const catalogueProblem = (): PackProblem =>
  problem({ classes: openb(), offerings: wholeCatalogue(), work: DEFAULT_WORK });
const distinctProblem = (): PackProblem =>
  problem({ classes: allDistinct(20_000, 7), offerings: seventhIntel(), work: DEFAULT_WORK });

const RUNS = 11;
const EXPECTED_MACHINES = 2595;

/** Ours against a loop that places one task after the other on the first machine with room, in the same run. */
const estimator = (): Figures => {
  const ours = timed(() => countOf(pack(estimatorWork).best), RUNS);
  const naive = timed(naiveFirstFit, RUNS);
  for (const [who, machines] of [
    ['pack', ours.result],
    ['naive loop', naive.result],
  ] as const)
    if (machines !== EXPECTED_MACHINES)
      throw new Error(`${who} used ${machines} machines, not ${EXPECTED_MACHINES}`);
  return {
    machines: ours.result,
    coldMs: round(ours.first),
    ms: round(ours.median),
    naiveMs: round(naive.median),
    timesFaster: round(naive.median / ours.median),
  };
};

const naiveFirstFit = (): number => {
  const [large, small] = [
    { cpu: 95, mem: 190, count: 1_000 },
    { cpu: 50, mem: 100, count: 50_000 },
  ];
  const machines: { cpu: number; mem: number; slots: number }[] = [];
  for (const { cpu, mem, count } of [large, small]) {
    for (let task = 0; task < count; task += 1) {
      let machine = machines.find((one) => one.cpu >= cpu && one.mem >= mem && one.slots >= 1);
      if (machine === undefined) {
        machine = { cpu: 1_000, mem: 5_000, slots: 100 };
        machines.push(machine);
      }
      machine.cpu -= cpu;
      machine.mem -= mem;
      machine.slots -= 1;
    }
  }
  return machines.length;
};

const quality = (given: PackProblem, runs: number): Figures => {
  const { result, first, median } = timed(() => pack(given), runs);
  const faults = verify(given, result.best);
  if (faults.length > 0) throw new Error(`the plan is wrong: ${faults.slice(0, 3).join('; ')}`);
  return {
    usdPerHour: round(result.best.usdPerHour),
    boundUsdPerHour: round(result.bound.usdPerHour),
    boundKind: result.bound.kind,
    ratio: Math.round((1e5 * result.best.usdPerHour) / result.bound.usdPerHour) / 1e5,
    bestRuleRatio: Math.round((1e5 * rulesOnly(given).best.usdPerHour) / result.bound.usdPerHour) / 1e5,
    machines: countOf(result.best),
    method: result.best.rule,
    workUnits: round(result.workUsed),
    coldMs: round(first),
    ms: round(median),
  };
};

const rulesOnly = (given: PackProblem): PackResult => pack({ ...given, work: 0 });

const countOf = (plan: PackPlan): number => plan.machines.reduce((sum, { copies }) => sum + copies, 0);

const timed = <T>(
  job: () => T,
  runs: number,
): { readonly result: T; readonly first: number; readonly median: number } => {
  const times: number[] = [];
  const once = (): T => {
    const start = performance.now();
    const result = job();
    times.push(performance.now() - start);
    return result;
  };
  let result = once();
  while (times.length < runs) result = once();
  const sorted = [...times].sort((a, b) => a - b);
  return { result, first: times[0] ?? 0, median: sorted[Math.floor(sorted.length / 2)] ?? 0 };
};

const round = (value: number): number => Math.round(value * 1000) / 1000;
