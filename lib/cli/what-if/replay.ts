// Replays a trace: the world moves from happening to happening, the trace's tasks come and go, and the engine's turns
// run when they are due. Nothing here decides anything about machines.
import type { Spec } from '../../core/model/spec';
import { createDice, type Dice } from '../../emulator/dice';
import { createTimeline, type Timeline } from '../../emulator/timeline';
import type { CloudEvent, EmulatedWorld } from '../../emulator/world';
import { scopesOf } from '../../engine/engine';
import { ingest } from '../../engine/ingest';
import { reconcile } from '../../engine/reconcile';
import { translate } from '../../events/translate';
import { followMachines, type MachineStay } from './machines';
import { nextLook, tickFrom } from './pace';
import { BEGIN, openStage, type Stage } from './stage';
import { followTasks, type TaskStory } from './tasks';
import type { TraceTask } from './trace';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** The window ends this long after the last arrival. */
const AFTER_LAST_MS = HOUR_MS;
/** The hours of a month, as clouds count them. */
const MONTH_H = 730;

export type ReplayOptions = {
  readonly spec: Spec;
  readonly tasks: readonly TraceTask[];
  readonly seed: number;
  /** How often the cloud takes machines back, for a hundred spot machines that run a month. */
  readonly spotLosses: number;
  /** Runs a turn at every minute, whether or not anything has happened: for holding the short cut against. */
  readonly isEveryTick?: boolean;
  /** Told now and then how far it is: a share from 0 to 1. */
  readonly onProgress?: (share: number) => void;
};

export type Replay = {
  /** The window, in the world's time. */
  readonly from: number;
  readonly to: number;
  readonly stories: readonly TaskStory[];
  /** A machine that outlives the window ends with it. */
  readonly machines: readonly (MachineStay & { readonly to: number })[];
  readonly turns: number;
  readonly offerings: EmulatedWorld['options']['prices'];
  readonly shapes: EmulatedWorld['options']['shapes'];
  readonly notes: readonly string[];
};

export const replay = async (options: ReplayOptions): Promise<Replay> => {
  const script = createTimeline(BEGIN);
  let turnAt: number | undefined = BEGIN;
  const wanted = (at: number): void => {
    turnAt = Math.min(turnAt ?? Infinity, Math.max(at, script.now()));
  };
  const stage = await openStage(options.spec, options.seed, {
    send: async (_body, { delayMs = 0 } = {}) => wanted(stage.world.now() + delayMs),
  });
  const { world } = stage;
  const to = BEGIN + Math.max(...options.tasks.map(({ arriveMs }) => arriveMs)) + AFTER_LAST_MS;
  const losses = spotLosses(world, script, options);
  const machines = followMachines(world, {
    launched: losses,
    ending: (machine) => tasks.endOn(machine),
  });
  const tasks = followTasks(options.tasks, { world, script, beginAt: BEGIN });
  world.chronicle.subscribe(({ at }) => wanted(tickFrom(at + 1, BEGIN)));
  const events: CloudEvent[] = [];
  world.onEvent((event) => void events.push(event));
  let turns = 0;
  for (let day = BEGIN; ; ) {
    const next = Math.min(world.nextAt() ?? Infinity, script.nextAt() ?? Infinity, turnAt ?? Infinity);
    if (next > to) break;
    world.advanceTo(next);
    script.advanceTo(next);
    await hear(events.splice(0), stage);
    if (turnAt === undefined || turnAt > next) continue;
    turnAt = undefined;
    const report = await reconcile(stage.engine);
    turns += 1;
    const look = options.isEveryTick === true ? next + 1 : nextLook(report, options.spec, next);
    wanted(tickFrom(look, BEGIN));
    if (next - day < DAY_MS) continue;
    day = next;
    await stage.store.dropExpired(next);
    options.onProgress?.((next - BEGIN) / (to - BEGIN));
  }
  world.advanceTo(to);
  tasks.close();
  return {
    from: BEGIN,
    to,
    stories: tasks.stories,
    machines: machines.all.map((machine) => ({ ...machine, to: machine.to ?? to })),
    turns,
    offerings: world.options.prices,
    shapes: world.options.shapes,
    notes: stage.notes,
  };
};

/** What EventBridge would bring: the real translation, the real ingest, and the wake that comes of it. */
const hear = async (events: readonly CloudEvent[], { engine, world }: Stage): Promise<void> => {
  if (events.length === 0) return;
  const { spec, store, wake, clock, log, meter } = engine;
  const signals = events.flatMap((event) => {
    const answer = translate(event, { receivedAt: world.now() });
    return 'malformed' in answer ? [] : answer.signals;
  });
  const routes = [{ cluster: spec.cluster, scopes: scopesOf(spec.pools) }];
  await ingest(signals, false, { store, wake, clock, routes, log, meter });
};

/** Every spot machine is given, at its launch, the moment at which the cloud would take it back: the losses of a
 *  constant rate, whatever the machine's age. */
const spotLosses = (
  world: EmulatedWorld,
  script: Timeline,
  { seed, spotLosses: rate }: ReplayOptions,
): ((machine: MachineStay) => void) => {
  const dice: Dice = createDice(seed);
  return (machine) => {
    if (machine.market !== 'spot' || rate === 0) return;
    const share = dice.int('spot-loss', 1, MOST_DRAWN) / MOST_DRAWN;
    const afterMs = (-Math.log(share) * MONTH_H * HOUR_MS * 100) / rate;
    script.at(Math.round(world.now() + afterMs), () => {
      if (machine.isEnding) return;
      machine.taken = true;
      world.troubles.spotNotice(machine.id);
    });
  };
};

const MOST_DRAWN = 2 ** 31 - 1;
