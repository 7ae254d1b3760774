// The items of a store in memory, each partition in the order of its sort keys.
import type { Millis } from '../core/model/machine';
import type { Item, Key, Store } from '../engine/ports';
import { bytesOf, compareText } from './item';

export type ListOptions = Parameters<Store['list']>[1];

export type Table = {
  get(key: Key): Item | undefined;
  list(pk: string, options?: ListOptions): readonly Item[];
  put(item: Item): void;
  remove(key: Key): void;
  all(): Iterable<Item>;
  /** Keys of the items whose `expiresAt` has passed at `now`. */
  expired(now: Millis): readonly Key[];
  /** JSON of all items, in bytes. */
  bytes(): number;
};

type Row = { readonly item: Item; readonly bytes: number };
type Partition = { readonly rows: Map<string, Row>; readonly order: string[] };

export const createTable = (): Table => {
  const partitions = new Map<string, Partition>();
  let bytes = 0;

  const remove = ({ pk, sk }: Key): void => {
    const partition = partitions.get(pk);
    const row = partition?.rows.get(sk);
    if (partition === undefined || row === undefined) return;
    bytes -= row.bytes;
    partition.rows.delete(sk);
    partition.order.splice(
      firstAt(partition.order, (other) => compareText(other, sk) >= 0),
      1,
    );
    if (partition.rows.size === 0) partitions.delete(pk);
  };

  const put = (item: Item): void => {
    const partition = partitions.get(item.pk) ?? { rows: new Map<string, Row>(), order: [] };
    partitions.set(item.pk, partition);
    const old = partition.rows.get(item.sk);
    const row = { item, bytes: bytesOf(item) };
    bytes += row.bytes - (old?.bytes ?? 0);
    partition.rows.set(item.sk, row);
    if (old === undefined)
      partition.order.splice(
        firstAt(partition.order, (other) => compareText(other, item.sk) >= 0),
        0,
        item.sk,
      );
  };

  const all = function* (): Iterable<Item> {
    for (const partition of partitions.values()) yield* itemsOf(partition, partition.order);
  };

  return {
    get: ({ pk, sk }) => partitions.get(pk)?.rows.get(sk)?.item,
    list: (pk, options = {}) => {
      const partition = partitions.get(pk);
      return partition === undefined ? [] : itemsOf(partition, keysOf(partition.order, options));
    },
    put,
    remove,
    all,
    expired: (now) =>
      [...all()].filter((item) => item.expiresAt !== undefined && item.expiresAt * 1000 <= now),
    bytes: () => bytes,
  };
};

const itemsOf = ({ rows }: Partition, order: readonly string[]): readonly Item[] =>
  order.flatMap((sk) => rows.get(sk)?.item ?? []);

const keysOf = (order: readonly string[], options: NonNullable<ListOptions>): readonly string[] => {
  const { prefix = '', limit = order.length, newestFirst = false } = options;
  const from = firstAt(order, (sk) => compareText(sk, prefix) >= 0);
  const to = firstAt(order, (sk) => compareText(sk, prefix) > 0 && !sk.startsWith(prefix));
  return newestFirst
    ? order.slice(Math.max(from, to - limit), to).reverse()
    : order.slice(from, Math.min(to, from + limit));
};

/** Index of the first that is past the line, by halving; the length when none is. */
const firstAt = (order: readonly string[], isPast: (sk: string) => boolean): number => {
  let low = 0;
  let high = order.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const sk = order[middle];
    if (sk !== undefined && !isPast(sk)) low = middle + 1;
    else high = middle;
  }
  return low;
};
