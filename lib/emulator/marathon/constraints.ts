// Marathon's placement constraints (semantics §2.5). Written apart from the planner's on purpose: each is a check of
// the other.
import type { Constraint, Place } from '../../core/model/app';
import { attributeText } from '../../core/model/attributes';
import type { MarathonVersion } from '../settings';

/** How many considered instances stand at each value of each field that a constraint names. */
export type Placed = {
  readonly total: number;
  add(place: Place): void;
  remove(place: Place): void;
  /** Instances by value of the field; instances without a value are not in it. */
  by(field: string): ReadonlyMap<string, number>;
};

export const createPlaced = (constraints: readonly Constraint[]): Placed => {
  const fields = new Map(constraints.map(({ field }) => [field, new Map<string, number>()]));
  let total = 0;
  const change = (place: Place, by: 1 | -1): void => {
    total += by;
    for (const [field, counts] of fields) {
      const value = valueAt(field, place);
      if (value === undefined) continue;
      const count = (counts.get(value) ?? 0) + by;
      if (count > 0) counts.set(value, count);
      else counts.delete(value);
    }
  };
  return {
    get total() {
      return total;
    },
    add: (place) => change(place, 1),
    remove: (place) => change(place, -1),
    by: (field) => fields.get(field) ?? new Map<string, number>(),
  };
};

const valueAt = (field: string, place: Place): string | undefined => {
  switch (field) {
    case 'hostname':
    case '@hostname':
      return place.hostname;
    case '@region':
      return place.region;
    case '@zone':
      return place.zone;
    default: {
      const attribute = place.attributes[field];
      return attribute === undefined ? undefined : attributeText(attribute);
    }
  }
};

export type Rules = { readonly version: MarathonVersion; readonly target: number };

/** May one more instance stand at `place`? */
export const meetsConstraint = (
  constraint: Constraint,
  place: Place,
  placed: Placed,
  rules: Rules,
): boolean => {
  const here = valueAt(constraint.field, place);
  // What is not there refuses everything but UNLIKE.
  if (here === undefined) return constraint.operator === 'UNLIKE';
  const counts = placed.by(constraint.field);
  return CHECKS[constraint.operator]({
    here,
    wanted: constraint.value ?? '',
    own: counts.get(here) ?? 0,
    counts,
    total: placed.total,
    rules,
  });
};

type Question = {
  readonly here: string;
  readonly wanted: string;
  /** Instances at this value already. */
  readonly own: number;
  readonly counts: ReadonlyMap<string, number>;
  readonly total: number;
  readonly rules: Rules;
};

const CHECKS: Readonly<Record<Constraint['operator'], (question: Question) => boolean>> = {
  UNIQUE: ({ own }) => own === 0,
  CLUSTER: ({ here, wanted, own, total }) => (wanted === '' || here === wanted) && own === total,
  GROUP_BY: ({ here, wanted, counts, rules }) => groupBy(counts, here, Number.parseInt(wanted, 10), rules),
  LIKE: ({ here, wanted }) => matchesWhole(here, wanted),
  UNLIKE: ({ here, wanted }) => !matchesWhole(here, wanted),
  MAX_PER: ({ wanted, own }) => own < Number.parseInt(wanted, 10),
  IS: ({ here, wanted }) => here === scalarForm(wanted),
};

/** The text of a scalar attribute has at most three decimals and no trailing zero; so has what it is compared with. */
const scalarForm = (wanted: string): string =>
  /^[-+]?(\d+\.?\d*|\.\d+)$/.test(wanted) ? String(Math.round(Number(wanted) * 1000) / 1000) : wanted;

/** Java's String.matches. A pattern that is none is refused when an app is posted. */
const matchesWhole = (text: string, pattern: string): boolean => {
  try {
    return new RegExp(`^(?:${pattern})$`, 's').test(text);
  } catch {
    return false;
  }
};

const groupBy = (counts: ReadonlyMap<string, number>, here: string, value: number, rules: Rules): boolean => {
  const groups = Number.isNaN(value) ? 0 : value;
  return rules.version === '1.11'
    ? withinShare(counts, here, groups, rules.target)
    : smallestOrNew(counts, here, groups);
};

/** Until 1.10: a new value always, a known one when there are enough groups and it is a smallest. */
const smallestOrNew = (counts: ReadonlyMap<string, number>, here: string, groups: number): boolean => {
  const own = counts.get(here);
  if (own === undefined) return true;
  return counts.size >= groups && own === Math.min(...counts.values());
};

/** 1.11: at most N groups of n/N each, and one more for as many as the division leaves over. Without a value it
 *  divides by zero, and no offer is ever taken. */
const withinShare = (
  counts: ReadonlyMap<string, number>,
  here: string,
  groups: number,
  target: number,
): boolean => {
  if (groups <= 0) return false;
  const own = counts.get(here);
  if (own === undefined && counts.size >= groups) return false;
  const share = Math.floor(target / groups);
  const after = (own ?? 0) + 1;
  if (after <= share) return true;
  if (after > share + 1) return false;
  const larger = [...counts.values()].filter((count) => count > share).length;
  return larger < target % groups;
};
