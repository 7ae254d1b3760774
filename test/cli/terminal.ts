// A terminal of the test's own: what was written, and an end that the test decides.
import { readFile } from 'node:fs/promises';
import { main } from '../../lib/cli/main';

export type Said = { readonly code: number; readonly out: string; readonly err: string };

/** Runs one command in this process. Files that `files` names are made up, others are read. */
export const run = async (
  args: readonly string[],
  files: Readonly<Record<string, string>> = {},
): Promise<Said> => {
  let out = '';
  let err = '';
  const code = await main(args, {
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    readFile: async (path) => files[path] ?? readFile(path, 'utf8'),
    stopped: Promise.resolve(),
  });
  return { code, out, err };
};

export const json = (said: Said): unknown => JSON.parse(said.out);
