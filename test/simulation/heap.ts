// What is still to happen, in the order (time, sequence): the one source of order of a simulation. Unlike the world's own
// timeline it is carried out one by one, because between two entries everybody who waits for a promise goes on.

type Entry = { readonly time: number; readonly sequence: number; readonly what: () => void };

export type Heap = {
  readonly now: () => number;
  /** At `time`, or now when that is past; in the order of asking among equals. */
  readonly at: (time: number, what: () => void) => void;
  readonly after: (ms: number, what: () => void) => void;
  readonly nextAt: () => number | undefined;
  /** Stands at a later time, at which something else happens; nothing may be due before. */
  readonly passTo: (time: number) => void;
  /** Carries out the next entry; false when there is none. */
  readonly step: () => boolean;
  readonly steps: () => number;
};

export const createHeap = (startAt: number): Heap => {
  const entries: Entry[] = [];
  let now = startAt;
  let sequence = 0;
  let steps = 0;
  const at = (time: number, what: () => void): void => {
    sequence += 1;
    push(entries, { time: Math.max(now, Math.round(time)), sequence, what });
  };
  return {
    now: () => now,
    at,
    after: (ms, what) => at(now + ms, what),
    nextAt: () => entries[0]?.time,
    passTo: (time) => {
      now = Math.max(now, time);
    },
    step: () => {
      const [next] = entries;
      if (next === undefined) return false;
      pop(entries);
      now = next.time;
      steps += 1;
      next.what();
      return true;
    },
    steps: () => steps,
  };
};

const before = (a: Entry, b: Entry): boolean =>
  a.time < b.time || (a.time === b.time && a.sequence < b.sequence);

const push = (entries: Entry[], entry: Entry): void => {
  let index = entries.push(entry) - 1;
  while (index > 0) {
    const parent = (index - 1) >> 1;
    const above = entries[parent];
    if (above === undefined || before(above, entry)) break;
    entries[index] = above;
    index = parent;
  }
  entries[index] = entry;
};

const pop = (entries: Entry[]): void => {
  const last = entries.pop();
  if (last === undefined || entries.length === 0) return;
  let index = 0;
  for (;;) {
    const [left, right] = [entries[2 * index + 1], entries[2 * index + 2]];
    if (left === undefined) break;
    const isRight = right !== undefined && before(right, left);
    const child = isRight ? right : left;
    if (before(last, child)) break;
    entries[index] = child;
    index = 2 * index + (isRight ? 2 : 1);
  }
  entries[index] = last;
};
