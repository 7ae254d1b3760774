// A wire between the SDK and a local table that loses answers, breaks or answers by itself, as a test says.
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What happens to one call: it passes; it is done and the answer is lost; the connection breaks before it is done; no
 *  answer ever comes; or this answer comes instead. */
export type Fate = 'pass' | 'lose' | 'break' | 'hang' | { readonly status: number; readonly error: string };

export type FaultyWire = {
  readonly endpoint: string;
  /** Operations that arrived: `PutItem`. */
  readonly calls: string[];
  /** Fates of the next calls in turn; every call after them passes. */
  next(...fates: Fate[]): void;
  close(): Promise<void>;
};

export const openFaultyWire = async (port: number): Promise<FaultyWire> => {
  const calls: string[] = [];
  let fates: Fate[] = [];
  const server = createServer((incoming, response) => {
    void bodyOf(incoming).then(async (body) => {
      calls.push(String(incoming.headers['x-amz-target']).split('.')[1] ?? '');
      const [fate = 'pass', ...rest] = fates;
      fates = rest;
      if (fate === 'hang') return;
      if (typeof fate === 'object') return refuse(response, fate);
      if (fate === 'break') return incoming.socket.destroy();
      const answer = await forward(port, incoming, body);
      if (fate === 'lose') return incoming.socket.destroy();
      response.writeHead(answer.status, answer.headers).end(answer.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    calls,
    next: (...given) => {
      calls.length = 0;
      fates = given;
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};

const refuse = (response: ServerResponse, { status, error }: Exclude<Fate, string>): void => {
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' });
  response.end(JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${error}`, message: 'why' }));
};

const bodyOf = async (stream: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
};

const forward = (port: number, { method, url, headers }: IncomingMessage, body: Buffer) =>
  new Promise<{ status: number; headers: IncomingMessage['headers']; body: Buffer }>((resolve, reject) => {
    const far = request({ port, host: '127.0.0.1', method, path: url, headers }, (answer) => {
      bodyOf(answer).then(
        (text) => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: text }),
        reject,
      );
    });
    far.on('error', reject);
    far.end(body);
  });
