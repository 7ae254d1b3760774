// Directories that are gone when the suite is.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from '@jest/globals';

/** Call once in a suite; the function it returns makes a new empty directory. */
export const temporaryDirectories = (): (() => Promise<string>) => {
  const made: string[] = [];
  afterAll(async () => {
    await Promise.all(made.map((directory) => rm(directory, { recursive: true, force: true })));
  });
  return async () => {
    const directory = await mkdtemp(join(tmpdir(), 'muster-test-'));
    made.push(directory);
    return directory;
  };
};
