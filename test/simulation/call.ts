// A call of the engine's that reaches a port: what the faults strike and the invariants look at.
import type { Item } from '../../lib/engine/ports';

/** One run of a function: a process that may die, stand still, or have a wrong clock. */
export type Process = {
  readonly id: string;
  readonly skewMs: number;
  readonly startedAt: number;
  isDead: boolean;
  /** Until then nothing of it goes on, though what it asked for may be done. */
  frozenUntil: number;
  /** A frozen process that nobody ends goes on long after its lease. */
  isZombie: boolean;
  /** Of its turn, once it has claimed the head. */
  epoch?: number;
};

export type Call = {
  /** The port's and the method's name: `cloud.launch`, `store.put`. */
  readonly name: string;
  readonly args: readonly unknown[];
  readonly process: Process;
  /** The process' own clock when it made the call. */
  readonly sentAt: number;
};

const READS: ReadonlySet<string> = new Set([
  'store.get',
  'store.list',
  'cloud.machines',
  'cloud.launched',
  'catalogue.offerings',
  'mesos.agents',
  'marathon.queue',
  'marathon.tasks',
  'marathon.hosted',
  'marathon.apps',
]);

/** On the world: whatever is not known to be a question counts as a deed, so that a new method is watched at once. */
export const isDeed = ({ name }: Call): boolean =>
  !READS.has(name) &&
  !name.startsWith('store.') &&
  !name.startsWith('wake.') &&
  !name.startsWith('notifier.');

export const isWrite = ({ name }: Call): boolean => name.startsWith('store.') && !READS.has(name);

/** What the engine is told: the answer that the far end gave, or the failure. */
export type Answer =
  | { readonly kind: 'answered'; readonly value: unknown }
  | { readonly kind: 'failed'; readonly error: unknown };

/** What a fault does to one call. */
export type Verdict =
  /** It never gets there. */
  | { readonly kind: 'refuse'; readonly error: Error }
  /** It takes effect, and the process hears this. */
  | { readonly kind: 'lose'; readonly error: Error }
  | { readonly kind: 'crash'; readonly when: 'before' | 'after' }
  | { readonly kind: 'freeze'; readonly ms: number; readonly isZombie: boolean }
  | { readonly kind: 'slow'; readonly ms: number }
  | { readonly kind: 'alter'; readonly alter: (value: unknown) => unknown };

export type StoredWrite = { readonly key: string; readonly item: Item | undefined };
