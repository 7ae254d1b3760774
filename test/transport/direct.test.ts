import { afterEach, describe, expect, test } from '@jest/globals';
import net from 'node:net';
import tls from 'node:tls';
import { isFailure } from '../../lib/engine/failure';
import type { Failure } from '../../lib/engine/failure';
import type { HttpAnswer, HttpRequest } from '../../lib/engine/ports';
import { createDirect } from '../../lib/transport/direct';
import { nobody, plain, serve } from './server';
import type { Answering, Served } from './server';

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

const up = async (answer: Answering): Promise<Served> => {
  const served = await serve(answer);
  stops.push(served.stop);
  return served;
};

const get = (url: string, timeoutMs = 5_000): HttpRequest => ({ method: 'GET', url, headers: {}, timeoutMs });

const failureOf = async (work: Promise<unknown>): Promise<Failure> => {
  try {
    await work;
  } catch (error) {
    if (isFailure(error)) return error;
    throw error;
  }
  throw new Error('it did not fail');
};

const textOf = async (answer: HttpAnswer): Promise<string> => {
  const chunks: Uint8Array[] = [];
  for await (const chunk of answer.body) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
};

describe('the direct transport', () => {
  test('sends method, headers and body and gives the answer back', async () => {
    const served = await up((seen, response) =>
      plain(response, 418, `${seen.method} ${seen.body}`, { 'X-A': 'b' }),
    );
    const answer = await createDirect()({
      method: 'POST',
      url: `${served.url}/api/v1?x=1`,
      headers: { 'content-type': 'application/json', authorization: 'Basic eA==' },
      body: '{"é":1}',
      timeoutMs: 5_000,
    });
    expect(answer.status).toBe(418);
    expect(answer.headers['x-a']).toBe('b');
    expect(await textOf(answer)).toBe('POST {"é":1}');
    expect(served.seen[0]?.headers['content-type']).toBe('application/json');
    expect(served.seen[0]?.headers['content-length']).toBe('8');
  });

  test('hands a redirect to the caller and goes nowhere', async () => {
    const elsewhere = await up((_, response) => plain(response, 200, 'secret'));
    const served = await up((_, response) => plain(response, 307, '', { location: elsewhere.url }));
    const answer = await createDirect()(get(served.url));
    expect([answer.status, answer.headers['location']]).toEqual([307, elsewhere.url]);
    expect(elsewhere.seen).toEqual([]);
  });

  test('says that nothing was sent when nobody listens', async () => {
    const failure = await failureOf(createDirect()(get(await nobody())));
    expect([failure.kind, failure.code]).toEqual(['transient', 'ECONNREFUSED']);
  });

  test('does not know the outcome when the far end is silent after the request', async () => {
    const served = await up(() => undefined);
    const failure = await failureOf(createDirect()(get(`${served.url}/slow?token=hidden`, 100)));
    expect([failure.kind, failure.code]).toEqual(['unknown-outcome', 'timeout']);
    expect(failure.message).not.toContain('hidden');
  });

  test('does not know the outcome when the connection is cut after the request', async () => {
    const served = await up((_, response) => response.socket?.destroy());
    const failure = await failureOf(createDirect()(get(served.url)));
    expect(failure.kind).toBe('unknown-outcome');
  });

  test('fails a body that ends before its length, and one that falls silent', async () => {
    const cut = await up((_, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('half', () => response.socket?.destroy());
    });
    const silent = await up((_, response) => {
      response.writeHead(200);
      response.write('half');
    });
    const short = await failureOf(textOf(await createDirect()(get(cut.url))));
    expect(short.kind).toBe('unknown-outcome');
    const hung = await failureOf(textOf(await createDirect()(get(silent.url, 150))));
    expect([hung.kind, hung.code]).toEqual(['unknown-outcome', 'timeout']);
  });

  test('does not trust a certificate that nobody vouches for', async () => {
    const server = tls.createServer({ key: KEY, cert: CERTIFICATE });
    server.on('tlsClientError', () => undefined);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    stops.push(() => new Promise((resolve) => server.close(() => resolve())));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const failure = await failureOf(createDirect()(get(`https://127.0.0.1:${port}/`)));
    expect([failure.kind, failure.code]).toEqual(['transient', 'tls']);
  });

  test('names https spoken to a port that does not speak it', async () => {
    const served = await up((_, response) => plain(response, 200, ''));
    const failure = await failureOf(createDirect()(get(served.url.replace('http:', 'https:'))));
    expect([failure.kind, failure.code]).toEqual(['transient', 'tls']);
  });

  test('gives up connecting to a port that takes the connection and never speaks', async () => {
    const sockets: net.Socket[] = [];
    const server = net.createServer((socket) => sockets.push(socket.on('error', () => undefined)));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    stops.push(async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    });
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const failure = await failureOf(createDirect()(get(`https://127.0.0.1:${port}/`, 100)));
    expect([failure.kind, failure.code]).toEqual(['transient', 'timeout']);
  });

  test('refuses a header that could not be sent, without repeating it', async () => {
    const request = { ...get('http://127.0.0.1:1/'), headers: { authorization: 'Basic hid\nden' } };
    const failure = await failureOf(createDirect()(request));
    expect(failure.kind).toBe('permanent');
    expect(failure.message).not.toContain('hid');
  });
});

// A certificate made for this test alone, signed by itself.
const KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgGQT/j23pFSvNQqWX
Kem0L/io/SmbYTcRU6mArkj8fiGhRANCAAR91l4mF+xzPNo0R3g6GAYdQeHV9tNP
MwnWP3a3BSfnt34Kp5+aEoaXxJZVGe0FxrQ/gGRPETE1CzOI9awKUArC
-----END PRIVATE KEY-----`;
const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBfzCCASWgAwIBAgIUP/89FaMW0Na3ogZV49ntMXKQGaEwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJMTI3LjAuMC4xMCAXDTI2MTEyNDA5MDIwNloYDzIxMjYxMDMx
MDkwMjA2WjAUMRIwEAYDVQQDDAkxMjcuMC4wLjEwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAR91l4mF+xzPNo0R3g6GAYdQeHV9tNPMwnWP3a3BSfnt34Kp5+aEoaX
xJZVGe0FxrQ/gGRPETE1CzOI9awKUArCo1MwUTAdBgNVHQ4EFgQUOTexpGp8RQ+Q
PcqSQJVAQdZM7zkwHwYDVR0jBBgwFoAUOTexpGp8RQ+QPcqSQJVAQdZM7zkwDwYD
VR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiBrTskkSJT5+RKaRouBQmeP
KYP69ARwIV1WKTZipBVJ+AIhANZUYPwsqClizOzb/h1qRBmJLHtF3Yo0FkSDKRpd
pe0J
-----END CERTIFICATE-----`;
