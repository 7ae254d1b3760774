// A store in memory that can be put back to any earlier write, as a table is from a backup.
import { createMemoryStore } from '../../lib/embedded/memory-store';
import type { Clock, Store } from '../../lib/engine/ports';

export type RestorableStore = Store & {
  /** Times of all writes so far, oldest first. */
  readonly writes: () => readonly number[];
  /** As it was once the first `count` writes had been made. */
  readonly restore: (count: number) => Promise<void>;
};

type Write = { readonly at: number; readonly redo: (store: Store) => Promise<unknown> };

export const restorableStore = (clock: Pick<Clock, 'now'>): RestorableStore => {
  let inner = createMemoryStore();
  let log: Write[] = [];
  const done = (redo: Write['redo']): void => void log.push({ at: clock.now(), redo });
  return {
    get: (key) => inner.get(key),
    list: (pk, options) => inner.list(pk, options),
    put: async (item, condition) => {
      await inner.put(item, condition);
      done((store) => store.put(item));
    },
    update: async (key, change, condition) => {
      const after = await inner.update(key, change, condition);
      done((store) => store.update(key, change));
      return after;
    },
    remove: async (key, condition) => {
      await inner.remove(key, condition);
      done((store) => store.remove(key));
    },
    writes: () => log.map(({ at }) => at),
    restore: async (count) => {
      const kept = log.slice(0, count);
      const again = createMemoryStore();
      for (const { redo } of kept) await redo(again);
      [inner, log] = [again, kept];
    },
  };
};
