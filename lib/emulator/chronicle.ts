// What happened in the world, in order, one sentence each. Stories, the live page and the tests read it.
import type { Millis } from '../core/model/machine';

export const CHRONICLE_KINDS = [
  'machine-launched',
  'machine-running',
  'machine-booted',
  'machine-ending',
  'machine-ended',
  'capacity-error',
  'spot-notice',
  'boot-failed',
  'agent-registered',
  'agent-disconnected',
  'agent-unreachable',
  'agent-returned',
  'agent-gone',
  'agent-removed',
  'agent-deactivated',
  'agent-reactivated',
  'agent-draining',
  'agent-drained',
  'master-lost',
  'master-elected',
  'app-created',
  'app-scaled',
  'app-changed',
  'app-removed',
  'task-placed',
  'task-running',
  'task-healthy',
  'task-ended',
  'task-unreachable',
  'backoff',
  'deployment-started',
  'deployment-finished',
  'marathon-down',
  'marathon-up',
  'trouble',
  'throttled',
] as const;
export type ChronicleKind = (typeof CHRONICLE_KINDS)[number];

export type ChronicleEntry = {
  readonly at: Millis;
  readonly kind: ChronicleKind;
  /** A machine, agent, task, app or offering. */
  readonly subject: string;
  readonly text: string;
};

export type Chronicle = {
  /** Oldest first; grows, never shrinks. */
  readonly entries: () => readonly ChronicleEntry[];
  /** Returns the end of the subscription. A listener must not advance the world. */
  readonly subscribe: (listener: (entry: ChronicleEntry) => void) => () => void;
};

export type Scribe = Chronicle & {
  readonly write: (kind: ChronicleKind, subject: string, text: string) => void;
};

export const createScribe = (now: () => Millis): Scribe => {
  const entries: ChronicleEntry[] = [];
  const listeners = new Set<(entry: ChronicleEntry) => void>();
  return {
    entries: () => entries,
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    write: (kind, subject, text) => {
      const entry = { at: now(), kind, subject, text };
      entries.push(entry);
      for (const listener of listeners) listener(entry);
    },
  };
};
