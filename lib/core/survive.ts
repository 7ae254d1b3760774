// What a packing is worth once Marathon has placed the tasks on it: the placement is simulated, what is left over is bought
// too, and what is too much is taken away again.
import type { Market } from './buyable';
import { boughtHost } from './hosts';
import { fits } from './model/resources';
import { placeByOffers } from './offer-rounds';
import type { PackPlan } from './pack/problem';
import { placeAll, type PlaceContext, type Placed, type Want } from './place';
import {
  type FitInput,
  type Leftover,
  leftoversOf,
  limitsOf,
  type Packed,
  packParts,
  problemOf,
  type Purchase,
  purchasesOf,
} from './purchase';
import { unplacedIn } from './settle-in';
import type { Part } from './split';
import { type Host, Supply } from './supply';
import { copyTally } from './tally';
import { thin } from './thin';

export type Survivor = {
  readonly purchases: readonly Purchase[];
  readonly placed: readonly Placed[];
  readonly leftovers: ReadonlyMap<string, Leftover>;
  readonly unplaced: number;
  readonly usdPerHour: number;
};

export const better = (a: Survivor, b: Survivor): boolean =>
  a.unplaced < b.unplaced || (a.unplaced === b.unplaced && a.usdPerHour < b.usdPerHour - 1e-9);

/** Rounds of buying what the placement leaves over; more than a few mean that the rest cannot be placed at all. */
const ROUNDS = 8;

/** What a packing costs once Marathon has placed the tasks on it. */
export const survive = (plan: PackPlan, packed: Packed, rest: readonly Want[], input: FitInput): Survivor => {
  const zones = new Map(input.zoneLoad);
  const context = { ...input.context, tally: copyTally(input.context.tally) };
  let { used: purchases, placed } = placeOn(purchasesOf(plan, packed, input, zones), rest, context);
  // What the first machines leave over goes to machines that are bought on top and register later.
  for (let round = 1; round < ROUNDS && unplacedIn(placed) > 0; round += 1) {
    const left = placed.filter((line) => line.unplaced > 0);
    const more = buyMore(left, purchases, { input, context, zones });
    if (more.length === 0) break;
    const wants = left.map(({ want, unplaced: count }) => ({ ...want, count }));
    const later = placeOn(more, wants, context, round);
    purchases = [...purchases, ...later.used];
    placed = merged(placed, later.placed);
  }
  const unplaced = unplacedIn(placed);
  if (unplaced === 0) {
    const places = (fewer: readonly Purchase[]): boolean =>
      unplacedIn(placeOn(fewer, rest, { ...input.context, tally: copyTally(input.context.tally) }).placed) ===
      0;
    purchases = thin(purchases, input.market, looksFor(rest, purchases, packed), places);
  }
  const usdPerHour = purchases.reduce(
    (sum, { buyable, count }) => sum + buyable.offering.usdPerHour * count,
    0,
  );
  return { purchases, placed, leftovers: leftoversOf(plan, packed), unplaced, usdPerHour };
};

/** The same wants with what a later placement added. */
const merged = (before: readonly Placed[], later: readonly Placed[]): readonly Placed[] => {
  const added = new Map(later.map((line) => [line.want.runSpec, line]));
  return before.map((line) => {
    const more = added.get(line.want.runSpec);
    if (more === undefined) return line;
    return { ...more, want: line.want, on: { ...line.on, bought: line.on.bought + more.on.bought } };
  });
};

type Outcome = {
  readonly placed: readonly Placed[];
  /** The purchases without the machines on which nothing was placed. */
  readonly used: readonly Purchase[];
};

/** The placement alone, on machines as they will be when they have registered. */
const placeOn = (
  purchases: readonly Purchase[],
  wants: readonly Want[],
  context: PlaceContext,
  batch = 0,
): Outcome => {
  const owner = new Map(purchases.flatMap((purchase, nth) => hostsOf(purchase, `${batch}-${nth}`)));
  const supply = new Supply([...owner.keys()]);
  const simulate = wants.length * supply.hosts.length > MOST_PAIRS ? placeAll : placeByOffers;
  const placed = simulate(supply, wants, context);
  const counts = new Map<Purchase, number>();
  supply.hosts.forEach((host, position) => {
    const purchase = owner.get(host);
    if (purchase !== undefined && supply.isUsed(position))
      counts.set(purchase, (counts.get(purchase) ?? 0) + 1);
  });
  const used = [...counts].map(([purchase, count]) =>
    count === purchase.count ? purchase : { ...purchase, count },
  );
  return { placed, used };
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
  const input = { ...on.input, market: nearby(on.input.market, purchases, parts) };
  const packed = packParts(parts, input, 0, limitsOf(input, bought));
  return purchasesOf(packed.result.best, packed, input, on.zones);
};

/** For a few tasks that are left over the shapes bought already will do, and the smallest that hold each of them: the
 *  whole catalogue would cost more time than it could save money. */
const nearby = (market: Market, purchases: readonly Purchase[], parts: readonly Part[]): Market => {
  const shapes = new Set(purchases.map(({ buyable }) => buyable.shape.name));
  const cheapest = [...market.buyables].sort((a, b) => a.offering.usdPerHour - b.offering.usdPerHour);
  for (const part of parts) {
    const own = cheapest.find(
      ({ lane, shape }) => part.lanes.includes(lane) && fits(part.each, shape.allocatable),
    );
    if (own !== undefined) shapes.add(own.shape.name);
  }
  return { ...market, buyables: market.buyables.filter(({ shape }) => shapes.has(shape.name)) };
};

/** Hosts of another batch bear other names: a constraint on the hostname must not take them for the first ones. */
const hostsOf = (purchase: Purchase, name: string): readonly (readonly [Host, Purchase])[] =>
  Array.from({ length: purchase.count }, (_, copy) => [
    boughtHost({ ...purchase.buyable, id: `bought-${name}-${copy}` }),
    purchase,
  ]);
