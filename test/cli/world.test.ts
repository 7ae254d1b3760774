// `muster world`, and `muster plan` against it.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { plan } from '../../lib/core/plan';
import type { PlanInput } from '../../lib/core/view';
import { begin, json, run, type Running } from './terminal';

const KEYS = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'] as const;
const before = KEYS.map((name) => process.env[name]);

const freePorts = async (count: number): Promise<readonly number[]> => {
  const servers = Array.from({ length: count }, () => createServer());
  const ports: number[] = [];
  for (const server of servers) {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    ports.push((server.address() as AddressInfo).port);
  }
  for (const server of servers) await new Promise((resolve) => server.close(resolve));
  return ports;
};

const heard = async (running: Running, what: RegExp): Promise<string> => {
  for (let tries = 0; tries < 100; tries += 1) {
    const found = what.exec(running.out());
    if (found !== null) return found[0];
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`It was never said: ${running.out()}`);
};

describe('muster world', () => {
  let ports: readonly number[] = [];
  let running: Running;
  let files: Readonly<Record<string, string>> = {};

  beforeAll(async () => {
    for (const name of KEYS) process.env[name] = 'any';
    ports = await freePorts(3);
    const [aws, master, marathon] = ports;
    files = {
      'home.yaml': readFileSync('examples/local.yaml', 'utf8')
        .replace(':5050', `:${master}`)
        .replace(':8080', `:${marathon}`),
    };
    running = begin(['world', 'home.yaml', '--port', String(aws)], files);
    await heard(running, /Ctrl-C/);
  });

  afterAll(async () => {
    await running.stop();
    for (const [nth, name] of KEYS.entries()) {
      const value = before[nth];
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  });

  /** Masters that are not on this machine. */
  const far = (): Readonly<Record<string, string>> => ({
    'far.yaml': files['home.yaml']?.replaceAll('127.0.0.1', '10.0.0.1') ?? '',
  });

  test('listens where the file says that masters and Marathon are, and says how Muster works on it', async () => {
    const [aws, master, marathon] = ports;
    for (const port of [aws, master, marathon]) expect(running.out()).toContain(`http://127.0.0.1:${port}`);
    expect(running.out()).toContain(`serve home.yaml --aws-endpoint http://127.0.0.1:${aws}`);
  });

  test('names the port that it cannot have', async () => {
    const [aws] = ports;
    expect(await run(['world', 'home.yaml', '--port', String(aws)], files)).toMatchObject({
      code: 1,
      err: expect.stringContaining(String(aws)),
    });
  });

  test('answers as JSON', async () => {
    const other = begin(['world', 'far.yaml', '--json'], far());
    await heard(other, /}\n/);
    const said = await other.stop();
    expect(json(said)).toMatchObject({
      schemaVersion: 1,
      ec2: expect.stringContaining('http://127.0.0.1:'),
      ssm: expect.any(String),
      masters: [expect.any(String), expect.any(String), expect.any(String)],
      marathon: [expect.any(String)],
    });
  });

  test('is a fleet that can be planned for, and what was seen makes the same plan again', async () => {
    const endpoint = `http://127.0.0.1:${ports[0]}`;
    const live = await run(['plan', 'home.yaml', '--aws-endpoint', endpoint], files);
    expect(live).toMatchObject({ code: 0, out: expect.stringContaining('Buy 1 x') });
    const seen = await run(['plan', 'home.yaml', '--aws-endpoint', endpoint, '--input'], files);
    const replayed = await run(['plan', '--world', 'seen.json', '--json'], { 'seen.json': seen.out });
    expect(replayed.code).toBe(0);
    expect(JSON.stringify(json(replayed))).toBe(JSON.stringify(plan(json(seen) as PlanInput)));
  });

  test('ends with 0 when it is stopped, and frees its ports', async () => {
    const other = begin(['world', 'far.yaml'], far());
    const url = /http:\S+/.exec(await heard(other, /ec2 .*/))?.[0] ?? '';
    expect((await other.stop()).code).toBe(0);
    await expect(fetch(url)).rejects.toThrow('fetch failed');
  });

  test('when a part does not answer, the plan is of the rest and says so', async () => {
    const said = await run(['plan', 'home.yaml', '--aws-endpoint', 'http://127.0.0.1:1'], files);
    expect(said).toMatchObject({ code: 3, out: expect.stringContaining('could not be read') });
  });
});
