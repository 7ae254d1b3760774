// How cheap could the same work have been? Two answers, both from the packing's own bounds over what the pools can buy.
import type { Offering, Shape } from '../../core/model/offering';
import { NOTHING } from '../../core/model/resources';
import { jointBound } from '../../core/pack/bounds';
import { canonical } from '../../core/pack/canonical';
import { packBound } from '../../core/pack/pack';
import type { PackOffering, PackProblem, TaskClass } from '../../core/pack/problem';
import type { Replay } from './replay';
import type { TaskStory } from './tasks';
import type { TraceTask } from './trace';

const HOUR_MS = 3_600_000;
/** Steps of the climb to the best split of prices: about 200 come within some ten-thousandths of it. */
const CLIMB = 200;

/** From `at` on, until the next step, no plan can cost less an hour. */
export type BoundStep = { readonly at: number; readonly usdPerHour: number };

/** At every moment, the bound of the tasks that would be running had each begun at its arrival and been let run: what a
 *  plan that makes nobody wait has to pay at least then, whatever it knows of the future. */
export const boundOverTime = ({ from, to, stories, offerings, shapes }: Replay): readonly BoundStep[] => {
  const changes = stories
    .flatMap(({ task, arrivedAt }) => [
      { at: arrivedAt, task, by: 1 },
      { at: arrivedAt + task.durationMs, task, by: -1 },
    ])
    .filter(({ at }) => at < to)
    .sort((a, b) => a.at - b.at);
  const buyable = offeringsOf(offerings, shapes);
  const running = new Map<string, { readonly task: TraceTask; count: number }>();
  const steps: BoundStep[] = [{ at: from, usdPerHour: 0 }];
  changes.forEach(({ at, task, by }, nth) => {
    const name = `${task.cpuMilli}/${task.memMib}`;
    const entry = running.get(name) ?? { task, count: 0 };
    running.set(name, entry);
    entry.count += by;
    if (changes[nth + 1]?.at === at) return;
    const classes = [...running.values()]
      .filter(({ count }) => count > 0)
      .map((one) => classOf(one.task, one.count));
    steps.push({
      at,
      usdPerHour: packBound({ classes, offerings: buyable, limits: [], work: 0 }).usdPerHour,
    });
  });
  return steps;
};

/** US dollars over the window. */
export const integral = (steps: readonly BoundStep[], to: number): number =>
  steps.reduce(
    (sum, { at, usdPerHour }, nth) => sum + (usdPerHour * ((steps[nth + 1]?.at ?? to) - at)) / HOUR_MS,
    0,
  );

/** What the work that was done is worth under the prices of cpu and memory that make it dearest and no machine's room
 *  worth more than the machine: no order of the tasks, waiting or not, can pay less for it. US dollars. */
export const workBound = ({ stories, offerings, shapes }: Replay): number => {
  const classes = stories
    .filter(({ ranMs }) => ranMs > 0)
    .map(({ task, ranMs }) => classOf(task, Math.floor(ranMs / 1000)));
  const { bag } = canonical(problemOf(classes, offeringsOf(offerings, shapes)), 'unlimited', 'all');
  if (bag.classes === 0) return 0;
  const { values } = jointBound(bag, CLIMB, { spent: 0, limit: 0 });
  const usdSeconds = values.reduce((sum, value, index) => sum + value * (bag.count[index] ?? 0), 0);
  return usdSeconds / 3600;
};

/** Whether any shape that the pools can buy takes the task. */
export const fitsNothing = ({ task }: TaskStory, { offerings, shapes }: Replay): boolean =>
  !offeringsOf(offerings, shapes).some(
    ({ room }) => task.cpuMilli <= room.cpuMilli && task.memMib <= room.memMib,
  );

const problemOf = (classes: readonly TaskClass[], offerings: readonly PackOffering[]): PackProblem => ({
  classes,
  offerings,
  limits: [],
  work: 0,
});

const classOf = ({ cpuMilli, memMib }: TraceTask, count: number): TaskClass => ({
  need: { ...NOTHING, cpuMilli, memMib },
  count,
  perHost: Infinity,
});

/** Each shape once, at the least price of any zone and market. */
const offeringsOf = (offerings: readonly Offering[], shapes: readonly Shape[]): readonly PackOffering[] =>
  shapes.flatMap(({ name, allocatable }) => {
    const prices = offerings.filter(({ shape }) => shape === name).map(({ usdPerHour }) => usdPerHour);
    if (prices.length === 0) return [];
    const { cpuMilli, memMib } = allocatable;
    return [{ key: name, room: { ...NOTHING, cpuMilli, memMib }, usdPerHour: Math.min(...prices) }];
  });
