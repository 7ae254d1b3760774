import { afterEach, describe, expect, test } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import type { FailureKind } from '../../lib/engine/failure';
import { createMarathonClient } from '../../lib/marathon/client';
import type { MarathonClient, MarathonOptions } from '../../lib/marathon/client';
import { createMarathon, readApps } from '../../lib/marathon/marathon';
import { createDirect } from '../../lib/transport/direct';
import { json, nobody, plain, secretsOf, serve, standing } from '../transport/server';
import type { Answering, Served } from '../transport/server';

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});
const up = async (answer: Answering): Promise<Served> => {
  const served = await serve(answer);
  stops.push(served.stop);
  return served;
};

const fixture = (file: string): string =>
  readFileSync(join(import.meta.dirname, '../fixtures/marathon-api', file), 'utf8');
const INFO = fixture('info.json');

/** Answers by path; anything else is 404. */
const pages = (answers: Readonly<Record<string, unknown>>): Promise<Served> =>
  up((seen, response) => {
    const page = answers[seen.path];
    if (page === undefined) json(response, { message: `${seen.path} does not exist` }, 404);
    else json(response, page);
  });

const optionsOf = (urls: readonly string[], over: Partial<MarathonOptions> = {}): MarathonOptions => ({
  urls,
  transport: createDirect(),
  clock: standing(7),
  secrets: secretsOf({ 'ssm:/m': 'ops:s3cret' }),
  ...over,
});
const clientOf = (urls: readonly string[], over: Partial<MarathonOptions> = {}): MarathonClient =>
  createMarathonClient(optionsOf(urls, over));

const CHANGE = { version: '2026-02-01T08:00:00.000Z', deploymentId: 'd-1' };

describe('finding a Marathon that answers', () => {
  test('passes by addresses that are down, know no leader or redirect elsewhere, and stays with the one that works', async () => {
    const lost = await up((_, response) =>
      json(response, { message: 'Could not determine the current leader' }, 502),
    );
    const stranger = await pages({ '/v2/leader': { leader: 'stranger' } });
    const moved = await up((_, response) =>
      plain(response, 302, '', { location: `${stranger.url}/v2/leader` }),
    );
    const good = await pages({ '/v2/leader': { leader: 'm1:8080' } });
    const client = clientOf([await nobody(), lost.url, moved.url, `${good.url}/`]);
    expect(await client.leader()).toBe('m1:8080');
    await client.leader();
    expect([lost.seen.length, moved.seen.length, good.seen.length, stranger.seen.length]).toEqual([
      1, 1, 2, 0,
    ]);
  });

  test('keeps the path of an address, and sends the credentials in the form that they have', async () => {
    const router = await pages({ '/service/marathon/v2/leader': { leader: 'm' } });
    const url = `${router.url}/service/marathon`;
    await clientOf([url], { auth: 'token=eyJ' }).leader();
    await clientOf([url], { auth: 'ssm:/m' }).leader();
    expect(router.seen.map((seen) => seen.headers.authorization)).toEqual([
      'token=eyJ',
      'Basic b3BzOnMzY3JldA==',
    ]);
  });

  test('wrong credentials are a matter for a person, who is told which setting it is', async () => {
    const served = await up((_, response) => plain(response, 401, 'Unauthorized'));
    const work = clientOf([served.url], { auth: 'ops:nope' }).queue();
    await expect(work).rejects.toMatchObject({ kind: 'permanent', code: '401' });
    await expect(work).rejects.toThrow('the secret that marathon.auth names');
    await expect(work).rejects.not.toThrow('nope');
    expect(served.seen).toHaveLength(1);
  });
});

describe('half an answer', () => {
  const broken: readonly [string, Answering][] = [
    ['JSON that is cut', (_, response) => json(response, fixture('queue.json').slice(0, 900))],
    ['JSON of something else', (_, response) => json(response, '{"apps":[]}')],
    [
      'a page',
      (_, response) => plain(response, 200, '<html>Sign in</html>', { 'content-type': 'text/html' }),
    ],
    ['silence', () => undefined],
    [
      'a connection that breaks',
      (_, response) => {
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': '9999' });
        response.write('{"queue":[', () => response.socket?.destroy());
      },
    ],
  ];
  test.each(broken)('%s is a failure, never an empty queue', async (_, answer) => {
    const served = await up(answer);
    const marathon = createMarathon(optionsOf([served.url], { timeoutMs: 100 }));
    await expect(marathon.queue()).rejects.toMatchObject({ name: 'Failure' });
    expect(served.seen).toHaveLength(3);
  });
});

describe('writes', () => {
  test('a lock names the deployments that hold it, and is not tried again', async () => {
    const locked = {
      message: 'App is locked by one or more deployments.',
      deployments: [{ id: 'd-1' }, { id: 'd-2' }],
    };
    const served = await up((_, response) => json(response, locked, 409));
    const work = clientOf([served.url, served.url]).scale('/a', 3);
    await expect(work).rejects.toMatchObject({ kind: 'conflict', code: '409' });
    await expect(work).rejects.toThrow('(deployments: d-1, d-2)');
    expect(served.seen).toHaveLength(1);
  });

  const kinds: readonly [number, string, FailureKind][] = [
    [404, '{"message":"App \'/a\' does not exist"}', 'gone'],
    [422, '{"message":"Object is not valid"}', 'permanent'],
    [403, '{"message":"Not Authorized to perform this action!"}', 'permanent'],
    [403, '{"message":"Max number (100) of running deployments is achieved."}', 'throttled'],
    [429, '', 'throttled'],
    [502, '{"message":"Could not determine the current leader"}', 'transient'],
    [502, '<html>Bad gateway</html>', 'unknown-outcome'],
    [503, '{"message":"Futures timed out"}', 'unknown-outcome'],
    [504, '', 'unknown-outcome'],
  ];
  test.each(kinds)('%d %s is %s', async (status, body, kind) => {
    const served = await up((_, response) => json(response, body, status));
    await expect(clientOf([served.url]).scale('/a', 3)).rejects.toMatchObject({ kind });
    expect(served.seen).toHaveLength(1);
  });

  test('go on to the next address when nothing was sent, and are sent to it once', async () => {
    const served = await pages({ '/v2/apps/a/b': CHANGE });
    expect(await clientOf([await nobody(), served.url]).scale('/a/b', 3)).toEqual(CHANGE);
    expect(served.seen.map((seen) => [seen.method, seen.body])).toEqual([['PUT', '{"instances":3}']]);
  });

  test.each([
    ['silence', () => undefined],
    ['something unreadable', (_, response) => json(response, '{"version":')],
    ['a page', (_, response) => plain(response, 200, '<html>')],
  ] as readonly [string, Answering][])('answered with %s leave the outcome open', async (_, answer) => {
    const served = await up(answer);
    const spare = await pages({ '/v2/apps/a': CHANGE });
    const work = clientOf([served.url, spare.url], { timeoutMs: 100 }).scale('/a', 3);
    await expect(work).rejects.toMatchObject({ kind: 'unknown-outcome' });
    expect([served.seen.length, spare.seen.length]).toEqual([1, 0]);
  });

  test('an id that is none never becomes a path', async () => {
    const served = await pages({});
    for (const id of ['/a/../../leader', '/a?force=true', '/a//b', '', '/A%2f', '/a/.']) {
      await expect(clientOf([served.url]).resetDelay(id)).rejects.toMatchObject({ kind: 'permanent' });
    }
    expect(served.seen).toEqual([]);
  });

  test('what is sent is what the API takes', async () => {
    const schema = z.record(z.string(), z.unknown()).parse(JSON.parse(fixture('marathon-v2.schema.json')));
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    ajv.addSchema({ ...schema, $id: 'marathon' });
    const served = await up((_, response) => json(response, CHANGE));
    const client = clientOf([served.url]);
    await client.scale('/a/b', 0);
    await client.killTasks(['a.instance-1._app.1'], 'lower');
    await client.killTasks(['a.instance-1._app.1'], 'replace');
    await client.resetDelay('/a/b');
    await client.cancelDeployment('d-1', 'stop');
    await client.cancelDeployment('d-1', 'roll-back');
    expect(served.seen.map((seen) => `${seen.method} ${seen.path}`)).toEqual([
      'PUT /v2/apps/a/b',
      'POST /v2/tasks/delete?scale=true',
      'POST /v2/tasks/delete?scale=false',
      'DELETE /v2/queue/a/b/delay',
      'DELETE /v2/deployments/d-1?force=true',
      'DELETE /v2/deployments/d-1',
    ]);
    const valid = (name: string, body: string | undefined) =>
      ajv.compile({ $ref: `marathon#/$defs/${name}` })(JSON.parse(body ?? ''));
    expect(valid('AppUpdate', served.seen[0]?.body)).toBe(true);
    expect(valid('DeleteTasks', served.seen[1]?.body)).toBe(true);
    expect(valid('DeleteTasks', '{"id":[]}')).toBe(false);
  });
});

describe('reads', () => {
  test('every example of the API that is read, parses', async () => {
    const served = await pages({
      '/v2/deployments': fixture('deployments.json'),
      '/v2/info': INFO,
      '/v2/tasks': fixture('tasks.json'),
      '/v2/queue': fixture('queue.json'),
      '/v2/apps?embed=apps.counts&embed=apps.deployments': fixture('app_list.json'),
      '/v2/apps/foo/tasks': fixture('app_tasks.json'),
      '/v2/apps/foo': `{"app":${fixture('app.json')}}`,
    });
    const client = clientOf([served.url]);
    expect((await client.deployments()).map((one) => one.affectedPods)).toEqual([['/bla']]);
    expect((await client.info()).marathon_config?.mesos_role).toBe('slave_public');
    const tasks: string[] = [];
    await client.eachTask((text) => tasks.push(text));
    expect(tasks).toHaveLength(2);
    expect(await client.queue()).toHaveLength(2);
    expect((await client.appTasks('/foo')).length).toBeGreaterThan(0);
    expect((await client.app('/foo')).id).toBe('/foo');
    const apps = await readApps(client, standing(7));
    expect(apps).toMatchObject({
      complete: true,
      value: [{ runSpec: { id: '/myapp', role: 'slave_public' }, running: 0 }],
    });
  });
});

describe('the event stream', () => {
  test('gives the events of the example and ends in a failure', async () => {
    const text = fixture('events.txt');
    const served = await up((_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(text.slice(0, 300));
      response.end(text.slice(300));
    });
    const types: string[] = [];
    const read = async () => {
      for await (const event of clientOf([served.url]).events(['status_update_event']))
        types.push(event.type);
    };
    await expect(read()).rejects.toMatchObject({ kind: 'transient', code: 'ended' });
    expect(types).toEqual(['event_stream_attached', 'status_update_event', 'status_update_event']);
    expect(served.seen[0]?.path).toBe('/v2/events?plan-format=light&event_type=status_update_event');
    expect(served.seen[0]?.headers.accept).toBe('text/event-stream');
  });
});

describe('the port', () => {
  const queueOf = (...rows: readonly unknown[]) => ({ '/v2/queue': { queue: rows }, '/v2/info': INFO });
  const since = '2026-02-03T17:25:00.000Z';

  test('a queue without roles gets that of Marathon itself, which is asked once', async () => {
    const served = await pages(queueOf({ count: 2, since, app: { id: '/old' } }));
    const marathon = createMarathon(optionsOf([served.url]));
    expect((await marathon.queue()).value[0]?.runSpec.role).toBe('slave_public');
    await marathon.queue();
    expect(served.seen.filter((seen) => seen.path === '/v2/info')).toHaveLength(1);
  });

  test('an entry that cannot be read is named and the others stand', async () => {
    const good = { count: 2, since, role: '*', app: { id: '/good' } };
    const served = await pages(
      queueOf(good, { count: 'x', role: '*', app: { id: '/odd' } }, { count: 1, since, role: '*' }),
    );
    const seen = await createMarathon(optionsOf([served.url])).queue();
    expect(seen).toMatchObject({ at: 7, complete: false, value: [{ runSpec: { id: '/good' } }] });
    expect(seen.faults).toEqual([
      "Marathon's entry for /odd cannot be read: it is malformed at count.",
      "Marathon's entry for something without an id cannot be read: it has neither an app nor a pod.",
    ]);
  });

  test('tasks of apps and pods come together, and one that is gone has none', async () => {
    const served = await pages({
      '/v2/apps/a': {
        app: { id: '/a', version: since, tasks: [{ id: 't1', host: 'h', state: 'TASK_RUNNING' }] },
      },
      '/v2/apps/b': { app: { id: '/b', version: since } },
      '/v2/apps/b/tasks': { tasks: [{ id: 't2', host: 'h', state: 'TASK_RUNNING', version: since }] },
      '/v2/pods/p::status': {
        id: '/p',
        spec: { id: '/p', version: since, containers: [] },
        instances: [{ id: 'p.1', status: 'STABLE', agentHostname: 'h' }],
      },
    });
    const seen = await createMarathon(optionsOf([served.url])).tasks([
      { id: '/a', kind: 'app' },
      { id: '/b', kind: 'app' },
      { id: '/gone', kind: 'app' },
      { id: '/p', kind: 'pod' },
    ]);
    expect(seen.complete).toBe(true);
    expect(seen.value.map((task) => [task.runSpec, task.id, task.version])).toEqual([
      ['/a', 't1', since],
      ['/b', 't2', since],
      ['/p', 'p.1', since],
    ]);
  });

  test('tasks that could not be read are a fault beside those that could, and a failure when there are none', async () => {
    const served = await up((seen, response) =>
      seen.path === '/v2/apps/a'
        ? json(response, { app: { id: '/a', version: since, tasks: [] } })
        : json(response, '{"message":"no"}', 500),
    );
    const marathon = createMarathon(optionsOf([served.url]));
    const some = await marathon.tasks([
      { id: '/a', kind: 'app' },
      { id: '/b', kind: 'app' },
    ]);
    expect(some.complete).toBe(false);
    expect(some.faults[0]).toContain('The tasks of /b are not known');
    await expect(marathon.tasks([{ id: '/b', kind: 'app' }])).rejects.toMatchObject({ kind: 'transient' });
    expect(await marathon.tasks([])).toMatchObject({ complete: true, value: [] });
  });
});
