// From a plan for means to machines with real tasks: slot by slot the task nearest to the room left less the means
// still to come. What finds no slot goes into gaps, best fit first.
import {
  type Bag,
  draftOf,
  type Draft,
  emptyFilling,
  type Filling,
  type Group,
  openMachine,
  putIn,
  roomFor,
} from './bag';
import { at, bump, nth } from './cells';
import type { Coarse } from './coarse';
import { type Meter, spend } from './meter';

/** Machines for what the coarse plan places; the draft's `left` is what found neither slot nor gap. */
export const realised = (bag: Bag, coarse: Coarse, plan: readonly Group[], meter: Meter): Draft => {
  const remaining = Float64Array.from(bag.count);
  const stocks = coarse.members.map((members) => [...members]);
  const machines: { type: number; filling: Filling }[] = [];
  for (const { pattern, copies } of plan) {
    const slots = slotsOf(coarse.bag, pattern);
    for (let copy = 0; copy < copies; copy += 1) {
      const filling = emptyFilling(bag);
      openMachine(bag, pattern.type, filling);
      fillSlots({ bag, coarse, stocks, remaining, meter }, pattern.type, slots, filling);
      machines.push({ type: pattern.type, filling });
    }
  }
  fillGaps(bag, machines, remaining, meter);
  const groups = machines.flatMap(({ type, filling }) =>
    filling.classes.length === 0
      ? []
      : [{ pattern: { type, classes: filling.classes, counts: filling.counts }, copies: 1 }],
  );
  return draftOf(bag, 'columns', groups);
};

/** One entry for each task, largest mean first: small ones fit the last of the room. */
const slotsOf = (bag: Bag, pattern: Group['pattern']): readonly number[] => {
  const size = (index: number): number => {
    let share = 0;
    for (let dim = 0; dim < bag.dims; dim += 1)
      share +=
        at(bag.need, index * bag.dims + dim) / Math.max(1e-9, at(bag.room, pattern.type * bag.dims + dim));
    return share;
  };
  return pattern.classes
    .flatMap((index, slot) => Array.from({ length: nth(pattern.counts, slot) }, () => index))
    .sort((a, b) => size(b) - size(a) || a - b);
};

type Stock = {
  readonly bag: Bag;
  readonly coarse: Coarse;
  /** Fine classes of each coarse one that may still have tasks. */
  readonly stocks: number[][];
  readonly remaining: Float64Array;
  readonly meter: Meter;
};

const fillSlots = (stock: Stock, type: number, slots: readonly number[], filling: Filling): void => {
  const { bag, coarse, remaining } = stock;
  const toCome = new Float64Array(bag.dims);
  for (const part of slots)
    for (let dim = 0; dim < bag.dims; dim += 1) bump(toCome, dim, at(coarse.bag.need, part * bag.dims + dim));
  for (const part of slots) {
    for (let dim = 0; dim < bag.dims; dim += 1)
      bump(toCome, dim, -at(coarse.bag.need, part * bag.dims + dim));
    const chosen = nearest(stock, { part, type }, toCome, filling);
    if (chosen < 0) continue;
    putIn(bag, chosen, 1, filling);
    bump(remaining, chosen, -1);
  }
};

const nearest = (
  stock: Stock,
  slot: { readonly part: number; readonly type: number },
  toCome: Float64Array,
  filling: Filling,
): number => {
  const { bag, stocks, remaining, meter } = stock;
  const list = stocks[slot.part] ?? [];
  let best = -1;
  let least = Infinity;
  let kept = 0;
  for (let place = 0; place < list.length; place += 1) {
    const index = nth(list, place);
    if (at(remaining, index) <= 0) continue;
    list[kept] = index;
    kept += 1;
    let distance = 0;
    for (let dim = 0; dim < bag.dims; dim += 1) {
      const need = at(bag.need, index * bag.dims + dim);
      const room = at(filling.room, dim);
      const off = (need - room + at(toCome, dim)) / Math.max(1e-9, at(bag.room, slot.type * bag.dims + dim));
      distance += need > room ? Infinity : off * off;
    }
    if (distance >= least || roomFor(bag, index, slot.type, filling) < 1) continue;
    least = distance;
    best = index;
  }
  list.length = kept;
  spend(meter, (kept + 1) * (bag.dims + 2));
  return best;
};

/** Largest first, each into the machine that it fills best. */
const fillGaps = (
  bag: Bag,
  machines: readonly { readonly type: number; readonly filling: Filling }[],
  remaining: Float64Array,
  meter: Meter,
): void => {
  const left: number[] = [];
  remaining.forEach((count, index) => {
    if (count > 0) left.push(index);
  });
  const size = (index: number): number => {
    let share = 0;
    for (let dim = 0; dim < bag.dims; dim += 1)
      share = Math.max(share, at(bag.need, index * bag.dims + dim) / Math.max(1e-9, at(bag.room, dim)));
    return share;
  };
  for (const index of left.sort((a, b) => size(b) - size(a) || a - b)) {
    while (at(remaining, index) > 0) {
      const machine = tightest(bag, machines, index);
      spend(meter, machines.length * (bag.dims + 2));
      if (machine === undefined) break;
      putIn(bag, index, 1, machine.filling);
      bump(remaining, index, -1);
    }
  }
};

const tightest = <T extends { readonly type: number; readonly filling: Filling }>(
  bag: Bag,
  machines: readonly T[],
  index: number,
): T | undefined => {
  let best: T | undefined;
  let least = Infinity;
  for (const machine of machines) {
    let rest = 0;
    for (let dim = 0; dim < bag.dims; dim += 1) {
      const gap = at(machine.filling.room, dim) - at(bag.need, index * bag.dims + dim);
      rest += gap < 0 ? Infinity : gap / Math.max(1e-9, at(bag.room, machine.type * bag.dims + dim));
    }
    if (rest >= least || roomFor(bag, index, machine.type, machine.filling) < 1) continue;
    least = rest;
    best = machine;
  }
  return best;
};
