// What the faces exchange with node:http: a request read whole, and an answer that is either a body or a stream.
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';

export type HttpCall = {
  readonly method: string;
  /** Path without query, as sent. */
  readonly path: string;
  /** With the question mark, or empty. */
  readonly search: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
};

/** An answer that goes on: `open` is given a writer and a way to end the connection without a proper end, as a process
 *  that dies does. It returns what to do once the connection is gone. */
export type Stream = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly open: (write: (chunk: string) => void, cut: () => void) => () => void;
};

export type HttpReply =
  | {
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: string | Uint8Array;
    }
  | Stream;

export type Handler = (call: HttpCall) => HttpReply | Promise<HttpReply>;

export const isStream = (reply: HttpReply): reply is Stream => 'open' in reply;

/** A request body above this is refused with 413, as every one of the real servers refuses some size. */
const MAX_BODY_BYTES = 20 * 1024 * 1024;

/** Reads a request whole. Resolves to undefined when the body is above the limit. */
export const readCall = async (request: IncomingMessage): Promise<HttpCall | undefined> => {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    if (!(chunk instanceof Uint8Array)) continue;
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) return undefined;
    chunks.push(chunk);
  }
  const target = request.url ?? '/';
  const mark = target.indexOf('?');
  const path = mark < 0 ? target : target.slice(0, mark);
  const search = mark < 0 ? '' : target.slice(mark);
  return {
    method: request.method ?? 'GET',
    path,
    search,
    query: new URLSearchParams(search),
    headers: request.headers,
    body: Buffer.concat(chunks).toString('utf8'),
  };
};

export const writeStream = (response: ServerResponse, stream: Stream): void => {
  response.writeHead(stream.status, stream.headers);
  response.flushHeaders();
  const leave = stream.open(
    (chunk) => {
      response.write(chunk);
    },
    () => {
      response.socket?.destroySoon();
    },
  );
  response.on('close', leave);
};

export const textReply = (
  status: number,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): HttpReply => ({ status, headers: { 'Content-Type': 'text/plain; charset=utf-8', ...headers }, body });

export const emptyReply = (status: number, headers: Readonly<Record<string, string>> = {}): HttpReply => ({
  status,
  headers,
  body: '',
});
