// One class by itself: the cheapest set of machines for n equal tasks is a small dynamic programme over n. It is the
// whole answer where only one app waits, which is the usual case, and a bound where several do.
import { type Bag, type Draft, draftOf, type Group } from './bag';
import { at } from './cells';

/** Cells of the table above which it is not made. */
const MOST_CELLS = 200_000;

export type Cover = {
  readonly price: number;
  /** How many machines of each type. */
  readonly machines: ReadonlyMap<number, number>;
};

/** The cheapest machines for all tasks of a class; undefined where there are too many to say. */
export const coverOf = (bag: Bag, index: number): Cover | undefined => {
  const count = at(bag.count, index);
  if (count * bag.types > MOST_CELLS) return undefined;
  const price = new Float64Array(count + 1).fill(Infinity);
  const chosen = new Float64Array(count + 1);
  price[0] = 0;
  for (let tasks = 1; tasks <= count; tasks += 1) {
    for (let type = 0; type < bag.types; type += 1) {
      const fit = at(bag.most, index * bag.types + type);
      const total = at(bag.price, type) + (fit > 0 ? at(price, Math.max(0, tasks - fit)) : Infinity);
      if (total >= at(price, tasks)) continue;
      price[tasks] = total;
      chosen[tasks] = type;
    }
  }
  const machines = new Map<number, number>();
  for (let tasks = count; tasks > 0; ) {
    const type = at(chosen, tasks);
    machines.set(type, (machines.get(type) ?? 0) + 1);
    tasks -= at(bag.most, index * bag.types + type);
  }
  return { price: at(price, count), machines };
};

/** The best plan there is for a bag of one class. */
export const oneClass = (bag: Bag): Draft | undefined => {
  const cover = bag.classes === 1 ? coverOf(bag, 0) : undefined;
  if (cover === undefined) return undefined;
  const groups: Group[] = [];
  let left = at(bag.count, 0);
  for (const [type, copies] of [...cover.machines].sort(([a], [b]) => b - a)) {
    const each = at(bag.most, type);
    const full = Math.min(copies, Math.floor(left / each));
    if (full > 0) groups.push({ pattern: { type, classes: [0], counts: [each] }, copies: full });
    left -= full * each;
    if (full === copies || left <= 0) continue;
    groups.push({ pattern: { type, classes: [0], counts: [left] }, copies: 1 });
    left = 0;
  }
  return draftOf(bag, 'exact', groups);
};
