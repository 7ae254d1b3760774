// From the caller's problem to the bag and back. Everything is put in an order that depends on values alone and equal
// classes become one, so that however the same tasks and offerings are listed, the same machines come out.
import { DIMENSIONS, fits, type Resources } from '../model/resources';
import type { Bag, Draft, Group } from './bag';
import { at, nth } from './cells';
import { binding, limitsOver, type Mask, representative, undominated } from './prune';
import type { PackedMachine, PackPlan, PackProblem, TaskClass, Unplaced } from './problem';

export type Canonical = {
  readonly bag: Bag;
  /** The problem's classes behind each class of the bag, with what each brings. */
  readonly members: readonly (readonly { readonly index: number; readonly count: number }[])[];
  /** The problem's offering behind each type of the bag. */
  readonly offerings: readonly number[];
  /** For each type, the limits that count it. */
  readonly under: readonly (readonly number[])[];
  readonly unfit: readonly Unplaced[];
  /** Some sizes were left out: plans of this bag are plans, but its bounds are none. */
  readonly isReduced: boolean;
};

/** @param limited whether limits may bind: more offerings are then worth keeping.
 *  @param sizes for a bound nothing may be left out. */
export const canonical = (
  problem: PackProblem,
  limited: 'limited' | 'unlimited',
  sizes: 'all' | 'representative' = 'representative',
): Canonical => {
  const masks = new Map<Mask, number>();
  for (const { allowed } of problem.classes) if (!masks.has(allowed)) masks.set(allowed, masks.size);
  const under = limitsOver(problem.offerings.length, limited === 'limited' ? problem.limits : []);
  const all = undominated(problem.offerings, [...masks.keys()], under);
  const kept =
    sizes === 'all' ? all : representative(all, problem.offerings, [...masks.keys()], problem.classes.length);
  const { entries, unfit } = entriesOf(problem, kept);
  const rows = merged(entries);
  const members = rows.map((row) => row.map(({ index, source }) => ({ index, count: source.count })));
  return {
    bag: bagOf(rows, problem, kept),
    members,
    offerings: kept,
    under: kept.map((index) => under[index] ?? []),
    unfit,
    isReduced: kept.length < all.length,
  };
};

type Entry = {
  readonly index: number;
  readonly source: TaskClass;
  readonly cap: number;
  /** Which kept offerings it can use, as one letter each. */
  readonly mask: string;
  readonly group: string | undefined;
  /** What the whole group looks like: orders classes that are equal but for their group. */
  readonly company: string;
};

const entriesOf = (
  problem: PackProblem,
  kept: readonly number[],
): { entries: Entry[]; unfit: Unplaced[] } => {
  const unfit: Unplaced[] = [];
  const entries: Entry[] = [];
  const groups = new Map<string, { size: number; cap: number; looks: string[] }>();
  const texts = new Map<Mask, string>();
  const found = problem.classes.map((source) => {
    const mask = maskText(source.allowed, kept, texts);
    if (source.group === undefined || !(source.count > 0)) return mask;
    const group = groups.get(source.group) ?? { size: 0, cap: Infinity, looks: [] };
    group.size += 1;
    group.cap = Math.min(group.cap, Math.floor(source.perHost));
    group.looks.push(`${needText(source.need)}*${source.count}@${mask}`);
    groups.set(source.group, group);
    return mask;
  });
  for (const group of groups.values()) group.looks.sort();
  problem.classes.forEach((source, index) => {
    if (!(source.count > 0)) return;
    const group = source.group === undefined ? undefined : groups.get(source.group);
    const cap = group === undefined ? Math.floor(source.perHost) : group.cap;
    const mask = found[index] ?? '';
    if (!(cap >= 1) || !fitsSome(source.need, mask, kept, problem)) {
      unfit.push({ class: index, count: source.count, why: 'fits-nothing' });
      return;
    }
    const isShared = group !== undefined && group.size > 1 && cap < Infinity;
    entries.push({
      index,
      source,
      cap,
      mask,
      group: isShared ? source.group : undefined,
      company: isShared ? group.looks.join(';') : '',
    });
  });
  return { entries, unfit };
};

const needText = (need: Resources): string => DIMENSIONS.map((dimension) => need[dimension]).join(',');

const maskText = (mask: Mask, kept: readonly number[], known: Map<Mask, string>): string => {
  const found = known.get(mask);
  if (found !== undefined) return found;
  const letters = kept.map((index) => (mask === undefined || mask[index] === true ? '1' : '0')).join('');
  known.set(mask, letters);
  return letters;
};

const fitsSome = (need: Resources, mask: string, kept: readonly number[], problem: PackProblem): boolean =>
  kept.some((index, type) => {
    const offering = problem.offerings[index];
    return mask[type] === '1' && offering !== undefined && fits(need, offering.room);
  });

/** Largest first; equal classes that no cap tells apart become one row. */
const merged = (entries: readonly Entry[]): readonly (readonly Entry[])[] => {
  const order = [...entries].sort(compareEntries);
  const rows: Entry[][] = [];
  for (const entry of order) {
    const row = rows.at(-1);
    const last = row?.[0];
    if (row !== undefined && last !== undefined && last.cap === Infinity && isSameShape(last, entry))
      row.push(entry);
    else rows.push([entry]);
  }
  return rows;
};

const isSameShape = (a: Entry, b: Entry): boolean =>
  a.cap === b.cap &&
  a.mask === b.mask &&
  a.group === b.group &&
  DIMENSIONS.every((dimension) => a.source.need[dimension] === b.source.need[dimension]);

const compareText = (a: string, b: string): number => {
  if (a === b) return 0;
  return a < b ? -1 : 1;
};

const compareEntries = (a: Entry, b: Entry): number => {
  for (const dimension of DIMENSIONS) {
    const difference = b.source.need[dimension] - a.source.need[dimension];
    if (difference !== 0) return difference;
  }
  if (a.cap !== b.cap) return a.cap < b.cap ? -1 : 1;
  return (
    compareText(a.mask, b.mask) ||
    compareText(a.company, b.company) ||
    compareText(a.group ?? '', b.group ?? '') ||
    b.source.count - a.source.count ||
    a.index - b.index
  );
};

/** The lowest price that the searches see: they divide by it. */
const NEXT_TO_NOTHING = 1e-9;

const bagOf = (rows: readonly (readonly Entry[])[], problem: PackProblem, kept: readonly number[]): Bag => {
  const heads = rows.flatMap((row) => row.slice(0, 1));
  const offers = kept.flatMap((index) => problem.offerings.slice(index, index + 1));
  const dimensions = binding(
    heads.map(({ source }) => source.need),
    offers.map(({ room }) => room),
  );
  const counters = new Map<string, number>();
  const counterCap: number[] = [];
  for (const { group, cap } of heads) {
    if (group === undefined || counters.has(group)) continue;
    counters.set(group, counters.size);
    counterCap.push(cap);
  }
  const need = Float64Array.from(
    heads.flatMap(({ source }) => dimensions.map((dimension) => source.need[dimension])),
  );
  const room = Float64Array.from(
    offers.flatMap((offer) => dimensions.map((dimension) => offer.room[dimension])),
  );
  const count = Float64Array.from(rows, (row) => row.reduce((sum, { source }) => sum + source.count, 0));
  const size = { dims: dimensions.length, classes: heads.length, types: offers.length };
  return {
    ...size,
    need,
    count,
    cap: Float64Array.from(heads, ({ cap }) => cap),
    counter: Float64Array.from(heads, ({ group }) =>
      group === undefined ? -1 : (counters.get(group) ?? -1),
    ),
    counterCap: Float64Array.from(counterCap),
    room,
    price: Float64Array.from(offers, ({ usdPerHour }) => Math.max(usdPerHour, NEXT_TO_NOTHING)),
    most: mostOf(heads, size, { need, room, count }),
  };
};

const mostOf = (
  heads: readonly Entry[],
  size: { readonly dims: number; readonly types: number },
  table: { readonly need: Float64Array; readonly room: Float64Array; readonly count: Float64Array },
): Float64Array => {
  const { dims, types } = size;
  const most = new Float64Array(heads.length * types);
  heads.forEach(({ cap, mask }, index) => {
    for (let type = 0; type < types; type += 1) {
      if (mask[type] !== '1') continue;
      let fit = Math.min(cap, at(table.count, index));
      for (let dim = 0; dim < dims; dim += 1) {
        const each = at(table.need, index * dims + dim);
        if (each * fit > at(table.room, type * dims + dim))
          fit = Math.floor(at(table.room, type * dims + dim) / each);
      }
      most[index * types + type] = fit;
    }
  });
  return most;
};

/** A draft in the caller's terms. Classes that were one row are dealt out in the order of the input. */
export const toPlan = (draft: Draft, from: Canonical, problem: PackProblem): PackPlan => {
  const stacks = from.members.map((row) => row.map((member) => ({ ...member })));
  const machines = draft.groups.flatMap((group) =>
    dealt(group, stacks, nth(from.offerings, group.pattern.type)),
  );
  const unplaced = [...from.unfit];
  for (const stack of stacks)
    for (const { index, count } of stack) if (count > 0) unplaced.push({ class: index, count, why: 'limit' });
  return {
    rule: draft.rule,
    machines,
    unplaced: unplaced.sort((a, b) => a.class - b.class),
    usdPerHour: machines.reduce(
      (sum, { offering, copies }) => sum + copies * (problem.offerings[offering]?.usdPerHour ?? 0),
      0,
    ),
  };
};

type Stack = { readonly index: number; count: number }[];

const dealt = (group: Group, stacks: readonly Stack[], offering: number): readonly PackedMachine[] => {
  const machines: PackedMachine[] = [];
  for (let left = group.copies; left > 0; ) {
    const run = sameFor(group, stacks, left);
    const load = group.pattern.classes.flatMap((row, slot) =>
      take(stacks[row] ?? [], nth(group.pattern.counts, slot), run),
    );
    machines.push({ offering, copies: run, load: load.sort((a, b) => a.class - b.class) });
    left -= run;
  }
  return machines;
};

/** How many copies in a row can be filled from the same members. */
const sameFor = (group: Group, stacks: readonly Stack[], left: number): number => {
  let run = left;
  group.pattern.classes.forEach((row, slot) => {
    const each = nth(group.pattern.counts, slot);
    const front = stacks[row]?.find(({ count }) => count > 0)?.count ?? 0;
    run = Math.min(run, Math.max(1, Math.floor(front / each)));
  });
  return run;
};

const take = (stack: Stack, each: number, copies: number): { class: number; count: number }[] => {
  const load: { class: number; count: number }[] = [];
  let wanted = each;
  for (const member of stack) {
    const part = copies > 1 ? (member.count > 0 ? wanted : 0) : Math.min(wanted, member.count);
    if (part === 0) continue;
    member.count -= part * copies;
    wanted -= part;
    load.push({ class: member.index, count: part });
    if (wanted === 0) break;
  }
  return load;
};
