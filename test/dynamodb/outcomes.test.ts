// What the store makes of a table that cannot be reached, of lost answers and of refusals (faults F17 to F19, S18).
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createDynamoStore, type DynamoStore } from '../../lib/dynamodb/dynamo-store';
import { isFailure } from '../../lib/engine/failure';
import { type FaultyWire, openFaultyWire } from './faulty-wire';
import { CREDENTIALS, type LocalTable, openLocalTable } from './local-table';

let table: LocalTable;
let wire: FaultyWire;
let store: DynamoStore;
let count = 0;

const storeAt = (endpoint: string, tableName = table.tableName) =>
  createDynamoStore({ tableName, endpoint, region: 'us-east-1', credentials: CREDENTIALS, timeoutMs: 400 });
const freshKey = () => {
  count += 1;
  return { pk: `outcome#${count}`, sk: 'a' };
};
const failureOf = async (promise: Promise<unknown>) => {
  const error: unknown = await promise.then(
    () => new Error('it did not fail'),
    (thrown: unknown) => thrown,
  );
  if (!isFailure(error)) throw error;
  return error;
};

beforeAll(async () => {
  table = await openLocalTable();
  wire = await openFaultyWire(table.port);
  store = storeAt(wire.endpoint);
});
afterAll(async () => {
  await store.close();
  await wire.close();
  await table.close();
});

const IS_NEW = [{ field: 'pk', is: 'absent' }] as const;

describe('When the answer to a write is lost', () => {
  test('a conditional write that was done is an unknown outcome, not a conflict with itself', async () => {
    const item = { ...freshKey(), by: 'us' };
    wire.next('lose');
    expect((await failureOf(store.put(item, IS_NEW))).kind).toBe('unknown-outcome');
    expect(await store.get(item)).toEqual(item);
  });

  test('a conditional write that was not done is done by the repeat', async () => {
    const item = { ...freshKey(), by: 'us' };
    wire.next('break');
    await store.put(item, IS_NEW);
    expect(wire.calls).toEqual(['PutItem', 'PutItem']);
    expect(await store.get(item)).toEqual(item);
  });

  test('a write without a condition is repeated to the same end', async () => {
    const key = freshKey();
    wire.next('lose');
    await store.put({ ...key, n: 1 });
    wire.next('lose');
    expect(await store.update(key, { set: { m: 2 } })).toEqual({ ...key, n: 1, m: 2 });
    wire.next('lose');
    await store.remove(key);
    expect(await store.get(key)).toBeUndefined();
  });

  test('an addition is never sent twice', async () => {
    const key = freshKey();
    wire.next('lose');
    expect((await failureOf(store.update(key, { add: { n: 1 } }))).kind).toBe('unknown-outcome');
    expect(wire.calls).toEqual(['UpdateItem']);
    expect(await store.get(key)).toEqual({ ...key, n: 1 });
  });

  test('and the repeat is lost, refused or throttled, the outcome stays unknown', async () => {
    for (const second of ['lose', { status: 400, error: 'ThrottlingException' }] as const) {
      wire.next('lose', second);
      expect((await failureOf(store.put(freshKey()))).kind).toBe('unknown-outcome');
    }
  });

  test('because none came in time, it is not sent again', async () => {
    wire.next('hang');
    const failure = await failureOf(store.put(freshKey()));
    expect(failure.kind).toBe('unknown-outcome');
    expect(wire.calls).toEqual(['PutItem']);
  });

  test('a server error may have been a write', async () => {
    wire.next({ status: 500, error: 'InternalServerError' }, { status: 500, error: 'InternalServerError' });
    expect((await failureOf(store.put(freshKey()))).kind).toBe('unknown-outcome');
  });
});

describe('When nothing was done', () => {
  test.each(['ProvisionedThroughputExceededException', 'ThrottlingException', 'RequestLimitExceeded'])(
    '%s is throttled, and the write is not repeated here',
    async (error) => {
      const key = freshKey();
      wire.next({ status: 400, error });
      expect(await failureOf(store.put(key))).toMatchObject({ kind: 'throttled', code: error });
      expect(wire.calls).toEqual(['PutItem']);
      expect(await store.get(key)).toBeUndefined();
    },
  );

  test('a read is repeated by itself', async () => {
    const key = freshKey();
    await store.put(key);
    wire.next('break', { status: 500, error: 'InternalServerError' });
    expect(await store.get(key)).toEqual(key);
    expect(wire.calls).toEqual(['GetItem', 'GetItem', 'GetItem']);
  });

  test('a table that cannot be reached is transient', async () => {
    const nowhere = await openFaultyWire(table.port);
    await nowhere.close();
    const unreachable = storeAt(nowhere.endpoint);
    expect((await failureOf(unreachable.put(freshKey()))).kind).toBe('transient');
    expect((await failureOf(unreachable.get(freshKey()))).kind).toBe('transient');
    await unreachable.close();
  });

  test('a table that does not exist is permanent, named, with advice', async () => {
    const missing = storeAt(table.endpoint, 'no-such-table');
    for (const call of [missing.get(freshKey()), missing.put(freshKey()), missing.list('a')]) {
      const failure = await failureOf(call);
      expect(failure.kind).toBe('permanent');
      expect(failure.message).toContain('of the table no-such-table was not');
      expect(failure.advice).toContain('deploy the stack');
    }
    await missing.close();
  });

  test('a refusal says what to allow', async () => {
    wire.next({ status: 400, error: 'AccessDeniedException' });
    expect(await failureOf(store.put(freshKey()))).toMatchObject({
      kind: 'permanent',
      advice: 'Allow the role GetItem, Query, PutItem, UpdateItem and DeleteItem on that table.',
    });
  });
});
