import { describe, expect, test } from '@jest/globals';
import { sealEnvelope } from '../../lib/doors/envelope';
import { ingestDoor, type IngestDoor } from '../../lib/doors/ingest';
import { createMemoryStore } from '../../lib/embedded/memory-store';
import { Failure } from '../../lib/engine/failure';
import { factPartition } from '../../lib/engine/keys';
import type { Store } from '../../lib/engine/ports';
import { silentLog } from '../../lib/telemetry/log';
import { countingMeter } from '../../lib/telemetry/meter';
import { METRICS } from '../../lib/telemetry/names';
import { aroundStore } from '../builders/around-ports';
import { collecting, SCOPE } from '../builders/emulated-fleet';
import { stormBody } from '../builders/event-storm';
import { NOW } from '../builders/fleet';
import { CONTEXT, type Message, sqsEvent } from '../builders/lambda';

const ACCOUNT = '123456789012';
const ROUTES: IngestDoor['routes'] = [
  { cluster: 'prod', scopes: [SCOPE] },
  { cluster: 'stage', scopes: [{ ...SCOPE, region: 'eu-west-1' }] },
];

const open = (store: Store = createMemoryStore(), routes = ROUTES) => {
  const wakes: string[] = [];
  const meter = countingMeter();
  const door: IngestDoor = {
    store,
    wake: collecting(wakes),
    clock: { now: () => NOW, sleep: async () => undefined },
    routes,
    log: silentLog,
    meter,
    webhooks: {},
  };
  const handler = ingestDoor(async () => door, door);
  const take = async (messages: readonly Message[]): Promise<readonly string[]> =>
    (await handler(sqsEvent(messages), CONTEXT)).batchItemFailures.map(
      ({ itemIdentifier }) => itemIdentifier,
    );
  return { store, wakes, meter, take };
};

const spot = (nth: number): Message => ({ id: `m${nth}`, body: stormBody(nth * 5, NOW), sentAt: NOW });
const facts = (store: Store) => store.list(factPartition({ kind: 'cloud', ...SCOPE }));

describe('the door of the events queue', () => {
  test('stores facts, then wakes the clusters that have machines there, and acknowledges', async () => {
    const { store, wakes, take } = open();
    expect(await take([spot(1), spot(2)])).toEqual([]);
    expect((await facts(store)).length).toBe(2);
    expect(wakes).toEqual([JSON.stringify({ muster: 'wake', cluster: 'prod' })]);
  });

  test('stores a fact under each name that the pools have for its account', async () => {
    const accounts = ['default', ACCOUNT].map((account) => ({ ...SCOPE, account }));
    const { store, wakes, take } = open(createMemoryStore(), [
      { cluster: 'prod', scopes: accounts.slice(0, 1) },
      { cluster: 'stage', scopes: accounts.slice(1) },
    ]);
    expect(await take([spot(1)])).toEqual([]);
    for (const scope of accounts)
      expect((await store.list(factPartition({ kind: 'cloud', ...scope }))).length).toBe(1);
    expect(wakes.length).toBe(2);
  });

  test('parks what nobody can read, with the error, and acknowledges it beside the others', async () => {
    const { store, meter, take } = open();
    const bodies = ['{', '"text"', '{"detail-type":7}', JSON.stringify({ unheard: 'of' })];
    const failed = await take([spot(1), ...bodies.map((body, nth) => ({ id: `bad${nth}`, body }))]);
    expect(failed).toEqual([]);
    const parked = await store.list('parked');
    expect(new Set(parked.map(({ body }) => body))).toEqual(new Set(bodies));
    expect(
      parked.every(
        ({ why, expiresAt }) => typeof why === 'string' && why.length > 10 && expiresAt !== undefined,
      ),
    ).toBe(true);
    expect(meter.counts.get(METRICS.eventsParked)).toBe(bodies.length);
    expect((await facts(store)).length).toBe(1);
  });

  test('parks the same body once, and a huge one cut to what a store takes', async () => {
    const { store, take } = open();
    const huge = { id: 'huge', body: 'x'.repeat(1_000_000) };
    expect(await take([huge, huge])).toEqual([]);
    const parked = await store.list('parked');
    expect(parked).toMatchObject([{ body: 'x'.repeat(100_000) }]);
  });

  test('gives the whole batch back when anything could not be stored, and loses nothing by that', async () => {
    for (const broken of ['store.put', 'store.update']) {
      const inner = createMemoryStore();
      let isDown = true;
      const { wakes, take } = open(
        aroundStore(inner, async (name, call) => {
          if (isDown && name === broken) throw new Failure('transient', 'the table does not answer');
          return call();
        }),
      );
      expect(await take([spot(1), spot(2)])).toEqual(['m1', 'm2']);
      expect(wakes).toEqual([]);
      isDown = false;
      expect(await take([spot(1), spot(2)].map((message) => ({ ...message, receives: 2 })))).toEqual([]);
      expect((await facts(inner)).length).toBe(2);
      expect(wakes.length).toBe(1);
    }
  });

  test('wakes again for a batch that was delivered before, though a wake is on its way', async () => {
    const { wakes, take } = open();
    await take([spot(1)]);
    await take([spot(2)]);
    expect(wakes.length).toBe(1);
    await take([{ ...spot(3), receives: 2 }]);
    expect(wakes.length).toBe(2);
  });

  test('wakes nobody for an event of somewhere else', async () => {
    const { wakes, meter, take } = open();
    const body = stormBody(5, NOW).replace('"us-east-1"', '"ap-south-1"');
    expect(await take([{ id: 'far', body }])).toEqual([]);
    expect(wakes).toEqual([]);
    expect(meter.counts.get('SignalsForNobody')).toBe(1);
  });

  test('does not take for the API what a webhook handed in', async () => {
    const { store, take } = open();
    const pause = { muster: 'request', kind: 'pause', cluster: 'prod', by: 'eve', reason: 'x', minutes: 60 };
    expect(await take([{ id: 'forged', body: sealEnvelope('alerts', pause, NOW) }])).toEqual([]);
    expect(await store.list(factPartition({ kind: 'cluster', cluster: 'prod' }))).toEqual([]);
  });
});
