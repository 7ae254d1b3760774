// `muster serve` as a process of its own, against the emulated world over HTTP.
import { describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type IncomingMessage, request } from 'node:http';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { ended, ends, machines, refused, serving, setting, TOKEN, until } from './serving';

/** What a request is answered that names another host, as a page does after its name was pointed here. */
const statusUnder = async (host: string, url: string): Promise<number | undefined> => {
  const asked = request(url, { headers: { host } }).end();
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  answer.resume();
  return answer.statusCode;
};

describe('muster serve', () => {
  test('buys what waiting tasks need, survives kill -9 in the middle without buying twice, and ends cleanly', async () => {
    const place = await setting();
    const { marathon, mesos } = place.world;
    marathon.createApp({ id: '/shop', cmd: 'sleep 1000', cpus: 6, mem: 4096, instances: 4 });
    const running = (): number => marathon.tasks({ status: 'running' }).length;
    const first = await serving(place);
    await until('machines are bought for the app', () => machines(place.world) > 2);
    first.child.kill('SIGKILL');
    await ended(first.child);
    const bought = machines(place.world);

    const second = await serving(place);
    await until('all instances run', () => running() === 4);
    await until('all agents are registered', () => mesos.agents().length === bought);
    await until('the turns are recorded', async () => {
      const rows: unknown = await (await fetch(`${second.url}/api/history?cluster=home`)).json();
      return Array.isArray(rows) && rows.length > 1;
    });
    expect(machines(place.world)).toBe(bought);

    second.child.kill('SIGINT');
    expect(await ended(second.child)).toBe(0);
    expect(readdirSync(join(place.folder, 'state'))).toEqual(['store.log']);
    expect(readdirSync(place.folder).sort()).toEqual(['muster.yaml', 'state']);
  });

  test('answers webhooks and questions by what they are', async () => {
    const place = await setting();
    const { url, child } = await serving(place, '--json', '--log', join(place.folder, 'lines'));
    const hook = (headers: Record<string, string>, body: string) =>
      fetch(`${url}/hooks/alertmanager`, { method: 'POST', headers, body });
    const alert = readFileSync('test/fixtures/events/alertmanager-webhook-v4.json', 'utf8');
    const signed = { authorization: `Bearer ${TOKEN}` };
    expect((await hook({ authorization: 'Bearer wrong' }, alert)).status).toBe(401);
    expect((await hook(signed, 'x'.repeat(10_000_000))).status).toBe(413);
    expect((await hook(signed, '{')).status).toBe(400);
    expect((await hook(signed, '{"hello":"world"}')).status).toBe(400);
    expect((await hook(signed, alert)).status).toBe(202);
    expect((await fetch(`${url}/hooks/nobody`, { method: 'POST', body: alert })).status).toBe(404);
    const status: unknown = await (await fetch(`${url}/api/status`)).json();
    expect(status).toMatchObject([
      { schemaVersion: 1, cluster: 'home', wrong: expect.any(Array), canDo: expect.any(Array) },
    ]);
    const pause = { method: 'POST', body: JSON.stringify({ by: 'a page', reason: 'x' }) };
    const foreign = { ...pause, headers: { origin: 'http://page.example' } };
    expect((await fetch(`${url}/api/pause`, foreign)).status).toBe(403);
    expect(await statusUnder('page.example', `${url}/api/status`)).toBe(403);
    await until('the refused webhook is told', () =>
      readFileSync(join(place.folder, 'lines'), 'utf8').includes('webhook refused'),
    );
    child.kill('SIGTERM');
    expect(await ended(child)).toBe(0);
    for (const line of readFileSync(join(place.folder, 'lines'), 'utf8').trim().split('\n'))
      expect(JSON.parse(line)).toEqual({
        schemaVersion: 1,
        at: expect.stringMatching(/Z$/),
        text: expect.any(String),
      });
  });

  test('names the port that is in use', async () => {
    const place = await setting();
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    ends.push(() => void other.close());
    const { port } = other.address() as AddressInfo;
    expect(await refused(place, '--port', String(port))).toMatchObject({
      code: 1,
      text: expect.stringContaining(`Port ${port} is in use`),
    });
    expect(readdirSync(join(place.folder, 'state'))).toEqual(['store.log']);
  });

  test('names the process that has the state already', async () => {
    const place = await setting();
    const { child } = await serving(place);
    expect(await refused(place)).toMatchObject({
      code: 1,
      text: expect.stringContaining(`is in use by process ${child.pid}`),
    });
  });

  test('names a store that is damaged, and what to do, and leaves it as it is', async () => {
    const place = await setting();
    const one = await serving(place);
    one.child.kill('SIGINT');
    await ended(one.child);
    const log = join(place.folder, 'state', 'store.log');
    const bytes = readFileSync(log);
    bytes[40] = (bytes[40] ?? 0) ^ 0xff;
    writeFileSync(log, bytes);
    const { code, text } = await refused(place);
    expect(code).toBe(1);
    expect(text).toContain(log);
    expect(text).toContain('restore it from a backup');
    expect(readFileSync(log).equals(bytes)).toBe(true);
  });
});
