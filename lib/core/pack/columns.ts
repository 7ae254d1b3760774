// Column generation: the best fractional mix of machine loads, found without listing all loads. The master covers the
// demand with the loads known so far; its duals say what a task is worth; each type is searched for a load worth more
// than its price; and so on until none is found. Whatever the searches left open, Farley's bound holds: scale the worths
// down until no load of any type can be worth more than its price, and the demand is worth at least that.
import { type Bag, type Pattern, repeats } from './bag';
import { at, nth } from './cells';
import { type Dice, diceOf } from './dice';
import { isSpent, type Meter, spend } from './meter';
import { priced, pricedAskew, type Pricer, pricerOf } from './pricing';
import {
  addColumn,
  type Column,
  dualValue,
  levels,
  type Master,
  reducedCost,
  solve,
  startMaster,
} from './simplex';

export type Relaxation = {
  /** Cost of the mix over the loads known. */
  readonly value: number;
  readonly duals: Float64Array;
  /** All loads known. */
  readonly pool: readonly Pattern[];
  readonly mix: readonly { readonly pattern: Pattern; readonly level: number }[];
  /** No plan is cheaper. */
  readonly farley: number;
  /** Every search was exhausted: the mix is the cheapest there is. */
  readonly isProven: boolean;
};

type Generation = {
  readonly bag: Bag;
  readonly master: Master;
  readonly pool: Pattern[];
  readonly pricer: Pricer;
  readonly dice: Dice;
  /** Rounds that each type still sleeps because its last search found nothing. */
  readonly sleep: Float64Array;
  /** Nodes for each type's search. */
  readonly nodes: Float64Array;
  readonly worths: Float64Array;
  /** Types whose last search was not exhausted. */
  readonly early: Set<number>;
  farley: number;
  isProven: boolean;
};

const NODES = 1500;
const MOST_NODES = 200_000;
/** How much of the last worths is kept: duals that jump about make loads that are soon useless. */
const KEPT = 0.6;

/** @param start worths to begin with, and loads that are known to be good. */
export const generate = (
  bag: Bag,
  start: { readonly values: Float64Array; readonly seeds: readonly Pattern[] },
  meter: Meter,
): Relaxation => {
  const generation = begin(bag, start);
  const { master, pool } = generation;
  for (;;) {
    solve(master, meter);
    if (isSpent(meter) || isOptimal(generation, meter)) break;
  }
  const mix = levels(master).flatMap(({ column, level }) => {
    const pattern = pool[column];
    return pattern === undefined ? [] : [{ pattern, level }];
  });
  const { farley, isProven } = generation;
  return {
    value: dualValue(master),
    duals: Float64Array.from(master.duals, (dual) => Math.max(0, dual)),
    pool,
    mix,
    farley,
    isProven,
  };
};

const begin = (
  bag: Bag,
  start: { readonly values: Float64Array; readonly seeds: readonly Pattern[] },
): Generation => {
  const own = Array.from({ length: bag.classes }, (_, index) => alone(bag, index));
  const seeds = start.seeds.filter((pattern) => repeats(pattern, bag.count) >= 1);
  const pool = [...own, ...seeds];
  const columns = pool.map((pattern) => columnOf(bag, pattern));
  const master = startMaster(bag.count, columns.slice(0, bag.classes));
  master.columns.push(...columns.slice(bag.classes));
  return {
    bag,
    master,
    pool,
    pricer: pricerOf(bag),
    dice: diceOf(bag.count),
    sleep: new Float64Array(bag.types),
    nodes: new Float64Array(bag.types).fill(NODES),
    worths: Float64Array.from(start.values),
    early: new Set(),
    farley: 0,
    isProven: false,
  };
};

/** The cheapest way to run a class by itself. */
const alone = (bag: Bag, index: number): Pattern => {
  let best: Pattern = { type: 0, classes: [index], counts: [1] };
  let cost = Infinity;
  for (let type = 0; type < bag.types; type += 1) {
    const count = Math.min(at(bag.most, index * bag.types + type), at(bag.count, index));
    if (count < 1 || at(bag.price, type) / count >= cost) continue;
    cost = at(bag.price, type) / count;
    best = { type, classes: [index], counts: [count] };
  }
  return best;
};

const columnOf = (bag: Bag, pattern: Pattern): Column => ({
  price: at(bag.price, pattern.type),
  rows: pattern.classes,
  counts: pattern.counts,
});

/** One or more passes over the types; true when nothing more can be found. */
const isOptimal = (generation: Generation, meter: Meter): boolean => {
  const { bag, master, worths, sleep, nodes } = generation;
  for (let index = 0; index < bag.classes; index += 1)
    worths[index] = KEPT * at(worths, index) + (1 - KEPT) * Math.max(0, at(master.duals, index));
  spend(meter, bag.classes);
  if (pass(generation, meter) > 0) return false;
  for (let index = 0; index < bag.classes; index += 1) worths[index] = Math.max(0, at(master.duals, index));
  for (let round = 0; !isSpent(meter); round += 1) {
    sleep.fill(0);
    const found = pass(generation, meter);
    if (found > 0) {
      if (round > 0) nodes.fill(NODES);
      return false;
    }
    if (generation.isProven || !deepen(generation)) return true;
  }
  return true;
};

/** More nodes for the searches that ended early; false when they have had all they may. */
const deepen = ({ nodes, early }: Generation): boolean => {
  let isDeeper = false;
  for (const type of early) {
    if (at(nodes, type) >= MOST_NODES) continue;
    nodes[type] = Math.min(MOST_NODES, at(nodes, type) * 8);
    isDeeper = true;
  }
  return isDeeper;
};

/** Searches every type that is awake and adds what would help; returns how many loads were added. */
const pass = (generation: Generation, meter: Meter): number => {
  const { bag, worths, sleep } = generation;
  let added = 0;
  let ratio = 0;
  let isComplete = true;
  let isExhausted = true;
  for (let type = 0; type < bag.types; type += 1) {
    if (at(sleep, type) > 0 || isSpent(meter)) {
      sleep[type] = at(sleep, type) - 1;
      isComplete = false;
      continue;
    }
    const search = searched(generation, type, meter);
    added += search.added;
    ratio = Math.max(ratio, search.upper / at(bag.price, type));
    isExhausted &&= search.isExhausted;
    if (search.isExhausted) generation.early.delete(type);
    else generation.early.add(type);
    if (search.added === 0) sleep[type] = 3;
  }
  if (isComplete && ratio > 0) {
    let value = 0;
    for (let index = 0; index < bag.classes; index += 1) value += at(worths, index) * at(bag.count, index);
    generation.farley = Math.max(generation.farley, value / ratio);
    generation.isProven = isExhausted && added === 0 && ratio <= 1 + 2 * EPSILON;
  }
  return added;
};

const EPSILON = 1e-7;

const searched = (
  generation: Generation,
  type: number,
  meter: Meter,
): { readonly added: number; readonly upper: number; readonly isExhausted: boolean } => {
  const { bag, pricer, worths, nodes, dice } = generation;
  const above = at(bag.price, type) * (1 + EPSILON);
  const ask = { above, nodes: at(nodes, type), meter };
  const first = priced(pricer, type, worths, ask);
  let added = offer(generation, first.pattern);
  for (let askew = 0; askew < 2 && !first.isExhausted && added === 0; askew += 1)
    added += offer(generation, pricedAskew(pricer, type, worths, { ...ask, dice }));
  return { added, upper: first.upper, isExhausted: first.isExhausted };
};

/** Adds a load that pays at the master's own duals. */
const offer = ({ bag, master, pool }: Generation, pattern: Pattern | undefined): number => {
  if (pattern === undefined) return 0;
  const column = columnOf(bag, pattern);
  if (reducedCost(column, master.duals) >= -1e-7 * column.price) return 0;
  addColumn(master, column);
  pool.push(pattern);
  return 1;
};

/** A known load without what is no longer wanted of it; undefined when nothing is left. */
export const trimmed = (pattern: Pattern, wanted: Float64Array): Pattern | undefined => {
  const classes: number[] = [];
  const counts: number[] = [];
  pattern.classes.forEach((index, slot) => {
    const count = Math.min(nth(pattern.counts, slot), at(wanted, index));
    if (count <= 0) return;
    classes.push(index);
    counts.push(count);
  });
  return classes.length === 0 ? undefined : { type: pattern.type, classes, counts };
};
