// The virtual clock: one heap of what is still to happen, in the order (time, sequence). Nothing in the emulated world
// waits for anything else, so the same calls at the same virtual times give the same history.
import type { Millis } from '../core/model/machine';

export type Ticket = { readonly cancel: () => void };

export type Timeline = {
  readonly now: () => Millis;
  /** Runs `what` at `time`, or now when that is past; in the order of asking among equals. */
  readonly at: (time: Millis, what: () => void) => Ticket;
  readonly after: (ms: number, what: () => void) => Ticket;
  /** Carries out everything up to and including `time`, then stands there. Going back is refused. */
  readonly advanceTo: (time: Millis) => void;
  readonly nextAt: () => Millis | undefined;
};

type Entry = { readonly time: Millis; readonly sequence: number; readonly what: () => void; dead: boolean };

export const createTimeline = (startAt: Millis): Timeline => {
  const heap: Entry[] = [];
  let now = startAt;
  let sequence = 0;
  let running = false;
  const skipDead = (): Entry | undefined => {
    while (heap[0]?.dead === true) pop(heap);
    return heap[0];
  };
  const at = (time: Millis, what: () => void): Ticket => {
    const entry: Entry = { time: Math.max(time, now), sequence: sequence++, what, dead: false };
    push(heap, entry);
    return {
      cancel: () => {
        entry.dead = true;
      },
    };
  };
  return {
    now: () => now,
    at,
    after: (ms, what) => at(now + ms, what),
    nextAt: () => skipDead()?.time,
    advanceTo: (time) => {
      if (running)
        throw new Error('The emulated world cannot be advanced from inside one of its own events.');
      if (time < now) throw new Error(`The emulated world stands at ${now} and cannot go back to ${time}.`);
      running = true;
      try {
        for (let next = skipDead(); next !== undefined && next.time <= time; next = skipDead()) {
          pop(heap);
          now = next.time;
          next.what();
        }
        now = time;
      } finally {
        running = false;
      }
    },
  };
};

const before = (a: Entry, b: Entry): boolean =>
  a.time < b.time || (a.time === b.time && a.sequence < b.sequence);

const push = (heap: Entry[], entry: Entry): void => {
  let index = heap.push(entry) - 1;
  while (index > 0) {
    const parent = (index - 1) >> 1;
    const above = heap[parent];
    if (above === undefined || before(above, entry)) break;
    heap[index] = above;
    index = parent;
  }
  heap[index] = entry;
};

const pop = (heap: Entry[]): void => {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  let index = 0;
  for (;;) {
    const left = heap[2 * index + 1];
    const right = heap[2 * index + 2];
    if (left === undefined) break;
    const isRight = right !== undefined && before(right, left);
    const child = isRight ? right : left;
    if (before(last, child)) break;
    heap[index] = child;
    index = 2 * index + (isRight ? 2 : 1);
  }
  heap[index] = last;
};
