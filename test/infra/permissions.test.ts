// Least privilege, from both sides: what the doors do to the table is what their roles allow, no less and no more.
import { afterAll, describe, expect, test } from '@jest/globals';
import { rmSync } from 'node:fs';
import { apiRoutes } from '../../lib/doors/api';
import { ingestDoor } from '../../lib/doors/ingest';
import { reconcile } from '../../lib/engine/reconcile';
import { createMemoryStore } from '../../lib/embedded/memory-store';
import { aroundStore, counting } from '../builders/around-ports';
import { collecting, emulatedFleet, SCOPE } from '../builders/emulated-fleet';
import { stormBody } from '../builders/event-storm';
import { aPool, aSpec, MINUTE, NOW } from '../builders/fleet';
import { CONTEXT, sqsEvent } from '../builders/lambda';
import { emptyAsset, MINIMAL, statementsOf, synthesised } from './synthesised';

const asset = emptyAsset();
afterAll(() => rmSync(asset, { recursive: true }));

const ACTIONS: Readonly<Record<string, string>> = {
  'store.get': 'dynamodb:GetItem',
  'store.list': 'dynamodb:Query',
  'store.put': 'dynamodb:PutItem',
  'store.update': 'dynamodb:UpdateItem',
  'store.remove': 'dynamodb:DeleteItem',
};

const watchedFleet = () => {
  const around = counting();
  const store = aroundStore(createMemoryStore(), around);
  const spec = aSpec({ pools: [aPool({ size: { min: 2, max: 10 } })] });
  const used = () => new Set([...around.counts.keys()].flatMap((name) => ACTIONS[name] ?? []));
  return { store, used, fleet: emulatedFleet({ store, spec }) };
};

const allowed = (name: string): ReadonlySet<string> =>
  new Set(
    statementsOf(synthesised(MINIMAL, asset), name)
      .flatMap(({ Action }) => Action)
      .filter((action) => action.startsWith('dynamodb:')),
  );

describe('what a function may do to the table is what it does', () => {
  test('ingest', async () => {
    const { store, used, fleet } = watchedFleet();
    const { log, meter } = fleet.engine;
    const handler = ingestDoor(
      async () => ({
        store,
        log,
        meter,
        clock: fleet.clock,
        wake: collecting([]),
        routes: [{ cluster: 'prod', scopes: [SCOPE] }],
        webhooks: {},
      }),
      { log, meter },
    );
    const bodies = ['{"muster":"tick"}', '{', stormBody(5, NOW)];
    const answer = await handler(sqsEvent(bodies.map((body, nth) => ({ id: `m${nth}`, body }))), CONTEXT);
    expect(answer.batchItemFailures).toEqual([]);
    expect(used()).toEqual(allowed('ingest'));
  });

  test('reconcile', async () => {
    const { used, fleet } = watchedFleet();
    for (let minute = 0; minute < 6; minute += 1) {
      fleet.world.advance(MINUTE);
      await reconcile(fleet.engine);
    }
    expect(fleet.machines().length).toBe(2);
    expect(used()).toEqual(allowed('reconcile'));
  });

  test('api', async () => {
    const { store, used, fleet } = watchedFleet();
    const door = { store, clock: fleet.clock, events: collecting([]), clusters: ['prod'] };
    const routes = apiRoutes(async () => ({ ...door, engine: async () => fleet.engine }));
    for (const path of ['/api/status', '/api/history', '/api/plan'])
      expect((await routes.request(path)).status).toBe(200);
    const by = { method: 'POST', body: JSON.stringify({ by: 'me', reason: 'test' }) };
    expect((await routes.request('/api/pause', by)).status).toBe(202);
    expect(used()).toEqual(allowed('api'));
  });
});
