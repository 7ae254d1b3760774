// The Transport over Node's own http and https. It never follows a redirect and always verifies certificates.
import http from 'node:http';
import https from 'node:https';
import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { Failure, messageOf } from '../engine/failure';
import type { HttpAnswer, HttpRequest, Transport } from '../engine/ports';

export type DirectOptions = {
  /** PEM certificates to trust instead of the public authorities. */
  readonly ca?: string;
  /** How long an unused connection is kept. Short: a server closing one just as a write goes out looks like an
   *  unknown outcome, and a function that was frozen wakes with dead ones. */
  readonly idleMs?: number;
};

/** `timeoutMs` of a request bounds connecting until the head has come, then each silence of the body. A reader that
 *  wants a whole body in bounded time counts by itself (lib/transport/body.ts). */
export const createDirect = (options: DirectOptions = {}): Transport => {
  const shared = { keepAlive: true, maxSockets: 64, timeout: options.idleMs ?? 4_000 };
  const agents = {
    plain: new http.Agent(shared),
    secure: new https.Agent({ ...shared, ...(options.ca === undefined ? {} : { ca: options.ca }) }),
  };
  return (request) => exchange(request, agents);
};

type Agents = { readonly plain: http.Agent; readonly secure: https.Agent };
type Progress = { sent: boolean; silent: boolean };

const exchange = (request: HttpRequest, agents: Agents): Promise<HttpAnswer> =>
  new Promise((resolve, reject) => {
    const progress: Progress = { sent: false, silent: false };
    const outgoing = open(request, agents);
    const silence = () => {
      progress.silent = true;
      outgoing.destroy(new Error('timed out'));
    };
    const deadline = AbortSignal.timeout(request.timeoutMs);
    deadline.addEventListener('abort', silence);
    outgoing.on('timeout', silence);
    outgoing.on('socket', (socket) => {
      if (outgoing.reusedSocket) progress.sent = true;
      else socket.once(isSecure(socket) ? 'secureConnect' : 'connect', () => (progress.sent = true));
    });
    outgoing.on('error', (cause) => reject(failureOf(request, progress, cause)));
    outgoing.on('response', (incoming) => {
      deadline.removeEventListener('abort', silence);
      resolve({
        status: incoming.statusCode ?? 0,
        headers: flat(incoming.headers),
        body: bodyOf(incoming, request, progress),
      });
    });
    outgoing.end(request.body);
  });

const isSecure = (socket: object): socket is TLSSocket => 'authorized' in socket;

const open = (request: HttpRequest, agents: Agents): http.ClientRequest => {
  try {
    const url = new URL(request.url);
    const options = { method: request.method, headers: request.headers, timeout: request.timeoutMs };
    return url.protocol === 'https:'
      ? https.request(url, { ...options, agent: agents.secure })
      : http.request(url, { ...options, agent: agents.plain });
  } catch (cause) {
    throw new Failure('permanent', `${nameOf(request)} cannot be sent: ${messageOf(cause)}.`, {
      code: 'bad-request',
      advice: 'Check the address and the credentials in the configuration for stray characters.',
      cause,
    });
  }
};

async function* bodyOf(
  incoming: IncomingMessage,
  request: HttpRequest,
  progress: Progress,
): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of incoming) yield chunk;
  } catch (cause) {
    throw failureOf(request, progress, cause);
  }
}

const flat = (headers: http.IncomingHttpHeaders): Record<string, string> => {
  const out: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) out[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return out;
};

const CERTIFICATE = /^(CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|ERR_TLS|ERR_SSL|EPROTO$)/;

const failureOf = (request: HttpRequest, progress: Progress, cause: unknown): Failure => {
  const code = codeOf(cause);
  if (!progress.sent && CERTIFICATE.test(code)) {
    return new Failure('transient', `${nameOf(request)}: no TLS connection (${code}).`, {
      code: 'tls',
      advice: 'Check that the address speaks https and that its certificate names it and is trusted here.',
      cause,
    });
  }
  const what = progress.silent
    ? `nothing came for ${request.timeoutMs} ms`
    : `the connection failed (${code === '' ? messageOf(cause) : code})`;
  if (!progress.sent) {
    return new Failure('transient', `${nameOf(request)}: ${what}; nothing was sent.`, {
      code: progress.silent ? 'timeout' : code,
      cause,
    });
  }
  return new Failure('unknown-outcome', `${nameOf(request)}: ${what} after the request was sent.`, {
    code: progress.silent ? 'timeout' : code,
    cause,
  });
};

const codeOf = (cause: unknown): string =>
  typeof cause === 'object' && cause !== null && 'code' in cause && typeof cause.code === 'string'
    ? cause.code
    : '';

/** Method, host and path: never the query, never anything that could be a credential. */
const nameOf = (request: HttpRequest): string => {
  const url = URL.canParse(request.url) ? new URL(request.url) : undefined;
  return `${request.method} ${url === undefined ? 'an address that is no URL' : url.origin + url.pathname}`;
};
