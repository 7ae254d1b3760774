import { createServer, type Server } from 'node:http';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { LogFields, Notice } from '../../lib/engine/ports';
import { logNotifier } from '../../lib/notify/log';
import { WebhookNotifier } from '../../lib/notify/webhook';
import { createDirect } from '../../lib/transport/direct';

const NOTICE: Notice = {
  alarm: 'breaker-open',
  cluster: 'c1',
  subject: 'web',
  text: 'Pool web buys no more machines: three of image ami-1 never registered.',
  id: 'n-1',
};

type Got = { readonly method: string; readonly path: string; readonly key: string; readonly body: string };
const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

const receiver = async (status: number | 'silent') => {
  const got: Got[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (part: string) => (body += part));
    request.on('end', () => {
      const key = String(request.headers['idempotency-key']);
      got.push({ method: request.method ?? '', path: request.url ?? '', key, body });
      if (status === 'silent') return;
      response.writeHead(status, { location: 'http://127.0.0.1:9/' }).end('x'.repeat(100_000));
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const notifier = new WebhookNotifier({
    transport: createDirect(),
    secrets: { resolve: async () => `http://127.0.0.1:${port}/hooks/s3cret` },
    url: 'ssm:/muster/c1/webhook',
    timeoutMs: 300,
  });
  return { got, notifier, server };
};

describe('a notice by webhook', () => {
  test('is one JSON post with its id as the key by which a repeat is known', async () => {
    const { got, notifier } = await receiver(200);
    await notifier.tell(NOTICE);
    expect(got).toMatchObject([{ method: 'POST', path: '/hooks/s3cret', key: 'n-1' }]);
    expect(JSON.parse(got[0]?.body ?? '')).toEqual(NOTICE);
  });

  test.each<[number | 'silent', string]>([
    [429, 'throttled'],
    [500, 'transient'],
    [404, 'permanent'],
    [302, 'permanent'],
    ['silent', 'unknown-outcome'],
  ])('that is answered with %s fails as %s and never shows the address', async (status, kind) => {
    const { got, notifier } = await receiver(status);
    const failure = await notifier.tell(NOTICE).catch((error: unknown) => error);
    expect(failure).toMatchObject({ name: 'Failure', kind });
    expect(String(failure)).toContain('127.0.0.1');
    expect(String(failure)).not.toContain('s3cret');
    expect(got).toHaveLength(1);
  });

  test('that nobody takes was not sent', async () => {
    const { notifier, server } = await receiver(200);
    await new Promise((resolve) => server.close(resolve));
    await expect(notifier.tell(NOTICE)).rejects.toMatchObject({ kind: 'transient' });
  });

  test.each(['not a url', 'ftp://host/x', ''])('to "%s" is refused without repeating it', async (url) => {
    const notifier = new WebhookNotifier({
      transport: createDirect(),
      secrets: { resolve: async () => url },
      url: 'env:WEBHOOK',
    });
    await expect(notifier.tell(NOTICE)).rejects.toMatchObject({ kind: 'permanent', code: 'BadAddress' });
  });
});

test('without a webhook a notice is a warning in the log', async () => {
  const lines: [string, LogFields | undefined][] = [];
  const keep = (message: string, fields?: LogFields): void => {
    lines.push([message, fields]);
  };
  await logNotifier({ info: keep, warn: keep, error: keep }).tell(NOTICE);
  expect(lines).toEqual([[NOTICE.text, { cluster: 'c1', kind: 'breaker-open', subject: 'web' }]]);
});
