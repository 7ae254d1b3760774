// What every part of the emulated world stands on.
import type { Dice } from './dice';
import type { Scribe } from './chronicle';
import type { Timeline } from './timeline';
import type { WorldSettings } from './settings';

export type Base = {
  readonly settings: WorldSettings;
  readonly timeline: Timeline;
  readonly dice: Dice;
  readonly scribe: Scribe;
};

export const iso = (time: number): string => new Date(time).toISOString();

/** Calls every listener; one that throws ends the call, for the world has no one to hide a fault from. */
export const createEmitter = <T>() => {
  const listeners = new Set<(event: T) => void>();
  return {
    emit: (event: T): void => {
      for (const listener of listeners) listener(event);
    },
    subscribe: (listener: (event: T) => void): (() => void) => {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
  };
};
export type Emitter<T> = ReturnType<typeof createEmitter<T>>;
