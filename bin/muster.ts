#!/usr/bin/env node
// The command line's door: words in, exit code out.
import { readFile } from 'node:fs/promises';
import { main } from '../lib/cli/main';

const stopped = new Promise<void>((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  // Whoever read the output has gone (`| head`): stop as if asked to, so that nothing is left behind.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    resolve();
  });
});

process.exitCode = await main(process.argv.slice(2), {
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  readFile: (path) => readFile(path, 'utf8'),
  stopped,
  isWatched: process.stderr.isTTY,
});
