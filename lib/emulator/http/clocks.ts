// The three clocks of a served world (DESIGN §7). `stepped` stands still until it is told to move, `paced` runs at
// N times real time from one interval timer, `real` is paced at 1. Whatever moves it, time passes through every
// periodic call on the way, so that a jump of a minute still sends four heartbeats.
import type { Millis } from '../../core/model/machine';
import type { Clock } from '../../engine/ports';
import type { EmulatedWorld } from '../world';

/** All of the world that a clock needs. */
type Timed = Pick<EmulatedWorld, 'now' | 'advanceTo'>;

export type ClockChoice =
  | { readonly kind: 'stepped' }
  /** `factor` virtual milliseconds for each real one, above 0; looked at every `tickMs` (50 by default). */
  | { readonly kind: 'paced'; readonly factor: number; readonly tickMs?: number }
  | { readonly kind: 'real'; readonly tickMs?: number };

/** It is a Clock, so that clients of a served world live in its time. */
export type WorldClock = Clock & {
  readonly kind: ClockChoice['kind'];
  /** Resolves once `ms` virtual milliseconds have passed, or the clock is stopped. On a stepped clock it makes them
   *  pass itself: nobody else does while a client waits to try again. */
  readonly sleep: (ms: number) => Promise<void>;
  /** Carries out the next `ms` virtual milliseconds at once. Throws Error on a negative number. */
  readonly advance: (ms: number) => void;
  readonly advanceTo: (time: Millis) => void;
  /** Virtual time stands still until `resume`; a stepped clock always does. */
  readonly pause: () => void;
  readonly resume: () => void;
  /** Calls `what` each time that `ms` virtual milliseconds have passed. Returns the end of it. */
  readonly every: (ms: number, what: () => void) => () => void;
  /** Ends the timer. The world stays as it is. */
  readonly stop: () => void;
};

type Periodic = { readonly ms: number; readonly what: () => void; due: Millis };

/** A pause of the process (a laptop's lid) is not made up for: at most this much real time passes in one tick. */
const MAX_TICK_MS = 1_000;

export const createClock = (world: Timed, choice: ClockChoice): WorldClock => {
  const periodics = new Set<Periodic>();
  const advanceTo = (time: Millis): void => {
    for (let next = soonest(periodics, time); next !== undefined; next = soonest(periodics, time)) {
      // The world may have been moved past it by somebody who does not know this clock.
      world.advanceTo(Math.max(next.due, world.now()));
      next.due += next.ms;
      next.what();
    }
    world.advanceTo(time);
  };
  const timer = choice.kind === 'stepped' ? NO_TIMER : startTimer(world, choice, advanceTo);
  const sleepers = new Set<() => void>();
  return {
    kind: choice.kind,
    now: () => world.now(),
    sleep: (ms) =>
      new Promise((resolve) => {
        const due = world.now() + ms;
        if (choice.kind === 'stepped') {
          // Later than what is already under way, so that several who sleep do so at the same time.
          setImmediate(() => {
            if (world.now() < due) advanceTo(due);
            resolve();
          });
          return;
        }
        const wake = (): void => {
          periodics.delete(alarm);
          sleepers.delete(wake);
          resolve();
        };
        const alarm = { ms, what: wake, due };
        periodics.add(alarm);
        sleepers.add(wake);
      }),
    advance: (ms) => {
      if (!(ms >= 0)) throw new Error(`The emulated world cannot be advanced by ${ms} ms.`);
      advanceTo(world.now() + ms);
    },
    advanceTo,
    pause: timer.pause,
    resume: timer.resume,
    every: (ms, what) => {
      const periodic = { ms, what, due: world.now() + ms };
      periodics.add(periodic);
      return () => periodics.delete(periodic);
    },
    stop: () => {
      timer.pause();
      for (const wake of sleepers) wake();
    },
  };
};

const soonest = (periodics: ReadonlySet<Periodic>, until: Millis): Periodic | undefined => {
  let first: Periodic | undefined;
  for (const periodic of periodics) {
    if (periodic.due <= until && (first === undefined || periodic.due < first.due)) first = periodic;
  }
  return first;
};

type Timer = { readonly pause: () => void; readonly resume: () => void };
const NO_TIMER: Timer = { pause: () => {}, resume: () => {} };

const startTimer = (
  world: Timed,
  choice: Exclude<ClockChoice, { kind: 'stepped' }>,
  advanceTo: (time: Millis) => void,
): Timer => {
  const factor = choice.kind === 'real' ? 1 : choice.factor;
  if (!(factor > 0) || !Number.isFinite(factor))
    throw new Error(`A paced clock needs a factor above 0, not ${factor}.`);
  let seen = performance.now();
  let owed = 0;
  let interval: NodeJS.Timeout | undefined;
  const tick = (): void => {
    const real = performance.now();
    owed += Math.min(real - seen, MAX_TICK_MS) * factor;
    seen = real;
    const whole = Math.floor(owed);
    owed -= whole;
    if (whole > 0) advanceTo(world.now() + whole);
  };
  const timer: Timer = {
    pause: () => {
      clearInterval(interval);
      interval = undefined;
    },
    resume: () => {
      if (interval !== undefined) return;
      seen = performance.now();
      interval = setInterval(tick, choice.tickMs ?? 50);
    },
  };
  timer.resume();
  return timer;
};
