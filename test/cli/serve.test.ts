// `muster serve` as a process of its own, against the emulated world over HTTP.
import { afterEach, describe, expect, test } from '@jest/globals';
import { type ChildProcess, spawn } from 'node:child_process';
import { createServer } from 'node:http';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { shippedCatalogue } from '../../lib/catalogue/shipped';
import { parseSpec } from '../../lib/config/parse';
import { serveWorld, type ServedWorld } from '../../lib/emulator/http/serve-world';
import { createWorld, type EmulatedWorld } from '../../lib/emulator/world';

const TOKEN = 'a-token-of-the-test';
const ends: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

type Setting = {
  readonly world: EmulatedWorld;
  readonly served: ServedWorld;
  readonly file: string;
  readonly folder: string;
};

/** A small fleet that boots twenty times faster than a real one, and a muster.yaml that points at it. */
const setting = async (): Promise<Setting> => {
  const parsed = parseSpec(readFileSync('examples/local.yaml', 'utf8'), 'local.yaml');
  if (!('spec' in parsed)) throw new Error('the example has faults');
  const { pools } = parsed.spec;
  const goods = await shippedCatalogue().offerings(pools);
  const world = createWorld({
    seed: 3,
    startAt: Date.now() - 120_000,
    shapes: goods.shapes.value,
    prices: goods.offerings.value,
    subnets: pools.flatMap(({ zones }) =>
      zones.map(({ name, subnet }) => ({ id: subnet ?? name, zone: name })),
    ),
    settings: {
      ec2: { pendingMs: [200, 500], bootMs: [500, 1_000] },
      agent: { startMs: [100, 200], registrationBackoffMs: [0, 100] },
    },
  });
  world.advance(120_000);
  world.ssm.PutParameter({
    Name: '/muster/home/agent-image',
    Value: 'ami-0123456789abcdef0',
    Type: 'String',
  });
  world.ssm.PutParameter({ Name: '/muster/home/alertmanager', Value: TOKEN, Type: 'SecureString' });
  const served = await serveWorld(world, { clock: { kind: 'real' } });
  ends.push(() => served.close());
  const folder = mkdtempSync(join(tmpdir(), 'muster-serve-'));
  ends.push(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'muster.yaml');
  const yaml = readFileSync('examples/local.yaml', 'utf8')
    .replace('masters: ["http://127.0.0.1:5050"]', `masters: ${JSON.stringify(served.masterUrls)}`)
    .replace('urls: ["http://127.0.0.1:8080"]', `urls: ${JSON.stringify(served.marathonUrls)}`);
  writeFileSync(file, yaml);
  return { world, served, file, folder };
};

type Serving = { readonly child: ChildProcess; readonly url: string; readonly text: () => string };

const start = (args: readonly string[]): ChildProcess =>
  spawn(process.execPath, ['--import', 'tsx', 'bin/muster.ts', 'serve', ...args], {
    env: { ...process.env, NODE_OPTIONS: '', AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' },
  });

const serving = async ({ file, folder, served }: Setting): Promise<Serving> => {
  const child = start([
    file,
    '--state',
    join(folder, 'state'),
    '--port',
    '0',
    '--aws-endpoint',
    served.ec2Url,
  ]);
  ends.push(() => void child.kill('SIGKILL'));
  let text = '';
  const url = await new Promise<string>((resolve, reject) => {
    const hear = (chunk: Buffer): void => {
      text += chunk.toString();
      const found = /at (http:\/\/127\.0\.0\.1:\d+)/.exec(text)?.[1];
      if (found !== undefined) resolve(found);
    };
    child.stdout?.on('data', hear);
    child.stderr?.on('data', hear);
    child.on('exit', (code) => reject(new Error(`serve ended with ${code}: ${text}`)));
  });
  return { child, url, text: () => text };
};

const ended = (child: ChildProcess): Promise<number | null> =>
  new Promise((resolve) => {
    if (child.exitCode !== null) resolve(child.exitCode);
    child.on('exit', (code) => resolve(code));
  });

const until = async (what: string, holds: () => boolean): Promise<void> => {
  for (let tries = 0; tries < 250; tries += 1) {
    if (holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`It did not come to be that ${what}.`);
};

const machines = (world: EmulatedWorld): number =>
  world.ec2.DescribeInstances({}).Reservations.flatMap(({ Instances }) => Instances).length;

describe('muster serve', () => {
  test('grows a fleet, survives kill -9 without buying twice, takes webhooks, and ends cleanly', async () => {
    const place = await setting();
    const first = await serving(place);
    await until('the pool has its least size', () => machines(place.world) === 2);
    first.child.kill('SIGKILL');
    await ended(first.child);

    const second = await serving(place);
    await until('both agents are registered', () => place.world.mesos.agents().length === 2);
    const hook = (headers: Record<string, string>, body: string) =>
      fetch(`${second.url}/hooks/alertmanager`, { method: 'POST', headers, body });
    const alert = readFileSync('test/fixtures/events/alertmanager-webhook-v4.json', 'utf8');
    const signed = { authorization: `Bearer ${TOKEN}` };
    expect((await hook({ authorization: 'Bearer wrong' }, alert)).status).toBe(401);
    expect((await hook(signed, 'x'.repeat(10_000_000))).status).toBe(413);
    expect((await hook(signed, '{')).status).toBe(400);
    expect((await hook(signed, alert)).status).toBe(202);
    const status: unknown = await (await fetch(`${second.url}/api/status`)).json();
    expect(status).toMatchObject([
      { schemaVersion: 1, cluster: 'home', wrong: expect.any(Array), canDo: expect.any(Array) },
    ]);
    expect(machines(place.world)).toBe(2);

    second.child.kill('SIGINT');
    expect(await ended(second.child)).toBe(0);
  });

  test('names the port that is in use', async () => {
    const place = await setting();
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    ends.push(() => void other.close());
    const { port } = other.address() as AddressInfo;
    const child = start([
      place.file,
      '--state',
      join(place.folder, 'state'),
      '--port',
      String(port),
      '--aws-endpoint',
      place.served.ec2Url,
    ]);
    let text = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    expect(await ended(child)).toBe(1);
    expect(text).toContain(`Port ${port} is in use`);
  });

  test('names a store that is damaged, and what to do', async () => {
    const place = await setting();
    const one = await serving(place);
    one.child.kill('SIGINT');
    await ended(one.child);
    const log = join(place.folder, 'state', 'store.log');
    const bytes = readFileSync(log);
    bytes[40] = (bytes[40] ?? 0) ^ 0xff;
    writeFileSync(log, bytes);
    const child = start([
      place.file,
      '--state',
      join(place.folder, 'state'),
      '--port',
      '0',
      '--aws-endpoint',
      place.served.ec2Url,
    ]);
    let text = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    expect(await ended(child)).toBe(1);
    expect(text).toContain('store.log');
  });
});
