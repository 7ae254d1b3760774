// Facts are what exists only in an event: a spot notice, a webhook's wish. They are stored before the event is
// acknowledged and read back like any other source. The newer event time wins; expiry ends the effect, and the item
// stays an hour longer so that a late turn can say that it was too late.
import type { Fact, FactScope } from '../core/model/signal';
import type { Source } from '../core/model/world';
import { isFailure, messageOf } from './failure';
import { expiry, factPartition } from './keys';
import type { Item, Store } from './ports';
import { factSchema, readStored } from './schema';

const KEPT_AFTER_MS = 60 * 60_000;

/** Stores a fact unless the same or a newer word on it is there already. */
export const storeFact = async (store: Store, fact: Fact): Promise<void> => {
  const item: Item = {
    pk: factPartition(fact.scope),
    sk: [fact.body.kind, fact.subject, fact.dedupeKey].map(encodeURIComponent).join('#'),
    at: fact.at,
    fact: JSON.stringify(fact),
    expiresAt: expiry(fact.expiresAt + KEPT_AFTER_MS),
  };
  try {
    await store.put(item, [{ field: 'at', is: '<', value: fact.at, orAbsent: true }]);
  } catch (error) {
    if (!isFailure(error, 'conflict')) throw error;
  }
};

/** All facts of the scopes, expired ones of the last hour included. */
export const readFacts = async (
  store: Store,
  scopes: readonly FactScope[],
  now: number,
): Promise<Source<readonly Fact[]>> => {
  try {
    const lists = await Promise.all(scopes.map((scope) => store.list(factPartition(scope))));
    return sourceOf(lists.flat(), now);
  } catch (error) {
    return { at: now, complete: false, faults: [`facts could not be read: ${messageOf(error)}`], value: [] };
  }
};

/** One item that cannot be read is named and makes the source incomplete; it does not hide the others. */
const sourceOf = (items: readonly Item[], now: number): Source<readonly Fact[]> => {
  const value: Fact[] = [];
  const faults: string[] = [];
  for (const item of items) {
    try {
      value.push(readStored(factSchema, item, item['fact']));
    } catch (error) {
      faults.push(messageOf(error));
    }
  }
  return { at: now, complete: faults.length === 0, faults, value };
};
