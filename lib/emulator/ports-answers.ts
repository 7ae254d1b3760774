// How the emulated schedulers' answers look through the engine's ports.
import type { Source } from '../core/model/world';
import { Failure, type FailureKind } from '../engine/failure';
import { MarathonFailure } from './marathon/api';
import { MesosFailure } from './mesos/api';
import type { EmulatedWorld } from './world';

export const complete = <T>(world: EmulatedWorld, value: T): Source<T> => ({
  at: world.now(),
  complete: true,
  faults: [],
  value,
});

/** Neither of them answers while there is no leader: later. */
export const attempt = <T>(read: () => T): T => {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof MesosFailure || error instanceof MarathonFailure)) throw error;
    throw new Failure(kindOf(error), `The scheduler refused: ${error.message}.`, {
      code: String(error.status),
      cause: error,
    });
  }
};

/** As the client of the real master reads its refusals (lib/mesos/answers.ts). */
const kindOf = ({ status, message }: MesosFailure | MarathonFailure): FailureKind => {
  if (status >= 500) return 'transient';
  if (status === 409) return 'conflict';
  if (status === 404 || /Unknown agent/.test(message)) return 'gone';
  return /not deactivated|still in the DRAINING state/.test(message) ? 'conflict' : 'permanent';
};
