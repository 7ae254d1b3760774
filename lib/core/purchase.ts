// What of the leftover tasks has to be bought, as a packing problem and back: parts that no constraint tells apart become
// classes, a packing becomes purchases, and equal zones are filled evenly.
import { type Buyable, lanesFor, type Market } from './buyable';
import { add, fits, NOTHING, type Resources, times } from './model/resources';
import { pack, packBound } from './pack/pack';
import type { Limit, PackPlan, PackProblem, PackResult } from './pack/problem';
import type { PlaceContext, Want } from './place';
import { type Part, split } from './split';
import type { Host } from './supply';

export type FitInput = {
  readonly wants: readonly Want[];
  readonly hosts: readonly Host[];
  readonly context: PlaceContext;
  readonly market: Market;
  /** Machines that may still be bought, by pool name; a pool that is absent may buy none. */
  readonly poolLeft: ReadonlyMap<string, number>;
  readonly clusterLeft: number;
  /** Live machines by `pool|zone`, for spreading new ones. */
  readonly zoneLoad: ReadonlyMap<string, number>;
  /** Work units for the packing; 0 means simple rules only. */
  readonly work: number;
};

/** `none`: all placed. `no-pool`: no pool's new agents would pass. `constraint`: counting constraints allow no more.
 *  `trial`: it is not known yet whether machines help. `fits-nothing`: larger than every offering. `limit`: a pool or cluster limit is in the way. */
export type Leftover = 'none' | 'trial' | 'no-pool' | 'constraint' | 'fits-nothing' | 'limit';

/** Machines of one offering to buy. Each carries at most `load`; any of `lanes` would do. */
export type Purchase = {
  readonly buyable: Buyable;
  readonly count: number;
  readonly load: Resources;
  readonly lanes: readonly number[];
};

export type Packed = { readonly result: PackResult; readonly keys: readonly PartClass[] };
type PartClass = {
  readonly parts: readonly Part[];
  readonly each: Resources;
  readonly lanes: readonly number[];
};

/** The wants as parts over lanes, what no lane takes, and the limits in the packing's terms. */
export const problemOf = (
  rest: readonly Want[],
  input: FitInput,
): { parts: readonly Part[]; leftovers: Map<string, Leftover>; limits: readonly Limit[] } => {
  const leftovers = new Map<string, Leftover>();
  const parts = rest.flatMap((want) => {
    const lanes = lanesFor(want.runSpec, input.market.lanes);
    if (lanes.length === 0) {
      leftovers.set(want.runSpec.id, 'no-pool');
      return [];
    }
    const { parts: found, refused } = split(want, lanes, input.market.lanes, input.context);
    if (refused > 0) leftovers.set(want.runSpec.id, 'constraint');
    return found;
  });
  return { parts, leftovers, limits: limitsOf(input, new Map()) };
};

export const limitsOf = (input: FitInput, bought: ReadonlyMap<string, number>): readonly Limit[] => {
  const { buyables } = input.market;
  const total = [...bought.values()].reduce((sum, count) => sum + count, 0);
  const everything = {
    offerings: buyables.map((_, index) => index),
    machines: Math.max(0, input.clusterLeft - total),
  };
  const byPool = new Map<string, number[]>();
  buyables.forEach(({ pool }, index) => {
    const list = byPool.get(pool.name);
    if (list === undefined) byPool.set(pool.name, [index]);
    else list.push(index);
  });
  const pools = [...byPool].map(([pool, offerings]) => ({
    offerings,
    machines: Math.max(0, (input.poolLeft.get(pool) ?? 0) - (bought.get(pool) ?? 0)),
  }));
  return [everything, ...pools];
};

export const packParts = (
  parts: readonly Part[],
  input: FitInput,
  work: number,
  limits: readonly Limit[],
): Packed => {
  const keys = classesOf(parts);
  return { result: pack(problemFor(keys, input, { limits, work })), keys };
};

/** What no purchase for these parts can cost less than, whatever the limits. */
export const boundFor = (parts: readonly Part[], input: FitInput): PackResult['bound'] =>
  packBound(problemFor(classesOf(parts), input, { limits: [], work: 0 }));

type ClassOfParts = PartClass & { readonly perHost: number };

/** Parts that the packing cannot tell apart become one class, however many apps they come from. */
const classesOf = (parts: readonly Part[]): readonly ClassOfParts[] => {
  const classes = new Map<
    string,
    { parts: Part[]; each: Resources; lanes: readonly number[]; perHost: number }
  >();
  for (const part of parts) {
    const { cpuMilli, memMib, diskMib, gpus, ports } = part.each;
    const own = part.perHost === Infinity ? '' : `${part.runSpec.id}#${part.perHost}`;
    const key = [cpuMilli, memMib, diskMib, gpus, ports, part.lanes.join(','), own].join('|');
    const known = classes.get(key);
    if (known === undefined)
      classes.set(key, { parts: [part], each: part.each, lanes: part.lanes, perHost: part.perHost });
    else known.parts.push(part);
  }
  return [...classes.values()];
};

const problemFor = (
  keys: readonly ClassOfParts[],
  input: FitInput,
  within: Pick<PackProblem, 'limits' | 'work'>,
): PackProblem => {
  const masks = new Map<string, readonly boolean[]>();
  return {
    ...within,
    classes: keys.map((entry) => ({
      need: entry.each,
      count: entry.parts.reduce((sum, part) => sum + part.count, 0),
      perHost: entry.perHost,
      allowed: maskOf(entry.lanes, input.market, masks),
    })),
    offerings: input.market.buyables.map(({ pool, offering, shape }) => ({
      room: shape.allocatable,
      usdPerHour: offering.usdPerHour,
      key: `${pool.name}|${offering.shape}|${offering.zone}|${offering.market}`,
    })),
  };
};

const maskOf = (
  lanes: readonly number[],
  market: Market,
  masks: Map<string, readonly boolean[]>,
): readonly boolean[] => {
  const key = lanes.join(',');
  const known = masks.get(key);
  if (known !== undefined) return known;
  const allowed = new Set(lanes);
  const mask = market.buyables.map(({ lane }) => allowed.has(lane));
  masks.set(key, mask);
  return mask;
};

export const leftoversOf = (plan: PackPlan, packed: Packed): ReadonlyMap<string, Leftover> => {
  const found = new Map<string, Leftover>();
  for (const { class: index, why } of plan.unplaced)
    for (const part of packed.keys[index]?.parts ?? []) found.set(part.runSpec.id, why);
  return found;
};

/** Turns a packing into purchases; where several zones of the same price would do, the emptiest zone is taken. */
export const purchasesOf = (
  plan: PackPlan,
  packed: Packed,
  input: FitInput,
  zones: Map<string, number>,
): readonly Purchase[] => {
  const found = new Map<string, { -readonly [K in keyof Purchase]: Purchase[K] }>();
  const twins = twinsIn(input.market);
  for (const machine of plan.machines) {
    const load = machine.load.reduce(
      (sum, item) => add(sum, times(packed.keys[item.class]?.each ?? NOTHING, item.count)),
      NOTHING,
    );
    const lanes = common(machine.load.map((item) => packed.keys[item.class]?.lanes ?? []));
    const open = twins(machine.offering, lanes);
    const name = lanes.join(',');
    for (let copy = 0; copy < machine.copies; copy += 1) {
      const buyable = emptiest(open, zones);
      if (buyable === undefined) break;
      const key = `${buyable.lane}|${buyable.offering.shape}|${name}`;
      const entry = found.get(key) ?? { buyable, count: 0, load, lanes };
      entry.count += 1;
      if (!fits(load, entry.load)) entry.load = largest(entry.load, load);
      found.set(key, entry);
    }
  }
  return [...found.values()];
};

const common = (lists: readonly (readonly number[])[]): readonly number[] =>
  lists.reduce(
    (kept, list) => (kept === list ? kept : kept.filter((lane) => list.includes(lane))),
    lists[0] ?? [],
  );

const largest = (a: Resources, b: Resources): Resources => ({
  cpuMilli: Math.max(a.cpuMilli, b.cpuMilli),
  memMib: Math.max(a.memMib, b.memMib),
  diskMib: Math.max(a.diskMib, b.diskMib),
  gpus: Math.max(a.gpus, b.gpus),
  ports: Math.max(a.ports, b.ports),
});

/** Finds the same shape of the same pool and market at the same price in every zone that the load allows. */
const twinsIn = (market: Market): ((index: number, lanes: readonly number[]) => readonly Buyable[]) => {
  const alike = new Map<string, Buyable[]>();
  const nameOf = ({ pool, offering: { shape, market: kind, usdPerHour } }: Buyable): string =>
    `${pool.name}|${shape}|${kind}|${usdPerHour}`;
  for (const buyable of market.buyables) {
    const list = alike.get(nameOf(buyable));
    if (list === undefined) alike.set(nameOf(buyable), [buyable]);
    else list.push(buyable);
  }
  return (index, lanes) => {
    const own = market.buyables[index];
    if (own === undefined) return [];
    return (alike.get(nameOf(own)) ?? []).filter(({ lane }) => lane === own.lane || lanes.includes(lane));
  };
};

/** The twin in the zone with the fewest machines of its pool; it counts there from now on. */
export const emptiest = (twins: readonly Buyable[], zones: Map<string, number>): Buyable | undefined => {
  const loadOf = ({ pool, offering }: Buyable): number => zones.get(`${pool.name}|${offering.zone}`) ?? 0;
  const chosen = twins.reduce<Buyable | undefined>(
    (best, twin) => (best === undefined || loadOf(twin) < loadOf(best) ? twin : best),
    undefined,
  );
  if (chosen !== undefined) zones.set(`${chosen.pool.name}|${chosen.offering.zone}`, loadOf(chosen) + 1);
  return chosen;
};
