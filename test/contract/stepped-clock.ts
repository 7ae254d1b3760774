// A clock that stands still until a test moves it.
import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../../lib/engine/ports';

export type SteppedClock = Clock & {
  /** Moves on, waking sleepers in the order of their times. */
  pass(ms: number): Promise<void>;
};

export const steppedClock = (start = 1_700_000_000_000): SteppedClock => {
  let now = start;
  let sleepers: { readonly at: number; readonly wake: () => void }[] = [];
  return {
    now: () => now,
    sleep: (ms) =>
      new Promise((wake) => {
        sleepers.push({ at: now + ms, wake });
      }),
    pass: async (ms) => {
      const end = now + ms;
      for (;;) {
        // Whoever was woken may want to sleep again before time goes on.
        await setImmediate();
        sleepers.sort((a, b) => a.at - b.at);
        const [first] = sleepers;
        if (first === undefined || first.at > end) break;
        sleepers = sleepers.slice(1);
        now = Math.max(now, first.at);
        first.wake();
      }
      now = end;
      await setImmediate();
    },
  };
};
