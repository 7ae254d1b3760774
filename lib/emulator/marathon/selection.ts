// Which instances end when an app is scaled down.
import { placeOf } from './match';
import type { Condition, Instance, Service } from './state';

/** Which go first: Unreachable, Staging, Starting, Running; all others, scheduled ones too, come last (semantics §2.3). Among running
 *  ones those of the fullest group of a GROUP_BY, then by age. */
export const killOrder = (service: Service, live: readonly Instance[]): Instance[] => {
  const order: readonly Condition[] = ['Unreachable', 'Staging', 'Starting', 'Running'];
  const rank = (instance: Instance): number => {
    const found = order.indexOf(instance.condition);
    return found < 0 ? order.length : found;
  };
  const ageSign = service.terms.youngestFirst ? -1 : 1;
  const sorted = [...live].sort((a, b) => rank(a) - rank(b) || ageSign * (a.number - b.number));
  const field = service.terms.constraints.find(({ operator }) => operator === 'GROUP_BY')?.field;
  return field === undefined ? sorted : fullestGroupFirst(sorted, field);
};

const fullestGroupFirst = (sorted: readonly Instance[], field: string): Instance[] => {
  const groupOf = (instance: Instance): string => {
    if (instance.agent === undefined) return '';
    const place = placeOf(instance.agent);
    if (field === '@zone') return place.zone ?? '';
    if (field === '@region') return place.region ?? '';
    if (field === 'hostname' || field === '@hostname') return place.hostname;
    return JSON.stringify(place.attributes[field] ?? '');
  };
  const groups = new Map<string, Instance[]>();
  for (const instance of sorted) {
    const group = groups.get(groupOf(instance)) ?? [];
    group.push(instance);
    groups.set(groupOf(instance), group);
  }
  const result: Instance[] = [];
  while (result.length < sorted.length) {
    const fullest = [...groups.values()].reduce((a, b) => (b.length > a.length ? b : a));
    const next = fullest.shift();
    if (next === undefined) break;
    result.push(next);
  }
  return result;
};
