// What Lambda, its event sources and API Gateway do for a function on AWS, in one process: hands messages of the two
// queues to the very handlers that run there, and HTTP requests to the webhook's and the API's. No logic of its own.
import { serve as listen } from '@hono/node-server';
import type { APIGatewayProxyEventV2, Context, SQSEvent } from 'aws-lambda';
import type { Hono } from 'hono';
import type { AddressInfo } from 'node:net';
import { apiRoutes } from '../doors/api';
import { ingestDoor } from '../doors/ingest';
import { reconcileDoor, type SqsHandler } from '../doors/reconcile';
import { MOST_BYTES, webhookDoor } from '../doors/webhook';
import { messageOf } from '../engine/failure';
import type { Clock, Delivery, Receiver, Sender } from '../engine/ports';
import type { TurnReport } from '../engine/reconcile';
import { apiParts, type Outside, reconcileParts } from '../wiring/engine';
import { ingestParts, webhookParts } from '../wiring/intake';

export type Host = {
  /** Hands over every message that can be received now; returns how many. For a clock that is stepped. */
  readonly pump: () => Promise<number>;
  /** Hands over messages as they come until `stop`. */
  readonly run: () => void;
  readonly stop: () => Promise<void>;
  /** Serves webhooks, the API and whatever was added to it. Rejects, naming the port, when it is in use. */
  readonly listen: (port: number) => Promise<{ readonly url: string; readonly close: () => Promise<void> }>;
};

export type HostOptions = {
  readonly outside: Outside;
  readonly events: Receiver & Sender;
  readonly wake: Receiver & Sender;
  readonly clock: Clock;
  readonly onTurn: (cluster: string, report: TurnReport) => void;
  /** Told when a queue could not be used; it is tried again a second later. */
  readonly onFault?: (why: string) => void;
  /** Adds pages beside the API. */
  readonly pages?: (app: Hono) => void;
};

/** As many as SQS hands to a function at once. */
const BATCH = 10;
/** A stop waits this long at most for an empty queue. */
const WAIT_MS = 1_000;

export const createHost = (options: HostOptions): Host => {
  const { outside } = options;
  const reconciling = { ...reconcileParts(outside), onTurn: options.onTurn };
  const lines: readonly Line[] = [
    {
      clock: options.clock,
      queue: options.events,
      handler: ingestDoor(async () => ingestParts(outside), outside),
    },
    { clock: options.clock, queue: options.wake, handler: reconcileDoor(async () => reconciling, outside) },
  ];
  let running: readonly Promise<void>[] = [];
  let isStopped = false;
  return {
    pump: () => pumpAll(lines),
    run: () => {
      running = lines.map(async (line) => {
        while (!isStopped)
          await handOver(line, WAIT_MS).catch(async (error: unknown) => {
            options.onFault?.(messageOf(error));
            await options.clock.sleep(WAIT_MS);
          });
      });
    },
    stop: async () => {
      isStopped = true;
      await Promise.all(running);
    },
    listen: (port) => listenOn(port, options),
  };
};

type Line = { readonly queue: Receiver; readonly handler: SqsHandler; readonly clock: Clock };

const pumpAll = async (lines: readonly Line[]): Promise<number> => {
  let total = 0;
  for (;;) {
    let round = 0;
    for (const line of lines) round += await handOver(line, 0);
    if (round === 0) return total;
    total += round;
  }
};

/** One batch; messages that the handler does not name as failed are acknowledged. */
const handOver = async ({ queue, handler, clock }: Line, waitMs: number): Promise<number> => {
  const deliveries = await queue.receive({ max: BATCH, waitMs });
  if (deliveries.length === 0) return 0;
  const now = clock.now();
  const answer = await handler(sqsEvent(deliveries, now), CONTEXT);
  const failed = new Set(answer.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
  await queue.acknowledge(deliveries.filter(({ id }) => !failed.has(id)));
  return deliveries.length;
};

const sqsEvent = (deliveries: readonly Delivery[], now: number): SQSEvent => ({
  Records: deliveries.map(({ id, receipt, body, receives }) => ({
    messageId: id,
    receiptHandle: receipt,
    body,
    attributes: {
      ApproximateReceiveCount: String(receives),
      SentTimestamp: String(now),
      SenderId: 'local',
      ApproximateFirstReceiveTimestamp: '0',
    },
    messageAttributes: {},
    md5OfBody: '',
    eventSource: 'aws:sqs',
    eventSourceARN: 'arn:aws:sqs:local:000000000000:local',
    awsRegion: 'local',
  })),
});

/** Handlers of ours read nothing of the context but that it is there. */
const CONTEXT: Context = {
  callbackWaitsForEmptyEventLoop: false,
  functionName: 'local',
  functionVersion: '1',
  invokedFunctionArn: 'arn:aws:lambda:local:000000000000:function:local',
  memoryLimitInMB: '1024',
  awsRequestId: 'local',
  logGroupName: 'local',
  logStreamName: 'local',
  getRemainingTimeInMillis: () => 120_000,
  done: () => undefined,
  fail: () => undefined,
  succeed: () => undefined,
};

const HERE: ReadonlySet<string> = new Set(['127.0.0.1', 'localhost']);

/** There is no password on the loopback address, so a web page that the operator happens to have open must not be able
 *  to speak to it: not under a name of its own (DNS rebinding), not from another origin (a form can post text). Webhooks
 *  come from elsewhere by intent and carry a signature. */
const strangerTo = (request: Request): boolean => {
  const url = new URL(request.url);
  if (url.pathname.startsWith('/hooks/')) return false;
  const origin = request.headers.get('origin');
  return !HERE.has(url.hostname) || (origin !== null && origin !== url.origin);
};

const refusal = (): Response =>
  Response.json(
    { message: 'Only this machine may ask: http://127.0.0.1 or localhost, and no page of another origin.' },
    { status: 403 },
  );

const listenOn = (port: number, options: HostOptions) => {
  const app = apiRoutes(async () => apiParts(options.outside));
  const hook = webhookDoor(async () => webhookParts(options.outside), options.outside);
  app.post('/hooks/:name', async (context) => {
    const answer = await hook(await httpEvent(context.req.raw), CONTEXT);
    return new Response(answer.body ?? '', {
      status: answer.statusCode ?? 200,
      headers: { 'content-type': 'application/json' },
    });
  });
  options.pages?.(app);
  const fetch = (request: Request) => (strangerTo(request) ? refusal() : app.fetch(request));
  return new Promise<{ readonly url: string; readonly close: () => Promise<void> }>((resolve, reject) => {
    const server = listen({ fetch, port, hostname: '127.0.0.1' }, (info: AddressInfo) =>
      resolve({
        url: `http://127.0.0.1:${info.port}`,
        close: () =>
          new Promise((done) => {
            server.close(() => done());
            if ('closeAllConnections' in server) server.closeAllConnections();
          }),
      }),
    );
    server.on('error', (error: NodeJS.ErrnoException) => reject(portError(error, port)));
  });
};

const portError = (error: NodeJS.ErrnoException, port: number): Error =>
  error.code === 'EADDRINUSE'
    ? new Error(`Port ${port} is in use by another program. Stop that, or choose another with --port.`, {
        cause: error,
      })
    : error;

/** One byte more than the door takes is enough for it to say that it is too much. */
const httpEvent = async (request: Request): Promise<APIGatewayProxyEventV2> => {
  const url = new URL(request.url);
  const headers = Object.fromEntries(request.headers);
  const { body, isBase64Encoded } = await bodyOf(request);
  const http = {
    method: request.method,
    path: url.pathname,
    protocol: 'HTTP/1.1',
    sourceIp: '127.0.0.1',
    userAgent: '',
  };
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath: url.pathname,
    rawQueryString: url.search.slice(1),
    headers,
    body,
    isBase64Encoded,
    requestContext: {
      accountId: 'local',
      apiId: 'local',
      domainName: 'local',
      domainPrefix: 'local',
      http,
      requestId: 'local',
      routeKey: '$default',
      stage: '$default',
      time: '',
      timeEpoch: 0,
    },
  };
};

const bodyOf = async (
  request: Request,
): Promise<{ readonly body: string; readonly isBase64Encoded: boolean }> => {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  // One byte too many is enough for the door to say so; the rest is not read.
  for await (const chunk of request.body ?? []) {
    const piece = bytesOf(chunk);
    chunks.push(piece);
    bytes += piece.byteLength;
    if (bytes > MOST_BYTES) break;
  }
  return { body: Buffer.concat(chunks).toString('base64'), isBase64Encoded: true };
};

/** The web's stream says `any` of its pieces; the platform gives bytes. */
const bytesOf = (piece: unknown): Uint8Array => (piece instanceof Uint8Array ? piece : new Uint8Array());
