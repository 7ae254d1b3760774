// A queue as SQS is one: at least once, in no order, hidden while somebody works at it, and to the dead letters after a
// number of receives. Messages go to whoever is free, pushed from the heap.
import type { Sender } from '../../lib/engine/ports';
import type { Message } from '../builders/lambda';
import type { Heap } from './heap';

export type SimQueue = Sender & {
  /** Messages not yet acknowledged, hidden ones included. */
  readonly size: () => number;
  readonly dead: () => readonly Message[];
  /** Gives what can be received to free workers. */
  readonly pump: () => void;
};

export type QueueRules = {
  readonly name: string;
  readonly heap: Heap;
  readonly visibilityMs: number;
  readonly maxReceives: number;
  readonly batch: number;
  /** Milliseconds that a message is on its way, each copy of it: one is the rule, more are duplicates. */
  readonly copies: () => readonly number[];
  /** Starts a worker on the batch, or says that none is free. It calls `done` with the ids that failed; a worker that
   *  dies never does, and the batch comes back. */
  readonly work: (batch: readonly Message[], done: (failed: readonly string[]) => void) => boolean;
};

type Held = {
  readonly id: string;
  readonly body: string;
  readonly sentAt: number;
  receives: number;
  visibleAt: number;
};

export const createQueue = (rules: QueueRules): SimQueue => {
  const { heap } = rules;
  const held = new Map<string, Held>();
  const dead: Message[] = [];
  let count = 0;
  const pump = (): void => {
    for (;;) {
      const ready = [...held.values()]
        .filter(({ visibleAt }) => visibleAt <= heap.now())
        .slice(0, rules.batch);
      if (ready.length === 0) return;
      const batch = ready.map((one) => ({ ...one, receives: one.receives + 1 }));
      if (!rules.work(batch, (failed) => settle(batch, failed))) return;
      for (const one of ready) receive(one);
    }
  };
  const receive = (one: Held): void => {
    one.receives += 1;
    one.visibleAt = heap.now() + rules.visibilityMs;
    heap.at(one.visibleAt, () => {
      if (held.get(one.id) === one && one.receives >= rules.maxReceives && one.visibleAt <= heap.now())
        bury(one);
      pump();
    });
  };
  const bury = (one: Held): void => {
    held.delete(one.id);
    dead.push({ id: one.id, body: one.body, sentAt: one.sentAt, receives: one.receives });
  };
  const settle = (batch: readonly Message[], failed: readonly string[]): void => {
    const again = new Set(failed);
    for (const { id } of batch) if (!again.has(id)) held.delete(id);
    pump();
  };
  return {
    size: () => held.size,
    dead: () => dead,
    pump,
    send: async (body, { delayMs = 0 } = {}) => {
      for (const onTheWay of rules.copies()) {
        count += 1;
        const one: Held = {
          id: `${rules.name}-${count}`,
          body,
          sentAt: heap.now(),
          receives: 0,
          visibleAt: 0,
        };
        one.visibleAt = heap.now() + delayMs + onTheWay;
        held.set(one.id, one);
        heap.at(one.visibleAt, pump);
      }
    },
  };
};
