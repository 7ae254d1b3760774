import { describe, expect, test } from '@jest/globals';
import { createParser } from 'eventsource-parser';
import { z } from 'zod';
import type { Credentials } from '../../../lib/emulator/http/credentials';
import type { Got, Serving } from './served-world';
import { readStream, schemaOf, send, serving, withAgent } from './served-world';

const schema = schemaOf('marathon-api/marathon-v2.schema.json');

const valid = (root: string, body: unknown): void => {
  const validate = schema(root);
  validate(body);
  expect(validate.errors ?? []).toEqual([]);
};

const json = (got: Got): unknown => JSON.parse(got.body);

const post = (served: Serving, path: string, body: unknown, method = 'POST'): Promise<Got> =>
  send(`${served.marathonUrls[0] ?? ''}${path}`, {
    method,
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
const get = (served: Serving, path: string): Promise<Got> => send(`${served.marathonUrls[0] ?? ''}${path}`);
const remove = (served: Serving, path: string): Promise<Got> =>
  send(`${served.marathonUrls[0] ?? ''}${path}`, { method: 'DELETE' });

const APP = { id: '/shop/web', cmd: 'sleep 3600', cpus: 0.5, mem: 256, instances: 2 };
const POD = {
  id: '/shop/cart',
  containers: [
    { name: 'main', resources: { cpus: 0.1, mem: 64 }, exec: { command: { shell: 'sleep 3600' } } },
  ],
  scaling: { kind: 'fixed', instances: 1 },
};

/** Two agents, an app that runs on them and one that waits for more than they have. */
const busy = async (): Promise<Serving> => {
  const served = await serving({ marathonNodes: 2 });
  withAgent(served.world);
  withAgent(served.world, 2);
  await post(served, '/v2/apps', APP);
  await post(served, '/v2/apps', { ...APP, id: '/huge', cpus: 64 });
  await post(served, '/v2/pods', POD);
  served.clock.advance(180_000);
  return served;
};

const taskIds = (got: Got): readonly string[] =>
  z
    .object({ tasks: z.array(z.object({ id: z.string() })) })
    .parse(json(got))
    .tasks.map(({ id }) => id);

describe("Marathon's reads", () => {
  test.each([
    ['/v2/apps', 'AppsResponse'],
    ['/v2/apps?embed=apps.tasks', 'AppsResponse'],
    ['/v2/apps//shop/web', 'AppResponse'],
    ['/v2/apps/shop/web', 'AppResponse'],
    ['/v2/apps/%2Fshop%2Fweb/tasks', 'TaskList'],
    ['/v2/tasks', 'TaskList'],
    ['/v2/tasks?status=running', 'TaskList'],
    ['/v2/queue', 'Queue'],
    ['/v2/queue?embed=lastUnusedOffers', 'Queue'],
    ['/v2/deployments', 'DeploymentsResponse'],
    ['/v2/info', 'MarathonInfo'],
    ['/v2/leader', 'LeaderInfo'],
    ['/v2/pods/::status', 'PodStatuses'],
    ['/v2/pods/shop/cart::status', 'PodStatus'],
    ['/v2/pods/shop/cart', 'Pod'],
    ['/v2/groups', 'GroupInfo'],
    ['/v2/groups/shop', 'GroupInfo'],
  ])('%s answers by the schema of %s', async (path, root) => {
    const served = await busy();
    const got = await get(served, path);
    expect(got.status).toBe(200);
    expect(got.headers['content-type']).toBe('application/json');
    valid(root, json(got));
  });

  test('the queue tells why the app that is too big waits', async () => {
    const served = await busy();
    expect(json(await get(served, '/v2/queue'))).toMatchObject({
      queue: [
        {
          app: { id: '/huge', cpus: 64 },
          count: 2,
          delay: { overdue: true },
          processedOffersSummary: {
            rejectSummaryLastOffers: expect.arrayContaining([
              expect.objectContaining({ reason: 'InsufficientCpus', declined: 2 }),
            ]),
          },
        },
      ],
    });
  });

  test('an unknown app, pod, task or path is 404 with a message', async () => {
    const served = await busy();
    for (const got of [
      await get(served, '/v2/apps/nothing'),
      await get(served, '/v2/pods/nothing'),
      await remove(served, '/v2/apps/shop/web/tasks/nothing'),
      await get(served, '/v2/nothing'),
    ]) {
      expect(got.status).toBe(404);
      expect(json(got)).toMatchObject({ message: expect.any(String) });
    }
  });

  test('ping needs no JSON', async () => {
    const got = await get(await serving(), '/ping');
    expect(got).toMatchObject({ status: 200, body: 'pong' });
    expect(got.headers['content-type']).toMatch(/^text\/plain/);
  });
});

describe("Marathon's writes", () => {
  test('an app is created once, scaled by a deployment, and locked meanwhile', async () => {
    const served = await serving();
    withAgent(served.world);
    const created = await post(served, '/v2/apps', APP);
    expect(created.status).toBe(201);
    expect(created.headers['marathon-deployment-id']).toMatch(/^[0-9a-f-]{36}$/);
    valid('App', json(created));
    const locked = await post(served, '/v2/apps/shop/web', { instances: 3 }, 'PUT');
    expect(locked.status).toBe(409);
    expect(json(locked)).toMatchObject({ deployments: [{ id: created.headers['marathon-deployment-id'] }] });
    served.clock.advance(120_000);
    expect((await post(served, '/v2/apps', APP)).status).toBe(409);
    const scaled = await post(served, '/v2/apps/shop/web', { instances: 3 }, 'PUT');
    expect(scaled.status).toBe(200);
    valid('DeploymentResult', json(scaled));
    served.clock.advance(120_000);
    expect(taskIds(await get(served, '/v2/apps/shop/web/tasks'))).toHaveLength(3);
  });

  test('PUT of an unknown app creates it, PATCH does not', async () => {
    const served = await serving();
    expect((await post(served, '/v2/apps/new', { ...APP, id: '/new' }, 'PATCH')).status).toBe(404);
    expect((await post(served, '/v2/apps/new', { ...APP, id: '/new' }, 'PUT')).status).toBe(201);
  });

  test('kills named tasks, and with scale lowers the app by them', async () => {
    const served = await busy();
    const [victim = ''] = taskIds(await get(served, '/v2/apps/shop/web/tasks'));
    const killed = await post(served, '/v2/tasks/delete?scale=true', { ids: [victim] });
    expect(killed.status).toBe(200);
    valid('DeploymentResult', json(killed));
    served.clock.advance(60_000);
    expect(taskIds(await get(served, '/v2/apps/shop/web/tasks'))).toHaveLength(1);
    const [last = ''] = taskIds(await get(served, '/v2/apps/shop/web/tasks'));
    const again = await remove(served, `/v2/apps/shop/web/tasks/${last}`);
    expect(json(again)).toMatchObject({ task: { id: last } });
    expect((await remove(served, '/v2/apps/shop/web/tasks?scale=true&wipe=true')).status).toBe(400);
    expect((await post(served, '/v2/tasks/delete', { id: last })).status).toBe(400);
  });

  test('resets a back-off, ends a deployment, deletes', async () => {
    const served = await busy();
    expect((await remove(served, '/v2/queue/huge/delay')).status).toBe(204);
    expect((await remove(served, '/v2/queue/nothing/delay')).status).toBe(404);
    const [stuck] = z.array(z.object({ id: z.string() })).parse(json(await get(served, '/v2/deployments')));
    expect((await remove(served, `/v2/deployments/${stuck?.id ?? ''}?force=true`)).status).toBe(202);
    expect((await remove(served, '/v2/deployments/nothing')).status).toBe(404);
    expect((await remove(served, '/v2/apps/huge')).status).toBe(200);
    const pod = await remove(served, '/v2/pods/shop/cart');
    expect(pod.status).toBe(202);
    expect(pod.headers['marathon-deployment-id']).toBeDefined();
  });

  test('refuses bodies that are not JSON, not an app, or of another type', async () => {
    const served = await serving();
    const raw = (type: string, body: string) =>
      send(`${served.marathonUrls[0] ?? ''}/v2/apps`, {
        method: 'POST',
        headers: { 'Content-Type': type },
        body,
      });
    expect((await raw('application/json', '{')).status).toBe(400);
    expect((await raw('application/json; charset=utf-8', JSON.stringify(APP))).status).toBe(201);
    expect((await raw('text/plain', '{}')).status).toBe(415);
    expect((await raw('application/json', '{"id":"/x","instances":-1}')).status).toBe(422);
    expect((await raw('application/json', '[]')).status).toBeGreaterThanOrEqual(400);
    expect((await send(`${served.marathonUrls[0] ?? ''}/v2/queue`, { method: 'POST' })).status).toBe(405);
  });
});

describe('the nodes of a Marathon', () => {
  test('a standby answers as the leader does, and points at it for events', async () => {
    const served = await busy();
    const [leader = '', standby = ''] = served.marathonUrls;
    const [a, b] = [await send(`${leader}/v2/apps`), await send(`${standby}/v2/apps`)];
    expect(b.body).toBe(a.body);
    expect(a.headers['x-marathon-leader']).toBe(leader);
    expect(b.headers['x-marathon-leader']).toBe(leader);
    const events = await send(`${standby}/v2/events?event_type=x`, {
      headers: { Accept: 'text/event-stream' },
    });
    expect(events).toMatchObject({ status: 302, headers: { location: `${leader}/v2/events?event_type=x` } });
    expect(json(await send(`${standby}/v2/leader`))).toEqual({ leader: leader.replace('http://', '') });
  });

  test('another node leads after an abdication', async () => {
    const served = await busy();
    const [first = '', second = ''] = served.marathonUrls;
    expect((await send(`${first}/v2/leader`, { method: 'DELETE' })).status).toBe(200);
    expect(json(await send(`${first}/v2/leader`))).toEqual({ leader: second.replace('http://', '') });
  });

  test('is away while it restarts after a failover of the masters', async () => {
    const served = await busy();
    served.world.troubles.masterFailover();
    served.clock.advance(1_000);
    const got = await get(served, '/v2/apps');
    expect(got).toMatchObject({ status: 502, body: 'Could not determine the current leader' });
    served.clock.advance(120_000);
    expect((await get(served, '/v2/apps')).status).toBe(200);
  });

  test('asks for credentials on every path', async () => {
    const credentials: Credentials = { kind: 'basic', principals: [{ name: 'ops', secret: 'p:w' }] };
    const served = await serving({ marathon: { credentials } });
    const url = served.marathonUrls[0] ?? '';
    const good = `Basic ${Buffer.from('ops:p:w').toString('base64')}`;
    for (const path of ['/ping', '/v2/apps', '/v2/events']) {
      const refused = await send(`${url}${path}`);
      expect(refused.status).toBe(401);
      expect(refused.headers['www-authenticate']).toMatch(/^Basic realm=/);
    }
    expect((await send(`${url}/ping`, { headers: { Authorization: good } })).status).toBe(200);
    expect((await send(`${url}/ping`, { headers: { Authorization: 'Basic nonsense' } })).status).toBe(401);
  });
});

describe("Marathon's events", () => {
  const ACCEPT = { headers: { Accept: 'text/event-stream' } };

  const eventsOf = (text: string): { event: string | undefined; data: unknown }[] => {
    const found: { event: string | undefined; data: unknown }[] = [];
    createParser({
      onEvent: ({ event, data }) => {
        found.push({ event, data: JSON.parse(data) });
      },
    }).feed(text);
    return found;
  };

  test('begin with the attachment and tell of an app that starts', async () => {
    const served = await serving();
    withAgent(served.world);
    const { text, headers } = await readStream(`${served.marathonUrls[0] ?? ''}/v2/events`, ACCEPT, {
      meanwhile: () => {
        served.world.marathon.createApp(APP);
        served.clock.advance(60_000);
      },
      enough: (read) => read.includes('deployment_success'),
    });
    expect(headers['content-type']).toMatch(/^text\/event-stream/);
    const events = eventsOf(text);
    expect(events[0]?.event).toBe('event_stream_attached');
    for (const { data } of events) valid('MarathonEvent', data);
    expect(new Set(events.map(({ event }) => event))).toContain('status_update_event');
  });

  test('are only those that were asked for, with a keep-alive every ten virtual seconds', async () => {
    const served = await serving();
    withAgent(served.world);
    const url = `${served.marathonUrls[0] ?? ''}/v2/events?event_type=event_stream_attached&event_type=deployment_success`;
    const { text } = await readStream(url, ACCEPT, {
      meanwhile: () => {
        served.world.marathon.createApp(APP);
        served.clock.advance(60_000);
      },
      enough: (read) => read.includes('deployment_success') && read.includes('\r\n\r\n\r\n'),
    });
    expect(new Set(eventsOf(text).map(({ event }) => event))).toEqual(
      new Set(['event_stream_attached', 'deployment_success']),
    );
  });

  test('need an Accept header, and end when Marathon goes down', async () => {
    const served = await serving({ marathonNodes: 2 });
    expect((await get(served, '/v2/events')).status).toBe(405);
    const { ended } = await readStream(`${served.marathonUrls[0] ?? ''}/v2/events`, ACCEPT, {
      meanwhile: () => {
        served.world.troubles.masterFailover();
        served.clock.advance(1_000);
      },
      enough: () => false,
    });
    expect(ended).toBe('cut');
  });
});
