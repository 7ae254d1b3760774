// Many different shapes become few: classes that may run on the same types are split, again and again along the
// dimension in which a part differs most, until few parts are left to plan with, each by its mean. Means, not maxima:
// a plan for maxima wastes 4-6 %, and what does not fit after all finds a gap. Caps are added up, shared ones
// forgotten: the realisation heeds them task by task.
import type { Bag } from './bag';
import { at, bump, nth } from './cells';

export type Coarse = {
  readonly bag: Bag;
  /** The fine classes behind each coarse one. */
  readonly members: readonly (readonly number[])[];
};

type Part = {
  readonly members: readonly number[];
  readonly spread: number;
  readonly dim: number;
  readonly mean: number;
};

/** @param into how many parts; more where more kinds of restrictions need them. */
export const coarsen = (bag: Bag, into: number): Coarse => {
  const scale = scaleOf(bag);
  const parts = alike(bag).map((members) => partOf(bag, members, scale));
  while (parts.length < into) {
    let widest = 0;
    parts.forEach(({ spread }, index) => {
      if (spread > (parts[widest]?.spread ?? 0)) widest = index;
    });
    const part = parts[widest];
    if (part === undefined || part.spread <= 0) break;
    const value = (index: number): number => at(bag.need, index * bag.dims + part.dim);
    const low = part.members.filter((index) => value(index) <= part.mean);
    const high = part.members.filter((index) => value(index) > part.mean);
    if (low.length === 0 || high.length === 0) parts[widest] = { ...part, spread: 0 };
    else parts.splice(widest, 1, partOf(bag, low, scale), partOf(bag, high, scale));
  }
  const members = parts.map((part) => part.members);
  return { bag: bagOfMeans(bag, members), members };
};

/** The market's mean room: makes the dimensions comparable. */
const scaleOf = (bag: Bag): Float64Array => {
  const scale = new Float64Array(bag.dims);
  for (let type = 0; type < bag.types; type += 1)
    for (let dim = 0; dim < bag.dims; dim += 1)
      bump(scale, dim, at(bag.room, type * bag.dims + dim) / bag.types);
  return scale;
};

/** Classes that may run on exactly the same types. */
const alike = (bag: Bag): readonly (readonly number[])[] => {
  const found = new Map<string, number[]>();
  for (let index = 0; index < bag.classes; index += 1) {
    let key = '';
    for (let type = 0; type < bag.types; type += 1)
      key += at(bag.most, index * bag.types + type) > 0 ? '1' : '0';
    const list = found.get(key);
    if (list === undefined) found.set(key, [index]);
    else list.push(index);
  }
  return [...found.values()];
};

const partOf = (bag: Bag, members: readonly number[], scale: Float64Array): Part => {
  let best = { spread: 0, dim: 0, mean: 0 };
  for (let dim = 0; dim < bag.dims; dim += 1) {
    let [count, sum, squares] = [0, 0, 0];
    for (const index of members) {
      const value = at(bag.need, index * bag.dims + dim);
      const copies = at(bag.count, index);
      count += copies;
      sum += copies * value;
      squares += copies * value * value;
    }
    const spread = (squares - (sum * sum) / count) / at(scale, dim) ** 2;
    if (spread > best.spread + 1e-12) best = { spread, dim, mean: sum / count };
  }
  return { members, ...best };
};

const bagOfMeans = (bag: Bag, members: readonly (readonly number[])[]): Bag => {
  const { dims, types } = bag;
  const need = new Float64Array(members.length * dims);
  const count = new Float64Array(members.length);
  const cap = new Float64Array(members.length);
  members.forEach((row, part) => {
    for (const index of row) {
      bump(count, part, at(bag.count, index));
      bump(cap, part, at(bag.cap, index));
      for (let dim = 0; dim < dims; dim += 1)
        bump(need, part * dims + dim, at(bag.need, index * dims + dim) * at(bag.count, index));
    }
    for (let dim = 0; dim < dims; dim += 1)
      need[part * dims + dim] = at(need, part * dims + dim) / at(count, part);
  });
  const most = new Float64Array(members.length * types);
  members.forEach((row, part) => {
    for (let type = 0; type < types; type += 1) {
      if (at(bag.most, nth(row, 0) * types + type) === 0) continue;
      let fit = Math.min(at(cap, part), at(count, part));
      for (let dim = 0; dim < dims; dim += 1) {
        const each = at(need, part * dims + dim);
        if (each * fit > at(bag.room, type * dims + dim))
          fit = Math.floor(at(bag.room, type * dims + dim) / each);
      }
      most[part * types + type] = Math.max(1, fit);
    }
  });
  const counter = new Float64Array(members.length).fill(-1);
  return {
    ...bag,
    classes: members.length,
    need,
    count,
    cap,
    most,
    counter,
    counterCap: new Float64Array(0),
  };
};
