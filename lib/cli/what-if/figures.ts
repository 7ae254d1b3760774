// The figures of a replay: what was paid, what had to be paid at least, how long tasks waited, what was broken off.
import { type BoundStep, boundOverTime, fitsNothing, integral, workBound } from './bound';
import type { Replay } from './replay';

const HOUR_MS = 3_600_000;

/** Money in US dollars over the window, waits in seconds. */
export type Figures = {
  readonly cost: number;
  /** What a plan that makes no task wait pays at least. */
  readonly bound: number;
  readonly ratio: number;
  /** What any plan pays at least for the work that was done. */
  readonly workBound: number;
  /** From a task's arrival to its first run, of those that ran. */
  readonly waitP50: number;
  readonly waitP99: number;
  readonly waitMax: number;
  /** Tasks that Muster ended and that ran again. */
  readonly moves: number;
  /** Runs that ended with a machine which the cloud took back. */
  readonly lost: number;
  /** Tasks that came and did not run within the window. */
  readonly neverRan: number;
  /** Those of them that are larger than every shape of the pools. */
  readonly tooLarge: number;
  readonly tasks: number;
  readonly finished: number;
  readonly machines: number;
  readonly taken: number;
  readonly hours: number;
  readonly turns: number;
};

export type Told = {
  readonly figures: Figures;
  readonly steps: readonly BoundStep[];
  readonly replay: Replay;
};

export const tellReplay = (replay: Replay): Told => {
  const { from, to, stories, machines, turns } = replay;
  const steps = boundOverTime(replay);
  const cost = machines.reduce((sum, one) => sum + (one.usdPerHour * (one.to - one.from)) / HOUR_MS, 0);
  const bound = integral(steps, to);
  const waits = waitsOf(replay);
  const total = (count: (one: Replay['stories'][number]) => number): number =>
    stories.reduce((sum, one) => sum + count(one), 0);
  const waiting = stories.filter(({ firstRunAt }) => firstRunAt === undefined);
  const figures: Figures = {
    cost: rounded(cost, 2),
    bound: rounded(bound, 2),
    ratio: bound > 0 ? rounded(cost / bound, 4) : 1,
    workBound: rounded(workBound(replay), 2),
    waitP50: quantile(waits, 0.5),
    waitP99: quantile(waits, 0.99),
    waitMax: quantile(waits, 1),
    moves: total(({ moved }) => moved),
    lost: total(({ lost }) => lost),
    neverRan: waiting.length,
    tooLarge: waiting.filter((story) => fitsNothing(story, replay)).length,
    tasks: stories.length,
    finished: total(({ finishedAt }) => (finishedAt === undefined ? 0 : 1)),
    machines: machines.length,
    taken: machines.filter(({ taken }) => taken).length,
    hours: rounded((to - from) / HOUR_MS, 2),
    turns,
  };
  return { figures, steps, replay };
};

/** Seconds from arrival to the first run, in rising order. */
export const waitsOf = ({ stories }: Replay): readonly number[] =>
  stories
    .flatMap(({ firstRunAt, arrivedAt }) =>
      firstRunAt === undefined ? [] : [(firstRunAt - arrivedAt) / 1000],
    )
    .sort((a, b) => a - b);

/** The least value that at least this share of all does not exceed; 0 when there is none. */
const quantile = (sorted: readonly number[], share: number): number =>
  sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;

const rounded = (value: number, digits: number): number => Math.round(value * 10 ** digits) / 10 ** digits;
