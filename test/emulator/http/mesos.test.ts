import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { recordReader } from './record-reader';
import type { Got, Serving } from './served-world';
import { call, readStream, schemaOf, send, serving, withAgent } from './served-world';

const schema = schemaOf('mesos-api/mesos-v1.schema.json');
const SUBSCRIBE = {
  method: 'POST',
  headers: { 'Content-Type': 'application/json', Accept: 'application/json' },
  body: '{"type":"SUBSCRIBE"}',
};

const leaderUrl = (served: Serving): string => {
  const leader = served.world.mesos.leader();
  return served.masterUrls[leader.kind === 'leading' ? leader.index : 0] ?? '';
};

const busy = async (): Promise<Serving & { readonly agentId: string }> => {
  const served = await serving();
  const agentId = withAgent(served.world);
  withAgent(served.world, 2);
  served.world.mesos.occupy(agentId, { cpuMilli: 500, memMib: 256 }, 'batch');
  served.clock.advance(5_000);
  return { ...served, agentId };
};

const valid = (root: string, body: unknown): void => {
  const validate = schema(root);
  validate(body);
  expect(validate.errors ?? []).toEqual([]);
};

const agentList = z.object({
  get_agents: z.object({ agents: z.array(z.looseObject({ agent_info: z.looseObject({}) })) }),
});
const agentsOf = (got: Got) => agentList.parse(JSON.parse(got.body)).get_agents.agents;

const keysOf = (value: unknown): readonly string[] => Object.keys(z.looseObject({}).parse(value)).sort();

describe('the v1 operator API', () => {
  test.each(
    `GET_HEALTH GET_FLAGS GET_VERSION GET_METRICS GET_MASTER GET_AGENTS GET_TASKS GET_FRAMEWORKS GET_EXECUTORS
    GET_OPERATIONS GET_ROLES GET_QUOTA GET_STATE GET_MAINTENANCE_SCHEDULE GET_MAINTENANCE_STATUS`.split(
      /\s+/,
    ),
  )('%s answers by its schema', async (type) => {
    const served = await busy();
    const got = await call(leaderUrl(served), {
      type,
      ...(type === 'GET_METRICS' ? { get_metrics: {} } : {}),
    });
    expect(got.status).toBe(200);
    expect(got.headers['content-type']).toBe('application/json');
    valid(`OperatorResponse.${type}`, JSON.parse(got.body));
  });

  test('lists an agent with the members that a real master gives it', async () => {
    const served = await busy();
    const recorded = readFileSync(
      new URL('../../fixtures/mesos-recordings-emulator/v1-GET_AGENTS.json', import.meta.url),
      'utf8',
    );
    const [theirs] = agentList.parse(JSON.parse(recorded)).get_agents.agents;
    const ours = agentsOf(await call(leaderUrl(served), { type: 'GET_AGENTS' })).find(
      ({ agent_info }) => agent_info['hostname'] === 'agent-1.example',
    );
    expect(keysOf(ours)).toEqual(keysOf(theirs));
    expect(keysOf(ours?.agent_info)).toEqual(keysOf(theirs?.agent_info));
    expect(ours?.['capabilities']).toEqual(theirs?.['capabilities']);
    expect(ours?.agent_info['attributes']).toEqual([
      { name: 'zone', type: 'TEXT', text: { value: 'us-east-1a' } },
      { name: 'pool', type: 'TEXT', text: { value: 'web' } },
      { name: 'rack', type: 'SCALAR', scalar: { value: 1 } },
    ]);
  });

  test('writes nanoseconds as one long number', async () => {
    const served = await busy();
    const { body } = await call(leaderUrl(served), { type: 'GET_AGENTS' });
    expect(body).toMatch(/"registered_time":\{"nanoseconds":\d{19}\}/);
  });

  test('a drain shows its state, its grace in nanoseconds and its start in whole seconds', async () => {
    const served = await busy();
    const url = leaderUrl(served);
    const drained = await call(url, {
      type: 'DRAIN_AGENT',
      drain_agent: { agent_id: { value: served.agentId }, max_grace_period: { seconds: '10' } },
    });
    expect(drained).toMatchObject({ status: 200, body: '' });
    const got = await call(url, { type: 'GET_AGENTS' });
    valid('OperatorResponse.GET_AGENTS', JSON.parse(got.body));
    const agent = agentsOf(got).find(({ agent_info }) => agent_info['hostname'] === 'agent-1.example');
    expect(agent).toMatchObject({
      active: false,
      deactivated: true,
      drain_info: { config: { max_grace_period: { nanoseconds: 10_000_000_000 }, mark_gone: false } },
    });
    expect(got.body).toMatch(/"estimated_drain_start_time":\{"nanoseconds":\d{10}000000000\}/);
  });

  test('the form in which Mesos gives a grace back means no grace when it is sent', async () => {
    const served = await busy();
    await call(leaderUrl(served), {
      type: 'DRAIN_AGENT',
      drain_agent: { agent_id: { value: served.agentId }, max_grace_period: { nanoseconds: 10_000_000_000 } },
    });
    expect(served.world.mesos.agents().find(({ id }) => id === served.agentId)?.drain?.maxGracePeriodNs).toBe(
      0,
    );
  });

  test.each([
    ['10mins', 'string'],
    [10, 'number'],
  ])('a grace of %j is refused', async (max_grace_period, kind) => {
    const served = await busy();
    const got = await call(leaderUrl(served), {
      type: 'DRAIN_AGENT',
      drain_agent: { agent_id: { value: served.agentId }, max_grace_period },
    });
    expect(got.status).toBe(400);
    expect(got.body).toBe(
      `Failed to convert JSON into Call protobuf: Not expecting a JSON ${kind} for field 'max_grace_period'`,
    );
  });

  test('deactivates, reactivates and marks gone, each with its own refusal', async () => {
    const served = await busy();
    const url = leaderUrl(served);
    const ofAgent = (type: string, value: string) =>
      call(url, { type, [type.toLowerCase()]: { agent_id: { value } } });
    expect(await ofAgent('DEACTIVATE_AGENT', served.agentId)).toMatchObject({ status: 200, body: '' });
    expect(await ofAgent('REACTIVATE_AGENT', served.agentId)).toMatchObject({ status: 200, body: '' });
    expect(await ofAgent('REACTIVATE_AGENT', served.agentId)).toMatchObject({
      status: 400,
      body: 'Agent is not deactivated',
    });
    expect(await ofAgent('DEACTIVATE_AGENT', 'nobody-S9')).toMatchObject({
      status: 400,
      body: 'Unknown agent',
    });
    expect(await ofAgent('MARK_AGENT_GONE', 'nobody-S9')).toMatchObject({ status: 404 });
    expect(await ofAgent('MARK_AGENT_GONE', served.agentId)).toMatchObject({ status: 200, body: '' });
    served.clock.advance(1_000);
    const agents = agentsOf(await call(url, { type: 'GET_AGENTS' }));
    expect(agents.map(({ agent_info }) => agent_info['hostname'])).toEqual(['agent-2.example']);
  });

  test('calls that the master of this world does not carry out are 501, not a lie', async () => {
    const served = await busy();
    const got = await call(leaderUrl(served), {
      type: 'RESERVE_RESOURCES',
    });
    expect(got).toMatchObject({ status: 501, body: '501 Not Implemented.' });
  });

  test('compresses a long answer when asked to', async () => {
    const served = await busy();
    const answer = await fetch(`${leaderUrl(served)}/api/v1`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: '{"type":"GET_STATE"}',
    });
    expect(answer.headers.get('content-encoding')).toBe('gzip');
    expect(await answer.json()).toMatchObject({ type: 'GET_STATE' });
  });
});

describe('the older reads', () => {
  test.each(['', '/master'])('are there under %j too', async (prefix) => {
    const served = await busy();
    for (const path of [
      '/state',
      '/state-summary',
      '/slaves',
      '/tasks',
      '/frameworks',
      '/flags',
      '/version',
    ]) {
      const got = await send(`${leaderUrl(served)}${prefix}${path}`);
      expect({ path, status: got.status }).toEqual({ path, status: 200 });
    }
  });

  test('have the members that a real master gives', async () => {
    const served = await busy();
    for (const [path, file] of [
      ['/master/slaves', 'http-master-slaves.json'],
      ['/master/state-summary', 'http-master-state-summary.json'],
    ] as const) {
      const recorded: unknown = JSON.parse(
        readFileSync(new URL(`../../fixtures/mesos-recordings-emulator/${file}`, import.meta.url), 'utf8'),
      );
      const got: unknown = JSON.parse((await send(`${leaderUrl(served)}${path}`)).body);
      const list = z.looseObject({ slaves: z.array(z.looseObject({ hostname: z.string() })) });
      const [theirs] = list.parse(recorded).slaves;
      const ours = list.parse(got).slaves.find(({ hostname }) => hostname === 'agent-1.example');
      expect(keysOf(got)).toEqual(keysOf(recorded));
      expect(keysOf(ours)).toEqual(keysOf(theirs));
    }
  });

  test('sum up what an agent has, and count its tasks', async () => {
    const served = await busy();
    const got: unknown = JSON.parse((await send(`${leaderUrl(served)}/state-summary`)).body);
    expect(got).toMatchObject({
      slaves: expect.arrayContaining([
        expect.objectContaining({
          hostname: 'agent-1.example',
          attributes: { zone: 'us-east-1a', pool: 'web', rack: 1 },
          resources: expect.objectContaining({ cpus: 4, mem: 8192 }),
          used_resources: expect.objectContaining({ cpus: 0.5, mem: 256 }),
          TASK_RUNNING: 1,
        }),
      ]),
    });
  });

  test('every master has its own metrics, and only the leader says that it is elected', async () => {
    const served = await busy();
    const elected = [];
    for (const url of served.masterUrls) {
      const metrics: unknown = JSON.parse((await send(`${url}/metrics/snapshot`)).body);
      elected.push(z.looseObject({ 'master/elected': z.number() }).parse(metrics)['master/elected']);
    }
    expect(elected.toSorted((a, b) => a - b)).toEqual([0, 0, 1]);
  });
});

describe('SUBSCRIBE', () => {
  const eventsOf = (text: string): unknown[] =>
    recordReader()(Buffer.from(text)).map((message): unknown => JSON.parse(message));
  const count = (text: string, type: string): number => text.split(`"type":"${type}"`).length - 1;

  test('begins with the whole state and a heartbeat, and beats every 15 virtual seconds', async () => {
    const served = await busy();
    const { text, headers } = await readStream(`${leaderUrl(served)}/api/v1`, SUBSCRIBE, {
      meanwhile: () => {
        served.clock.advance(45_000);
      },
      enough: (read) => count(read, 'HEARTBEAT') >= 4,
    });
    expect(headers['content-type']).toBe('application/json');
    expect(headers['transfer-encoding']).toBe('chunked');
    const events = eventsOf(text);
    expect(events[0]).toMatchObject({
      type: 'SUBSCRIBED',
      subscribed: { get_state: { get_agents: { recovered_agents: [] } }, heartbeat_interval_seconds: 15 },
    });
    expect(events[1]).toEqual({ type: 'HEARTBEAT' });
    for (const event of events) valid('OperatorEvent', event);
  });

  test('tells of a new agent and of its tasks', async () => {
    const served = await busy();
    const { text } = await readStream(`${leaderUrl(served)}/api/v1`, SUBSCRIBE, {
      meanwhile: () => {
        const id = withAgent(served.world, 3);
        served.world.mesos.occupy(id, { cpuMilli: 100, memMib: 32 }, 'batch');
        served.clock.advance(1_000);
      },
      enough: (read) => count(read, 'AGENT_ADDED') > 0 && count(read, 'TASK_ADDED') > 0,
    });
    for (const event of eventsOf(text)) valid('OperatorEvent', event);
    expect(text).toContain('agent-3.example');
  });

  test('just ends when the leader is lost', async () => {
    const served = await busy();
    const { ended } = await readStream(`${leaderUrl(served)}/api/v1`, SUBSCRIBE, {
      meanwhile: () => {
        served.world.troubles.masterFailover();
      },
      enough: () => false,
    });
    expect(ended).toBe('cut');
  });

  test('ends the oldest stream when there are too many', async () => {
    const served = await serving({ mesos: { maxSubscribers: 1 } });
    const url = `${leaderUrl(served)}/api/v1`;
    const first = readStream(url, SUBSCRIBE, {
      meanwhile: () => {
        void readStream(url, SUBSCRIBE, { meanwhile: () => {}, enough: () => true });
      },
      enough: () => false,
    });
    expect((await first).ended).toBe('cut');
  });
});

describe('credentials of the masters', () => {
  test.each([
    [{ kind: 'bearer', token: 't0ken' } as const, 'Bearer t0ken'],
    [{ kind: 'dcos', token: 't0ken' } as const, 'token=t0ken'],
  ])('%j lets in who shows it and nobody else', async (credentials, authorization) => {
    const served = await serving({ mesos: { credentials } });
    const url = leaderUrl(served);
    expect((await call(url, { type: 'GET_HEALTH' }, { Authorization: authorization })).status).toBe(200);
    expect((await call(url, { type: 'GET_HEALTH' }, { Authorization: `${authorization}x` })).status).toBe(
      401,
    );
    expect((await call(url, { type: 'GET_HEALTH' })).status).toBe(401);
  });
});
