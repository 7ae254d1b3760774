#!/usr/bin/env node
// The command line's door: words in, exit code out.
import { readFile } from 'node:fs/promises';
import { main } from '../lib/cli/main';

const stopped = new Promise<void>((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
});

process.exitCode = await main(process.argv.slice(2), {
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  readFile: (path) => readFile(path, 'utf8'),
  stopped,
});
