// A local HTTP server for the tests of the clients, and a clock that only moves when it is told.
import http from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock, Secrets } from '../../lib/engine/ports';

export type Seen = {
  readonly method: string;
  readonly path: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
};
export type Answering = (seen: Seen, response: ServerResponse) => void;
export type Served = {
  readonly url: string;
  readonly host: string;
  readonly seen: Seen[];
  readonly stop: () => Promise<void>;
};

export const serve = async (answer: Answering): Promise<Served> => {
  const seen: Seen[] = [];
  const server = http.createServer((request, response) => {
    void bodyOf(request).then((body) => {
      const one = { method: request.method ?? '', path: request.url ?? '', headers: request.headers, body };
      seen.push(one);
      answer(one, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    host: `127.0.0.1:${port}`,
    seen,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};

const bodyOf = async (request: IncomingMessage): Promise<string> => {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request) if (Buffer.isBuffer(chunk)) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
};

export const json = (response: ServerResponse, value: unknown, status = 200): void => {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(typeof value === 'string' ? value : JSON.stringify(value));
};

export const plain = (response: ServerResponse, status: number, text: string, headers = {}): void => {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', ...headers });
  response.end(text);
};

/** An address at which nobody listens: a port that was free a moment ago. */
export const nobody = async (): Promise<string> => {
  const served = await serve(() => undefined);
  await served.stop();
  return served.url;
};

export const standing = (now: number): Clock & { now(): number; at: number } => {
  const clock = {
    at: now,
    now: () => clock.at,
    sleep: async (ms: number) => {
      clock.at += ms;
    },
  };
  return clock;
};

export const secretsOf = (values: Readonly<Record<string, string>>): Secrets => ({
  resolve: async (reference) => values[reference] ?? reference,
});

export async function* chunksOf(...parts: readonly (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield typeof part === 'string' ? new TextEncoder().encode(part) : part;
}
