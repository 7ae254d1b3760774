// muster serve: the same handlers as on AWS in one process, with an embedded queue and a durable store.
import { appendFile } from 'node:fs/promises';
import { systemClock } from '../engine/clock';
import { messageOf } from '../engine/failure';
import { openLocal } from '../wiring/local';
import { createHost } from './host';
import { INVALID, readSpec } from './spec-file';
import { createTurnLines } from './tell';
import { isSet, numberOf, textOf, type Terminal, UsageError, type Verb, type Words } from './verb';
import { watchLog } from './watch-log';
import type { Spec } from '../core/model/spec';

const TICK = JSON.stringify({ muster: 'tick' });
const TICK_MS = 60_000;

export const serve: Verb = {
  name: 'serve',
  summary: 'Run Muster in this process, without AWS functions: for on-premises and for trying out.',
  operands: 'FILE...',
  options: {
    state: { type: 'string' },
    port: { type: 'string' },
    log: { type: 'string' },
    'aws-endpoint': { type: 'string' },
  },
  help: {
    state: 'Directory of the durable state (.muster).',
    port: 'Port of the API and the webhooks on 127.0.0.1 (7070).',
    log: 'Append the lines to this file too.',
    'aws-endpoint': 'Another EC2 and SSM than AWS itself: the one that `muster world` serves.',
  },
  example: 'muster serve muster.yaml --state /var/lib/muster',
  codes: { 1: 'it could not start', 2: 'a file has faults' },
  run: async (words, terminal) => {
    if (words.positionals.length === 0) throw new UsageError('Name at least one muster.yaml.');
    const port = numberOf(words, 'port', 7070, [0, 65_535]);
    const specs: Spec[] = [];
    for (const file of words.positionals) {
      const spec = await readSpec(file, terminal);
      if (spec === undefined) return INVALID;
      specs.push(spec);
    }
    const endpoint = textOf(words, 'aws-endpoint');
    const place: Place = {
      directory: textOf(words, 'state') ?? '.muster',
      port,
      onLine: lineWriter(words, terminal),
      ...(endpoint === undefined ? {} : { aws: { endpoint } }),
    };
    await serveSpecs(specs, place, terminal);
    return 0;
  },
};

type Place = {
  readonly directory: string;
  readonly port: number;
  readonly onLine: (line: string) => void;
  readonly aws?: { readonly endpoint: string };
};

/** To the terminal, and to the log file: one that cannot be written is said once and does not stop anything. */
const lineWriter = (words: Words, terminal: Terminal): ((line: string) => void) => {
  const log = textOf(words, 'log');
  const isJson = isSet(words, 'json');
  let isBroken = false;
  return (text) => {
    const at = new Date(systemClock.now()).toISOString();
    const line = isJson ? JSON.stringify({ schemaVersion: 1, at, text }) : text;
    terminal.out(`${line}\n`);
    if (log === undefined) return;
    appendFile(log, isJson ? `${line}\n` : `${at} ${line}\n`).then(
      () => {
        isBroken = false;
      },
      (error: unknown) => {
        if (!isBroken) terminal.err(`error: ${log} cannot be written: ${messageOf(error)}\n`);
        isBroken = true;
      },
    );
  };
};

const serveSpecs = async (specs: readonly Spec[], place: Place, terminal: Terminal): Promise<void> => {
  const { directory, onLine, aws } = place;
  const log = watchLog(onLine, systemClock);
  const fault = (what: string, error: unknown): void => log.error(what, { why: messageOf(error) });
  const local = await openLocal({ specs, directory, onLine, log, ...(aws === undefined ? {} : { aws }) });
  try {
    const outside = await local.prepare();
    const tellers = new Map(specs.map(({ cluster }) => [cluster, createTurnLines()]));
    const host = createHost({
      outside,
      events: local.events,
      wake: local.wake,
      clock: systemClock,
      onFault: (why) => log.error('a queue could not be read and is tried again', { why }),
      onTurn: (cluster, report) => {
        for (const line of tellers.get(cluster)?.(report) ?? []) onLine(`${cluster}: ${line}`);
      },
    });
    const door = await host.listen(place.port);
    onLine(
      `Muster serves ${specs.map(({ cluster }) => cluster).join(', ')} at ${door.url}; state in ${directory}. Ctrl-C stops it.`,
    );
    const tick = (): void => {
      local.events.send(TICK).catch((error: unknown) => fault('the tick was not stored', error));
      local.dropExpired().catch((error: unknown) => fault('what has expired was not dropped', error));
    };
    tick();
    const timer = setInterval(tick, TICK_MS);
    host.run();
    await terminal.stopped;
    clearInterval(timer);
    local.events.close();
    local.wake.close();
    await host.stop();
    await door.close();
  } finally {
    await local.close();
  }
};
