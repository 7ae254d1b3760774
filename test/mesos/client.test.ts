import { afterEach, describe, expect, test } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { createMesosClient } from '../../lib/mesos/client';
import type { MesosClient, MesosOptions } from '../../lib/mesos/client';
import type { FailureKind } from '../../lib/engine/failure';
import { createDirect } from '../../lib/transport/direct';
import { json, nobody, plain, secretsOf, serve, standing } from '../transport/server';
import type { Answering, Served } from '../transport/server';
import { files, recording, recordings } from './recordings';
import type { Recording } from './recordings';

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});
const up = async (answer: Answering): Promise<Served> => {
  const served = await serve(answer);
  stops.push(served.stop);
  return served;
};

/** A master that answers every call as recorded. */
const replay = (one: Recording, location?: string): Promise<Served> =>
  up((_, response) => {
    const { 'content-length': __, ...headers } = one.headers;
    response.writeHead(one.status, location === undefined ? headers : { ...headers, location });
    response.end(one.body);
  });

const clientOf = (masters: readonly string[], over: Partial<MesosOptions> = {}): MesosClient =>
  createMesosClient({
    masters,
    transport: createDirect(),
    clock: standing(0),
    secrets: secretsOf({ 'ssm:/m': 'ops:s3cret' }),
    ...over,
  });

const leader = () => recording('ha-v1-GET_MASTER.leader.json');

describe('finding the leader', () => {
  test('goes where the recorded redirect points when that is a configured master, and stays there', async () => {
    const lead = await replay(leader());
    const idle = await replay(recording('ha-v1-GET_MASTER.no-leader.txt'));
    const other = await replay(recording('ha-v1-GET_MASTER.non-leader.txt'), `//${lead.host}/master/api/v1`);
    const client = clientOf([other.url, idle.url, lead.url]);
    expect((await client.master()).id).toBe('7b8b8d62-b5a8-4dc6-865c-3b4083c29431');
    await client.master();
    expect([other.seen.length, idle.seen.length, lead.seen.length]).toEqual([1, 0, 2]);
  });

  test('passes by masters that are down, that know no leader, and that still recover', async () => {
    const masters = [
      await nobody(),
      (await replay(recording('ha-v1-GET_MASTER.no-leader.txt'))).url,
      (await replay(recording('ha-v1-GET_MASTER.no-quorum.txt'))).url,
      (await replay(leader())).url,
    ];
    expect((await clientOf(masters).master()).electedAt).toBe(1_795_345_808_902);
  });

  test('finds the next leader when the one it knew steps down', async () => {
    let role: 'leads' | 'follows' = 'leads';
    const other = await replay(leader());
    const first = await up((_, response) =>
      role === 'leads'
        ? json(response, leader().body.toString())
        : plain(response, 307, '', { location: `//${other.host}/master/api/v1` }),
    );
    const client = clientOf([first.url, other.url]);
    await client.master();
    role = 'follows';
    await client.master();
    expect(other.seen).toHaveLength(1);
  });

  test('does not go to a stranger, and says whom to add', async () => {
    const stranger = await replay(leader());
    const other = await replay(
      recording('ha-v1-GET_MASTER.non-leader.txt'),
      `//${stranger.host}/master/api/v1`,
    );
    await expect(clientOf([other.url], { auth: 'ssm:/m' }).master()).rejects.toThrow(
      `said to be ${stranger.host}, which is not in mesos.masters`,
    );
    expect(stranger.seen).toEqual([]);
  });

  test('goes past a master that takes the connection and never answers', async () => {
    const hung = await up(() => undefined);
    const lead = await replay(leader());
    const client = clientOf([hung.url, lead.url], { timeoutMs: 100 });
    expect((await client.master()).version).toBe('1.12.0');
  });
});

describe('authentication', () => {
  test('sends what the secret says, and only to configured masters', async () => {
    const master = await replay(leader());
    await clientOf([master.url], { auth: 'ssm:/m' }).master();
    await clientOf([master.url], { auth: 'bearer abc' }).master();
    await clientOf([master.url], { auth: 'token=abc' }).master();
    await clientOf([master.url]).master();
    expect(master.seen.map((seen) => seen.headers.authorization)).toEqual([
      'Basic b3BzOnMzY3JldA==',
      'Bearer abc',
      'token=abc',
      undefined,
    ]);
  });

  test('wrong credentials are a matter for a person, who is told which setting it is', async () => {
    const master = await replay(recording('auth-v1-GET_AGENTS.wrong-secret.txt'));
    const work = clientOf([master.url], { auth: 'ops:nope' }).agents();
    await expect(work).rejects.toMatchObject({ kind: 'permanent', code: '401' });
    await expect(work).rejects.toThrow('the secret that mesos.auth names');
    await expect(work).rejects.not.toThrow('nope');
    expect(master.seen).toHaveLength(1);
  });

  test('a principal that may not is told from one that is not known', async () => {
    const master = await replay(recording('auth-v1-DRAIN_AGENT.forbidden.txt'));
    const work = clientOf([master.url], { auth: 'ssm:/m' }).deactivateAgent('S1');
    await expect(work).rejects.toMatchObject({ kind: 'permanent', code: '403' });
  });

  test('a changed secret is taken up after it was refused', async () => {
    const secrets = ['ops:old', 'ops:new'];
    const master = await up((seen, response) =>
      seen.headers.authorization === `Basic ${Buffer.from('ops:new').toString('base64')}`
        ? json(response, leader().body.toString())
        : plain(response, 401, '401 Unauthorized.'),
    );
    const resolve = async () => secrets.shift() ?? 'ops:new';
    const client = clientOf([master.url], { auth: 'ssm:/m', secrets: { resolve } });
    await expect(client.master()).rejects.toMatchObject({ code: '401' });
    expect((await client.master()).version).toBe('1.12.0');
  });
});

describe('half an answer', () => {
  const whole = () => recording('v1-GET_AGENTS.idle.json').body;
  const broken: readonly [string, Answering][] = [
    ['JSON that is cut', (_, response) => json(response, whole().subarray(0, 2_000).toString())],
    ['JSON of something else', (_, response) => json(response, '{"apps":[]}')],
    ['a list that is not there', (_, response) => json(response, '{"type":"GET_AGENTS"}')],
    ['nothing at all', (_, response) => json(response, '')],
    [
      'a connection that breaks',
      (_, response) => {
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': '9999' });
        response.write(whole().subarray(0, 2_000), () => response.socket?.destroy());
      },
    ],
    [
      'a connection that falls silent',
      (_, response) => {
        response.writeHead(200, { 'content-type': 'application/json' });
        response.write(whole().subarray(0, 2_000));
      },
    ],
    [
      'a login page with status 200',
      (_, response) => {
        response.writeHead(200, { 'content-type': 'text/html' });
        response.end('<html>Sign in</html>');
      },
    ],
  ];
  test.each(broken)('%s is a failure, never a shorter list', async (_, answer) => {
    const master = await up(answer);
    await expect(clientOf([master.url], { timeoutMs: 100 }).agents()).rejects.toMatchObject({
      name: 'Failure',
    });
    expect(master.seen).toHaveLength(3);
  });

  test('is read again, from whoever answers in full', async () => {
    let times = 0;
    const master = await up((_, response) => {
      times += 1;
      json(response, times === 1 ? whole().subarray(0, 2_000).toString() : whole().toString());
    });
    expect((await clientOf([master.url]).agents()).registered).toHaveLength(3);
  });

  test('an answer above the limit is given up, compressed or not', async () => {
    const master = await replay(recording('v1-GET_AGENTS.gzip.json.gz'));
    const work = clientOf([master.url], { maxBytes: 1_000 }).agents();
    await expect(work).rejects.toThrow('longer than 1000 bytes');
  });
});

describe('writes', () => {
  const kinds: readonly [string, FailureKind][] = [
    ['v1-DRAIN_AGENT.unknown-agent.txt', 'gone'],
    ['v1-MARK_AGENT_GONE.unknown-agent.txt', 'gone'],
    ['v1-DRAIN_AGENT.in-maintenance-schedule.txt', 'conflict'],
    ['v1-REACTIVATE_AGENT.while-draining.txt', 'conflict'],
    ['v1-REACTIVATE_AGENT.not-deactivated.txt', 'conflict'],
    ['v1-REACTIVATE_AGENT.unreachable-clean.txt', 'unknown-outcome'],
    ['v1-UPDATE_MAINTENANCE_SCHEDULE.drop-a-down-machine.txt', 'conflict'],
    ['v1-DRAIN_AGENT.max_grace_period-string-10s.txt', 'permanent'],
    ['error-v1.content-type-charset.txt', 'permanent'],
    ['error-v1.type-UNKNOWN.txt', 'unknown-outcome'],
    ['error-v1.wrong-path.txt', 'transient'],
  ];
  test.each(kinds)('the recorded %s is %s', async (file, kind) => {
    const master = await replay(recording(file));
    await expect(clientOf([master.url]).reactivateAgent('S1')).rejects.toMatchObject({ kind });
    expect(master.seen).toHaveLength(1);
  });

  test('are done when the master says 200 and nothing', async () => {
    const master = await replay(recording('v1-DRAIN_AGENT.empty-agent.txt'));
    await clientOf([master.url]).drainAgent({ agentId: 'S1', graceSeconds: 10, afterwards: 'stay' });
    expect(JSON.parse(master.seen[0]?.body ?? '')).toEqual({
      type: 'DRAIN_AGENT',
      drain_agent: { agent_id: { value: 'S1' }, max_grace_period: { seconds: 10 }, mark_gone: false },
    });
  });

  test('go on to the leader past a master that did nothing, and are sent to it once', async () => {
    const lead = await up((_, response) => response.socket?.destroy());
    const other = await replay(recording('ha-v1-GET_MASTER.non-leader.txt'), `//${lead.host}/master/api/v1`);
    const work = clientOf([other.url, lead.url]).markAgentGone('S1');
    await expect(work).rejects.toMatchObject({ kind: 'unknown-outcome' });
    expect([other.seen.length, lead.seen.length]).toEqual([1, 1]);
  });

  test.each([
    ['silence', () => undefined],
    ['a 500', (_, response) => plain(response, 500, 'oops')],
    ['a 503 of a proxy', (_, response) => plain(response, 503, 'upstream')],
    ['a page instead of nothing', (_, response) => plain(response, 200, '<html>')],
  ] as readonly [string, Answering][])('answered with %s leave the outcome open', async (_, answer) => {
    const master = await up(answer);
    const spare = await replay(recording('v1-DEACTIVATE_AGENT.txt'));
    const work = clientOf([master.url, spare.url], { timeoutMs: 100 }).deactivateAgent('S1');
    await expect(work).rejects.toMatchObject({ kind: 'unknown-outcome' });
    expect([master.seen.length, spare.seen.length]).toEqual([1, 0]);
  });
});

describe('every recorded refusal', () => {
  const refused = recordings.filter((one) => one.status >= 300);
  test.each(refused.map((one): [string, Recording] => [one.file, one]))(
    '%s is a failure in the words of the master',
    async (_, one) => {
      const master = await replay(one);
      const work = clientOf([master.url]).markAgentGone('S1');
      await expect(work).rejects.toMatchObject({ name: 'Failure' });
      await expect(work).rejects.toThrow(
        one.body.toString().slice(0, 100).replace(/\s+/g, ' ').replace(/\.$/, '').trim(),
      );
    },
  );
});

describe('every recorded answer of a kind that is read', () => {
  const readers: Readonly<Record<string, (client: MesosClient) => Promise<unknown>>> = {
    GET_AGENTS: (client) => client.agents(),
    GET_FRAMEWORKS: (client) => client.frameworks(),
    GET_TASKS: (client) => client.tasks(),
    GET_MASTER: (client) => client.master(),
    GET_VERSION: (client) => client.version(),
    GET_HEALTH: (client) => client.health(),
    GET_MAINTENANCE_SCHEDULE: (client) => client.maintenanceSchedule(),
  };

  test('is read', async () => {
    const master = await up((seen, response) => {
      response.writeHead(200, { 'content-type': 'application/json', ...current.headers });
      response.end(current.body);
      expect(JSON.parse(seen.body)).toHaveProperty('type', current.call);
    });
    let current = leader();
    const client = clientOf([master.url]);
    const bodies = [...recordings.filter(isAnswer), ...numbered()];
    for (const one of bodies) {
      current = { ...one, headers: one.file.endsWith('.gz') ? { 'content-encoding': 'gzip' } : {} };
      const read = readers[one.call];
      if (read === undefined) continue;
      await read(client).catch((error: unknown) => {
        throw new Error(`${one.file}: ${String(error)}`);
      });
    }
    expect(bodies.length).toBeGreaterThan(170);
  });

  const isAnswer = (one: Recording) =>
    one.status === 200 && one.call in readers && /\.json(\.gz)?$/.test(one.file);
  const numbered = (): readonly Recording[] =>
    files(/GET_AGENTS\.(.*\.)?\d\d\.json$/).map((file) => ({
      ...leader(),
      file,
      call: 'GET_AGENTS',
      body: bodyAt(file),
    }));
  const bodyAt = (file: string) =>
    readFileSync(join(import.meta.dirname, '../fixtures/mesos-recordings', file));
});

describe('every call that is sent', () => {
  test('is one of the operator API', async () => {
    const file = join(import.meta.dirname, '../fixtures/mesos-api/mesos-v1.schema.json');
    const schema = z.record(z.string(), z.unknown()).parse(JSON.parse(readFileSync(file, 'utf8')));
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    ajv.addSchema(schema, 'mesos');
    const isCall = ajv.compile({ $ref: 'mesos#/$defs/OperatorCall' });
    const master = await up((_, response) => plain(response, 400, ''));
    const client = clientOf([master.url]);
    const machines = [{ hostname: 'a', ip: '10.0.0.1' }];
    const works: readonly (() => Promise<unknown>)[] = [
      () => client.agents(),
      () => client.master(),
      () => client.version(),
      () => client.health(),
      () => client.frameworks(),
      () => client.tasks(),
      () => client.maintenanceSchedule(),
      () => client.drainAgent({ agentId: 'S1', graceSeconds: 1.5, afterwards: 'mark-gone' }),
      () => client.deactivateAgent('S1'),
      () => client.reactivateAgent('S1'),
      () => client.markAgentGone('S1'),
      () => client.updateMaintenanceSchedule([{ machines, startsAt: 1_795_345_300_855, forMs: 60_000 }]),
      () => client.updateMaintenanceSchedule([]),
      async () => {
        for await (const _ of client.subscribe());
      },
    ];
    for (const work of works) await expect(work()).rejects.toMatchObject({ code: '400' });
    for (const seen of master.seen) {
      expect([isCall(JSON.parse(seen.body)), seen.body]).toEqual([true, seen.body]);
      expect(seen.headers['content-type']).toBe('application/json');
    }
    expect(master.seen).toHaveLength(works.length);
  });

  test('a schedule that is written reads back as the same instants', async () => {
    const windows = [
      { machines: [{ hostname: 'a', ip: '10.0.0.1' }], startsAt: 1_795_345_300_855, forMs: 60_000 },
    ];
    let written = '';
    const master = await up((seen, response) => {
      const call = z
        .object({ update_maintenance_schedule: z.optional(z.unknown()) })
        .parse(JSON.parse(seen.body));
      if (call.update_maintenance_schedule === undefined) return json(response, written);
      written = JSON.stringify({
        type: 'GET_MAINTENANCE_SCHEDULE',
        get_maintenance_schedule: call.update_maintenance_schedule,
      });
      return plain(response, 200, '');
    });
    const client = clientOf([master.url]);
    await client.updateMaintenanceSchedule(windows);
    expect(await client.maintenanceSchedule()).toEqual(windows);
  });
});

describe('the event stream', () => {
  test('gives the recorded events and ends in a failure, so that nobody waits on a dead one', async () => {
    const bytes = readFileSync(
      join(import.meta.dirname, '../fixtures/mesos-recordings/v1-SUBSCRIBE.agents-register.recordio.bin'),
    );
    const master = await up((_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(bytes);
    });
    const types: string[] = [];
    const read = async () => {
      for await (const event of clientOf([master.url]).subscribe()) types.push(event.type);
    };
    await expect(read()).rejects.toMatchObject({ kind: 'transient', code: 'ended' });
    expect(types).toEqual(['SUBSCRIBED', 'HEARTBEAT', 'AGENT_ADDED', 'AGENT_ADDED', 'AGENT_ADDED']);
  });
});
