// When a turn is worth running. Muster looks every minute and when it is woken; a look at a world in which nothing has
// happened, by a plan that wanted nothing and waits for nothing, would do nothing: those ticks are left out.
import { nextSearch } from '../../core/drain/candidates';
import type { Spec } from '../../core/model/spec';
import type { Plan } from '../../core/model/plan';
import type { TurnReport } from '../../engine/reconcile';

const TICK_MS = 60_000;

/** The tick at or after a time, on the grid that begins at `from`. */
export const tickFrom = (time: number, from: number): number =>
  from + Math.ceil((time - from) / TICK_MS) * TICK_MS;

/** By when the next turn is due after this one, if nothing happens before. */
export const nextLook = (report: TurnReport, spec: Spec, now: number): number => {
  const plan = report.kind === 'done' ? report.plans.at(-1) : undefined;
  if (plan === undefined || isAstir(plan)) return now + 1;
  // A schedule opens at a minute that only the calendar knows.
  if (spec.schedules.length > 0) return now + 1;
  return Math.min(nextSearch(now), ...idleUntil(plan, spec).filter((at) => at > now));
};

/** Something is under way, waits or is held back: every tick counts. */
const isAstir = ({ actions, blocked, demand, memory, pools }: Plan): boolean =>
  actions.length > 0 ||
  blocked.length > 0 ||
  demand.length > 0 ||
  memory.expected.length > 0 ||
  memory.leaving.some(({ phase }) => phase !== 'idle') ||
  pools.some(({ launching, booting }) => launching + booting > 0);

/** When agents that run nothing have done so for long enough, and when what is remembered for a time is over. */
const idleUntil = ({ memory }: Plan, spec: Spec): readonly number[] => [
  ...memory.leaving.map(({ pool, since }) => {
    const emptyForMs = spec.pools.find(({ name }) => name === pool)?.disruption.emptyForMs ?? 0;
    return since + emptyForMs;
  }),
  ...memory.cold.map(({ until }) => until),
  ...memory.floors.map(({ until }) => until),
];
