// A disk that is really full: a small tmpfs where we may mount one.
import { execFileSync } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { openFileStore } from '../../lib/embedded/file-store';
import { openQueue } from '../../lib/embedded/queue';
import { isFailure } from '../../lib/engine/failure';
import { steppedClock } from '../contract/stepped-clock';
import { temporaryDirectories } from './temporary-directory';

const mounted: string[] = [];
afterAll(() => {
  for (const directory of mounted) execFileSync('/bin/umount', ['-l', directory]);
});
const newDirectory = temporaryDirectories();

/** The reason when it is not possible here. */
const mountSmallDisk = (directory: string): string | undefined => {
  try {
    execFileSync('/bin/mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', directory], { stdio: 'pipe' });
    mounted.push(directory);
    return undefined;
  } catch (error) {
    return String(error);
  }
};

test('a full disk refuses messages with the path and advice, keeps all it took, and goes on once there is room', async () => {
  const disk = await newDirectory();
  const why = mountSmallDisk(disk);
  if (why !== undefined) {
    process.stdout.write(`skipped: a full disk needs the right to mount a tmpfs (${why.split('\n')[0]})\n`);
    return;
  }
  const ballast = join(disk, 'ballast');
  await writeFile(ballast, 'x'.repeat(60_000));
  const directory = join(disk, 'store');
  const clock = steppedClock();
  const opened = async () => {
    const store = await openFileStore({ directory, onWarning: () => undefined });
    return { store, queue: openQueue({ store, clock, name: 'events', visibilityMs: 1000 }) };
  };

  const { store, queue } = await opened();
  let taken = 0;
  let refusal: unknown;
  while (refusal === undefined && taken < 1000) {
    await queue.send(`${taken} ${'x'.repeat(3000)}`).then(
      () => {
        taken += 1;
      },
      (error: unknown) => {
        refusal = error;
      },
    );
  }
  if (!isFailure(refusal)) throw refusal;
  expect(refusal).toMatchObject({ kind: 'transient', code: 'ENOSPC' });
  expect(refusal.message).toContain(join(directory, 'store.log'));
  expect(refusal.message).toContain('free some space');
  expect(taken).toBeGreaterThan(10);
  expect(await queue.size()).toBe(taken);

  await rm(ballast);
  await queue.send('after');
  await store.close();
  const again = await opened();
  expect(await again.queue.size()).toBe(taken + 1);
  const items = await again.store.list('queue#events');
  expect(items.map((item) => /\w+/.exec(JSON.stringify(item['body']))?.[0])).toEqual([
    ...Array.from({ length: taken }, (_, at) => String(at)),
    'after',
  ]);
  await again.store.close();
});
