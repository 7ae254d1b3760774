// Who is calling a webhook. Three ways: a bearer token or basic credentials for senders that cannot sign (Alertmanager),
// and an HMAC over the raw body with a timestamp for those that can. Every comparison takes the same time whatever is
// wrong, and no answer says more than that it was refused.
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { Webhook } from '../core/model/spec';

/** A signature older or newer than this is refused, in milliseconds. */
export const REPLAY_WINDOW_MS = 300_000;

export type Caller = {
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
  readonly now: number;
};

/** `signed` is the id under which a signature is remembered, so that it is taken once within the replay window. */
export type Admission =
  | { readonly admitted: true; readonly signed?: string }
  | { readonly admitted: false; readonly why: string };

const same = (a: string, b: string): boolean =>
  timingSafeEqual(createHash('sha256').update(a).digest(), createHash('sha256').update(b).digest());

/** Checks the caller against the webhook's secret: the token, `user:password`, or the HMAC key. */
export const authenticate = (webhook: Webhook, secret: string, caller: Caller): Admission => {
  const authorization = caller.headers['authorization'] ?? '';
  // Whoever knows that a secret is empty could sign with it.
  if (secret.trim() === '') return { admitted: false, why: 'the secret on this side is empty' };
  switch (webhook.auth) {
    case 'bearer':
      return admit(same(authorization, `Bearer ${secret}`), 'the bearer token does not match');
    case 'basic':
      return admit(
        same(authorization, `Basic ${Buffer.from(secret).toString('base64')}`),
        'the credentials do not match',
      );
    case 'hmac':
      return checkSignature(secret, caller);
    default:
      return webhook.auth satisfies never;
  }
};

const admit = (matches: boolean, why: string): Admission =>
  matches ? { admitted: true } : { admitted: false, why };

/** `X-Muster-Signature: t=<epoch seconds>,v1=<hex HMAC-SHA256 of "t.body">`. */
const checkSignature = (secret: string, { headers, body, now }: Caller): Admission => {
  const fields = new Map(
    (headers['x-muster-signature'] ?? '').split(',').map((part) => {
      const at = part.indexOf('=');
      return [part.slice(0, Math.max(0, at)).trim(), part.slice(at + 1).trim()] as const;
    }),
  );
  const time = fields.get('t') ?? '';
  const expected = createHmac('sha256', secret).update(`${time}.${body}`).digest('hex');
  const matches = same(fields.get('v1') ?? '', expected);
  if (!/^\d{1,12}$/.test(time))
    return { admitted: false, why: 'the header X-Muster-Signature is missing or has no time' };
  if (!matches) return { admitted: false, why: 'the signature does not match' };
  if (Math.abs(now - Number(time) * 1000) > REPLAY_WINDOW_MS)
    return {
      admitted: false,
      why: 'the signature is too old, or the clocks differ by more than five minutes',
    };
  return { admitted: true, signed: expected };
};

/** The signature header for a body, as a sender makes it. */
export const sign = (secret: string, body: string, now: number): string => {
  const time = Math.floor(now / 1000);
  return `t=${time},v1=${createHmac('sha256', secret).update(`${time}.${body}`).digest('hex')}`;
};
