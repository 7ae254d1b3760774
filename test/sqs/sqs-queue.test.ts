import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type FauxqsServer, startFauxqs } from 'fauxqs';
import { isFailure } from '../../lib/engine/failure';
import type { Delivery } from '../../lib/engine/ports';
import { createSqsQueue } from '../../lib/sqs/sqs-queue';
import { queueContract } from '../contract/queue';

const CREDENTIALS = { accessKeyId: 'local', secretAccessKey: 'local' };
let server: FauxqsServer;
let count = 0;

beforeAll(async () => {
  server = await startFauxqs({ port: 0, logger: false });
});
afterAll(() => server.stop());

const queueOn = (queueUrl: string, endpoint = `http://127.0.0.1:${server.port}`) =>
  createSqsQueue({ queueUrl, endpoint, region: 'us-east-1', credentials: CREDENTIALS });

queueContract('The SQS queue', async () => {
  count += 1;
  const dead = server.createQueue(`dead-${count}`);
  const main = server.createQueue(`main-${count}`, {
    attributes: {
      VisibilityTimeout: '1',
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn: dead.queueArn, maxReceiveCount: 2 }),
    },
  });
  const [queue, deadLetters] = [queueOn(main.queueUrl), queueOn(dead.queueUrl)];
  return {
    queue,
    deadLetters,
    pass: (ms) => setTimeout(ms),
    close: async () => {
      await Promise.all([queue.close(), deadLetters.close()]);
    },
  };
});

/** A server that gives these answers in turn, the last one for ever. */
const answering = async (answers: readonly { status: number; body: unknown }[]) => {
  const requests: unknown[] = [];
  const far = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk) => {
      text += String(chunk);
    });
    request.on('end', () => {
      const answer = answers[Math.min(requests.length, answers.length - 1)];
      requests.push(JSON.parse(text));
      response.writeHead(answer?.status ?? 500, { 'content-type': 'application/x-amz-json-1.0' });
      response.end(JSON.stringify(answer?.body));
    });
  });
  await new Promise<void>((resolve) => far.listen(0, '127.0.0.1', resolve));
  const { port } = far.address() as AddressInfo;
  const close = async () => {
    far.closeAllConnections();
    await new Promise((resolve) => far.close(resolve));
  };
  return { requests, endpoint: `http://127.0.0.1:${port}`, close };
};

const deliveries = (length: number): readonly Delivery[] =>
  Array.from({ length }, (_, at) => ({ id: `m${at}`, receipt: `r${at}`, body: 'x', receives: 1 }));

const failed = (...entries: { id: string; code: string; sender?: boolean }[]) => ({
  status: 200,
  body: {
    Successful: [],
    Failed: entries.map(({ id, code, sender = false }) => ({
      Id: id,
      Code: code,
      SenderFault: sender,
      Message: 'why',
    })),
  },
});

describe('The SQS queue, when things go wrong', () => {
  const failureOf = async (promise: Promise<unknown>) => {
    const error: unknown = await promise.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    if (!isFailure(error)) throw error;
    return error;
  };

  test('asks again for those messages alone that were not acknowledged', async () => {
    const far = await answering([failed({ id: '1', code: 'InternalError' }), failed()]);
    const queue = queueOn('http://local/q', far.endpoint);
    await queue.acknowledge(deliveries(3));
    expect(far.requests).toMatchObject([
      { Entries: [0, 1, 2].map((at) => ({ Id: `${at}`, ReceiptHandle: `r${at}` })) },
      { Entries: [{ Id: '0', ReceiptHandle: 'r1' }] },
    ]);
    await queue.close();
    await far.close();
  });

  test('says which share of the messages will come back when that fails too', async () => {
    const far = await answering([failed({ id: '0', code: 'InternalError' })]);
    const queue = queueOn('http://local/q', far.endpoint);
    const failure = await failureOf(queue.acknowledge(deliveries(2)));
    expect(failure).toMatchObject({ kind: 'transient', code: 'InternalError' });
    expect(failure.message).toContain('will come back');
    await queue.close();
    await far.close();
  });

  test('takes a receipt that is no longer valid for done', async () => {
    const far = await answering([failed({ id: '0', code: 'ReceiptHandleIsInvalid', sender: true })]);
    const queue = queueOn('http://local/q', far.endpoint);
    await queue.acknowledge(deliveries(1));
    expect(far.requests).toHaveLength(1);
    await queue.close();
    await far.close();
  });

  test('names the queue that does not exist and what to do', async () => {
    const queue = queueOn(`http://127.0.0.1:${server.port}/000000000000/none`);
    const failure = await failureOf(queue.send('a'));
    expect(failure.kind).toBe('permanent');
    expect(failure.message).toContain('/none was not sent');
    expect(failure.advice).toContain('deploy the stack');
    await queue.close();
  });

  test.each([
    [403, 'AccessDenied', 'permanent'],
    [429, 'RequestThrottled', 'throttled'],
    [500, 'InternalFailure', 'transient'],
  ] as const)('tells %i %s as %s', async (status, code, kind) => {
    const far = await answering([{ status, body: { __type: `com.amazonaws.sqs#${code}`, message: 'why' } }]);
    const queue = queueOn('http://local/q', far.endpoint);
    expect((await failureOf(queue.send('a'))).kind).toBe(kind);
    await queue.close();
    await far.close();
  });

  test('is transient while nobody listens', async () => {
    const far = await answering([]);
    await far.close();
    const queue = queueOn('http://local/q', far.endpoint);
    expect((await failureOf(queue.receive({ max: 1, waitMs: 0 }))).kind).toBe('transient');
    await queue.close();
  });
});
