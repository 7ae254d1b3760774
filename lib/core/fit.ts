// The one question behind every decision about size: which of these tasks run where, and what has to be bought for the
// rest? First Marathon's own placement is simulated on what exists and what is coming; the rest is packed onto
// offerings; then the placement is simulated on each good packing, what would be left over is bought too, and the plan
// that is cheapest after that wins (packing.md §6: a tight packing alone ends 11 % dearer).
import type { Buyable, Market } from './buyable';
import { lanesFor } from './buyable';
import { boughtHost } from './hosts';
import { add, NOTHING, type Resources, times } from './model/resources';
import { pack } from './pack/pack';
import type { Limit, PackPlan, PackResult } from './pack/problem';
import { placeByOffers } from './offer-rounds';
import { copyTally, placeAll, type PlaceContext, type Placed, type Want } from './place';
import { type Part, split } from './split';
import { type Host, Supply } from './supply';
import { thin } from './thin';

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
 *  `fits-nothing`: larger than every offering. `limit`: a pool or cluster limit is in the way. */
export type Leftover = 'none' | 'no-pool' | 'constraint' | 'fits-nothing' | 'limit';

export type FitLine = {
  readonly want: Want;
  readonly onExisting: number;
  readonly onComing: number;
  readonly onBought: number;
  readonly unplaced: number;
  readonly leftover: Leftover;
};

/** Machines of one offering to buy. Each carries at most `load`; any of `lanes` would do. */
export type Purchase = {
  readonly buyable: Buyable;
  readonly count: number;
  readonly load: Resources;
  readonly lanes: readonly number[];
};

export type Fit = {
  readonly lines: readonly FitLine[];
  readonly purchases: readonly Purchase[];
  readonly packedUsdPerHour: number;
  readonly boughtUsdPerHour: number;
  readonly bound: PackResult['bound'];
};

export const fit = (input: FitInput): Fit => {
  const onHosts = placeOnHosts(input);
  const rest = onHosts
    .filter((placed) => placed.unplaced > 0)
    .map(({ want, unplaced }) => ({ ...want, count: unplaced }));
  const plans = rest.length === 0 ? NOTHING_BOUGHT : buy(rest, input);
  const bought = new Map(plans.placed.map((placed) => [placed.want.runSpec.id, placed]));
  const lines = onHosts.map((placed) => lineOf(placed, bought.get(placed.want.runSpec.id), plans.leftovers));
  return { ...plans, lines };
};

/** In the order of the queue and with the largest first: the order in which Marathon will serve the queue is not known,
 *  and a few tasks that miss in one order only are no reason to buy before the machines under way are there. The tally
 *  of the better one stays in the context. */
const placeOnHosts = (input: FitInput): readonly Placed[] => {
  const largestFirst = [...input.wants].sort((a, b) => weight(b) - weight(a));
  const tries = [input.wants, largestFirst].map((wants) => {
    const tally = copyTally(input.context.tally);
    return { tally, placed: placeAll(new Supply(input.hosts), wants, { ...input.context, tally }) };
  });
  const [first, second] = tries;
  const best =
    second !== undefined && first !== undefined && unplacedIn(second.placed) < unplacedIn(first.placed)
      ? second
      : first;
  for (const [runSpec, counts] of best?.tally ?? []) input.context.tally.set(runSpec, counts);
  const placed = new Map(best?.placed.map((line) => [line.want, line]));
  return input.wants.flatMap((want) => placed.get(want) ?? []);
};

/** Memory counts as the cpus that usually go with it. */
const weight = ({ runSpec }: Want): number => Math.max(runSpec.each.cpuMilli, runSpec.each.memMib / 4);

type Bought = Omit<Fit, 'lines'> & {
  readonly placed: readonly Placed[];
  readonly leftovers: ReadonlyMap<string, Leftover>;
};

const NOTHING_BOUGHT: Bought = {
  placed: [],
  leftovers: new Map(),
  purchases: [],
  packedUsdPerHour: 0,
  boughtUsdPerHour: 0,
  bound: { usdPerHour: 0, kind: 'none' },
};

const lineOf = (
  placed: Placed,
  bought: Placed | undefined,
  leftovers: ReadonlyMap<string, Leftover>,
): FitLine => {
  const onBought = bought?.on.bought ?? 0;
  const unplaced = placed.unplaced - onBought;
  return {
    want: placed.want,
    onExisting: placed.on.agent,
    onComing: placed.on.coming,
    onBought,
    unplaced,
    leftover: unplaced === 0 ? 'none' : (leftovers.get(placed.want.runSpec.id) ?? 'limit'),
  };
};

const buy = (rest: readonly Want[], input: FitInput): Bought => {
  const problem = problemOf(rest, input);
  const packed = packParts(problem.parts, input, input.work, problem.limits);
  const tried = packed.result.candidates.map((plan) => survive(plan, packed, rest, input));
  const best = tried.reduce((a, b) => (better(b, a) ? b : a));
  return {
    placed: best.placed,
    leftovers: new Map([...best.leftovers, ...problem.leftovers]),
    purchases: best.purchases,
    packedUsdPerHour: packed.result.best.usdPerHour,
    boughtUsdPerHour: best.usdPerHour,
    bound: packed.result.bound,
  };
};

type Packed = { readonly result: PackResult; readonly keys: readonly PartClass[] };
type PartClass = {
  readonly parts: readonly Part[];
  readonly each: Resources;
  readonly lanes: readonly number[];
};

/** The wants as parts over lanes, what no lane takes, and the limits in the packing's terms. */
const problemOf = (
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

const limitsOf = (input: FitInput, bought: ReadonlyMap<string, number>): readonly Limit[] => {
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

/** Parts that the packing cannot tell apart become one class, however many apps they come from. */
const packParts = (
  parts: readonly Part[],
  input: FitInput,
  work: number,
  limits: readonly Limit[],
): Packed => {
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
  const keys = [...classes.values()];
  const masks = new Map<string, readonly boolean[]>();
  const result = pack({
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
    limits,
    work,
  });
  return { result, keys };
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

type Survivor = {
  readonly purchases: readonly Purchase[];
  readonly placed: readonly Placed[];
  readonly leftovers: ReadonlyMap<string, Leftover>;
  readonly unplaced: number;
  readonly usdPerHour: number;
};

const better = (a: Survivor, b: Survivor): boolean =>
  a.unplaced < b.unplaced || (a.unplaced === b.unplaced && a.usdPerHour < b.usdPerHour - 1e-9);

/** Rounds of buying what the placement leaves over; more than a few mean that the rest cannot be placed at all. */
const ROUNDS = 4;

/** What a packing costs once Marathon has placed the tasks on it. */
const survive = (plan: PackPlan, packed: Packed, rest: readonly Want[], input: FitInput): Survivor => {
  const zones = new Map(input.zoneLoad);
  let purchases = purchasesOf(plan, packed, input, zones);
  let { placed, context } = placeOn(purchases, rest, input);
  for (let round = 1; round < ROUNDS && unplacedIn(placed) > 0; round += 1) {
    const left = placed.filter((line) => line.unplaced > 0);
    const more = buyMore(left, purchases, { input, context, zones });
    if (more.length === 0) break;
    purchases = [...purchases, ...more];
    ({ placed, context } = placeOn(purchases, rest, input));
  }
  const unplaced = unplacedIn(placed);
  if (unplaced === 0) {
    purchases = thin(
      purchases,
      input.market,
      looksFor(rest, purchases, packed),
      (fewer) => unplacedIn(placeOn(fewer, rest, input).placed) === 0,
    );
    placed = placeOn(purchases, rest, input).placed;
  }
  const usdPerHour = purchases.reduce(
    (sum, { buyable, count }) => sum + buyable.offering.usdPerHour * count,
    0,
  );
  return { purchases, placed, leftovers: leftoversOf(plan, packed), unplaced, usdPerHour };
};

const unplacedIn = (placed: readonly Placed[]): number =>
  placed.reduce((sum, line) => sum + line.unplaced, 0);

/** The placement alone, on machines as they will be when they have registered. */
const placeOn = (
  purchases: readonly Purchase[],
  rest: readonly Want[],
  input: FitInput,
): { readonly placed: readonly Placed[]; readonly context: PlaceContext } => {
  const context = { ...input.context, tally: copyTally(input.context.tally) };
  const supply = new Supply(hostsOf(purchases));
  const simulate = rest.length * supply.hosts.length > MOST_PAIRS ? placeAll : placeByOffers;
  return { placed: simulate(supply, rest, context), context };
};

/** Above so many pairs of wants and hosts, offer by offer would take too long: one want after the other instead. */
const MOST_PAIRS = 2_000_000;

/** Placements that may be simulated for one candidate: a look costs about wants times hosts. */
const MOST_LOOKS = 150;
const LOOK_BUDGET = 1_000_000;

const looksFor = (rest: readonly Want[], purchases: readonly Purchase[], { result }: Packed): number => {
  const hosts = purchases.reduce((sum, { count }) => sum + count, 0);
  const each = Math.max(1, rest.length * hosts * result.candidates.length);
  return Math.min(MOST_LOOKS, Math.floor(LOOK_BUDGET / each));
};

const buyMore = (
  left: readonly Placed[],
  purchases: readonly Purchase[],
  on: { readonly input: FitInput; readonly context: PlaceContext; readonly zones: Map<string, number> },
): readonly Purchase[] => {
  const wants = left.map(({ want, unplaced }) => ({ ...want, count: unplaced }));
  const { parts } = problemOf(wants, { ...on.input, context: on.context });
  const bought = new Map<string, number>();
  for (const { buyable, count } of purchases)
    bought.set(buyable.pool.name, (bought.get(buyable.pool.name) ?? 0) + count);
  if (parts.length === 0) return [];
  const packed = packParts(parts, on.input, 0, limitsOf(on.input, bought));
  return purchasesOf(packed.result.best, packed, on.input, on.zones);
};

const leftoversOf = (plan: PackPlan, packed: Packed): ReadonlyMap<string, Leftover> => {
  const found = new Map<string, Leftover>();
  for (const { class: index, why } of plan.unplaced)
    for (const part of packed.keys[index]?.parts ?? []) found.set(part.runSpec.id, why);
  return found;
};

const hostsOf = (purchases: readonly Purchase[]): readonly Host[] =>
  purchases.flatMap(({ buyable, count }, nth) =>
    Array.from({ length: count }, (_, copy) =>
      boughtHost({ ...buyable, id: `bought-${String(nth).padStart(5, '0')}-${copy}` }),
    ),
  );

/** Turns a packing into purchases; where several zones of the same price would do, the emptiest zone is taken. */
const purchasesOf = (
  plan: PackPlan,
  packed: Packed,
  input: FitInput,
  zones: Map<string, number>,
): readonly Purchase[] => {
  const found = new Map<
    string,
    { buyable: Buyable; count: number; load: Resources; lanes: readonly number[] }
  >();
  for (const machine of plan.machines) {
    const load = machine.load.reduce(
      (sum, item) => add(sum, times(packed.keys[item.class]?.each ?? NOTHING, item.count)),
      NOTHING,
    );
    const lanes = common(machine.load.map((item) => packed.keys[item.class]?.lanes ?? []));
    const twins = twinsOf(machine.offering, lanes, input.market);
    for (let copy = 0; copy < machine.copies; copy += 1) {
      const buyable = emptiest(twins, zones);
      if (buyable === undefined) break;
      const key = `${buyable.lane}|${buyable.offering.shape}|${lanes.join(',')}`;
      const known = found.get(key) ?? { buyable, count: 0, load: NOTHING, lanes };
      found.set(key, { ...known, count: known.count + 1, load: largest(known.load, load) });
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

/** The same shape of the same pool and market at the same price in every zone that the load allows. */
const twinsOf = (index: number, lanes: readonly number[], market: Market): readonly Buyable[] => {
  const own = market.buyables[index];
  if (own === undefined) return [];
  return market.buyables.filter(
    ({ pool, offering, lane }) =>
      pool.name === own.pool.name &&
      offering.shape === own.offering.shape &&
      offering.market === own.offering.market &&
      offering.usdPerHour === own.offering.usdPerHour &&
      (lane === own.lane || lanes.includes(lane)),
  );
};

const emptiest = (twins: readonly Buyable[], zones: Map<string, number>): Buyable | undefined => {
  const loadOf = ({ pool, offering }: Buyable): number => zones.get(`${pool.name}|${offering.zone}`) ?? 0;
  const chosen = twins.reduce<Buyable | undefined>(
    (best, twin) => (best === undefined || loadOf(twin) < loadOf(best) ? twin : best),
    undefined,
  );
  if (chosen !== undefined) zones.set(`${chosen.pool.name}|${chosen.offering.zone}`, loadOf(chosen) + 1);
  return chosen;
};
