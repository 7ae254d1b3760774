// The head item of a cluster: epoch, lease, the counter `wanted`, and the ids of open intents. A turn claims it and
// covers the events counted by then; its release is conditional on that count, so no wake-up is ever lost. The lease
// saves work; what keeps two turns from both acting is that an intent is listed here only under the current epoch.
import * as z from 'zod/mini';
import { Failure, isFailure } from './failure';
import { headKey } from './keys';
import type { Clause, Item, Sender, Store } from './ports';
import { corrupt } from './schema';

/** A wake that was sent this recently and not claimed is still on its way: no second one is sent. */
const WAKE_OUTSTANDING_MS = 10_000;

/** More events than this during one turn are a storm: the next turn waits a moment, so that it covers most of them. */
const STORM_EVENTS = 20;
const STORM_WAIT_MS = 1_000;

const headItem = z.object({
  epoch: z._default(z.number(), 0),
  leaseUntil: z._default(z.number(), 0),
  wanted: z._default(z.number(), 0),
  intents: z._default(z.array(z.string()), []),
});

export type Head = {
  readonly cluster: string;
  readonly epoch: number;
  readonly leaseUntil: number;
  /** Events counted when the turn claimed the head: what it covers. */
  readonly wanted: number;
  readonly intents: readonly string[];
};

const headOf = (cluster: string, item: Item | undefined): Head => {
  const parsed = headItem.safeParse(item ?? {});
  if (!parsed.success) throw corrupt(headKey(cluster), parsed.error);
  return { cluster, ...parsed.data };
};

export const readHead = async (store: Store, cluster: string): Promise<Head> =>
  headOf(cluster, await store.get(headKey(cluster)));

/** Takes the lease until `now + leaseMs`; undefined when another turn holds it. The epoch only grows, by at least the
 *  clock, so that a table restored from a backup never mints an id twice. */
export const claim = async (
  store: Store,
  cluster: string,
  now: number,
  leaseMs: number,
): Promise<Head | undefined> => {
  const before = await readHead(store, cluster);
  if (before.leaseUntil > now) return undefined;
  const unchanged: Clause =
    before.epoch === 0 ? { field: 'epoch', is: 'absent' } : { field: 'epoch', is: '=', value: before.epoch };
  try {
    const item = await store.update(
      headKey(cluster),
      { set: { epoch: Math.max(before.epoch + 1, now), leaseUntil: now + leaseMs }, remove: ['wakeSentAt'] },
      [unchanged, { field: 'leaseUntil', is: '<=', value: now, orAbsent: true }],
    );
    return headOf(cluster, item);
  } catch (error) {
    if (isFailure(error, 'conflict')) return undefined;
    throw error;
  }
};

const mine = (head: Head): Clause => ({ field: 'epoch', is: '=', value: head.epoch });

/** Gives the lease back. When events were counted since the claim, a wake is sent for them. */
export const release = async (store: Store, wake: Sender, head: Head): Promise<void> => {
  const freed = { set: { leaseUntil: 0 } };
  try {
    await store.update(headKey(head.cluster), freed, [
      mine(head),
      { field: 'wanted', is: '=', value: head.wanted, orAbsent: head.wanted === 0 },
    ]);
  } catch (error) {
    if (!isFailure(error, 'conflict')) throw error;
    await releaseAndWake(store, wake, head, freed);
  }
};

/** Gives the lease back after a turn that failed, so that the next tick tries again instead of meeting a lease that
 *  nobody works under. Nothing of the turn may be under way any more. A turn that was deposed has none to give. */
export const abandon = async (store: Store, head: Head): Promise<void> => {
  try {
    await store.update(headKey(head.cluster), { set: { leaseUntil: 0 } }, [mine(head)]);
  } catch (error) {
    if (!isFailure(error, 'conflict')) throw error;
  }
};

const releaseAndWake = async (
  store: Store,
  wake: Sender,
  head: Head,
  freed: { readonly set: { readonly leaseUntil: number } },
): Promise<void> => {
  let after: Head;
  try {
    after = headOf(head.cluster, await store.update(headKey(head.cluster), freed, [mine(head)]));
  } catch (error) {
    // Deposed: the turn that holds the head now covers everything.
    if (isFailure(error, 'conflict')) return;
    throw error;
  }
  const isStorm = after.wanted - head.wanted > STORM_EVENTS;
  // Only now: a wake that arrives while the lease is still held does nothing and would be lost.
  await wake.send(wakeBody(head.cluster), { delayMs: isStorm ? STORM_WAIT_MS : 0 });
};

/** Writes the list of open intents. Throws Failure('conflict') when this turn is deposed: it must begin nothing. */
export const listIntents = async (store: Store, head: Head, intents: readonly string[]): Promise<Head> => {
  try {
    await store.update(headKey(head.cluster), { set: { intents } }, [mine(head)]);
  } catch (error) {
    if (!isFailure(error, 'conflict')) throw error;
    throw deposed(head, error);
  }
  return { ...head, intents };
};

export const deposed = (head: Head, cause: unknown): Failure =>
  new Failure('conflict', `Turn ${head.epoch} of ${head.cluster} lost its lease to a later one.`, {
    code: 'deposed',
    advice: 'Nothing was begun; the later turn does the work.',
    cause,
  });

/** Turns of a cluster begin at least this far apart when events pour in: what comes in between is one turn's work. */
const APART_MS = 1_000;

/** `never`: a wake is on its way already. Else how long the wake is to wait, in milliseconds. */
export type WakeAdvice = 'never' | { readonly delayMs: number };

/** Counts events for the cluster and tells whether a wake has to be sent for them. `always` is for ticks and batches
 *  that were delivered before: their first wake may never have been sent. */
export const want = async (
  store: Store,
  cluster: string,
  options: { readonly count: number; readonly now: number; readonly always: boolean },
): Promise<WakeAdvice> => {
  const { count, now, always } = options;
  const key = headKey(cluster);
  try {
    const item = await store.update(key, { add: { wanted: count }, set: { wakeSentAt: now } }, [
      { field: 'wakeSentAt', is: '<=', value: now - WAKE_OUTSTANDING_MS, orAbsent: true },
    ]);
    return { delayMs: delayOf(item, now) };
  } catch (error) {
    if (!isFailure(error, 'conflict')) throw error;
  }
  // Between the two writes a turn may have claimed the head and cleared the mark: then no wake is on its way for this.
  const item = await store.update(key, { add: { wanted: count } });
  return always || !isOutstanding(item, now) ? { delayMs: delayOf(item, now) } : 'never';
};

const marks = z.object({ wakeSentAt: z._default(z.number(), 0), epoch: z._default(z.number(), 0) });
const isOutstanding = (item: Item, now: number): boolean =>
  marks.parse(item).wakeSentAt > now - WAKE_OUTSTANDING_MS;

/** The epoch is the time of the last claim. The first event after a quiet second is not kept waiting. */
const delayOf = (item: Item, now: number): number => {
  const { epoch } = marks.parse(item);
  return epoch <= now && now - epoch < APART_MS ? APART_MS : 0;
};

export const wakeBody = (cluster: string): string => JSON.stringify({ muster: 'wake', cluster });
