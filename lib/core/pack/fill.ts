// Filling one machine by score: always the task that goes best with what is left of the machine.
import { type Bag, type Filling, openMachine, type Pattern, putIn, roomFor } from './bag';
import { at, bump } from './cells';

/** Panigrahy, Talwar, Uyeda and Wieder's two scores for vector bin packing (2011): the product of need and room left,
 *  or the smallest rest. Expanded, both are the product less a share of the need's own square. */
export type Score = 'dot-product' | 'smallest-rest';

type Ready = {
  readonly type: number;
  readonly open: Float64Array;
  /** Shares of the whole machine times the dimension's weight, by class and dimension. */
  readonly share: Float64Array;
  readonly square: Float64Array;
};

/** Takes one task at a time, always the one that scores best against the room left. */
export const scoreFiller = (bag: Bag, score: Score): ((type: number, remaining: Float64Array) => Pattern) => {
  const weights = demandWeights(bag);
  const known: (Ready | undefined)[] = [];
  const filling: Filling = {
    room: new Float64Array(bag.dims),
    under: new Float64Array(bag.counterCap.length),
    classes: [],
    counts: [],
  };
  const left = new Float64Array(bag.classes);
  return (type, remaining) => {
    const ready = known[type] ?? readyFor(bag, type, weights, score);
    known[type] = ready;
    openMachine(bag, type, filling);
    left.set(remaining);
    fillBest(bag, ready, left, filling);
    return { type, classes: filling.classes, counts: filling.counts };
  };
};

const readyFor = (bag: Bag, type: number, weights: Float64Array, score: Score): Ready => {
  const { dims, classes } = bag;
  const share = new Float64Array(classes * dims);
  const square = new Float64Array(classes);
  for (let index = 0; index < classes; index += 1)
    for (let dim = 0; dim < dims; dim += 1) {
      const part = at(bag.need, index * dims + dim) / Math.max(1e-9, at(bag.room, type * dims + dim));
      share[index * dims + dim] = part * at(weights, dim);
      if (score === 'smallest-rest') bump(square, index, 0.5 * at(weights, dim) * part * part);
    }
  return { type, open: new Float64Array(classes), share, square };
};

const fillBest = (bag: Bag, ready: Ready, left: Float64Array, filling: Filling): void => {
  const { dims } = bag;
  const { open, share, square, type } = ready;
  const fraction = new Float64Array(dims);
  let size = 0;
  for (let index = 0; index < bag.classes; index += 1) {
    if (at(left, index) <= 0 || at(bag.most, index * bag.types + type) <= 0) continue;
    open[size] = index;
    size += 1;
  }
  for (;;) {
    for (let dim = 0; dim < dims; dim += 1)
      fraction[dim] = at(filling.room, dim) / Math.max(1e-9, at(bag.room, type * dims + dim));
    let best = -Infinity;
    let chosen = -1;
    let kept = 0;
    for (let place = 0; place < size; place += 1) {
      const index = at(open, place);
      if (at(left, index) <= 0 || !canTake(bag, index, type, filling)) continue;
      open[kept] = index;
      kept += 1;
      let sum = -at(square, index);
      for (let dim = 0; dim < dims; dim += 1) sum += at(fraction, dim) * at(share, index * dims + dim);
      if (sum <= best) continue;
      best = sum;
      chosen = index;
    }
    if (chosen < 0) return;
    putIn(bag, chosen, 1, filling);
    bump(left, chosen, -1);
    size = kept;
  }
};

const canTake = (bag: Bag, index: number, type: number, filling: Filling): boolean => {
  const base = index * bag.dims;
  for (let dim = 0; dim < bag.dims; dim += 1)
    if (at(bag.need, base + dim) > at(filling.room, dim)) return false;
  return at(bag.cap, index) === Infinity || roomFor(bag, index, type, filling) > 0;
};

/** The weight of each dimension: how much of the market's average machine the whole demand asks of it. */
const demandWeights = (bag: Bag): Float64Array => {
  const weights = new Float64Array(bag.dims);
  for (let dim = 0; dim < bag.dims; dim += 1) {
    let room = 0;
    for (let type = 0; type < bag.types; type += 1)
      room += at(bag.room, type * bag.dims + dim) / at(bag.price, type);
    for (let index = 0; index < bag.classes; index += 1)
      bump(
        weights,
        dim,
        (at(bag.need, index * bag.dims + dim) * at(bag.count, index)) / Math.max(1e-9, room),
      );
  }
  return weights;
};
