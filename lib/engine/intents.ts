// Intent before effect. An intent stores the exact request, then is listed in the head item under the current epoch;
// only from then on does it exist, and a deposed turn cannot get there. What is listed is settled by the next turn if
// this one dies: read back by its tag, or sent again with the same token, never planned anew.
import { createHash } from 'node:crypto';
import * as z from 'zod/mini';
import type { Scope } from '../core/model/offering';
import type { Action, Launch, Notify } from '../core/model/plan';
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
  /** The intent of the same turn that has to be carried out before. */
  readonly after?: string;
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
  const effect = effectOf(action, spec, template);
  const notAfter = now + (action.kind === 'launch' ? SENDABLE_MS : ENDABLE_MS);
  const after = 'after' in action && action.after !== undefined ? { after: action.after } : {};
  return { id: action.id, at: now, notAfter, effect, ...after };
};

const effectOf = (
  action: Exclude<Action, Notify>,
  spec: Spec,
  template: (pool: string) => LaunchTemplate,
): Effect => {
  const { cluster } = spec;
  if (action.kind === 'app') return { kind: 'app', request: action.request };
  if (action.kind === 'launch')
    return { kind: 'launch', request: launchRequest(action, spec, template(action.pool)) };
  if (action.kind === 'terminate' || action.kind === 'mark') {
    const request = { cluster, scope: scopeOf(action), machines: action.machines };
    return action.kind === 'mark'
      ? { kind: 'mark', request: { ...request, mark: action.mark } }
      : { kind: 'terminate', request };
  }
  const grace = action.graceMs === undefined ? {} : { graceMs: action.graceMs };
  return { kind: 'agent', request: { call: action.kind, agent: action.agent, ...grace } };
};

const scopeOf = ({ cloud, account, region }: Scope): Scope => ({ cloud, account, region });

const launchRequest = (action: Launch, spec: Spec, template: LaunchTemplate): LaunchRequest => {
  const pool = spec.pools.find(({ name }) => name === action.pool);
  const request = {
    cluster: spec.cluster,
    scope: scopeOf(action),
    pool: action.pool,
    launch: action.id,
    template,
    offerings: action.offerings.map((offering) => ({ ...offering, ...subnetOf(pool, offering.zone) })),
    count: action.count,
  };
  return { ...request, token: tokenOf(request) };
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
