// The functions that Lambda would run: the real doors behind two queues, so many at a time, each run a process that may
// die, stand still or outlive its lease.
import { ingestDoor } from '../../lib/doors/ingest';
import { reconcileDoor } from '../../lib/doors/reconcile';
import { scopesOf, type Engine } from '../../lib/engine/engine';
import { messageOf } from '../../lib/engine/failure';
import { LEASE_MS } from '../builders/emulated-fleet';
import { CONTEXT, type Message, sqsEvent } from '../builders/lambda';
import type { Process } from './call';
import { wired, type Wires } from './ports';
import { createQueue, type SimQueue } from './queue';
import type { Scene } from './scene';

/** As deployed: a function ends a little before its lease; a message comes back after its visibility timeout. */
const TIMEOUT_MS = LEASE_MS - 10_000;
const VISIBILITY_MS = 180_000;
const MOST_RECEIVES = 5;
const INGESTS = 2;

export type Functions = {
  readonly events: SimQueue;
  readonly wakes: SimQueue;
  /** Frees the place of a process that has died. */
  readonly died: (process: Process) => void;
};

export type Crew = {
  readonly scene: Scene;
  readonly wires: Wires;
  /** Turns at once. */
  readonly processes: number;
  readonly skewMs: () => number;
  /** The engine of one process. */
  readonly engineOf: (process: Process) => Engine;
  /** What a mutant makes of it above the wires. */
  readonly above?: (engine: Engine) => Engine;
  /** On the way through the wake queue, in milliseconds, each copy. */
  readonly wakeCopies: () => readonly number[];
  readonly eventCopies: () => readonly number[];
};

type Run = (process: Process, batch: readonly Message[]) => Promise<readonly string[]>;

type Work = {
  readonly process: Process;
  readonly name: string;
  readonly batch: readonly Message[];
  readonly run: Run;
  readonly done: (failed: readonly string[]) => void;
};

export const startFunctions = (crew: Crew): Functions => {
  const { scene } = crew;
  const { heap, journal } = scene;
  const places = new Map<Process, () => void>();
  let count = 0;
  const leave = (process: Process): void => {
    places.get(process)?.();
    places.delete(process);
  };
  const workers = (name: string, most: number, run: Run) => {
    let busy = 0;
    return (batch: readonly Message[], done: (failed: readonly string[]) => void): boolean => {
      if (busy >= most) return false;
      busy += 1;
      count += 1;
      const process: Process = {
        id: `${name}${count}`,
        skewMs: crew.skewMs(),
        startedAt: heap.now(),
        isDead: false,
        frozenUntil: 0,
        isZombie: false,
      };
      places.set(process, () => {
        busy -= 1;
      });
      heap.after(TIMEOUT_MS, () => overtime(process));
      void finish({ process, name, batch, run, done });
      return true;
    };
  };
  const finish = async (work: Work): Promise<void> => {
    const { process, name, batch } = work;
    try {
      const failed = await work.run(process, batch);
      journal.write(heap.now(), process.id, name, `ends, ${failed.length} of ${batch.length} failed`);
      leave(process);
      process.isDead = true;
      work.done(failed);
    } catch (error) {
      journal.write(heap.now(), process.id, name, `throws ${messageOf(error)}`);
    }
  };
  /** One that stands still keeps on living, but its place is another's from now on. */
  const overtime = (process: Process): void => {
    if (process.isDead || !places.has(process)) return;
    leave(process);
    if (!process.isZombie) process.isDead = true;
    journal.write(
      heap.now(),
      process.id,
      'time',
      process.isZombie ? 'outlives its lease' : 'is ended, its time is over',
    );
    for (const queue of [events, wakes]) queue.pump();
  };
  const shared = { heap, visibilityMs: VISIBILITY_MS, maxReceives: MOST_RECEIVES };
  const wakes = createQueue({
    ...shared,
    name: 'wake',
    batch: 1,
    copies: crew.wakeCopies,
    work: workers('turn', crew.processes, async (process, batch) => turn(crew, wakes, process, batch)),
  });
  const events = createQueue({
    ...shared,
    name: 'event',
    batch: 10,
    copies: crew.eventCopies,
    work: workers('ingest', INGESTS, async (process, batch) => take(crew, wakes, process, batch)),
  });
  return {
    events,
    wakes,
    died: (process) => {
      process.isDead = true;
      leave(process);
      for (const queue of [events, wakes]) queue.pump();
    },
  };
};

const engineFor = (crew: Crew, wakes: SimQueue, process: Process): Engine => {
  const engine = wired({ ...crew.engineOf(process), wake: wakes }, process, crew.wires);
  return crew.above?.(engine) ?? engine;
};

const turn = async (crew: Crew, wakes: SimQueue, process: Process, batch: readonly Message[]) => {
  const engine = engineFor(crew, wakes, process);
  const door = reconcileDoor(async () => ({ ...engine, engine: () => engine }), engine);
  const answer = await door(sqsEvent(batch), CONTEXT);
  return answer.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
};

const take = async (crew: Crew, wakes: SimQueue, process: Process, batch: readonly Message[]) => {
  const engine = engineFor(crew, wakes, process);
  const { spec } = engine;
  const routes = [{ cluster: spec.cluster, scopes: scopesOf(spec.pools) }];
  const door = ingestDoor(async () => ({ ...engine, routes, webhooks: {} }), engine);
  const answer = await door(sqsEvent(batch), CONTEXT);
  return answer.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
};
