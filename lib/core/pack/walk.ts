// Largest first, through many classes at once. What cannot fit any more because it is too large is jumped over by
// bisection, what is used up is skipped for good, and the walk ends where nothing that follows is small enough.
import { type Bag, type Filling, openMachine, type Pattern, putIn, roomFor } from './bag';
import { at, nth } from './cells';

export type Walk = {
  readonly order: readonly number[];
  /** By place in the order: the largest share of the reference room that one task takes. Falls. */
  readonly size: Float64Array;
  /** By place and dimension: the smallest need from here on. */
  readonly least: Float64Array;
  /** By place: a place at or after it that may still have tasks. */
  readonly next: Float64Array;
  readonly reference: Float64Array;
};

/** First-fit-decreasing's order, by shares of the reference room. */
export const walkBySize = (bag: Bag, reference: Float64Array): Walk => {
  const { dims } = bag;
  const share = new Float64Array(bag.classes);
  for (let index = 0; index < bag.classes; index += 1)
    for (let dim = 0; dim < dims; dim += 1)
      share[index] = Math.max(
        at(share, index),
        at(bag.need, index * dims + dim) / Math.max(1e-9, at(reference, dim)),
      );
  const order = [...share.keys()].sort((a, b) => at(share, b) - at(share, a) || a - b);
  const least = new Float64Array((order.length + 1) * dims).fill(Infinity);
  for (let place = order.length - 1; place >= 0; place -= 1)
    for (let dim = 0; dim < dims; dim += 1) {
      const need = at(bag.need, nth(order, place) * dims + dim);
      least[place * dims + dim] = Math.min(need, at(least, (place + 1) * dims + dim));
    }
  return {
    order,
    size: Float64Array.from(order, (index) => at(share, index)),
    least,
    next: Float64Array.from({ length: order.length + 1 }, (_, place) => place),
    reference,
  };
};

/** The first class in the order of which something remains; -1 when nothing does. */
export const headOf = (walk: Walk, remaining: Float64Array): number => {
  const place = alive(walk, 0, remaining);
  return place < walk.order.length ? nth(walk.order, place) : -1;
};

/** Classes in a row that do not fit before the machine counts as full: only where there are very many. */
const PATIENCE = 1000;

/** Takes as many of each class as fit, largest first. */
export const fillByWalk = (
  bag: Bag,
  type: number,
  walk: Walk,
  from: { readonly remaining: Float64Array; readonly filling: Filling },
): Pattern => {
  const { remaining, filling } = from;
  const end = walk.order.length;
  openMachine(bag, type, filling);
  let largest = roomShare(bag, walk, filling.room);
  let misses = 0;
  for (let place = alive(walk, 0, remaining); place < end; place = alive(walk, place + 1, remaining)) {
    if (at(walk.size, place) > largest) {
      place = alive(walk, firstAtMost(walk, place, largest), remaining);
      if (place >= end) break;
    }
    if (misses > PATIENCE || isTooSmall(bag, walk, place, filling.room)) break;
    const index = nth(walk.order, place);
    const count = Math.min(at(remaining, index), roomFor(bag, index, type, filling));
    misses = count > 0 ? 0 : misses + 1;
    if (count <= 0) continue;
    putIn(bag, index, count, filling);
    largest = roomShare(bag, walk, filling.room);
  }
  return { type, classes: filling.classes, counts: filling.counts };
};

const alive = (walk: Walk, from: number, remaining: Float64Array): number => {
  const { next, order } = walk;
  let place = from;
  while (place < order.length) {
    const jump = at(next, place);
    if (jump > place) place = jump;
    else if (at(remaining, nth(order, place)) > 0) break;
    else place += 1;
  }
  for (let back = from; back < place; ) {
    const following = Math.max(back + 1, at(next, back));
    next[back] = place;
    back = following;
  }
  return place;
};

const roomShare = (bag: Bag, walk: Walk, room: Float64Array): number => {
  if (bag.dims === 0) return Infinity;
  let share = 0;
  for (let dim = 0; dim < bag.dims; dim += 1)
    share = Math.max(share, at(room, dim) / Math.max(1e-9, at(walk.reference, dim)));
  return share;
};

const firstAtMost = (walk: Walk, from: number, share: number): number => {
  let low = from;
  let high = walk.order.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (at(walk.size, middle) > share) low = middle + 1;
    else high = middle;
  }
  return low;
};

const isTooSmall = (bag: Bag, walk: Walk, place: number, room: Float64Array): boolean => {
  for (let dim = 0; dim < bag.dims; dim += 1)
    if (at(room, dim) < at(walk.least, place * bag.dims + dim)) return true;
  return false;
};
