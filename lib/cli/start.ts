// npm start: the main job on the emulated world, with the real handlers, clients and planner. --once plays it without a
// person, as fast as it goes, and says whether everything that should be true at its end is.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Hono } from 'hono';
import { livePage, type LiveView } from '../console/page';
import type { Plan } from '../core/model/plan';
import { messageOf } from '../engine/failure';
import type { TurnReport } from '../engine/reconcile';
import { expectations } from './expectations';
import { type Home, openHome } from './home';
import { createHost, type Host } from './host';
import { END, type Notes, type Scene, STORY } from './story';
import { createTurnLines, happenings } from './tell';
import { isSet, numberOf, type Terminal, UsageError, type Verb } from './verb';

const TICK = JSON.stringify({ muster: 'tick' });
const TICK_MS = 60_000;
/** 2026-11-24T08:00:00Z: the story always plays at the same time, so that the same seed gives the same story. */
const START_AT = 1_795_507_200_000;
const STEP_MS = 1_000;
/** What a shell gives for a program that Ctrl-C ended. */
const INTERRUPTED = 130;

export const start: Verb = {
  name: 'start',
  summary: 'See the main job on an emulated fleet: nothing real is touched.',
  operands: '',
  options: {
    once: { type: 'boolean' },
    speed: { type: 'string' },
    port: { type: 'string' },
    seed: { type: 'string' },
  },
  help: {
    once: 'Play the story without a person, print a summary, and exit non-zero if anything expected fails. With --json only the summary.',
    speed: 'Virtual seconds for each real one (30).',
    port: 'Port of the page and the webhooks (7070; any free one with --once).',
    seed: 'Another seed, another fleet (1).',
  },
  example: 'npm start -- --once',
  codes: {
    1: 'an expectation failed, or it could not start',
    130: 'it was stopped before the end of --once',
  },
  run: async (words, terminal) => {
    const once = isSet(words, 'once');
    const json = isSet(words, 'json');
    if (json && !once) throw new UsageError('--json goes with --once: what lives on has no summary.');
    const setting: Setting = {
      once,
      json,
      speed: numberOf(words, 'speed', 30, [1, 1000]),
      port: numberOf(words, 'port', once ? 0 : 7070, [0, 65_535]),
      seed: numberOf(words, 'seed', 1, [0, 2 ** 31]),
    };
    const directory = await mkdtemp(join(tmpdir(), 'muster-home-'));
    try {
      return await play(setting, directory, terminal);
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  },
};

type Setting = {
  readonly once: boolean;
  readonly json: boolean;
  readonly speed: number;
  readonly port: number;
  readonly seed: number;
};
type Done = Extract<TurnReport, { kind: 'done' }>;

const play = async (setting: Setting, directory: string, terminal: Terminal): Promise<number> => {
  const yaml = await readFile(new URL('../../examples/local.yaml', import.meta.url), 'utf8');
  const teller = createTeller(setting.json ? { ...terminal, out: () => undefined } : terminal);
  const home = await openHome({
    yaml,
    seed: setting.seed,
    startAt: START_AT,
    clock: setting.once ? { kind: 'stepped' } : { kind: 'paced', factor: setting.speed },
    directory,
    onLine: (line) => terminal.err(`${line}\n`),
  });
  try {
    return await playAt(home, setting, { teller, terminal });
  } finally {
    await home.close();
  }
};

type Around = { readonly teller: Teller; readonly terminal: Terminal };

const playAt = async (home: Home, setting: Setting, { teller, terminal }: Around): Promise<number> => {
  teller.follow(home);
  const host = createHost({
    outside: home.outside,
    events: home.local.events,
    wake: home.local.wake,
    clock: home.served.clock,
    onTurn: (_cluster, report) => teller.turn(report),
    pages: (app) => pages(app, home, teller),
  });
  const sending = new Set<Promise<void>>();
  home.world.onEvent((event) => {
    const one = home.local.events.send(JSON.stringify(event)).finally(() => sending.delete(one));
    sending.add(one);
  });
  // A queue writes to its file: stepped time must not run on meanwhile.
  const sent = async (): Promise<void> => void (await Promise.all(sending));
  const door = await host.listen(setting.port);
  try {
    const stage: Stage = { home, host, teller, url: door.url, terminal, setting, notes: {}, sent };
    return setting.once ? await playOnce(stage) : await playLive(stage);
  } finally {
    await door.close();
  }
};

type Stage = {
  readonly home: Home;
  readonly host: Host;
  readonly teller: Teller;
  readonly url: string;
  readonly terminal: Terminal;
  readonly setting: Setting;
  readonly notes: Notes;
  /** The world's events are on the queue. */
  readonly sent: () => Promise<void>;
};

/** Time jumps from second to second, and stands still while a handler works. */
const playOnce = async (stage: Stage): Promise<number> => {
  const { home, host, teller, terminal, sent } = stage;
  const began = home.world.now();
  const scenes = [...STORY];
  let isStopped = false;
  void terminal.stopped.then(() => {
    isStopped = true;
  });
  for (let at = 0; at <= END && !isStopped; at += STEP_MS) {
    if (at > 0) home.served.clock.advanceTo(Math.max(home.world.now(), began + at));
    const due = scenes[0];
    if (due !== undefined && due.at <= at) {
      scenes.shift();
      await perform(due, stage);
    }
    if (at % TICK_MS === 0) await home.local.events.send(TICK);
    await sent();
    await host.pump();
    teller.flush(TICK_MS);
  }
  teller.flush(0);
  if (!isStopped) return summary(stage);
  terminal.err('Stopped before the end; nothing is left behind.\n');
  return INTERRUPTED;
};

const perform = async (scene: Scene, { home, teller, url, notes }: Stage): Promise<void> => {
  teller.say(`\n== ${scene.title} ==`);
  await scene.play(home, url, notes);
};

/** In paced time; the story plays once and the fleet lives on until a person stops it. */
const playLive = async (stage: Stage): Promise<number> => {
  const { home, host, teller, url, terminal } = stage;
  const { clock } = home.served;
  terminal.out(`A fleet is starting on this machine only. Look at ${url} and stop it with Ctrl-C.\n`);
  const stops = [
    clock.every(TICK_MS, () => void home.local.events.send(TICK)),
    clock.every(STEP_MS * 15, () => teller.flush(TICK_MS / 2)),
  ];
  await home.local.events.send(TICK);
  host.run();
  const ending = { isStopped: false };
  const told = tellStory(stage, ending).then(
    () => `\nThe story is over; the fleet lives on at ${url}. Ctrl-C stops it.\n`,
    (error: unknown) => new Error(`The story broke off: ${messageOf(error)}`, { cause: error }),
  );
  const outcome = await Promise.race([terminal.stopped, told]);
  if (outcome instanceof Error) terminal.err(`${outcome.message}\n`);
  if (typeof outcome === 'string') terminal.out(outcome);
  await terminal.stopped;
  ending.isStopped = true;
  terminal.out('Stopping; nothing is left behind.\n');
  for (const stop of stops) stop();
  home.local.events.close();
  home.local.wake.close();
  clock.stop();
  await host.stop();
  return outcome instanceof Error ? 1 : 0;
};

const tellStory = async (stage: Stage, ending: { readonly isStopped: boolean }): Promise<void> => {
  const { clock } = stage.home.served;
  const began = clock.now();
  for (const scene of STORY) {
    await clock.sleep(Math.max(0, began + scene.at - clock.now()));
    if (ending.isStopped) return;
    await perform(scene, stage);
  }
  await clock.sleep(Math.max(0, began + END - clock.now()));
  if (!ending.isStopped) await summary(stage);
};

const summary = async ({ home, teller, terminal, setting, notes }: Stage): Promise<number> => {
  const checked = await expectations(home, teller.turns, notes);
  const minutes = Math.round(END / 60_000);
  const failures = checked.filter(({ holds }) => !holds).length;
  if (setting.json) {
    const figures = { seed: setting.seed, virtualMinutes: minutes, turns: teller.turns.length };
    terminal.out(`${JSON.stringify({ schemaVersion: 1, ...figures, expectations: checked }, null, 2)}\n`);
    return failures === 0 ? 0 : 1;
  }
  terminal.out(`\n== After ${minutes} minutes of virtual time and ${teller.turns.length} turns ==\n`);
  for (const { text, holds } of checked) terminal.out(`${holds ? 'yes' : 'NO '}  ${text}\n`);
  terminal.out(
    failures === 0
      ? 'Everything that was expected is so.\n'
      : `${failures} of ${checked.length} expectations failed.\n`,
  );
  return failures === 0 ? 0 : 1;
};

type Teller = {
  readonly turns: readonly Done[];
  readonly lines: readonly string[];
  readonly last: () => Plan | undefined;
  readonly follow: (home: Home) => void;
  readonly turn: (report: TurnReport) => void;
  readonly say: (line: string) => void;
  /** Tells what happened in the world since the last time, when that is at least so many milliseconds ago. */
  readonly flush: (afterMs: number) => void;
};

const createTeller = (terminal: Terminal): Teller => {
  const turns: Done[] = [];
  const lines: string[] = [];
  const turnLines = createTurnLines();
  let home: Home | undefined;
  let told = 0;
  let toldAt = 0;
  const say = (line: string): void => {
    lines.push(line);
    terminal.out(`${line}\n`);
  };
  const stamp = (line: string): string => `${time(home?.world.now() ?? 0)} ${line}`;
  const flush = (afterMs: number): void => {
    if (home === undefined || home.world.now() - toldAt < afterMs) return;
    toldAt = home.world.now();
    const entries = home.world.chronicle.entries();
    for (const line of happenings(entries.slice(told))) say(stamp(line));
    told = entries.length;
  };
  return {
    turns,
    lines,
    last: () => turns.at(-1)?.plans.at(-1),
    follow: (followed) => {
      home = followed;
    },
    turn: (report) => {
      if (report.kind === 'done') turns.push(report);
      const fresh = turnLines(report);
      if (fresh.length === 0) return;
      flush(0);
      for (const line of fresh) say(stamp(line));
    },
    say,
    flush,
  };
};

const time = (at: number): string => new Date(at).toISOString().slice(11, 19);

const pages = (app: Hono, home: Home, teller: Teller): void => {
  const view = (): LiveView => {
    const plan = teller.last();
    return {
      now: home.world.now(),
      running: home.world.marathon.tasks({ status: 'running' }).length,
      lines: teller.lines.slice(-60),
      ...(plan === undefined ? {} : { plan }),
    };
  };
  app.get('/', (context) => context.html(livePage()));
  app.get('/live.json', (context) => context.json(view()));
};
