// Intent before effect. An intent stores the exact request, then is listed in the head item under the current epoch;
// only from then on does it exist, and a deposed turn cannot get there. What is listed is settled by the next turn if
// this one dies: read back by its tag, or sent again with the same token, never planned anew.
import { createHash } from 'node:crypto';
import * as z from 'zod/mini';
import type { Action } from '../core/model/plan';
import type { Millis } from '../core/model/machine';
import type { Pool, Spec } from '../core/model/spec';
import { isFailure } from './failure';
import { deposed, type Head, listIntents } from './head';
import { expiry, intentKey } from './keys';
import type { Item, LaunchRequest, LaunchTemplate, Store } from './ports';
import { corrupt, type Effect, effectSchema, readStored } from './schema';

/** DynamoDB's item limit leaves room for no more ids in the head; further actions wait for the next turn. */
export const MOST_OPEN = 200;
/** A launch may be sent until this long after it was decided; afterwards it is only read back. */
const SENDABLE_MS = 5 * 60_000;
/** Ending a machine, and a word to the master, are sent at once or not at all: an agent that registers late, or a task
 *  that lands on it, makes them wrong. */
const ENDABLE_MS = 60_000;
/** An intent item that was never listed disappears by itself. */
const UNLISTED_MS = 60 * 60_000;

export type Intent = {
  readonly id: string;
  readonly at: Millis;
  readonly notAfter: Millis;
  readonly effect: Effect;
};

/** The client token: the same action and request always give the same, another attempt never does (cloud-apis §0.2). */
export const tokenOf = (request: Omit<LaunchRequest, 'token'>): string =>
  createHash('sha256').update(JSON.stringify(request)).digest('hex').slice(0, 60);

/** The intent of an action; undefined when the action is no effect on the fleet. */
export const intentOf = (
  action: Action,
  spec: Spec,
  template: (pool: string) => LaunchTemplate,
  now: Millis,
): Intent | undefined => {
  if (action.kind === 'notify') return undefined;
  if (action.kind !== 'launch' && action.kind !== 'terminate')
    return {
      id: action.id,
      at: now,
      notAfter: now + ENDABLE_MS,
      effect: { kind: 'agent', request: { call: action.kind, agent: action.agent } },
    };
  const scope = { cloud: action.cloud, account: action.account, region: action.region };
  if (action.kind === 'terminate')
    return {
      id: action.id,
      at: now,
      notAfter: now + ENDABLE_MS,
      effect: { kind: 'terminate', request: { cluster: spec.cluster, scope, machines: action.machines } },
    };
  const pool = spec.pools.find(({ name }) => name === action.pool);
  const request = {
    cluster: spec.cluster,
    scope,
    pool: action.pool,
    launch: action.id,
    template: template(action.pool),
    offerings: action.offerings.map((offering) => ({ ...offering, ...subnetOf(pool, offering.zone) })),
    count: action.count,
  };
  return {
    id: action.id,
    at: now,
    notAfter: now + SENDABLE_MS,
    effect: { kind: 'launch', request: { ...request, token: tokenOf(request) } },
  };
};

const subnetOf = (pool: Pool | undefined, zone: string): { readonly subnet?: string } => {
  const subnet = pool?.zones.find(({ name }) => name === zone)?.subnet;
  return subnet === undefined ? {} : { subnet };
};

/** Writes the intents, then lists them: two steps, and only the second counts. */
export const commit = async (
  store: Store,
  head: Head,
  intents: readonly Intent[],
  now: Millis,
): Promise<Head> => {
  if (intents.length === 0) return head;
  await Promise.all(
    intents.map((intent) =>
      store.put({
        ...intentKey(head.cluster, intent.id),
        at: intent.at,
        notAfter: intent.notAfter,
        epoch: head.epoch,
        effect: JSON.stringify(intent.effect),
        expiresAt: expiry(now + UNLISTED_MS),
      }),
    ),
  );
  const listed = await listIntents(store, head, [...head.intents, ...intents.map(({ id }) => id)]);
  await Promise.all(intents.map(({ id }) => keep(store, head, id)));
  return listed;
};

/** A listed intent never expires. One that is gone was closed by a later turn: then this one is deposed. */
const keep = async (store: Store, head: Head, id: string): Promise<void> => {
  try {
    await store.update(intentKey(head.cluster, id), { remove: ['expiresAt'] }, [
      { field: 'epoch', is: '=', value: head.epoch },
    ]);
  } catch (error) {
    if (!isFailure(error, 'conflict')) throw error;
    throw deposed(head, error);
  }
};

const stamps = z.object({ at: z.number(), notAfter: z.number() });

/** The open intents that the head lists. An id without an item is returned as such: it is closed without an effect. */
export const openIntents = async (
  store: Store,
  head: Head,
): Promise<{ readonly intents: readonly Intent[]; readonly lost: readonly string[] }> => {
  const items = await Promise.all(head.intents.map((id) => store.get(intentKey(head.cluster, id))));
  const intents: Intent[] = [];
  const lost: string[] = [];
  head.intents.forEach((id, nth) => {
    const item = items[nth];
    if (item === undefined) lost.push(id);
    else intents.push(intentIn(id, item));
  });
  return { intents, lost };
};

const intentIn = (id: string, item: Item): Intent => {
  const times = stamps.safeParse(item);
  if (!times.success) throw corrupt(item, times.error);
  return { id, ...times.data, effect: readStored(effectSchema, item, item['effect']) };
};

/** Takes ids off the head's list, then drops their items. What became of them must be in memory already. */
export const close = async (store: Store, head: Head, ids: readonly string[]): Promise<Head> => {
  if (ids.length === 0) return head;
  const gone = new Set(ids);
  const listed = await listIntents(
    store,
    head,
    head.intents.filter((id) => !gone.has(id)),
  );
  await Promise.all(ids.map((id) => store.remove(intentKey(head.cluster, id))));
  return listed;
};
