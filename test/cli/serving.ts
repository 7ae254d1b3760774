// A world over HTTP, and `muster serve` as a process of its own in front of it.
import { afterEach } from '@jest/globals';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { shippedCatalogue } from '../../lib/catalogue/shipped';
import { parseSpec } from '../../lib/config/parse';
import { serveWorld, type ServedWorld } from '../../lib/emulator/http/serve-world';
import { createWorld, type EmulatedWorld } from '../../lib/emulator/world';

export const TOKEN = 'a-token-of-the-test';
/** Run in reverse after each test. */
export const ends: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

export type Setting = {
  readonly world: EmulatedWorld;
  readonly served: ServedWorld;
  readonly file: string;
  readonly folder: string;
};

/** A small fleet that boots twenty times faster than a real one, and a muster.yaml that points at it. */
export const setting = async (): Promise<Setting> => {
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

export type Serving = {
  readonly child: ChildProcess;
  readonly url: string;
  readonly text: () => string;
};

const start = (args: readonly string[]): ChildProcess =>
  spawn(process.execPath, ['--import', 'tsx', 'bin/muster.ts', 'serve', ...args], {
    env: { ...process.env, NODE_OPTIONS: '', AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' },
  });

const wordsOf = ({ file, folder, served }: Setting, more: readonly string[]): readonly string[] => [
  file,
  '--state',
  join(folder, 'state'),
  '--aws-endpoint',
  served.ec2Url,
  ...(more.includes('--port') ? [] : ['--port', '0']),
  ...more,
];

/** Resolves when it listens; rejects with what it said when it ends before that. */
export const serving = async (place: Setting, ...more: readonly string[]): Promise<Serving> => {
  const child = start(wordsOf(place, more));
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

/** For one that does not start: its exit code and what it said. */
export const refused = async (
  place: Setting,
  ...more: readonly string[]
): Promise<{ readonly code: number | null; readonly text: string }> => {
  const child = start(wordsOf(place, more));
  ends.push(() => void child.kill('SIGKILL'));
  let text = '';
  child.stdout?.resume();
  child.stderr?.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  const code = await ended(child);
  return { code, text };
};

export const ended = (child: ChildProcess): Promise<number | null> =>
  new Promise((resolve) => {
    if (child.exitCode !== null) resolve(child.exitCode);
    child.on('exit', (code) => resolve(code));
  });

export const until = async (what: string, holds: () => boolean | Promise<boolean>): Promise<void> => {
  for (let tries = 0; tries < 250; tries += 1) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`It did not come to be that ${what}.`);
};

export const machines = (world: EmulatedWorld): number =>
  world.ec2.DescribeInstances({}).Reservations.flatMap(({ Instances }) => Instances).length;
