// What must be remembered between turns and cannot be re-read. Plain JSON, one stored item for each member of Memory.
import type { Millis } from './machine';
import type { Offering } from './offering';

/** An offering that had a capacity error: not tried before `until`, which grows with `failures` (3 min first). */
export type Cold = {
  /** offeringKey; `*` stands for any zone, shape or market where the error binds more (a quota, a subnet). */
  readonly key: string;
  readonly code: string;
  readonly failures: number;
  readonly since: Millis;
  readonly until: Millis;
};

/** Machines bought (or possibly bought) that a complete read has not yet settled: they count as supply. */
export type Expected = {
  /** The launch action's id, in the machines' `muster:launch` tag. */
  readonly launch: string;
  readonly pool: string;
  readonly offering: Offering;
  readonly at: Millis;
  /** Ids that the cloud's answer named; while the outcome is unknown, empty. */
  readonly machines: readonly string[];
  /** How many were asked for and not refused: what is counted while ids are unknown. */
  readonly count: number;
  /** Times of the complete reads, later than 5 minutes after `at`, in which something of it was absent. */
  readonly absentAt: readonly Millis[];
};

/** Machines of one image that never registered, and whether the pool's breaker is open because of them. */
export type Strikes = {
  readonly pool: string;
  /** `image@bootstrap`: another image or bootstrap version starts with a clean sheet. */
  readonly image: string;
  readonly machines: readonly { readonly id: string; readonly at: Millis }[];
  /** While it is open nothing is bought of the pool with this image; after an hour one machine may try. */
  readonly openedAt?: Millis;
};

/** A pool is held at least at `min` machines until `until`: a scheduled or requested extra size, made absolute once. */
export type Floor = {
  readonly id: string;
  readonly pool: string;
  readonly min: number;
  readonly until: Millis;
  readonly because: string;
};

/** Demand for which machines were bought: futile when they registered with room and it still waits. */
export type Bought = {
  readonly runSpec: string;
  readonly version: string;
  /** Sorted reject reasons when it was bought for: another refusal starts anew. */
  readonly refusal: string;
  readonly launches: readonly string[];
  readonly at: Millis;
  readonly futileSince?: Millis;
};

/** An agent that runs nothing, and how far it is given back. */
export type Leaving = {
  readonly agent: string;
  readonly machine: string;
  readonly pool: string;
  /** `idle`: it has run nothing since `since`. `closing`: it is given back since then; its master was asked to offer it no
   *  more. `returning`: it is wanted again; its master was asked to offer it again. */
  readonly phase: 'idle' | 'closing' | 'returning';
  readonly since: Millis;
  /** Times of the reads in which it was deactivated and empty: two of them prove that nothing can start there. */
  readonly emptyAt: readonly Millis[];
};

export type Pause = {
  readonly since: Millis;
  readonly until?: Millis;
  readonly by: string;
  readonly reason: string;
};

export type Memory = {
  /** Young machines whose agent has registered: if it leaves the list, it is lost and not one that never joined. Sorted ids. */
  readonly joined: readonly string[];
  readonly cold: readonly Cold[];
  readonly expected: readonly Expected[];
  readonly strikes: readonly Strikes[];
  readonly floors: readonly Floor[];
  readonly bought: readonly Bought[];
  /** By agent id. */
  readonly leaving: readonly Leaving[];
  readonly pause?: Pause;
};

export const NO_MEMORY: Memory = {
  joined: [],
  cold: [],
  expected: [],
  strikes: [],
  floors: [],
  bought: [],
  leaving: [],
};
