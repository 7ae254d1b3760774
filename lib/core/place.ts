// Where Marathon would put pending instances: offers in a fixed order, the first that fits and that every constraint
// allows. It is a simulation of Marathon's own placement and not a better one, because Marathon places and Muster only
// buys (packing.md §6): what this cannot place is what machines have to be bought for.
import {
  acceptsCount,
  acceptsStatic,
  type Counts,
  type CountingRule,
  fieldText,
  isCounting,
  isPerHost,
} from './constraints';
import type { Constraint, RunSpec } from './model/app';
import type { HostClass, HostKind, Supply } from './supply';
import { addTo, countsOver, NOWHERE, type OpenCounts, type Tally } from './tally';

export type Want = {
  readonly runSpec: RunSpec;
  readonly count: number;
  /** Nothing is bought for it, whatever is left over. */
  readonly onTrial?: true;
};

export type Placed = {
  readonly want: Want;
  readonly on: Readonly<Record<HostKind, number>>;
  readonly unplaced: number;
  /** Why the rest is not placed: no class of hosts passes, the counting constraints refuse, or there is no room. */
  readonly refusal: 'none' | 'class' | 'count' | 'room';
};

export type PlaceContext = {
  readonly groupBy: CountingRule['groupBy'];
  /** Instances that run, by run spec: what UNIQUE, MAX_PER, GROUP_BY and CLUSTER count. */
  readonly tally: Tally;
};

/** Places every want in its order. Takes room from the supply and adds to the context's tally. */
export const placeAll = (supply: Supply, wants: readonly Want[], context: PlaceContext): readonly Placed[] =>
  wants.map((want) => place(supply, want, context));

type Counted = { readonly constraint: Constraint; readonly counts: Counts };

/** One want while it is being placed. */
export type Run = {
  readonly supply: Supply;
  readonly want: Want;
  readonly rule: CountingRule;
  readonly counting: readonly Constraint[];
  readonly counts: readonly OpenCounts[];
  /** The counting constraints over fields that hosts share. */
  readonly spread: readonly Counted[];
  /** All constraints over fields of which every host has its own. */
  readonly own: readonly Counted[];
  readonly on: Record<HostKind, number>;
  remaining: number;
};

const place = (supply: Supply, want: Want, context: PlaceContext): Placed => {
  const run = runOf(supply, want, context);
  const { counting } = run;
  const classes = supply.classes.filter((hosts) => classAccepts(hosts, want.runSpec));
  if (counting.some((constraint) => !isPerHost(constraint.field))) placeSpread(run, classes);
  else if (counting.some((constraint) => constraint.operator === 'GROUP_BY')) placeByLevels(run, classes);
  else placeInOrder(run, classes);
  return placedBy(run, classes);
};

/** Begins a want: what it counts is its run spec's entry in the tally. */
export const runOf = (supply: Supply, want: Want, context: PlaceContext): Run => {
  const counting = want.runSpec.constraints.filter(isCounting);
  const counts = context.tally.get(want.runSpec.id) ?? counting.map(() => countsOver());
  if (counting.length > 0) context.tally.set(want.runSpec.id, counts);
  const counted = want.runSpec.constraints.map((constraint): Counted => {
    const nth = counting.indexOf(constraint);
    return { constraint, counts: counts[nth] ?? NOWHERE };
  });
  return {
    supply,
    want,
    rule: { groupBy: context.groupBy, instances: want.runSpec.instances },
    counting,
    counts,
    spread: counted.filter(({ constraint }) => isCounting(constraint) && !isPerHost(constraint.field)),
    own: counted.filter(({ constraint }) => isPerHost(constraint.field)),
    on: { agent: 0, coming: 0, bought: 0 },
    remaining: want.count,
  };
};

export const placedBy = (run: Run, classes: readonly HostClass[]): Placed => ({
  want: run.want,
  on: run.on,
  unplaced: run.remaining,
  refusal: refusalOf(run, classes),
});

const refusalOf = (run: Run, classes: readonly HostClass[]): Placed['refusal'] => {
  if (run.remaining === 0) return 'none';
  if (classes.length === 0) return 'class';
  // Where no constraint looks at single hosts or counts, only room can have been missing.
  const isPlain = run.want.runSpec.constraints.every(({ field }) => !isPerHost(field));
  if (isPlain && run.counting.length === 0) return 'room';
  const hasRoom = classes.some(
    (hosts) => run.supply.next(hosts.start, hosts.end, run.want.runSpec.each) >= 0,
  );
  return hasRoom ? 'count' : 'room';
};

/** Without such a constraint only the masters' own region is taken, and Marathon says nothing of it (semantics §2.5). */
const namesDomain = ({ constraints }: RunSpec): boolean =>
  constraints.some(({ field }) => field === '@region' || field === '@zone');

/** Role, GPU rule, region and the constraints that all hosts of a class answer alike. */
export const classAccepts = (
  hosts: Pick<HostClass, 'place' | 'role' | 'hasGpus'>,
  runSpec: RunSpec,
): boolean => {
  const accepted = runSpec.acceptedRoles.length === 0 ? ['*', runSpec.role] : runSpec.acceptedRoles;
  if (hosts.role !== '*' && hosts.role !== runSpec.role) return false;
  if (!accepted.includes(hosts.role)) return false;
  if (hosts.hasGpus && runSpec.each.gpus === 0) return false;
  if (hosts.place.isRemote === true && !namesDomain(runSpec)) return false;
  return runSpec.constraints.every(
    (constraint) => isPerHost(constraint.field) || acceptsStatic(constraint, hosts.place),
  );
};

/** The constraints that look at this very host: how many more of the want may go there (0 when one refuses). */
export const allowedOnHost = (run: Run, position: number): number => {
  if (run.own.length === 0) return run.remaining;
  const host = run.supply.hosts[position];
  if (host === undefined) return 0;
  let allowed = run.remaining;
  for (const { constraint, counts } of run.own) {
    if (!acceptsStatic(constraint, host.place)) return 0;
    if (!isCounting(constraint)) continue;
    const value = fieldText(constraint.field, host.place) ?? '';
    if (!acceptsCount(constraint, value, counts, run.rule)) return 0;
    allowed = Math.min(allowed, capOf(constraint, counts.get(value) ?? 0));
  }
  return allowed;
};

const capOf = (constraint: Constraint, placed: number): number => {
  if (constraint.operator === 'UNIQUE') return 1 - placed;
  if (constraint.operator === 'MAX_PER') return Number(constraint.value ?? 0) - placed;
  return constraint.operator === 'GROUP_BY' ? 1 : Infinity;
};

export const put = (run: Run, position: number, count: number): void => {
  const host = run.supply.hosts[position];
  if (host === undefined) return;
  run.supply.take(position, run.want.runSpec.each, count);
  addTo(run.counts, run.counting, host.place, count);
  run.on[host.kind] += count;
  run.remaining -= count;
};

const placeInOrder = (run: Run, classes: readonly HostClass[]): void => {
  for (const hosts of classes) {
    let position = run.supply.next(hosts.start, hosts.end, run.want.runSpec.each);
    while (position >= 0 && run.remaining > 0) {
      const count = Math.min(allowedOnHost(run, position), run.supply.room(position, run.want.runSpec.each));
      if (count > 0) put(run, position, count);
      position = run.supply.next(position + 1, hosts.end, run.want.runSpec.each);
    }
  }
};

/** One instance at a time, since each changes what the next may do: the first class whose values are acceptable now.
 *  A host that is passed over is full or at its cap and stays so, hence one cursor a class. */
const placeSpread = (run: Run, classes: readonly HostClass[]): void => {
  const cursors = classes.map((hosts) => hosts.start);
  while (run.remaining > 0) {
    const chosen = classes.findIndex((hosts, nth) => {
      if (!spreadAccepts(run, hosts)) return false;
      cursors[nth] = nextAllowed(run, cursors[nth] ?? hosts.end, hosts.end);
      return (cursors[nth] ?? -1) >= 0 && (cursors[nth] ?? hosts.end) < hosts.end;
    });
    if (chosen < 0) return;
    put(run, cursors[chosen] ?? 0, 1);
  }
};

export const spreadAccepts = (run: Run, hosts: HostClass): boolean =>
  run.spread.every(({ constraint, counts }) =>
    acceptsCount(constraint, fieldText(constraint.field, hosts.place) ?? '', counts, run.rule),
  );

/** The next host with room that its own constraints allow; `end` when there is none. */
const nextAllowed = (run: Run, from: number, end: number): number => {
  let position = run.supply.next(from, end, run.want.runSpec.each);
  while (position >= 0) {
    if (allowedOnHost(run, position) > 0) return position;
    position = run.supply.next(position + 1, end, run.want.runSpec.each);
  }
  return end;
};

/** GROUP_BY over hosts: new hosts first, then level by level, because only a smallest group may take the next one. */
const placeByLevels = (run: Run, classes: readonly HostClass[]): void => {
  for (;;) {
    const before = run.remaining;
    for (const hosts of classes) {
      let position = nextAllowed(run, hosts.start, hosts.end);
      while (position < hosts.end && run.remaining > 0) {
        put(run, position, 1);
        position = nextAllowed(run, position + 1, hosts.end);
      }
    }
    if (run.remaining === 0 || run.remaining === before) return;
  }
};
