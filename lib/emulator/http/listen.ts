// One listening port of the emulated world, bound to loopback only.
import type { AddressInfo } from 'node:net';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { Handler, HttpCall, HttpReply } from './exchange';
import { isStream, readCall, textReply, writeStream } from './exchange';
import type { FaultKind, Faults, ServiceName } from './faults';
import { faultReply } from './faults';

export type Listening = {
  /** `http://127.0.0.1:port`, no slash at the end. */
  readonly url: string;
  readonly address: string;
  /** Ends every connection at once, streams too, and frees the port. */
  close(): Promise<void>;
  /** Ends every open connection without an answer; the port stays open. */
  cut(): void;
};

export type ListenOptions = {
  /** What the port is, for the message when it is taken. */
  readonly name: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly handler: Handler;
  readonly faults: Faults;
  /** Which service a request is for and which of its operations, for the fault knobs. */
  readonly describe: (call: HttpCall) => { readonly service: ServiceName; readonly operation: string };
};

/**
 * Listens on 127.0.0.1. Rejects with Error naming the port when it is taken, out of range, or needs privileges.
 */
export const listen = async (options: ListenOptions): Promise<Listening> => {
  const server = createServer((request, response) => {
    void serve(options, request, response);
  });
  await bind(server, options);
  const address = `127.0.0.1:${portOf(server.address())}`;
  return {
    url: `http://${address}`,
    address,
    cut: () => {
      server.closeAllConnections();
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
};

const portOf = (address: AddressInfo | string | null): number =>
  address !== null && typeof address === 'object' ? address.port : 0;

const bind = (server: Server, options: ListenOptions): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(new Error(whyNotBound(error, options), { cause: error }));
    });
    server.listen(options.port, '127.0.0.1', resolve);
  });

const whyNotBound = (error: NodeJS.ErrnoException, { name, port }: ListenOptions): string => {
  const what = `The emulated ${name} cannot listen on 127.0.0.1:${port}`;
  if (error.code === 'EADDRINUSE')
    return `${what}: the port is in use by another process. Choose another port, or 0 for any free one.`;
  if (error.code === 'EACCES')
    return `${what}: not permitted. Choose a port above 1023, or 0 for any free one.`;
  return `${what}: ${error.message}`;
};

const serve = async (
  options: ListenOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  try {
    const call = await readCall(request);
    if (call === undefined) {
      send(response, textReply(413, 'The request body is too large.', { Connection: 'close' }), undefined);
      return;
    }
    const { service, operation } = options.describe(call);
    const fault = options.faults.take(service, operation);
    const reply = await answer({ handler: options.handler, call, fault, service });
    if (reply === 'drop') request.socket.destroy();
    else send(response, reply, fault);
  } catch (error) {
    // A fault of the emulator itself, or a client that went away half-way through its request.
    if (request.destroyed && !request.complete) return;
    send(response, textReply(500, `The emulator failed: ${String(error)}`), undefined);
  }
};

type Answering = {
  readonly handler: Handler;
  readonly call: HttpCall;
  readonly fault: FaultKind | undefined;
  readonly service: ServiceName;
};

const answer = async ({ handler, call, fault, service }: Answering): Promise<HttpReply | 'drop'> => {
  if (fault?.kind === 'drop' && fault.when === 'before') return 'drop';
  if (fault?.kind === 'status') return faultReply(service, fault.status, fault.body);
  if (fault?.kind === 'latency') await pause(fault.ms);
  const reply = await handler(call);
  return fault?.kind === 'drop' ? 'drop' : reply;
};

const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });

const send = (response: ServerResponse, reply: HttpReply, fault: FaultKind | undefined): void => {
  if (response.headersSent || response.destroyed) return;
  if (isStream(reply)) {
    writeStream(response, reply);
    return;
  }
  const body = Buffer.from(reply.body);
  response.writeHead(reply.status, { ...reply.headers, 'Content-Length': body.length });
  if (fault?.kind !== 'truncate') {
    response.end(body);
    return;
  }
  response.write(body.subarray(0, Math.min(fault.bytes, body.length - 1)), () => {
    response.destroy();
  });
};
