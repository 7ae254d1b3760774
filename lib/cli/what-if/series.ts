// A replay over time, in as many equal slices as a chart has room for.
import type { BoundStep } from './bound';
import type { Replay } from './replay';

/** Slices of the window. */
export const SLICES = 480;

type Stretch = { readonly from: number; readonly to: number; readonly value: number };
type Window = Pick<Replay, 'from' | 'to'>;

/** The mean over each slice of what the stretches add up to. */
const meanOf = (stretches: readonly Stretch[], { from, to }: Window): readonly number[] => {
  const sums = Array.from({ length: SLICES }, () => 0);
  const width = (to - from) / SLICES;
  for (const stretch of stretches) {
    const end = Math.min(stretch.to, to);
    for (
      let nth = Math.floor((stretch.from - from) / width);
      nth < SLICES && from + nth * width < end;
      nth += 1
    ) {
      const begin = from + nth * width;
      const overlap = Math.min(end, begin + width) - Math.max(stretch.from, begin);
      sums[nth] = (sums[nth] ?? 0) + (stretch.value * Math.max(0, overlap)) / width;
    }
  }
  return sums;
};

/** US dollars an hour of all machines. */
export const costOf = ({ machines, ...window }: Replay): readonly number[] =>
  meanOf(
    machines.map(({ from, to, usdPerHour }) => ({ from, to, value: usdPerHour })),
    window,
  );

export const boundSeries = (steps: readonly BoundStep[], window: Window): readonly number[] =>
  meanOf(
    steps.map(({ at, usdPerHour }, nth) => ({
      from: at,
      to: steps[nth + 1]?.at ?? window.to,
      value: usdPerHour,
    })),
    window,
  );

/** Tasks that want to run and do not. */
export const waitingOf = ({ stories, ...window }: Replay): readonly number[] =>
  meanOf(
    stories.flatMap(({ waits }) => waits.map(({ from, to }) => ({ from, to: to ?? window.to, value: 1 }))),
    window,
  );

/** Numbers of machines by shape, those that cost most in all first; past `most` they are one row, "others". */
export const machinesByShape = (
  { machines, ...window }: Replay,
  most: number,
): readonly { readonly name: string; readonly values: readonly number[] }[] => {
  const costs = new Map<string, number>();
  for (const { shape, usdPerHour, from, to } of machines)
    costs.set(shape, (costs.get(shape) ?? 0) + usdPerHour * (to - from));
  const ranked = [...costs].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1)).map(([shape]) => shape);
  const first = ranked.slice(0, ranked.length > most ? most - 1 : most);
  const names = ranked.length > most ? [...first, OTHERS] : first;
  return names.map((name) => ({
    name,
    values: meanOf(
      machines
        .filter(({ shape }) => (first.includes(shape) ? shape : OTHERS) === name)
        .map(({ from, to }) => ({ from, to, value: 1 })),
      window,
    ),
  }));
};

const OTHERS = 'others';

/** Upper ends in seconds; the last bar has none. */
const ENDS = [1, 2, 5, 10, 20, 30, 45, 60, 90, 120, 180, 300, 600, 1800];

/** How many tasks waited that long. Waits in seconds. */
export const waitBars = (
  waits: readonly number[],
): readonly { readonly name: string; readonly count: number }[] =>
  [...ENDS, Infinity].map((end, nth) => {
    const begin = nth === 0 ? -Infinity : (ENDS[nth - 1] ?? 0);
    return {
      name: end === Infinity ? `> ${ENDS.at(-1)}` : `≤ ${end}`,
      count: waits.filter((wait) => wait > begin && wait <= end).length,
    };
  });
