// SIGKILL at random moments: nothing that was acknowledged is missing afterwards.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { setTimeout } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { openFileStore } from '../../lib/embedded/file-store';
import { temporaryDirectories } from './temporary-directory';

const newDirectory = temporaryDirectories();
const WRITER = fileURLToPath(new URL('./writer.ts', import.meta.url));
const LANES = 4;
const KILLS = 12;
const SEED = 20_261_124;

/** Runs the writer and kills it that long after it has the store open; returns the last number printed of each lane. */
const runAndKill = async (directory: string, afterMs: number): Promise<ReadonlyMap<string, number>> => {
  const child = spawn(process.execPath, ['--import', 'tsx', WRITER, directory, String(LANES)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise((resolve) => child.once('close', resolve));
  let output = '';
  let isOpen: () => void = () => undefined;
  const opening = new Promise<void>((resolve) => {
    isOpen = resolve;
  });
  child.stdout.on('data', (chunk) => {
    output += String(chunk);
    if (output.includes('open\n')) isOpen();
  });
  await Promise.race([opening, ended]);
  await setTimeout(afterMs);
  child.kill('SIGKILL');
  await ended;
  expect(output).toContain('open\n');
  // The last line may be cut off; what is whole was acknowledged.
  const lines = output.slice(0, output.lastIndexOf('\n')).split('\n');
  const counts = lines.map((line) => line.split(' ')).filter(([lane = '']) => lane.startsWith('lane'));
  return new Map(counts.map(([lane = '', n]) => [lane, Number(n)]));
};

test('a writer that is killed again and again loses nothing it acknowledged', async () => {
  const directory = await newDirectory();
  const moments = fc.sample(fc.noBias(fc.integer({ min: 0, max: 100 })), { numRuns: KILLS, seed: SEED });
  const acknowledged = new Map<string, number>();
  for (const moment of moments) {
    for (const [lane, n] of await runAndKill(directory, moment)) {
      // It went on from all that was acknowledged before.
      expect(n).toBeGreaterThan(acknowledged.get(lane) ?? 0);
      acknowledged.set(lane, n);
    }
    const store = await openFileStore({ directory, onWarning: () => undefined });
    for (const item of await store.list('kill')) {
      const n = Number(item['n']);
      expect(n).toBeGreaterThanOrEqual(acknowledged.get(item.sk) ?? 0);
      // One more may have been on the disk and not yet acknowledged.
      expect(n).toBeLessThanOrEqual((acknowledged.get(item.sk) ?? 0) + 1);
      acknowledged.set(item.sk, n);
    }
    await store.close();
  }
  expect([...acknowledged.keys()].sort()).toEqual(Array.from({ length: LANES }, (_, lane) => `lane${lane}`));
  expect(Math.min(...acknowledged.values())).toBeGreaterThan(KILLS);
}, 60_000);
