// Marathon's seven constraint operators, as its matcher applies them to an offer (Constraints.scala:95-200; semantics
// §2.5). A missing attribute or domain passes UNLIKE only. Which running instances are counted: those of the same app
// and the current version that are not lost; an UnreachableInactive one still counts.
import { attributeText } from './model/attributes';
import type { Constraint, Place, RunSpec, Task } from './model/app';

const LOST = ['Unreachable', 'Gone', 'Dropped', 'Unknown'];
/** Ended for good: such a task is listed for a while and is not placed any more. */
const ENDED = ['Killed', 'Failed', 'Finished', 'Error', 'Scheduled'];
const NOT_COUNTED: ReadonlySet<string> = new Set([...LOST, ...ENDED]);

/** Does Marathon count this task when it looks where the next instance of `runSpec` may go? */
export const isConsidered = (task: Task, runSpec: RunSpec): boolean =>
  task.runSpec === runSpec.id && task.version === runSpec.version && !NOT_COUNTED.has(task.condition);

export const isHostname = (field: string): boolean => field === 'hostname' || field === '@hostname';

/** True for fields of which every agent has its own value. */
export const isPerHost = (field: string): boolean => isHostname(field) || field === 'instance_id';

/** The text that a constraint on `field` compares; undefined where the place has no such field. */
export const fieldText = (field: string, place: Place): string | undefined => {
  if (isHostname(field)) return place.hostname;
  if (field === '@region') return place.region;
  if (field === '@zone') return place.zone;
  const value = Object.hasOwn(place.attributes, field) ? place.attributes[field] : undefined;
  return value === undefined ? undefined : attributeText(value);
};

/** Operators whose answer depends on where other instances are. */
export const isCounting = (constraint: Constraint): boolean =>
  constraint.operator === 'UNIQUE' ||
  constraint.operator === 'GROUP_BY' ||
  constraint.operator === 'MAX_PER' ||
  constraint.operator === 'CLUSTER';

/** Which of Marathon's two GROUP_BY rules, and how many instances the app wants (the 1.11 rule divides by it). */
export type CountingRule = { readonly groupBy: '1.10' | '1.11'; readonly instances: number };

/** Instances placed so far by the value of a counting constraint's field; a Map is one. */
export type Counts = {
  get(value: string): number | undefined;
  has(value: string): boolean;
  readonly size: number;
  values(): Iterable<number>;
};

/** Java's String.matches: the whole text. A pattern that does not compile matches nothing. */
const matchesWhole = (pattern: string, value: string): boolean => {
  try {
    return new RegExp(`^(?:${pattern})$`, 'u').test(value);
  } catch {
    return false;
  }
};

const wholeNumber = (value: string | undefined): number => {
  const parsed = Number(value ?? '');
  return Number.isInteger(parsed) ? parsed : 0;
};

/** Up to 1.10: a new value always passes; an old one when it is smallest and there are at least N values. */
const groupByOld = (value: string, wanted: number, counts: Counts): boolean => {
  const own = counts.get(value);
  if (own === undefined) return true;
  return counts.size >= wanted && own === Math.min(...counts.values());
};

/** 1.11: at most N values, each with n/N instances, the remainder one more each. */
const groupByNew = (value: string, wanted: number, counts: Counts, instances: number): boolean => {
  const own = counts.get(value);
  const share = Math.floor(instances / wanted);
  const remainder = instances % wanted;
  if (own === undefined) return counts.size < wanted;
  if (own < share) return true;
  const larger = [...counts.values()].filter((count) => count > share).length;
  return own === share && larger < remainder;
};

const clusterAccepts = (wanted: string, value: string, counts: Counts): boolean =>
  (wanted === '' || wanted === value) && (counts.size === 0 || (counts.size === 1 && counts.has(value)));

const groupByAccepts = (wanted: number, value: string, counts: Counts, rule: CountingRule): boolean =>
  // Without a value the 1.11 rule divides by zero; the older rule is what such an app was written for.
  rule.groupBy === '1.11' && wanted > 0
    ? groupByNew(value, wanted, counts, rule.instances)
    : groupByOld(value, wanted, counts);

/** May one more instance go to `value`, given what is placed by value? */
export const acceptsCount = (
  constraint: Constraint,
  value: string,
  counts: Counts,
  rule: CountingRule,
): boolean => {
  switch (constraint.operator) {
    case 'UNIQUE':
      return (counts.get(value) ?? 0) === 0;
    case 'MAX_PER':
      return (counts.get(value) ?? 0) < wholeNumber(constraint.value);
    case 'CLUSTER':
      return clusterAccepts(constraint.value ?? '', value, counts);
    case 'GROUP_BY':
      return groupByAccepts(wholeNumber(constraint.value), value, counts, rule);
    case 'LIKE':
    case 'UNLIKE':
    case 'IS':
      return true;
    default:
      return constraint.operator satisfies never;
  }
};

/** The part of a constraint that needs no counting: is the field there, and does its text pass? */
export const acceptsStatic = (constraint: Constraint, place: Place): boolean => {
  const value = fieldText(constraint.field, place);
  if (value === undefined) return constraint.operator === 'UNLIKE';
  const wanted = constraint.value ?? '';
  switch (constraint.operator) {
    case 'LIKE':
      return matchesWhole(wanted, value);
    case 'UNLIKE':
      return !matchesWhole(wanted, value);
    case 'IS':
      return sameText(wanted, value);
    case 'CLUSTER':
      return wanted === '' || wanted === value;
    case 'UNIQUE':
    case 'MAX_PER':
    case 'GROUP_BY':
      return true;
    default:
      return constraint.operator satisfies never;
  }
};

/** IS compares a scalar in its `0.###` form, so `2.0` is `2`. */
const sameText = (wanted: string, value: string): boolean => {
  if (wanted === value) return true;
  const number = Number(wanted);
  return (
    wanted.trim() !== '' && Number.isFinite(number) && String(Math.round(number * 1000) / 1000) === value
  );
};

/** Everything at once: may one more instance go to this place? `counts` belongs to the counting constraints in order. */
export const accepts = (
  constraints: readonly Constraint[],
  place: Place,
  counts: readonly Counts[],
  rule: CountingRule,
): boolean => {
  let nth = 0;
  for (const constraint of constraints) {
    if (!acceptsStatic(constraint, place)) return false;
    if (!isCounting(constraint)) continue;
    const value = fieldText(constraint.field, place) ?? '';
    if (!acceptsCount(constraint, value, counts[nth] ?? new Map(), rule)) return false;
    nth += 1;
  }
  return true;
};
