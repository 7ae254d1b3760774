// F35, F36, F45, F46, F54: a far end that nobody reaches for minutes or an hour, or all of them one after the other.
import { Failure, type FailureKind } from '../../../lib/engine/failure';
import type { Scene } from '../scene';
import type { CallFault, Struck, WorldFault } from './fault';

const MINUTE = 60_000;

const outage = (scene: Scene, prefixes: readonly string[], kind: FailureKind, forMs: number): Struck => {
  for (const prefix of prefixes) scene.outages.set(prefix, new Failure(kind, `${prefix} cannot be reached.`));
  const heal = (): void => {
    for (const prefix of prefixes) scene.outages.delete(prefix);
  };
  return { subject: prefixes.join(' '), heal, forMs };
};

const ENDS = ['cloud.', 'catalogue.', 'mesos.', 'marathon.', 'store.'] as const;

const begins: readonly WorldFault[] = [
  {
    kind: 'world',
    name: 'F35h',
    what: 'the cloud answers nothing but 503 for up to an hour',
    everyMs: 4 * 60 * MINUTE,
    strike: (scene) => outage(scene, ['cloud.'], 'transient', scene.dice.int('F35h', MINUTE, 60 * MINUTE)),
  },
  {
    kind: 'world',
    name: 'F36h',
    what: 'the credentials have expired',
    everyMs: 5 * 60 * MINUTE,
    strike: (scene) =>
      outage(scene, ['cloud.launch'], 'permanent', scene.dice.int('F36h', MINUTE, 30 * MINUTE)),
  },
  {
    kind: 'world',
    name: 'F45h',
    what: 'the masters have no quorum',
    everyMs: 4 * 60 * MINUTE,
    strike: (scene) => outage(scene, ['mesos.'], 'transient', scene.dice.int('F45h', MINUTE, 20 * MINUTE)),
  },
  {
    kind: 'world',
    name: 'F17h',
    what: 'the table is not there',
    everyMs: 6 * 60 * MINUTE,
    strike: (scene) => outage(scene, ['store.'], 'throttled', scene.dice.int('F17h', MINUTE, 15 * MINUTE)),
  },
  {
    kind: 'world',
    name: 'F54',
    what: 'all far ends go, one after the other, and come back in another order',
    everyMs: 5 * 60 * MINUTE,
    strike: (scene) => {
      const order = scene.dice.shuffle('F54', ENDS);
      const ends = scene.dice.shuffle('F54 back', ENDS);
      const heal = (): void => {
        for (const end of ends) scene.outages.delete(end);
      };
      order.forEach((end, nth) => {
        scene.heap.after(nth * MINUTE, () => {
          if (!scene.isCalm()) scene.outages.set(end, new Failure('transient', `${end} cannot be reached.`));
        });
      });
      ends.forEach((end, nth) => scene.heap.after((6 + nth * 2) * MINUTE, () => scene.outages.delete(end)));
      return { subject: order.join(' '), heal };
    },
  },
];

const isOut = (scene: Scene, name: string): Failure | undefined =>
  [...scene.outages].find(([prefix]) => name.startsWith(prefix))?.[1];

export const outageFaults: readonly WorldFault[] = begins;

/** What a call meets while its far end is out. */
export const outageOf = (scene: Scene, name: string): ReturnType<CallFault['verdict']> | undefined => {
  const error = scene.outages.size === 0 ? undefined : isOut(scene, name);
  return error === undefined ? undefined : { kind: 'refuse', error };
};
