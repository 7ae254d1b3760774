import { afterEach, describe, expect, test } from '@jest/globals';
import { AGENT_HEADER, bytesOf, forward } from '../../lib/doors/forward';
import { Failure, isFailure } from '../../lib/engine/failure';
import type { HttpAnswer, HttpRequest, Transport } from '../../lib/engine/ports';
import { createMesos } from '../../lib/mesos/mesos';
import { createDirect } from '../../lib/transport/direct';
import { createReach } from '../../lib/transport/reach';
import { failureOf, payloads } from '../../lib/transport/lambda-invoke';
import { manyAgents } from '../mesos/many-agents';
import { chunksOf, json, nobody, plain, secretsOf, serve, standing } from '../transport/server';
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

const BUFFERED_LIMIT = 6 * 1024 * 1024;

/** Lambda's invoke as far as it matters here: JSON in, a streamed answer out; a buffered one is refused above 6 MB. */
const invoked =
  (
    masters: readonly string[],
    mode: 'buffered' | 'streamed' = 'streamed',
    marathon: readonly string[] = [],
  ) =>
  async (payload: Uint8Array): Promise<AsyncIterable<Uint8Array>> => {
    const request: unknown = JSON.parse(new TextDecoder().decode(payload));
    const bytes = bytesOf(await forward(request, { masters, marathon }, createDirect()));
    return mode === 'streamed' ? bytes : buffered(bytes);
  };

async function* buffered(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of bytes) chunks.push(chunk);
  const whole = Buffer.concat(chunks);
  if (whole.byteLength > BUFFERED_LIMIT) throw new Error('Function.ResponseSizeTooLarge');
  yield whole;
}

const mesosThrough = (masters: readonly string[], transport: Transport) =>
  createMesos({
    masters,
    transport,
    clock: standing(Date.UTC(2026, 0, 1)),
    secrets: secretsOf({}),
    budgetMs: 20_000,
  });

const drain = async ({ body }: HttpAnswer): Promise<void> => {
  for await (const _ of body);
};

const call = (url: string, type: string, over: Partial<HttpRequest> = {}): HttpRequest => ({
  method: 'POST',
  url,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ type }),
  timeoutMs: 5_000,
  ...over,
});

describe('a client through reach and the forwarder', () => {
  test('reads more agents than a buffered answer could carry', async () => {
    const master = await up((_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(manyAgents(6_000));
    });
    const seen = await mesosThrough([master.url], createReach(invoked([master.url]))).agents();
    expect([seen.complete, seen.value.length]).toEqual([true, 6_000]);
    const small = mesosThrough([master.url], createReach(invoked([master.url], 'buffered')));
    await expect(small.agents()).rejects.toThrow('through the forwarding function');
  });

  test('finds the leader as it does directly, and never leaves the configured masters', async () => {
    const leader = await up((_, response) => json(response, manyAgents(1)));
    const stranger = await up((_, response) => json(response, manyAgents(1)));
    const standby = await up((_, response) =>
      plain(response, 307, '', { location: `//${stranger.host}/master/api/v1` }),
    );
    const masters = [standby.url, leader.url];
    expect((await mesosThrough(masters, createReach(invoked(masters))).agents()).value).toHaveLength(1);
    expect(stranger.seen).toEqual([]);
  });

  test('keeps the kind of a failure across the function', async () => {
    const gone = await nobody();
    const transport = createReach(invoked([gone]));
    await expect(transport(call(`${gone}/api/v1`, 'GET_AGENTS'))).rejects.toMatchObject({
      kind: 'transient',
      code: 'ECONNREFUSED',
    });
  });

  test('does not take half an answer for the whole when the function dies', async () => {
    const dies = async () => payloads(half(), 'reach');
    async function* half() {
      yield { PayloadChunk: { Payload: new TextEncoder().encode('{"status":200,"headers":{}}\n{"a"') } };
      yield { InvokeComplete: { ErrorCode: 'Runtime.ExitError', ErrorDetails: 'signal: killed' } };
    }
    const answer = await createReach(dies)(call('http://m:5050/api/v1', 'GET_AGENTS'));
    await expect(drain(answer)).rejects.toMatchObject({ kind: 'unknown-outcome', code: 'forwarder' });
  });

  test('takes a stream without its end, without a head, or with another head for an unknown outcome', async () => {
    async function* noEnd() {
      yield { PayloadChunk: { Payload: new TextEncoder().encode('{"status":200,"headers":{}}\n{}') } };
    }
    const ask = (invoke: () => Promise<AsyncIterable<Uint8Array>>) =>
      createReach(invoke)(call('http://m:5050/api/v1', 'GET_AGENTS'));
    const unknown = { kind: 'unknown-outcome' };
    await expect(drain(await ask(async () => payloads(noEnd(), 'reach')))).rejects.toMatchObject(unknown);
    await expect(ask(async () => chunksOf())).rejects.toMatchObject(unknown);
    await expect(ask(async () => chunksOf('{"statusCode":200}\n'))).rejects.toMatchObject(unknown);
    await expect(ask(async () => chunksOf('x'.repeat(70_000), 'x'))).rejects.toMatchObject(unknown);
  });

  test('names what to do when the function cannot be invoked', () => {
    const named = (name: string) => failureOf(Object.assign(new Error('no'), { name }), 'reach').kind;
    expect(named('AccessDeniedException')).toBe('permanent');
    expect(named('TooManyRequestsException')).toBe('throttled');
    expect(named('AbortError')).toBe('unknown-outcome');
  });
});

const sentTo: string[] = [];
const recording: Transport = async (request) => {
  sentTo.push(`${request.method} ${request.url} ${JSON.stringify(request.headers)}`);
  return { status: 200, headers: {}, body: chunksOf('ok') };
};
const ALLOW = {
  masters: ['http://10.0.0.10:5050', 'https://dcos/mesos'],
  marathon: ['http://10.0.0.20:8080'],
};
const verdict = async (request: unknown, transport = recording): Promise<string> => {
  const { head } = await forward(request, ALLOW, transport);
  return 'failure' in head ? head.failure.message : `passed ${head.status}`;
};
const MASTER = 'http://10.0.0.10:5050';
const MARATHON = 'http://10.0.0.20:8080';
const at = (method: string, url: string, body?: string): HttpRequest => ({
  method,
  url,
  headers: {},
  timeoutMs: 1_000,
  ...(body === undefined ? {} : { body }),
});

describe('the allow list', () => {
  test.each([
    call(`${MASTER}/api/v1`, 'GET_AGENTS'),
    call(`${MASTER}/master/api/v1`, 'DRAIN_AGENT'),
    call('https://dcos/mesos/api/v1', 'MARK_AGENT_GONE'),
    at('GET', `${MASTER}/master/state-summary`),
    at('GET', `${MASTER}/slaves?slave_id=x`),
    at('GET', `${MARATHON}/v2/apps/a/b/tasks`),
    at('GET', `${MARATHON}/ping`),
    at('PUT', `${MARATHON}/v2/apps/a/b`, '{"instances":3}'),
    at('POST', `${MARATHON}/v2/tasks/delete?scale=true`, '{"ids":["a"]}'),
    at('DELETE', `${MARATHON}/v2/queue/a/b/delay`),
    at('DELETE', `${MARATHON}/v2/deployments/d-1?force=true`),
  ])('lets $method $url through', async (request) => {
    expect(await verdict(request)).toBe('passed 200');
  });

  test.each([
    call('http://10.0.0.11:5050/api/v1', 'GET_AGENTS'),
    call('https://10.0.0.10:5050/api/v1', 'GET_AGENTS'),
    call('http://169.254.169.254/latest/meta-data', 'GET_AGENTS'),
    call('http://10.0.0.10:5050@evil/api/v1', 'GET_AGENTS'),
    call('file:///etc/passwd', 'GET_AGENTS'),
    call(`${MASTER}/api/v1`, 'TEARDOWN'),
    call(`${MASTER}/api/v1`, 'SET_LOGGING_LEVEL'),
    call(`${MASTER}/api/v1`, 'GET_AGENTS', { body: '[' }),
    call(`${MASTER}/api/v1`, 'GET_AGENTS', { method: 'PATCH' }),
    call(`${MASTER}/api/v1/scheduler`, 'GET_AGENTS'),
    at('GET', `${MASTER}/master/../files/read`),
    at('GET', `${MASTER}/files/read?path=/etc/passwd`),
    at('GET', `${MASTER}/master%2fstate`),
    at('GET', `${MARATHON}/v2/..%2f..%2fadmin`),
    at('GET', `${MARATHON}/v2//apps`),
    at('POST', `${MASTER}/master/teardown`, 'frameworkId=x'),
    at('GET', 'https://dcos/marathon/v2/apps'),
    at('PUT', `${MARATHON}/v2/apps/a`, '{"instances":3,"cmd":"id"}'),
    at('PUT', `${MARATHON}/v2/groups/a`, '{"scaleBy":0}'),
    at('POST', `${MARATHON}/v2/apps`, '{"id":"/x","cmd":"id"}'),
    at('DELETE', `${MARATHON}/v2/apps/a/tasks?wipe=true`),
    at('DELETE', `${MARATHON}/v2/apps/a`),
    at('DELETE', `${MARATHON}/v2/leader`),
    at('DELETE', `${MARATHON}/v2/deployments/a/b`),
  ])('refuses $method $url', async (request) => {
    const before = sentTo.length;
    expect(await verdict(request)).toContain('The forwarding function refused a request: ');
    expect(sentTo).toHaveLength(before);
  });

  test.each([{}, null, 'GET', { ...at('GET', MASTER), more: 1 }, { ...at('GET', MASTER), timeoutMs: 9e9 }])(
    'refuses what is not a request: %j',
    async (request) => {
      expect(await verdict(request)).toContain('malformed');
    },
  );

  test('passes on only the headers that the APIs need', async () => {
    const headers = { Authorization: 'Basic eA==', cookie: 'a', 'x-amz-security-token': 'b', host: 'c' };
    await verdict({ ...call(`${MASTER}/api/v1`, 'GET_AGENTS'), headers });
    expect(sentTo.at(-1)).toContain('{"authorization":"Basic eA=="}');
  });

  test('repeats neither headers nor bodies nor queries in what it says', async () => {
    const secrets = { authorization: 'Basic c2VjcmV0' };
    const wrong = [
      {
        ...call(`${MASTER}/api/v1?q=hidden`, 'TEARDOWN'),
        headers: secrets,
        body: '{"type":"TEARDOWN","x":"hidden"}',
      },
      { ...call('http://evil/?q=hidden', 'GET_AGENTS'), headers: secrets },
      { ...call(`${MASTER}/api/v1`, 'GET_AGENTS'), headers: secrets, hidden: 'hidden' },
      { ...call('http://user:hidden@10.0.0.10:5050/api/v1', 'GET_AGENTS'), headers: secrets },
    ];
    for (const request of wrong) expect(await verdict(request)).not.toMatch(/hidden|c2VjcmV0/);
  });
});

describe('calls to agents', () => {
  const row = { id: 'S1', hostname: 'agent-a', port: 5051, pid: 'slave(1)@10.0.0.7:5051' };
  const listing =
    (slaves: readonly unknown[]): Transport =>
    async (request) => {
      sentTo.push(`${request.method} ${request.url} ${JSON.stringify(request.headers)}`);
      if (!request.url.includes('/slaves')) return { status: 200, headers: {}, body: chunksOf('ok') };
      if (request.url.startsWith('https://dcos')) throw new Failure('transient', 'down');
      return { status: 200, headers: {}, body: chunksOf(JSON.stringify({ slaves })) };
    };
  const ask = (url: string, type: string, transport: Transport) =>
    verdict(
      { ...call(url, type), headers: { [AGENT_HEADER]: 'S1', authorization: 'Basic eA==' } },
      transport,
    );

  test('go to the address at which a master lists the agent, and carry no trace of the question', async () => {
    expect(await ask('http://10.0.0.7:5051/api/v1', 'GET_TASKS', listing([row]))).toBe('passed 200');
    expect(sentTo.at(-1)).toBe('POST http://10.0.0.7:5051/api/v1 {"authorization":"Basic eA=="}');
    expect(await ask('http://agent-a:5051/slave(1)/api/v1', 'GET_OPERATIONS', listing([row]))).toBe(
      'passed 200',
    );
  });

  test('are refused elsewhere, for another agent, and when they are more than reads', async () => {
    expect(await ask('http://10.0.0.8:5051/api/v1', 'GET_TASKS', listing([row]))).toContain(
      'lists that agent',
    );
    expect(await ask('http://10.0.0.7:5051/api/v1', 'GET_TASKS', listing([{ ...row, id: 'S2' }]))).toContain(
      'lists',
    );
    expect(await ask('http://10.0.0.7:5051/api/v1', 'LAUNCH_NESTED_CONTAINER', listing([row]))).toContain(
      'read',
    );
    expect(await ask('http://10.0.0.7:5051/files/read', 'GET_TASKS', listing([row]))).toContain('not a read');
  });

  test('are refused when no master can be asked', async () => {
    const down: Transport = async () => {
      throw new Failure('transient', 'down');
    };
    const { head } = await forward(
      { ...call('http://10.0.0.7:5051/api/v1', 'GET_TASKS'), headers: { [AGENT_HEADER]: 'S1' } },
      ALLOW,
      down,
    );
    expect('failure' in head && head.failure.kind).toBe('transient');
    expect(isFailure(head)).toBe(false);
  });
});
