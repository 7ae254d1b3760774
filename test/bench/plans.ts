// Benchmarks of whole plans: the real `plan` with all its steps, guards and the checker's verdict asserted.
import { check } from '../../lib/core/check';
import type { Plan } from '../../lib/core/model/plan';
import { plan, TURN_WORK } from '../../lib/core/plan';
import { type PlanInput, viewOf } from '../../lib/core/view';
import type { Figures } from './figures';
import { median, rssMib, timed } from './figures';
import { bigFleet, karpenter } from './workloads';

const bought = (made: Plan): number =>
  made.actions.reduce((sum, action) => sum + (action.kind === 'launch' ? action.count : 0), 0);

const run = (
  input: PlanInput,
  times: number,
): { readonly made: Plan; readonly ms: number; readonly cold: number } => {
  const first = timed(() => plan(input));
  const rest = Array.from({ length: times - 1 }, () => timed(() => plan(input)).ms);
  const faults = check(first.value, viewOf(input));
  if (faults.length > 0) throw new Error(`The plan breaks invariants: ${faults.join('; ')}`);
  return { made: first.value, ms: rest.length > 0 ? median(rest) : first.ms, cold: first.ms };
};

export const karpenterBench = (n: number): Figures => {
  const { made, ms, cold } = run(karpenter(n, TURN_WORK), 3);
  const unplaced = made.demand.reduce((sum, line) => sum + line.unplaced, 0);
  if (unplaced > 0) throw new Error(`${unplaced} of ${n} tasks were not placed.`);
  const nodes = bought(made);
  return {
    name: `Karpenter's five blocks, ${n} tasks, 400 types`,
    figures: {
      ms,
      'ms cold': cold,
      'tasks/s': n / (ms / 1000),
      machines: nodes,
      'machines / (n/5)': nodes / (n / 5),
    },
    note: 'Every task placed, checked. Anti-affinity across apps does not exist in Marathon: the fifth block is one app.',
  };
};

export const bigBench = (): Figures => {
  const input = bigFleet(40_000, 20_000, TURN_WORK);
  const { made, ms, cold } = run(input, 3);
  const sum = (of: (line: Plan['demand'][number]) => number): number =>
    made.demand.reduce((total, line) => total + of(line), 0);
  if (sum(({ count }) => count) !== 20_000)
    throw new Error('Some of the pending tasks have no line in the plan.');
  return {
    name: 'World of 40,000 agents, 400,000 running and 20,000 pending tasks, full catalogue → plan',
    figures: {
      ms,
      'ms cold': cold,
      'on agents': sum(({ onExisting }) => onExisting),
      'on bought': sum(({ onBought }) => onBought),
      'machines bought': bought(made),
      'peak RSS MiB': rssMib(),
    },
    note: 'The plan passes the checker. RSS is the peak of the process, the world included.',
  };
};
