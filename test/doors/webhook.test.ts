import { readFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import type { Webhook } from '../../lib/core/model/spec';
import { sign } from '../../lib/doors/authenticate';
import { openEnvelope } from '../../lib/doors/envelope';
import { MOST_BYTES, webhookDoor, type WebhookDoor } from '../../lib/doors/webhook';
import { createMemoryStore } from '../../lib/embedded/memory-store';
import { Failure } from '../../lib/engine/failure';
import { silentLog } from '../../lib/telemetry/log';
import { countingMeter } from '../../lib/telemetry/meter';
import { collecting } from '../builders/emulated-fleet';
import { NOW } from '../builders/fleet';
import { CONTEXT, httpEvent } from '../builders/lambda';

const ALERTS: Webhook = {
  name: 'alerts',
  kind: 'alertmanager',
  auth: 'bearer',
  secret: 'ssm:/alerts',
  rules: [
    {
      when: { alertname: 'HighLatency' },
      do: { scaleOut: { pool: 'web', by: { percent: 20 }, forMs: 60_000 } },
    },
  ],
};
const RELEASES: Webhook = {
  name: 'releases',
  kind: 'hmac',
  auth: 'hmac',
  secret: 'ssm:/releases',
  rules: [],
};
const SECRETS: Readonly<Record<string, string>> = { 'ssm:/alerts': 'token', 'ssm:/releases': 'key' };

const doorWith = (more: Partial<WebhookDoor> = {}) => {
  const bodies: string[] = [];
  const door: WebhookDoor = {
    log: silentLog,
    meter: countingMeter(),
    clock: { now: () => NOW, sleep: async () => undefined },
    secrets: {
      resolve: async (reference) => {
        const value = SECRETS[reference];
        if (value !== undefined) return value;
        throw new Failure('permanent', `no secret ${reference}`);
      },
    },
    events: collecting(bodies),
    store: createMemoryStore(),
    webhooks: {
      alerts: { cluster: 'prod', webhook: ALERTS },
      releases: { cluster: 'prod', webhook: RELEASES },
    },
    ...more,
  };
  const handler = webhookDoor(async () => door, door);
  const post = async (path: string, body: string, headers: Readonly<Record<string, string>> = {}) => {
    const answer = await handler(httpEvent(path, body, headers), CONTEXT);
    return answer.statusCode;
  };
  return { door, bodies, handler, post };
};

const TOKEN = { Authorization: 'Bearer token' };
const alert = async (): Promise<string> =>
  readFile(new URL('../fixtures/events/alertmanager-webhook-v4.json', import.meta.url), 'utf8');
const release = (id: string): string =>
  JSON.stringify({ kind: 'scale-out', pool: 'web', by: '20%', for: '30m', id });
const signed = (body: string, now = NOW) => ({ 'x-muster-signature': sign('key', body, now) });

describe('the door of the webhooks', () => {
  test('takes an alert with its token and puts it on the queue under its name', async () => {
    const { post, bodies } = doorWith();
    const body = await alert();
    expect(await post('/hooks/alerts', body, TOKEN)).toBe(202);
    expect(openEnvelope(bodies[0] ?? '', 0)).toEqual({
      source: 'alerts',
      receivedAt: NOW,
      payload: JSON.parse(body) as unknown,
    });
  });

  test.each([
    ['a wrong token', { Authorization: 'Bearer wrong' }],
    ['no header', {}],
    ['a signature where a token is asked for', signed('{}')],
  ])('refuses %s before it looks at the body', async (_what, headers) => {
    const { post, bodies } = doorWith();
    expect(await post('/hooks/alerts', '{not json', headers)).toBe(401);
    expect(bodies).toEqual([]);
  });

  test('answers 404 to a name that it does not have, such as one that every object has', async () => {
    const { post } = doorWith();
    for (const name of ['other', 'constructor', '__proto__', 'toString', '', 'alerts/more', '../alerts'])
      expect(await post(`/hooks/${name}`, '{}', TOKEN)).toBe(404);
  });

  test('answers 413 to 10 MB before anything is parsed or anybody is asked for a secret', async () => {
    const asked: string[] = [];
    const secrets = {
      resolve: async (reference: string) => {
        asked.push(reference);
        return 'token';
      },
    };
    const { post, handler, bodies } = doorWith({ secrets });
    expect(await post('/hooks/alerts', 'x'.repeat(10_000_000), TOKEN)).toBe(413);
    const encoded = {
      ...httpEvent('/hooks/alerts', Buffer.alloc(MOST_BYTES + 1, 'é').toString('base64'), TOKEN),
      isBase64Encoded: true,
    };
    expect((await handler(encoded, CONTEXT)).statusCode).toBe(413);
    expect([asked, bodies]).toEqual([[], []]);
  });

  test('answers 400, with the reason, to what is not JSON or of no form that the sender may send', async () => {
    const { post, handler, bodies } = doorWith();
    for (const body of [
      '',
      '{',
      'null',
      '[]',
      '7',
      '{"a":1}',
      '{"muster":"request","kind":"pause"}',
      release('r1'),
    ])
      expect({ body, status: await post('/hooks/alerts', body, TOKEN) }).toEqual({ body, status: 400 });
    const answer = await handler(httpEvent('/hooks/alerts', '{', TOKEN), CONTEXT);
    expect(answer.body).toContain('not JSON');
    expect(bodies).toEqual([]);
  });

  test('takes a signed message once, and the same message again only under a new signature', async () => {
    const { post, bodies } = doorWith();
    const body = release('r1');
    expect(await post('/hooks/releases', body, signed(body))).toBe(202);
    expect(await post('/hooks/releases', body, signed(body))).toBe(409);
    expect(await post('/hooks/releases', body, signed(body, NOW + 1000))).toBe(202);
    expect(bodies.length).toBe(2);
  });

  test('lets a sender repeat a signed message that could not be queued', async () => {
    const body = release('r1');
    const store = createMemoryStore();
    const down = doorWith({
      store,
      events: { send: () => Promise.reject(new Failure('transient', 'no queue')) },
    });
    await expect(down.post('/hooks/releases', body, signed(body))).rejects.toThrow('no queue');
    const { post } = doorWith({ store });
    expect(await post('/hooks/releases', body, signed(body))).toBe(202);
  });

  test('refuses a signature that is too old', async () => {
    const { post } = doorWith();
    const body = release('r1');
    expect(await post('/hooks/releases', body, signed(body, NOW - 301_000))).toBe(401);
  });

  test('says nothing about the secret in any answer', async () => {
    const { handler } = doorWith();
    const answer = await handler(
      httpEvent('/hooks/releases', '{}', { 'x-muster-signature': 't=1,v1=00' }),
      CONTEXT,
    );
    expect(answer).toMatchObject({ statusCode: 401 });
    expect(answer.body).toBe(JSON.stringify({ message: 'Refused. Check the secret on both sides.' }));
  });
});
