// A terminal of the test's own: what was written, and an end that the test decides.
import { readFile } from 'node:fs/promises';
import { main } from '../../lib/cli/main';

export type Said = { readonly code: number; readonly out: string; readonly err: string };

/** Runs one command in this process. Files that `files` names are made up, others are read. */
export const run = async (
  args: readonly string[],
  files: Readonly<Record<string, string>> = {},
): Promise<Said> => until(args, files, Promise.resolve());

/** The same, for what runs until it is stopped. */
export type Running = {
  readonly out: () => string;
  readonly stop: () => Promise<Said>;
};

export const begin = (args: readonly string[], files: Readonly<Record<string, string>> = {}): Running => {
  let end = (): void => undefined;
  const stopped = new Promise<void>((resolve) => {
    end = resolve;
  });
  let heard = '';
  const said = until(args, files, stopped, (text) => {
    heard += text;
  });
  return {
    out: () => heard,
    stop: () => {
      end();
      return said;
    },
  };
};

const until = async (
  args: readonly string[],
  files: Readonly<Record<string, string>>,
  stopped: Promise<void>,
  hear: (text: string) => void = () => undefined,
): Promise<Said> => {
  let out = '';
  let err = '';
  const code = await main(args, {
    out: (text) => {
      out += text;
      hear(text);
    },
    err: (text) => {
      err += text;
    },
    readFile: async (path) => files[path] ?? readFile(path, 'utf8'),
    stopped,
  });
  return { code, out, err };
};

export const json = (said: Said): unknown => JSON.parse(said.out);
