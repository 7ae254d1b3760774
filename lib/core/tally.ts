// Where the instances of each run spec are: what UNIQUE, MAX_PER, GROUP_BY and CLUSTER count. Placements are tried by the
// dozen on the same fleet, so a copy holds only what was added to it.
import { type Counts, fieldText, isConsidered, isCounting, isHostname } from './constraints';
import type { Constraint, Place, RunSpec, Task } from './model/app';

export type OpenCounts = Counts & {
  entries(): Iterable<readonly [string, number]>;
  add(value: string, count: number): void;
};

/** Counts for each counting constraint of each run spec. */
export type Tally = Map<string, readonly OpenCounts[]>;

export const NOWHERE: Counts = new Map<string, number>();

/** Up to this many values are copied; more are looked through. */
const FEW = 64;

/** Begins with the counts of `from`; what is added later is seen here and not there. */
export const countsOver = (from?: OpenCounts): OpenCounts => {
  const isFew = from !== undefined && from.size <= FEW;
  const base = isFew ? undefined : from;
  const own = new Map<string, number>(isFew ? from.entries() : []);
  let fresh = own.size;
  const get = (value: string): number | undefined => own.get(value) ?? base?.get(value);
  const entries = (): readonly (readonly [string, number])[] => [
    ...[...(base?.entries() ?? [])].filter(([value]) => !own.has(value)),
    ...own,
  ];
  return {
    get,
    has: (value) => get(value) !== undefined,
    get size() {
      return (base?.size ?? 0) + fresh;
    },
    values: () => (base === undefined ? own.values() : entries().map(([, count]) => count)),
    entries,
    add: (value, count) => {
      const before = get(value);
      if (before === undefined) fresh += 1;
      own.set(value, (before ?? 0) + count);
    },
  };
};

export const copyTally = (tally: Tally): Tally =>
  new Map([...tally].map(([runSpec, counts]) => [runSpec, counts.map(countsOver)]));

/** Counts the considered tasks of each run spec by the value of each of its counting constraints' fields. */
export const tallyTasks = (
  runSpecs: readonly RunSpec[],
  tasks: readonly Task[],
  placeOf: (task: Task) => Place,
): Tally => {
  const byId = new Map<string, Entry>();
  for (const runSpec of runSpecs) {
    const counting = runSpec.constraints.filter(isCounting);
    if (counting.length === 0) continue;
    const counts = counting.map(() => countsOver());
    byId.set(runSpec.id, {
      runSpec,
      counting,
      counts,
      isByHost: counting.every(({ field }) => isHostname(field)),
    });
  }
  for (const task of tasks) {
    const entry = byId.get(task.runSpec);
    if (entry === undefined || !isConsidered(task, entry.runSpec)) continue;
    // The task itself names its host: of a large fleet that spares hundreds of thousands of looks at agents.
    const place = entry.isByHost ? { hostname: task.host, attributes: {} } : placeOf(task);
    addTo(entry.counts, entry.counting, place, 1);
  }
  return new Map([...byId].map(([id, { counts }]) => [id, counts]));
};

type Entry = {
  readonly runSpec: RunSpec;
  readonly counting: readonly Constraint[];
  readonly counts: readonly OpenCounts[];
  readonly isByHost: boolean;
};

export const addTo = (
  counts: readonly OpenCounts[],
  counting: readonly Constraint[],
  place: Place,
  count: number,
): void => {
  counting.forEach((constraint, nth) => {
    const value = fieldText(constraint.field, place);
    if (value !== undefined) counts[nth]?.add(value, count);
  });
};
