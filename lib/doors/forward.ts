// The forwarding side of `reach`, the only function inside the VPC (DESIGN §4, Private masters): what it lets through
// and how the answer travels. Nothing here logs, and no message repeats a header, a query or a body.
import * as z from 'zod/mini';
import { Failure, isFailure, messageOf } from '../engine/failure';
import type { HttpAnswer, HttpRequest, Transport } from '../engine/ports';

export type Allow = {
  /** Base URLs of the configured masters. */
  readonly masters: readonly string[];
  /** Base URLs of the configured Marathons. */
  readonly marathon: readonly string[];
};

export type ForwardHead =
  | { readonly status: number; readonly headers: Readonly<Record<string, string>> }
  | { readonly failure: { readonly kind: Failure['kind']; readonly message: string; readonly code: string } };

export type Forwarded = { readonly head: ForwardHead; readonly body: AsyncIterable<Uint8Array> };

/** Names, on a request to an agent, the agent's id; the forwarder asks a master whether it lists that agent at that
 *  address, and does not pass the header on. */
export const AGENT_HEADER = 'x-muster-agent';

/**
 * Forwards one request, or refuses it. Never throws for a request that it was given: a refusal, or a failure of the
 * far end before its head, is a head with `failure` and no body. A body that breaks off throws from its iteration, and
 * the function must then end with an error, so that the caller does not take the half for the whole.
 */
export const forward = async (payload: unknown, allow: Allow, transport: Transport): Promise<Forwarded> => {
  try {
    const request = parseRequest(payload);
    await check(request, allow, transport);
    const answer = await transport({ ...request, headers: passedOn(request.headers) });
    return { head: { status: answer.status, headers: answer.headers }, body: answer.body };
  } catch (error) {
    const failure = isFailure(error) ? error : new Failure('unknown-outcome', messageOf(error));
    const { kind, message, code } = failure;
    return { head: { failure: { kind, message, code } }, body: nothing() };
  }
};

/** The bytes to stream back: the head's line, then the body. */
export async function* bytesOf(forwarded: Forwarded): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode(`${JSON.stringify(forwarded.head)}\n`);
  yield* forwarded.body;
}

async function* nothing(): AsyncGenerator<Uint8Array> {
  // A failure has no body.
}

const LONGEST_MS = 600_000;
const LONGEST_BODY = 2_000_000;
const requestSchema = z.strictObject({
  method: z.enum(['GET', 'POST', 'PUT', 'DELETE']),
  url: z.string(),
  headers: z.record(z.string(), z.string()),
  body: z.optional(z.string().check(z.maxLength(LONGEST_BODY))),
  timeoutMs: z.number().check(z.positive(), z.maximum(LONGEST_MS)),
});

const parseRequest = (payload: unknown): HttpRequest => {
  const parsed = requestSchema.safeParse(payload);
  if (!parsed.success) {
    const where = parsed.error.issues.map((issue) => issue.path.join('.') || 'the request').join(', ');
    throw refused(`the request is malformed at ${where}`);
  }
  const { body, headers, ...rest } = parsed.data;
  if (!URL.canParse(rest.url)) throw refused('its address is no URL');
  const url = new URL(rest.url);
  if (url.username !== '' || url.password !== '') throw refused('its address carries credentials');
  // The parsed form is what is sent: what was checked and what goes out must be one and the same.
  return { ...rest, url: url.href, headers: lowerCase(headers), ...(body === undefined ? {} : { body }) };
};

const lowerCase = (headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));

const check = async (request: HttpRequest, allow: Allow, transport: Transport): Promise<void> => {
  const { pathname } = new URL(request.url);
  if (/%|\\|\/\//.test(pathname)) throw refused('its path has an escape or an empty part');
  const master = pathBelow(request.url, allow.masters);
  const marathon = pathBelow(request.url, allow.marathon);
  if (master !== undefined && masterAllows(request, master)) return;
  if (marathon !== undefined && marathonAllows(request, marathon)) return;
  if (master !== undefined || marathon !== undefined) {
    throw refused(`${request.method} ${pathname}${callOf(request)} is not among the calls that Muster makes`);
  }
  await checkAgent(request, allow, transport);
};

/** The path below the base URL that the request goes to; undefined when it goes to none of them. */
const pathBelow = (href: string, bases: readonly string[]): string | undefined => {
  const url = new URL(href);
  for (const text of bases) {
    if (!URL.canParse(text)) continue;
    const base = new URL(text);
    const prefix = base.pathname.replace(/\/$/, '');
    if (base.origin === url.origin && url.pathname.startsWith(`${prefix}/`)) {
      return url.pathname.slice(prefix.length);
    }
  }
  return undefined;
};

const MASTER_CALLS = new Set([
  'GET_HEALTH',
  'GET_VERSION',
  'GET_MASTER',
  'GET_AGENTS',
  'GET_FRAMEWORKS',
  'GET_EXECUTORS',
  'GET_OPERATIONS',
  'GET_TASKS',
  'GET_STATE',
  'GET_ROLES',
  'GET_METRICS',
  'GET_MAINTENANCE_STATUS',
  'GET_MAINTENANCE_SCHEDULE',
  'UPDATE_MAINTENANCE_SCHEDULE',
  'DRAIN_AGENT',
  'DEACTIVATE_AGENT',
  'REACTIVATE_AGENT',
  'MARK_AGENT_GONE',
]);
const MASTER_READS =
  /^(\/master)?\/(health|version|redirect|state|state-summary|slaves|frameworks|tasks|roles|maintenance\/(schedule|status)|metrics\/snapshot)$/;

const masterAllows = (request: HttpRequest, path: string): boolean => {
  if (request.method === 'GET') return MASTER_READS.test(path);
  return request.method === 'POST' && /^(\/master)?\/api\/v1\/?$/.test(path) && calls(request, MASTER_CALLS);
};

const AGENT_CALLS = new Set([
  'GET_HEALTH',
  'GET_VERSION',
  'GET_AGENT',
  'GET_TASKS',
  'GET_OPERATIONS',
  'GET_EXECUTORS',
  'GET_FRAMEWORKS',
  'GET_CONTAINERS',
  'GET_METRICS',
]);

const calls = (request: HttpRequest, allowed: ReadonlySet<string>): boolean =>
  allowed.has(typeOf(request) ?? '');

const typeOf = (request: HttpRequest): string | undefined => {
  const parsed = z.object({ type: z.string() }).safeParse(jsonOf(request.body));
  return parsed.success ? parsed.data.type : undefined;
};

const callOf = (request: HttpRequest): string => {
  const type = typeOf(request);
  return type !== undefined && /^[A-Z_]{1,60}$/.test(type) ? ` ${type}` : '';
};

const jsonOf = (body: string | undefined): unknown => {
  try {
    const value: unknown = JSON.parse(body ?? '');
    return value;
  } catch {
    return undefined;
  }
};

/** Marathon's writes that a plan can make. An app is only ever scaled: anything else in a PUT could run a command. */
const MARATHON_WRITES: readonly {
  readonly method: string;
  readonly path: RegExp;
  readonly body?: z.ZodMiniType;
}[] = [
  { method: 'PUT', path: /^\/v2\/apps\/.+$/, body: z.strictObject({ instances: z.int() }) },
  { method: 'POST', path: /^\/v2\/tasks\/delete$/, body: z.strictObject({ ids: z.array(z.string()) }) },
  { method: 'DELETE', path: /^\/v2\/queue\/.+\/delay$/ },
  { method: 'DELETE', path: /^\/v2\/deployments\/[^/]+$/ },
  { method: 'DELETE', path: /^\/v2\/pods\/.+::instances\/[^/]+$/ },
];

const marathonAllows = (request: HttpRequest, path: string): boolean => {
  if (request.method === 'GET') return path === '/ping' || path.startsWith('/v2/');
  // `wipe` makes Marathon forget named tasks of dead machines, and never a whole app's.
  const isWipe = new URL(request.url).searchParams.has('wipe');
  if (isWipe && path !== '/v2/tasks/delete' && !/^\/v2\/pods\/.+::instances\/[^/]+$/.test(path)) return false;
  return MARATHON_WRITES.some(
    (write) =>
      write.method === request.method &&
      write.path.test(path) &&
      (write.body === undefined || write.body.safeParse(jsonOf(request.body)).success),
  );
};

/** Read-only calls to an agent that a master lists at the address, with the request's own credentials. */
const checkAgent = async (request: HttpRequest, allow: Allow, transport: Transport): Promise<void> => {
  const url = new URL(request.url);
  const id = request.headers[AGENT_HEADER];
  if (id === undefined) throw refused(`${url.host} is neither a configured master nor a configured Marathon`);
  const path = /^(\/slave\(1\))?\/api\/v1\/?$/;
  if (request.method !== 'POST' || !path.test(url.pathname) || !calls(request, AGENT_CALLS)) {
    throw refused(
      `${request.method} ${url.pathname}${callOf(request)} is not a read that Muster makes of an agent`,
    );
  }
  const addresses = await addressesOf(id, request, allow, transport);
  if (!addresses.includes(url.host)) throw refused(`no configured master lists that agent at ${url.host}`);
};

const slaves = z.object({
  slaves: z.array(z.object({ id: z.string(), hostname: z.string(), port: z.number(), pid: z.string() })),
});

/** `host:port` by which the leading master knows the agent. One row is asked for, however large the cluster is. */
const addressesOf = async (
  id: string,
  request: HttpRequest,
  allow: Allow,
  transport: Transport,
): Promise<readonly string[]> => {
  let last: unknown;
  for (const master of allow.masters) {
    try {
      const answer = await transport({
        method: 'GET',
        url: `${master.replace(/\/$/, '')}/slaves?slave_id=${encodeURIComponent(id)}`,
        headers: { ...credentialsOf(request.headers), accept: 'application/json' },
        timeoutMs: Math.min(request.timeoutMs, 10_000),
      });
      const text = await short(answer);
      if (answer.status !== 200) continue;
      const rows = slaves.parse(JSON.parse(text)).slaves;
      return rows
        .filter((row) => row.id === id)
        .flatMap((row) => [`${row.hostname}:${row.port}`, row.pid.slice(row.pid.indexOf('@') + 1)]);
    } catch (error) {
      last = error;
    }
  }
  throw new Failure('transient', 'No configured master could say whether it lists that agent.', {
    code: 'no-answer',
    cause: last,
  });
};

const short = async (answer: HttpAnswer): Promise<string> => {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of answer.body) {
    bytes += chunk.byteLength;
    if (bytes > 1_000_000)
      throw new Failure('transient', 'A master listed far more than the one agent asked for.');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
};

const credentialsOf = (headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> =>
  headers['authorization'] === undefined ? {} : { authorization: headers['authorization'] };

const PASSED_ON = ['authorization', 'accept', 'accept-encoding', 'content-type'];

const passedOn = (headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => PASSED_ON.includes(name)));

const refused = (why: string): Failure =>
  new Failure('permanent', `The forwarding function refused a request: ${why}.`, {
    code: 'refused',
    advice: 'It forwards to the masters and Marathons of the configuration that it was deployed with.',
  });
