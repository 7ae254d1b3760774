import { describe, expect, test } from '@jest/globals';
import { z } from 'zod/mini';
import { type ApiDoor, apiRoutes } from '../../lib/doors/api';
import { ingestDoor, type IngestDoor } from '../../lib/doors/ingest';
import { readFacts } from '../../lib/engine/facts';
import { reconcile } from '../../lib/engine/reconcile';
import { aroundPorts, failing, timedOut } from '../builders/around-ports';
import { appIn, collecting, type EmulatedFleet, emulatedFleet, SCOPE } from '../builders/emulated-fleet';
import { CONTEXT, sqsEvent } from '../builders/lambda';

const open = (clusters: readonly string[] = ['prod']) => {
  const fleet = emulatedFleet();
  const queued: string[] = [];
  const door: ApiDoor = {
    store: fleet.engine.store,
    clock: fleet.clock,
    events: collecting(queued),
    clusters,
    engine: async () => fleet.engine,
  };
  const app = apiRoutes(async () => door);
  const get = async (path: string) => {
    const answer = await app.request(path);
    return { status: answer.status, body: (await answer.json()) as unknown };
  };
  const post = async (path: string, body: string) =>
    (await app.request(path, { method: 'POST', body, headers: { 'content-type': 'application/json' } }))
      .status;
  return { app, fleet, queued, get, post };
};

/** What is on the queue goes through the real ingest. */
const deliver = async (fleet: EmulatedFleet, queued: readonly string[]): Promise<void> => {
  const door: IngestDoor = { ...fleet.engine, routes: [{ cluster: 'prod', scopes: [SCOPE] }], webhooks: {} };
  const handler = ingestDoor(async () => door, door);
  const sentAt = fleet.world.now();
  await handler(sqsEvent(queued.map((body, nth) => ({ id: `m${nth}`, body, sentAt }))), CONTEXT);
};

const status = z.array(z.object({ wrong: z.array(z.string()), doing: z.array(z.string()) }));

describe('the API', () => {
  test('answers the four questions before and after a turn', async () => {
    const { fleet, get } = open();
    const before = await get('/api/status');
    expect(before).toMatchObject({ status: 200, body: [{ wrong: ['No turn has been recorded yet.'] }] });
    fleet.world.marathon.createApp(appIn('web', '/shop', 3));
    fleet.world.advance(30_000);
    await reconcile(fleet.engine);
    const [now] = status.parse((await get('/api/status')).body);
    expect(now?.wrong).toEqual([]);
    expect(now?.doing[0]).toContain('on its way for pool web');
  });

  test('says what the last turn could not read', async () => {
    const { fleet, get } = open();
    const deaf = aroundPorts(fleet.engine, failing('marathon.queue', [timedOut()]));
    await reconcile(deaf);
    const [now] = status.parse((await get('/api/status')).body);
    expect(now?.wrong).toEqual([expect.stringContaining('could not be read')]);
  });

  test('makes the plan live and does nothing of it', async () => {
    const { fleet, get } = open();
    fleet.world.marathon.createApp(appIn('web', '/shop', 3));
    fleet.world.advance(30_000);
    const answer = await get('/api/plan');
    expect(answer).toMatchObject({ status: 200, body: { plan: { actions: [{ kind: 'launch' }] } } });
    expect(fleet.machines()).toEqual([]);
    expect(await get('/api/history')).toMatchObject({ status: 200, body: [] });
  });

  test('accepts a pause and a resume, which hold from the next turn on', async () => {
    const { fleet, queued, get, post } = open();
    expect(await post('/api/pause', JSON.stringify({ by: 'ada', reason: 'a look', minutes: 30 }))).toBe(202);
    await deliver(fleet, queued.splice(0));
    fleet.world.marathon.createApp(appIn('web', '/shop', 3));
    await fleet.minutes(2);
    expect(fleet.machines()).toEqual([]);
    expect(JSON.stringify((await get('/api/status')).body)).toContain('ada paused Muster: a look');
    expect(await post('/api/resume', JSON.stringify({ by: 'ada' }))).toBe(202);
    await deliver(fleet, queued.splice(0));
    await fleet.minutes(1);
    expect(fleet.machines().length).toBeGreaterThan(0);
  });

  test.each([
    ['/api/pause', '{', 400],
    ['/api/pause', '{}', 400],
    ['/api/pause', '{"by":"ada","reason":"","minutes":5}', 400],
    ['/api/pause', '{"by":"ada","reason":"x","minutes":-5}', 400],
    ['/api/pause', '{"by":"ada","reason":"x","minutes":99999999}', 400],
    ['/api/resume', '', 400],
    ['/api/resume', '[]', 400],
    ['/api/other', '{}', 404],
  ])('answers POST %s with the body %s by %i, and queues nothing', async (path, body, expected) => {
    const { queued, post } = open();
    expect(await post(path, body)).toBe(expected);
    expect(queued).toEqual([]);
  });

  const WORD = { by: 'ada', reason: 'a look' };
  test.each([
    [{ kind: 'drain', subject: 'i-1', within: '1h' }, 'i-1', 'drain', 60],
    [{ kind: 'replace', subject: 'i-1', within: '2h' }, 'i-1', 'drain', 120],
    [{ kind: 'undrain', subject: 'i-1' }, 'i-1', 'undrain', 8 * 24 * 60],
    [{ kind: 'protect', subject: '/shop', for: '30d' }, '/shop', 'protect', 30 * 24 * 60],
    [{ kind: 'unprotect', subject: '/shop' }, '/shop', 'unprotect', 31 * 24 * 60],
    [{ kind: 'exclude', pool: 'web', shape: 'm7i.large', for: '6h' }, 'web', 'exclude', 360],
    [{ kind: 'include', pool: 'web', shape: 'm7i.large' }, 'web', 'include', 31 * 24 * 60],
    [{ kind: 'scale', pool: 'web', min: 4, for: '1h' }, 'web', 'scale', 60],
    [{ kind: 'scale', pool: 'web', add: '20%', for: '1h' }, 'web', 'scale-out', 60],
    [{ kind: 'pause', minutes: 30 }, 'prod', 'pause', 30],
    [{ kind: 'resume' }, 'prod', 'resume', 8 * 24 * 60],
  ])('stores the request %j as a fact about %s', async (asks, subject, kind, minutes) => {
    const { fleet, queued, post } = open();
    expect(await post('/api/requests', JSON.stringify({ ...asks, ...WORD }))).toBe(202);
    await deliver(fleet, queued);
    const scope = { kind: 'cluster', cluster: 'prod' } as const;
    const { value, faults } = await readFacts(fleet.engine.store, [scope], fleet.world.now());
    expect(faults).toEqual([]);
    expect(value).toMatchObject([{ subject, body: { kind } }]);
    const [fact] = value;
    expect(((fact?.expiresAt ?? 0) - (fact?.at ?? 0)) / 60_000).toBe(minutes);
    expect(JSON.stringify(fact)).toContain('ada');
  });

  test.each([
    [{ kind: 'fly' }, 'kind: one of pause, resume'],
    [{ kind: 'drain', subject: 'i-1' }, 'within: by when it is over'],
    [{ kind: 'drain', subject: 'i-1', within: '10s' }, 'within: by when it is over'],
    [{ kind: 'drain', subject: 'i-1', within: '9d' }, 'within: by when it is over'],
    [{ kind: 'drain', subject: 'no such name', within: '1h' }, 'subject: a machine'],
    [{ kind: 'protect', subject: 'i-1', for: '31d' }, 'for: how long it holds'],
    [
      { kind: 'protect', subject: 'i-1', for: '1h', until: 'noon' },
      'until: this kind of request has no such',
    ],
    [{ kind: 'scale', pool: 'web', for: '1h' }, 'min: a least number of agents'],
    [{ kind: 'scale', pool: 'web', for: '1h', min: 3, add: 3 }, 'min: a least number of agents'],
    [{ kind: 'scale', pool: 'web', for: '1h', min: 101 }, 'at most 100 machines (size.max)'],
    [{ kind: 'scale', pool: 'api', for: '1h', min: 3 }, 'There is no pool api in prod; there are web.'],
  ])('refuses the request %j, and says what is wrong', async (asks, why) => {
    const { app, queued } = open();
    const body = JSON.stringify({ ...asks, ...WORD });
    const answer = await app.request('/api/requests', { method: 'POST', body });
    expect(answer.status).toBe(400);
    expect(await answer.text()).toContain(why);
    expect(queued).toEqual([]);
  });

  test('asks which of several clusters a drain is meant for', async () => {
    const { queued, post } = open(['prod', 'stage']);
    const asks = { kind: 'drain', subject: 'i-1', within: '1h', ...WORD };
    expect(await post('/api/requests', JSON.stringify(asks))).toBe(400);
    expect(queued).toEqual([]);
    expect(await post('/api/requests', JSON.stringify({ ...asks, cluster: 'stage' }))).toBe(202);
    expect(queued).toHaveLength(1);
  });

  test('pauses the cluster that is named, and all when none is', async () => {
    const { queued, post } = open(['prod', 'stage']);
    const asked = { by: 'ada', reason: 'a look' };
    expect(await post('/api/pause', JSON.stringify({ ...asked, cluster: 'stage' }))).toBe(202);
    expect(queued.splice(0).map((body) => /"cluster":"(\w+)"/.exec(body)?.[1])).toEqual(['stage']);
    expect(await post('/api/pause', JSON.stringify(asked))).toBe(202);
    expect(queued.splice(0).map((body) => /"cluster":"(\w+)"/.exec(body)?.[1])).toEqual(['prod', 'stage']);
    expect(await post('/api/pause', JSON.stringify({ ...asked, cluster: 'test' }))).toBe(404);
    expect(queued).toEqual([]);
  });

  test('says of each field of a refused request what it has to be', async () => {
    const { app } = open();
    const body = JSON.stringify({ reason: '', minutes: -5 });
    const answer = await app.request('/api/pause', { method: 'POST', body });
    const { message } = z.object({ message: z.string() }).parse(await answer.json());
    expect(message).toBe(
      'The request cannot be taken. reason: why, in at most 500 characters; by: who asks, in 1 to 200 characters; minutes: for how long, at most 10080.',
    );
  });

  test('tells why an app waits, what would cure it and what is done about it', async () => {
    const { fleet, get } = open();
    expect(await get('/api/why?app=/shop')).toMatchObject({
      body: { why: ['No turn has been recorded yet.'] },
    });
    fleet.world.marathon.createApp(appIn('web', '/shop', 3));
    fleet.world.marathon.createApp(appIn('web', '/huge', 1, { cpus: 4000 }));
    fleet.world.advance(30_000);
    await reconcile(fleet.engine);
    expect(await get('/api/why?app=shop')).toMatchObject({
      status: 200,
      body: {
        app: '/shop',
        isWaiting: true,
        why: [expect.stringContaining('/shop wants 3 instances')],
        cure: [],
        doing: expect.arrayContaining([expect.stringMatching(/^Buy /)]),
      },
    });
    expect(await get('/api/why?app=/huge')).toMatchObject({
      body: {
        isWaiting: true,
        cure: ['Allow a pool larger shapes, or make one instance smaller.'],
        doing: [],
      },
    });
    expect(await get('/api/why?app=/none')).toMatchObject({
      body: { isWaiting: false, why: [expect.stringContaining('/none does not wait')] },
    });
    expect((await get('/api/why')).status).toBe(400);
  });

  test('answers 404 to a cluster that it does not have', async () => {
    const { get } = open();
    for (const path of ['/api/plan?cluster=other', '/api/history?cluster=other'])
      expect(await get(path)).toMatchObject({
        status: 404,
        body: { message: expect.stringContaining('prod') },
      });
  });

  test('tells of a fault of the table without hiding what it was', async () => {
    const { fleet } = open();
    const broken = aroundPorts(fleet.engine, () => Promise.reject(new Error('the table does not answer')));
    const app = apiRoutes(async () => ({
      store: broken.store,
      clock: fleet.clock,
      events: broken.wake,
      clusters: ['prod'],
      engine: async () => broken,
    }));
    const answer = await app.request('/api/status');
    expect([answer.status, await answer.json()]).toEqual([500, { message: 'the table does not answer' }]);
  });
});
