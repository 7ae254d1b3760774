import { afterEach, describe, expect, test } from '@jest/globals';
import { createFaults } from '../../../lib/emulator/http/faults';
import type { Listening } from '../../../lib/emulator/http/listen';
import { listen } from '../../../lib/emulator/http/listen';

const open: Listening[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((listening) => listening.close()));
});

const serve = async (port = 0) => {
  const faults = createFaults();
  let served = 0;
  const listening = await listen({
    name: 'Marathon',
    port,
    faults,
    describe: (call) => ({ service: 'marathon', operation: call.path }),
    handler: () => {
      served += 1;
      return { status: 200, headers: { 'Content-Type': 'text/plain' }, body: 'a whole answer' };
    },
  });
  open.push(listening);
  return { ...listening, faults, served: () => served };
};

describe('a port of the emulated world', () => {
  test('is bound to loopback and says which port is taken', async () => {
    const first = await serve();
    expect(first.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    const port = Number(new URL(first.url).port);
    await expect(serve(port)).rejects.toThrow(
      `The emulated Marathon cannot listen on 127.0.0.1:${port}: the port is in use by another process.`,
    );
  });

  test('drops a connection before the work, or after it', async () => {
    const { url, faults, served } = await serve();
    faults.inject('marathon', { kind: 'drop', when: 'before', times: 1 });
    faults.inject('marathon', { kind: 'drop', when: 'after', times: 1 });
    await expect(fetch(url)).rejects.toThrow('fetch failed');
    expect(served()).toBe(0);
    await expect(fetch(url)).rejects.toThrow('fetch failed');
    expect(served()).toBe(1);
    expect(await (await fetch(url)).text()).toBe('a whole answer');
  });

  test('answers a burst of failures and then works again', async () => {
    const { url, faults, served } = await serve();
    faults.inject('marathon', { kind: 'status', status: 503, times: 2 });
    const statuses = [];
    for (let i = 0; i < 3; i += 1) statuses.push((await fetch(url)).status);
    expect(statuses).toEqual([503, 503, 200]);
    expect(served()).toBe(1);
  });

  test('sends half an answer, though the whole was promised', async () => {
    const { url, faults } = await serve();
    faults.inject('marathon', { kind: 'truncate', bytes: 5, times: 1 });
    const answer = await fetch(url);
    expect(answer.headers.get('content-length')).toBe('14');
    await expect(answer.text()).rejects.toThrow('terminated');
  });

  test('is slow only where it is told to be, and until it is told otherwise', async () => {
    const { url, faults } = await serve();
    faults.inject('marathon', { kind: 'latency', ms: 10_000, only: '/slow' });
    await expect(fetch(`${url}/slow`, { signal: AbortSignal.timeout(100) })).rejects.toThrow(/timeout/);
    expect((await fetch(`${url}/fast`)).status).toBe(200);
    faults.clear();
    expect((await fetch(`${url}/slow`)).status).toBe(200);
  });
});
