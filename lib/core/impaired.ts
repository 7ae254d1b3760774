// Zones that are impaired: remembered with the offerings that are cold, since nothing of theirs is bought.
import type { Machine, Millis } from './model/machine';
import type { Cold } from './model/memory';

export const IMPAIRED = 'ZoneImpaired';

/** Every shape and market of the machine's zone. */
export const impairedKey = ({ cloud, region, zone }: Pick<Machine, 'cloud' | 'region' | 'zone'>): string =>
  `${cloud}/${region}/${zone}/*/*`;

export const isImpaired = (
  machine: Pick<Machine, 'cloud' | 'region' | 'zone'>,
  cold: readonly Cold[],
  now: Millis,
): boolean =>
  cold.some(({ key, code, until }) => code === IMPAIRED && until > now && key === impairedKey(machine));
