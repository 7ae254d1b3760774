// Who may call: HTTP basic, a bearer token, or DC/OS' `token=`. Mesos tells readers from writers, Marathon does not.
import { timingSafeEqual } from 'node:crypto';
import type { HttpCall } from './exchange';

export type Principal = {
  readonly name: string;
  readonly secret: string;
  /** A reader gets 403 on every Mesos call that changes something. Default true. */
  readonly mayWrite?: boolean;
};

export type Credentials =
  | { readonly kind: 'basic'; readonly principals: readonly Principal[] }
  | { readonly kind: 'bearer'; readonly token: string }
  | { readonly kind: 'dcos'; readonly token: string };

export type Caller = { readonly mayWrite: boolean };

const ANYBODY: Caller = { mayWrite: true };

/** Who is calling; undefined when nobody that is known. Without credentials configured, anybody may do anything. */
export const authenticate = (call: HttpCall, credentials: Credentials | undefined): Caller | undefined => {
  if (credentials === undefined) return ANYBODY;
  const header = call.headers.authorization ?? '';
  switch (credentials.kind) {
    case 'basic':
      return basicCaller(header, credentials.principals);
    case 'bearer':
      return same(header, `Bearer ${credentials.token}`) ? ANYBODY : undefined;
    case 'dcos':
      return same(header, `token=${credentials.token}`) ? ANYBODY : undefined;
    default:
      return credentials satisfies never;
  }
};

const basicCaller = (header: string, principals: readonly Principal[]): Caller | undefined => {
  const [scheme, encoded] = header.split(' ');
  if (scheme?.toLowerCase() !== 'basic' || encoded === undefined) return undefined;
  const pair = Buffer.from(encoded, 'base64').toString('utf8');
  const found = principals.find((principal) => same(pair, `${principal.name}:${principal.secret}`));
  return found && { mayWrite: found.mayWrite ?? true };
};

const same = (a: string, b: string): boolean => {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
};

/** The scheme that a 401 asks for. */
export const challenge = (credentials: Credentials | undefined, realm: string): string =>
  `${credentials?.kind === 'bearer' ? 'Bearer' : 'Basic'} realm="${realm}"`;
