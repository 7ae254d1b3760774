// Where things lie in the one table. Nothing else builds a key.
import type { FactScope } from '../core/model/signal';
import type { Key } from './ports';

export const headKey = (cluster: string): Key => ({ pk: `cluster#${cluster}`, sk: 'head' });

export const INTENT_PREFIX = 'intent#';
export const intentKey = (cluster: string, id: string): Key => ({
  pk: `cluster#${cluster}`,
  sk: `${INTENT_PREFIX}${id}`,
});

export const MEMORY_PREFIX = 'memory#';
export const memoryKey = (cluster: string, member: string): Key => ({
  pk: `cluster#${cluster}`,
  sk: `${MEMORY_PREFIX}${member}`,
});

/** EC2 events carry no tags, so what they say is kept by account and region, for whichever cluster it concerns. */
export const factPartition = (scope: FactScope): string =>
  scope.kind === 'cluster'
    ? `facts#cluster#${scope.cluster}`
    : `facts#${scope.cloud}#${scope.account}#${scope.region}`;

/** Sorts by time: turns are named by their epoch, in milliseconds and padded. */
export const historyPartition = (cluster: string): string => `history#${cluster}`;
export const historyKey = (cluster: string, turn: string, part: string): Key => ({
  pk: historyPartition(cluster),
  sk: `${turn}#${part}`,
});

/** The recorded inputs lie apart: they are large, and whoever lists the records must not read them. */
export const inputPartition = (cluster: string): string => `input#${cluster}`;
export const inputKey = (cluster: string, turn: string, part: string): Key => ({
  pk: inputPartition(cluster),
  sk: `${turn}#${part}`,
});

export const noticeKey = (cluster: string, id: string): Key => ({
  pk: `cluster#${cluster}`,
  sk: `notice#${id}`,
});

export const SECONDS = 1000;
/** The store's expiry, in epoch seconds. */
export const expiry = (at: number): number => Math.ceil(at / SECONDS);
