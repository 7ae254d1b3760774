// A queue over any Store: messages are items, so with a durable store underneath they survive a restart. Every step is
// one conditional write, so two receivers of one queue never hold the same message at the same time, and a crash
// between two steps repeats a message but never loses one: delivery is at least once, as on SQS.
import type { Millis } from '../core/model/machine';
import { Failure, isFailure } from '../engine/failure';
import type { Clock, Condition, Delivery, Item, Receiver, Sender, Store } from '../engine/ports';

export type QueueOptions = {
  readonly store: Store;
  readonly clock: Clock;
  readonly name: string;
  /** How long a received message stays hidden from others, in milliseconds. */
  readonly visibilityMs: number;
  /** Where a message goes that was received `maxReceives` times and never acknowledged. That queue is opened by its
   *  name like any other. Without one a message comes back for ever. */
  readonly deadLetter?: { readonly name: string; readonly maxReceives: number };
};

export type Queue = Sender &
  Receiver & {
    /** Messages that are kept, whether they can be received now or not. */
    size(): Promise<number>;
    /** Ends every `receive` that waits, with no messages, and makes later ones return at once. Messages stay. */
    close(): void;
  };

/** SQS' limit. */
const MAX_DELAY_MS = 900_000;

/** All waiting goes through the clock, so the queue runs on a virtual one. Sender and receivers of one process share
 *  the object this returns: a `receive` that waits wakes at once when a message is sent through it. */
export const openQueue = (options: QueueOptions): Queue => {
  const { store, clock, name } = options;
  const bell = createBell();
  const nextId = idsOf(clock);
  let isClosed = false;

  const send: Sender['send'] = async (body, { delayMs = 0 } = {}) => {
    if (body === '') throw new Failure('permanent', `A message to ${name} cannot be empty.`);
    if (!(delayMs >= 0 && delayMs <= MAX_DELAY_MS))
      throw new Failure(
        'permanent',
        `A message to ${name} cannot wait for ${delayMs} ms, only up to ${MAX_DELAY_MS}.`,
      );
    const visibleAt = clock.now() + delayMs;
    // The ids of a former process may reach into this very millisecond: then the next one is tried.
    while (!(await putNew(store, itemOf(name, { id: nextId(), body, visibleAt, receives: 0 }))));
    bell.ring();
  };

  const receive: Receiver['receive'] = async ({ max, waitMs }) => {
    const deadline = clock.now() + waitMs;
    for (;;) {
      const heard = bell.next();
      const { deliveries, nextAt } = await receiveNow(options, max);
      const now = clock.now();
      if (deliveries.length > 0 || isClosed || now >= deadline) return deliveries;
      await Promise.race([heard, clock.sleep(Math.max(1, Math.min(deadline, nextAt) - now))]);
    }
  };

  return {
    send,
    receive,
    acknowledge: async (deliveries) => {
      await Promise.all(deliveries.map((delivery) => acknowledge(options, delivery)));
    },
    size: async () => (await store.list(partitionOf(name))).length,
    close: () => {
      isClosed = true;
      bell.ring();
    },
  };
};

const partitionOf = (name: string): string => `queue#${name}`;

/** In the order of sending; the store's order of keys is then the queue's. */
const idsOf = (clock: Clock): (() => string) => {
  let count = 0;
  return () => {
    count += 1;
    return `${String(clock.now()).padStart(15, '0')}#${String(count).padStart(12, '0')}`;
  };
};

type Message = {
  readonly id: string;
  readonly body: string;
  readonly visibleAt: Millis;
  readonly receives: number;
};

const itemOf = (name: string, { id, body, visibleAt, receives }: Message): Item => ({
  pk: partitionOf(name),
  sk: id,
  body,
  visibleAt,
  receives,
});

const messageOf = (item: Item): Message => {
  const [body, visibleAt, receives] = [item['body'], item['visibleAt'], item['receives']];
  if (typeof body !== 'string' || typeof visibleAt !== 'number' || typeof receives !== 'number')
    throw new Failure('permanent', `The item ${item.pk} / ${item.sk} is not a message of a queue.`, {
      advice: 'Something else wrote it; remove it.',
    });
  return { id: item.sk, body, visibleAt, receives };
};

/** False when there is one of that key. */
const putNew = async (store: Store, item: Item): Promise<boolean> =>
  unlessConflict(store.put(item, [{ field: 'pk', is: 'absent' }]));

/** Whether it was done; false when another was faster. */
const unlessConflict = async (write: Promise<unknown>): Promise<boolean> => {
  try {
    await write;
    return true;
  } catch (error) {
    if (isFailure(error, 'conflict')) return false;
    throw error;
  }
};

// ---- receiving ---------------------------------------------------------------------------------------------

type Received = {
  readonly deliveries: readonly Delivery[];
  /** When the next message comes into view; Infinity when there is none. */
  readonly nextAt: Millis;
};

const receiveNow = async (options: QueueOptions, max: number): Promise<Received> => {
  const now = options.clock.now();
  const { visible, nextAt } = await look(options, now, max);
  const taken = await Promise.all(visible.map((message) => take(options, now, message)));
  return { deliveries: taken.flatMap((delivery) => delivery ?? []), nextAt };
};

/** The oldest messages that can be received now. Reads on only while what it has read is hidden, so that a long queue
 *  costs no more than a short one. */
const look = async ({ store, name }: QueueOptions, now: Millis, max: number) => {
  for (let limit = max + 32; ; limit *= 4) {
    const messages = (await store.list(partitionOf(name), { limit })).map(messageOf);
    const visible = messages.filter(({ visibleAt }) => visibleAt <= now).slice(0, max);
    if (visible.length === max || messages.length < limit) {
      const hidden = messages.map(({ visibleAt }) => visibleAt).filter((at) => at > now);
      return { visible, nextAt: hidden.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY) };
    }
  }
};

/** Nothing when another receiver was faster, or when the message went to the dead letters. */
const take = async (options: QueueOptions, now: Millis, message: Message): Promise<Delivery | undefined> => {
  const { store, name, visibilityMs, deadLetter } = options;
  const { id, body } = message;
  if (deadLetter !== undefined && message.receives >= deadLetter.maxReceives) {
    // First there, then gone here: a crash between the two finds it there already.
    await putNew(store, itemOf(deadLetter.name, { id, body, visibleAt: now, receives: 0 }));
    await removeReceived(options, id, message.receives);
    return undefined;
  }
  const receives = message.receives + 1;
  const isOurs = await unlessConflict(
    store.update(
      { pk: partitionOf(name), sk: id },
      { set: { visibleAt: now + visibilityMs, receives } },
      unchangedSince(message.receives),
    ),
  );
  return isOurs ? { id, receipt: `${id}:${receives}`, body, receives } : undefined;
};

/** The receipt is of one receive. Once the message was received again it is worth nothing: the message is in other
 *  hands, and comes back if those fail. */
const acknowledge = async (options: QueueOptions, { id, receipt }: Delivery): Promise<void> => {
  await removeReceived(options, id, Number(receipt.slice(receipt.lastIndexOf(':') + 1)));
};

const removeReceived = ({ store, name }: QueueOptions, id: string, receives: number): Promise<boolean> =>
  unlessConflict(store.remove({ pk: partitionOf(name), sk: id }, unchangedSince(receives)));

const unchangedSince = (receives: number): Condition => [{ field: 'receives', is: '=', value: receives }];

/** Wakes everybody who waits. */
const createBell = () => {
  let wake: () => void = () => undefined;
  let waiting: Promise<void> | undefined;
  return {
    /** Resolves at the next ring after this call. */
    next: (): Promise<void> => {
      waiting ??= new Promise((resolve) => {
        wake = resolve;
      });
      return waiting;
    },
    ring: (): void => {
      waiting = undefined;
      wake();
    },
  };
};
