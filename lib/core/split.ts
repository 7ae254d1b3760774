// Before packing, what counting constraints over zones and other attributes allow is settled: each waiting instance
// gets the lanes whose values are acceptable at its turn, the least loaded value first and the cheapest among equals.
// So GROUP_BY, MAX_PER, UNIQUE and CLUSTER over attributes become masks, and over hosts a cap for one machine.
import type { Lane } from './buyable';
import { acceptsCount, type Counts, fieldText, isCounting, isPerHost } from './constraints';
import type { Constraint, RunSpec } from './model/app';
import { type Resources, times } from './model/resources';
import type { PlaceContext, Want } from './place';
import { countsOver, NOWHERE, type OpenCounts } from './tally';

/** A number of instances of one run spec that may go to the same lanes. `bundle` instances make one unit. */
export type Part = {
  readonly runSpec: RunSpec;
  readonly each: Resources;
  readonly count: number;
  readonly bundle: number;
  readonly perHost: number;
  readonly lanes: readonly number[];
};

export type Split = { readonly parts: readonly Part[]; readonly refused: number };

/** Splits what is left of a want over the lanes that would take it; `refused` is what no value allows. */
export const split = (
  want: Want,
  lanes: readonly number[],
  market: readonly Lane[],
  context: PlaceContext,
): Split => {
  const { runSpec } = want;
  const counting = runSpec.constraints.filter(isCounting);
  const counts = counting.map((_, nth) => countsOver(context.tally.get(runSpec.id)?.[nth]));
  const onHosts = perHost(runSpec, counts);
  if (onHosts === 0) return { parts: [], refused: want.count };
  const shape = (count: number, allowed: readonly number[]): Part => ({
    runSpec,
    each: onHosts === 'together' ? times(runSpec.each, count) : runSpec.each,
    count: onHosts === 'together' ? 1 : count,
    bundle: onHosts === 'together' ? count : 1,
    perHost: onHosts === 'together' ? 1 : onHosts,
    lanes: allowed,
  });
  const spread = counting.filter((constraint) => !isPerHost(constraint.field));
  if (spread.length === 0) return { parts: [shape(want.count, lanes)], refused: 0 };
  const groups = groupByValues(lanes, market, spread);
  const taken = deal(want, groups, { counting, counts, groupBy: context.groupBy });
  const parts = groups.flatMap((group, nth) =>
    (taken[nth] ?? 0) > 0 ? [shape(taken[nth] ?? 0, group.lanes)] : [],
  );
  return { parts, refused: want.count - taken.reduce((sum, count) => sum + count, 0) };
};

/** How many instances one new machine may hold: a number, all of them together, or 0 where only an old host will do. */
const perHost = (runSpec: RunSpec, counts: readonly Counts[]): number | 'together' => {
  let most: number | 'together' = Infinity;
  runSpec.constraints.filter(isCounting).forEach((constraint, nth) => {
    if (!isPerHost(constraint.field) || most === 'together') return;
    if (constraint.operator === 'CLUSTER') most = (counts[nth]?.size ?? 0) > 0 ? 0 : 'together';
    else most = Math.min(most, hostCap(constraint, runSpec));
  });
  return most;
};

const hostCap = (constraint: Constraint, runSpec: RunSpec): number => {
  if (constraint.operator === 'UNIQUE') return 1;
  const value = Number(constraint.value ?? 0);
  if (constraint.operator === 'MAX_PER') return Number.isInteger(value) ? Math.max(0, value) : 0;
  return Math.max(1, Math.ceil(runSpec.instances / Math.max(1, Number.isInteger(value) ? value : 1)));
};

type Group = {
  readonly values: readonly string[];
  readonly lanes: readonly number[];
  readonly usdPerCpu: number;
};

const groupByValues = (
  lanes: readonly number[],
  market: readonly Lane[],
  spread: readonly Constraint[],
): readonly Group[] => {
  const groups = new Map<string, { values: string[]; lanes: number[]; usdPerCpu: number }>();
  for (const index of lanes) {
    const lane = market[index];
    if (lane === undefined) continue;
    const values = spread.map((constraint) => fieldText(constraint.field, lane.host.place) ?? '');
    const key = values.join('|');
    const group = groups.get(key) ?? { values, lanes: [], usdPerCpu: Infinity };
    group.lanes.push(index);
    group.usdPerCpu = Math.min(group.usdPerCpu, lane.usdPerCpu);
    groups.set(key, group);
  }
  return [...groups.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group);
};

type Dealing = {
  readonly counting: readonly Constraint[];
  readonly counts: readonly OpenCounts[];
  readonly groupBy: PlaceContext['groupBy'];
};

/** Gives each instance to an acceptable group; the result says how many each group got. */
const deal = (want: Want, groups: readonly Group[], dealing: Dealing): readonly number[] => {
  const taken = groups.map(() => 0);
  const spread = dealing.counting.flatMap((constraint, nth) =>
    isPerHost(constraint.field) ? [] : [{ constraint, nth }],
  );
  const rule = { groupBy: dealing.groupBy, instances: want.runSpec.instances };
  const accepts = (group: Group): boolean =>
    spread.every(({ constraint, nth }, at) =>
      acceptsCount(constraint, group.values[at] ?? '', dealing.counts[nth] ?? NOWHERE, rule),
    );
  for (let left = want.count; left > 0; left -= 1) {
    let chosen = -1;
    groups.forEach((group, nth) => {
      if (accepts(group) && (chosen < 0 || isBetter(nth, chosen, taken, groups))) chosen = nth;
    });
    if (chosen < 0) break;
    taken[chosen] = (taken[chosen] ?? 0) + 1;
    spread.forEach(({ nth }, at) => {
      dealing.counts[nth]?.add(groups[chosen]?.values[at] ?? '', 1);
    });
  }
  return taken;
};

const isBetter = (a: number, b: number, taken: readonly number[], groups: readonly Group[]): boolean => {
  const load = (taken[a] ?? 0) - (taken[b] ?? 0);
  return load < 0 || (load === 0 && (groups[a]?.usdPerCpu ?? 0) < (groups[b]?.usdPerCpu ?? 0));
};
