// `npm start` that does not come to its end. The whole story is in test/stories.
import { describe, expect, test } from '@jest/globals';
import { type ChildProcess, spawn } from 'node:child_process';
import { createServer } from 'node:http';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ended, ends } from './serving';

const begun = (...words: readonly string[]) => {
  const temporary = mkdtempSync(join(tmpdir(), 'muster-start-'));
  ends.push(() => rmSync(temporary, { recursive: true, force: true }));
  const child = spawn(process.execPath, ['--import', 'tsx', 'bin/muster.ts', 'start', ...words], {
    env: { ...process.env, NODE_OPTIONS: '', TMPDIR: temporary },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  ends.push(() => void child.kill('SIGKILL'));
  let err = '';
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  const left = (): readonly string[] => readdirSync(temporary).filter((name) => name.startsWith('muster'));
  return { child, left, err: () => err };
};

const firstWords = (child: ChildProcess): Promise<unknown> =>
  new Promise((resolve) => child.stdout?.once('data', resolve));

describe('muster start', () => {
  test('ends when its port is taken, names it, and leaves nothing behind', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    ends.push(() => void other.close());
    const { port } = other.address() as AddressInfo;
    const { child, err, left } = begun('--port', String(port));
    expect(await ended(child)).toBe(1);
    expect(err()).toContain(`Port ${port} is in use`);
    expect(left()).toEqual([]);
  });

  test('ends cleanly at Ctrl-C', async () => {
    const { child, left } = begun('--port', '0');
    await firstWords(child);
    expect(left().length).toBe(1);
    child.kill('SIGINT');
    expect(await ended(child)).toBe(0);
    expect(left()).toEqual([]);
  });

  test('stops when whoever reads it has gone, and leaves nothing behind', async () => {
    const { child, err, left } = begun('--once');
    await firstWords(child);
    child.stdout.destroy();
    expect(await ended(child)).toBe(130);
    expect(err()).not.toContain('EPIPE');
    expect(left()).toEqual([]);
  });
});
