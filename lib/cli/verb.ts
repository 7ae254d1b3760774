// What a verb of the command line is, and how its words are read. Every verb has --json and --help with an example.
import { parseArgs, type ParseArgsConfig } from 'node:util';
import { messageOf } from '../engine/failure';

/** Where a verb writes and reads; a test gives its own. */
export type Terminal = {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  readonly readFile: (path: string) => Promise<string>;
  /** Resolves when a person asks to stop (Ctrl-C). */
  readonly stopped: Promise<void>;
  /** A person sees standard error as it is written: then progress is worth showing. */
  readonly isWatched?: boolean;
};

type Options = NonNullable<ParseArgsConfig['options']>;
export type Words = {
  readonly values: Readonly<Record<string, string | boolean | readonly (string | boolean)[] | undefined>>;
  readonly positionals: readonly string[];
};

export type Verb = {
  readonly name: string;
  /** One line for the list of verbs. */
  readonly summary: string;
  /** What follows the name: `FILE...`. */
  readonly operands: string;
  readonly options: Options;
  /** Option name → what it does. */
  readonly help: Readonly<Record<string, string>>;
  readonly example: string;
  /** Exit codes beside 0, each with what it means. */
  readonly codes: Readonly<Record<number, string>>;
  readonly run: (words: Words, terminal: Terminal) => Promise<number>;
};

/** The caller wrote something that the verb cannot take. Exit code 64, as sysexits has it. */
export class UsageError extends Error {}
export const USAGE = 64;

const COMMON: Options = { help: { type: 'boolean', short: 'h' }, json: { type: 'boolean' } };

export const readWords = (verb: Verb, args: readonly string[]): Words => {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { ...COMMON, ...verb.options },
      allowPositionals: true,
      strict: true,
    });
    const [first] = positionals;
    if (verb.operands === '' && first !== undefined)
      throw new UsageError(`It takes no operand, and "${first}" was given.`);
    return { values, positionals };
  } catch (error) {
    if (error instanceof UsageError) throw error;
    // Node's second sentence is about a double dash, which nobody meant.
    throw new UsageError(`${messageOf(error).split('. ')[0]}.`);
  }
};

/** The text of a file that the caller named. Rejects with a sentence that names it. */
export const readText = async (path: string, terminal: Terminal): Promise<string> => {
  try {
    return await terminal.readFile(path);
  } catch (error) {
    const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
    throw new Error(`${path} cannot be read: ${UNREADABLE[code] ?? messageOf(error)}.`, { cause: error });
  }
};

const UNREADABLE: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a folder',
  EACCES: 'this user may not read it',
};

export const textOf = (words: Words, name: string): string | undefined => {
  const value = words.values[name];
  return typeof value === 'string' ? value : undefined;
};

export const isSet = (words: Words, name: string): boolean => words.values[name] === true;

/** A whole number within bounds, or the default. */
export const numberOf = (
  words: Words,
  name: string,
  fallback: number,
  bounds: readonly [number, number],
): number => {
  const value = textOf(words, name);
  if (value === undefined) return fallback;
  const number = Number(value);
  if (Number.isInteger(number) && number >= bounds[0] && number <= bounds[1]) return number;
  throw new UsageError(`--${name} takes a whole number from ${bounds[0]} to ${bounds[1]}, not "${value}".`);
};

export const helpOf = (verb: Verb): string => {
  const options = Object.entries({ ...verb.help, json: 'Answer as JSON.', help: 'This text.' });
  const width = Math.max(...options.map(([name]) => name.length)) + 4;
  return [
    `muster ${verb.name} ${verb.operands}`.trimEnd(),
    '',
    verb.summary,
    '',
    ...options.map(([name, text]) => `  ${`--${name}`.padEnd(width)}${text}`),
    '',
    `Example: ${verb.example}`,
    ...(Object.keys(verb.codes).length > 0 ? ['', 'Exit codes: 0 done; 64 wrong usage;'] : []),
    ...Object.entries(verb.codes).map(([code, meaning]) => `  ${code} ${meaning}`),
    '',
  ].join('\n');
};
