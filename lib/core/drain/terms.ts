// On which terms a machine is emptied: what holds it back, and how long before its end what is left is killed.
import { floorOf } from '../floors';
import { closingIn } from '../leaving';
import type { Millis } from '../model/machine';
import type { Leaving } from '../model/memory';
import type { BlockedCode } from '../model/plan';
import type { Pool } from '../model/spec';
import { budgetOf, poolSize, type View } from '../view';

/** Milliseconds before the deadline at which what is left is killed, and the longest that a task may take to end then. */
export const GRACE_MS = 30_000;

/** Of a short notice half is left to copies, and half to ending what is left. Where the pool says `drain: kill` nothing is
 *  left to copies. */
export const graceFor = (pool: Pool | undefined, from: Millis, deadline: Millis): Millis => {
  const whole = Math.max(0, deadline - from);
  return pool?.drain === 'kill' ? whole : Math.min(GRACE_MS, Math.floor(whole / 2));
};

export const begin = (view: View) => ({ phase: 'closing', since: view.now, emptyAt: [] }) as const;

export type Restraint = { readonly code: BlockedCode; readonly why: string; readonly until?: number };

/** A pool that is held at a size and may have no more cannot have its machines replaced one by one. */
export const isFixed = (pool: Pool, open: readonly Leaving[], view: View): boolean =>
  poolSize(view, pool) - closingIn(open, pool.name).length - 1 < floorOf(view, pool) &&
  poolSize(view, pool) >= pool.size.max;

/** What keeps the pool from being disrupted by our own wish: an open blackout window, or the budget. */
export const restraint = (pool: Pool, open: readonly Leaving[], view: View): Restraint | undefined => {
  const window = view.world.denied.find((entry) => entry.pool === pool.name);
  if (window !== undefined) return { code: 'window', why: 'a blackout window is open', until: window.until };
  const closing = closingIn(open, pool.name).length;
  return budgetOf(pool, poolSize(view, pool)) <= closing
    ? { code: 'budget', why: `${closing} leave already and the budget allows no more at once` }
    : undefined;
};
