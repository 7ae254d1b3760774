import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import type { Webhook } from '../../lib/core/model/spec';
import { authenticate, REPLAY_WINDOW_MS, sign } from '../../lib/doors/authenticate';
import { NOW } from '../builders/fleet';

const hook = (auth: Webhook['auth']): Webhook => ({
  name: 'alerts',
  kind: auth === 'hmac' ? 'hmac' : 'alertmanager',
  auth,
  secret: 'ssm:/alerts',
  rules: [],
});
const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`;
const BODY = '{"kind":"scale-out"}';

const ask = (
  auth: Webhook['auth'],
  headers: Readonly<Record<string, string>>,
  more: { secret?: string; body?: string; now?: number } = {},
) =>
  authenticate(hook(auth), more.secret ?? 'ada:s3cret', {
    headers,
    body: more.body ?? BODY,
    now: more.now ?? NOW,
  }).admitted;

describe('a caller of a webhook', () => {
  test.each([
    ['bearer', 'Bearer ada:s3cret', true],
    ['bearer', 'Bearer ada:s3creT', false],
    ['bearer', 'ada:s3cret', false],
    ['bearer', 'Bearer ', false],
    ['bearer', basic('ada:s3cret'), false],
    ['basic', basic('ada:s3cret'), true],
    ['basic', basic('ada:wrong'), false],
    ['basic', basic('eve:s3cret'), false],
    ['basic', basic('ada'), false],
    ['basic', 'Bearer ada:s3cret', false],
    ['hmac', 'Bearer ada:s3cret', false],
  ] as const)('with %s and the header %s is admitted: %s', (auth, authorization, isAdmitted) => {
    expect(ask(auth, { authorization })).toBe(isAdmitted);
  });

  test.each(['bearer', 'basic', 'hmac'] as const)('without any header is refused (%s)', (auth) => {
    expect(ask(auth, {})).toBe(false);
  });

  test('is refused whatever it sends when the secret on this side is empty', () => {
    for (const secret of ['', ' ']) {
      expect(ask('bearer', { authorization: `Bearer ${secret}` }, { secret })).toBe(false);
      expect(ask('basic', { authorization: basic(secret) }, { secret })).toBe(false);
      const signature = sign(secret, BODY, NOW);
      expect(ask('hmac', { 'x-muster-signature': signature }, { secret })).toBe(false);
    }
  });

  test('that signs is admitted within the replay window, to both sides of it', () => {
    const signature = sign('ada:s3cret', BODY, NOW);
    const at = (now: number) => ask('hmac', { 'x-muster-signature': signature }, { now });
    expect([at(NOW), at(NOW + REPLAY_WINDOW_MS), at(NOW - REPLAY_WINDOW_MS)]).toEqual([true, true, true]);
    expect([at(NOW + REPLAY_WINDOW_MS + 1), at(NOW - REPLAY_WINDOW_MS - 1)]).toEqual([false, false]);
  });

  test.each([
    ['another body', (text: string) => text, `${BODY} `],
    ['another secret', () => sign('other', BODY, NOW), BODY],
    [
      'a later time on an old signature',
      (text: string) => text.replace(/t=\d+/, `t=${NOW / 1000 + 1}`),
      BODY,
    ],
    ['no time', (text: string) => text.replace(/t=\d+,/, ''), BODY],
    ['no signature', (text: string) => text.replace(/,v1=.*/, ''), BODY],
    ['a time that is no number', (text: string) => text.replace(/t=\d+/, 't=1e9'), BODY],
    ['nothing', () => '', BODY],
  ])('that signs with %s is refused', (_what, change, body) => {
    const signature = change(sign('ada:s3cret', BODY, NOW));
    expect(ask('hmac', { 'x-muster-signature': signature }, { body })).toBe(false);
  });

  test('is told apart for every body and secret, and never throws', () => {
    fc.assert(
      fc.property(fc.string(), fc.string({ minLength: 1 }), fc.string(), (body, secret, header) => {
        fc.pre(secret.trim() !== '');
        const headers = { 'x-muster-signature': sign(secret, body, NOW) };
        expect(ask('hmac', headers, { body, secret })).toBe(true);
        expect(ask('hmac', headers, { body, secret: `${secret}x` })).toBe(false);
        expect(ask('hmac', headers, { body: `${body}x`, secret })).toBe(false);
        expect(ask('hmac', { 'x-muster-signature': header }, { body, secret })).toBe(false);
      }),
    );
  });
});
