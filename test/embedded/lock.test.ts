import { type ChildProcess, spawn } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { realDisk } from '../../lib/embedded/disk';
import { acquireLock } from '../../lib/embedded/lock';
import { temporaryDirectories } from './temporary-directory';

const newDirectory = temporaryDirectories();
const acquire = (directory: string) => acquireLock(directory, realDisk);
const holding = (directory: string, holder: unknown) =>
  writeFile(join(directory, 'lock'), typeof holder === 'string' ? holder : JSON.stringify(holder));

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
});

/** A process that does nothing until it is ended. */
const sleeper = async () => {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000); console.log("up")']);
  children.push(child);
  await new Promise((resolve) => child.stdout.once('data', resolve));
  const ended = new Promise((resolve) => child.once('exit', resolve));
  return {
    pid: child.pid ?? 0,
    end: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
};

describe('The lock of a directory', () => {
  test('is had once at a time, and again after it was released', async () => {
    const directory = await newDirectory();
    const lock = await acquire(directory);
    await expect(acquire(directory)).rejects.toMatchObject({ kind: 'permanent', code: 'StoreInUse' });
    await expect(acquire(directory)).rejects.toThrow(`in use by process ${process.pid}`);
    await lock.release();
    expect(await readdir(directory)).toEqual([]);
    await (await acquire(directory)).release();
  });

  test('of a live process is respected, and taken over once that process is dead', async () => {
    const directory = await newDirectory();
    const other = await sleeper();
    await holding(directory, { pid: other.pid, host: hostname(), started: '' });
    await expect(acquire(directory)).rejects.toThrow(`in use by process ${other.pid}`);
    expect(await readdir(directory)).toEqual(['lock']);
    await other.end();
    const lock = await acquire(directory);
    expect(JSON.parse(await readFile(join(directory, 'lock'), 'utf8'))).toMatchObject({ pid: process.pid });
    expect(await readdir(directory)).toEqual(['lock']);
    await lock.release();
  });

  test('of a dead process whose number another one has now is taken over', async () => {
    const directory = await newDirectory();
    const other = await sleeper();
    // Start times are known where there is a /proc; elsewhere only our own number can be told from its former owner's.
    for (const pid of process.platform === 'linux' ? [other.pid, process.pid] : [process.pid]) {
      await holding(directory, { pid, host: hostname(), started: '1' });
      await (await acquire(directory)).release();
    }
    await other.end();
  });

  test('of a process on another host is never taken over', async () => {
    const directory = await newDirectory();
    await holding(directory, { pid: 1, host: 'elsewhere', started: '' });
    await expect(acquire(directory)).rejects.toThrow(
      `on elsewhere. Stop that process or name another directory.`,
    );
  });

  test("that a power cut left empty or garbled is nobody's", async () => {
    const directory = await newDirectory();
    for (const text of ['', '{"pid":', '[]', '{"pid":"1"}']) {
      await holding(directory, text);
      await (await acquire(directory)).release();
    }
  });

  test('that is stale goes to exactly one of many that come at once', async () => {
    const directory = await newDirectory();
    await holding(directory, { pid: 999_999_999, host: hostname(), started: '' });
    const results = await Promise.allSettled(Array.from({ length: 10 }, () => acquire(directory)));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });
});
