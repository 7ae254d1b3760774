// A store that ends with its process: for tests and simulation.
import type { Millis } from '../core/model/machine';
import type { Item, Key, Store } from '../engine/ports';
import { checkKey, type Decision, putting, removing, updating } from './item';
import { createTable } from './table';

export type MemoryStore = Store & {
  /** Drops the items whose `expiresAt` has passed at `now`; returns how many. Nothing is ever dropped unasked, so
   *  that a run is a function of its calls alone. */
  dropExpired(now: Millis): Promise<number>;
};

/** Deterministic: no clock, no timers; every call takes effect at once and in order of the calls. */
export const createMemoryStore = (): MemoryStore => {
  const table = createTable();
  const write = <After extends Item | undefined>(key: Key, decide: Decision<After>): After => {
    const after = decide(table.get(key));
    if (after === undefined) table.remove(key);
    else table.put(after);
    return after;
  };
  return {
    get: async (key) => {
      checkKey(key);
      return table.get(key);
    },
    list: async (pk, options) => table.list(pk, options),
    put: async (item, condition) => {
      write(item, putting(item, condition));
    },
    update: async (key, change, condition) => write(key, updating(key, change, condition)),
    remove: async (key, condition) => {
      checkKey(key);
      write(key, removing(key, condition));
    },
    dropExpired: async (now) => {
      const expired = table.expired(now);
      for (const key of expired) table.remove(key);
      return expired.length;
    },
  };
};
