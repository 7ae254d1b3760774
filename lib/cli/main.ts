// The command line: finds the verb, reads its words, runs it, and turns what was thrown into a sentence and an exit code.
import { silenceSdkNotice } from '../config/env';
import { messageOf } from '../engine/failure';
import { intake } from './intake';
import { plan } from './plan';
import { render } from './render';
import { REQUESTS } from './requests';
import { schedule } from './schedule';
import { serve } from './serve';
import { simulate } from './simulate';
import { size } from './size';
import { start } from './start';
import { validate } from './validate';
import { helpOf, isSet, readWords, type Terminal, USAGE, UsageError, type Verb } from './verb';
import { why } from './why';
import { world } from './world';

export const VERBS: readonly Verb[] = [
  start,
  validate,
  plan,
  intake,
  size,
  simulate,
  render,
  serve,
  world,
  schedule,
  why,
  ...REQUESTS,
];

/** Runs one command. Returns the exit code: 0 done, 64 wrong usage, 1 failed, else as the verb says. */
export const main = async (args: readonly string[], terminal: Terminal): Promise<number> => {
  silenceSdkNotice();
  const [name, ...rest] = args;
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
    terminal.out(overview());
    return name === undefined ? USAGE : 0;
  }
  const verb = VERBS.find((one) => one.name === name);
  if (verb === undefined) {
    terminal.err(
      `There is no verb "${name}". Verbs: ${VERBS.map((one) => one.name).join(', ')}. See muster help.\n`,
    );
    return USAGE;
  }
  return runVerb(verb, rest, terminal);
};

const runVerb = async (verb: Verb, args: readonly string[], terminal: Terminal): Promise<number> => {
  try {
    const words = readWords(verb, args);
    if (isSet(words, 'help')) {
      terminal.out(helpOf(verb));
      return 0;
    }
    return await verb.run(words, terminal);
  } catch (error) {
    const hint = error instanceof UsageError ? ` See muster ${verb.name} --help.` : '';
    terminal.err(`muster ${verb.name}: ${messageOf(error)}${hint}\n`);
    return error instanceof UsageError ? USAGE : 1;
  }
};

const overview = (): string =>
  [
    'muster <verb>: keeps a Mesos + Marathon fleet at the size that its services need.',
    '',
    ...VERBS.map((verb) => `  ${verb.name.padEnd(10)}${verb.summary}`),
    '',
    'muster <verb> --help tells more of each.',
    '',
  ].join('\n');
