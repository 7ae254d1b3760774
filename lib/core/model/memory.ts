// What must be remembered between turns and cannot be re-read. Plain JSON, one stored item for each member of Memory.
import type { Hosted } from './app';
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

/** Why a machine is emptied. */
export const DRAIN_CAUSES = [
  'asked',
  'schedule',
  'interruption',
  'rebalance',
  'maintenance',
  'lifecycle-hook',
  'consolidation',
  'drift',
] as const;
export type DrainCause = (typeof DRAIN_CAUSES)[number];

/** What is on an agent has to move before it is given back. */
export type Drain = {
  readonly cause: DrainCause;
  /** By which name it was asked for: of the machine, its agent or its host. */
  readonly wish?: string;
  /** Who or what wants it, and why, in their words. */
  readonly by: string;
  readonly reason: string;
  /** By then it has ended, one way or another. */
  readonly deadline: Millis;
  /** How long before the deadline what is left is killed, in milliseconds. */
  readonly graceMs: number;
  /** What is left then is killed although a service falls below its floor by it. */
  readonly force: boolean;
  /** The cloud ends the machine at the deadline, whatever anybody does. */
  readonly condemned: boolean;
  /** Run specs with tasks there, as read once it was offered no more; absent until then. */
  readonly runSpecs?: Hosted['runSpecs'];
  /** When the rest was killed (DRAIN_AGENT): from then on nothing is taken back. */
  readonly killedAt?: Millis;
  /** What could not be moved until then, and what stopped it. */
  readonly left?: string;
  /** Why it returns. */
  readonly undone?: { readonly end: 'cancelled' | 'failed'; readonly why: string };
};

/** How a drain ended. `escalated`: what was left was killed; `failed`: it could not be done in time, and was undone. */
export type DrainEnd = 'done' | 'cancelled' | 'escalated' | 'failed';

export type Drained = {
  readonly agent: string;
  readonly machine: string;
  readonly pool: string;
  readonly cause: DrainCause;
  readonly wish?: string;
  readonly end: DrainEnd;
  readonly since: Millis;
  readonly at: Millis;
  readonly why: string;
};

/** Extra instances of one app, over all drains at once (DESIGN §5). */
export type Surge = {
  readonly runSpec: string;
  /** What the app wants without us. */
  readonly base: number;
  /** Values of `instances` that are ours. Any other is somebody else's, and becomes the base. */
  readonly written: readonly number[];
  /** Deployments that we began. No other is ever cancelled. */
  readonly deployments: readonly string[];
  /** Tasks that we asked to be killed and that are still listed. */
  readonly killed: readonly { readonly id: string; readonly at: Millis }[];
  readonly since: Millis;
};

/** An agent that was marked gone because its machine is dead, while its services are looked after. */
export type Buried = {
  readonly agent: string;
  readonly machine: string;
  readonly at: Millis;
  readonly runSpecs: Hosted['runSpecs'];
};

/** An agent that is to be given back, and how far that is. */
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
  /** Something runs there that has to move first. */
  readonly drain?: Drain;
};

/** How large a pool was when its machines were last seen whole. */
export type Sighting = { readonly pool: string; readonly machines: number; readonly usdPerHour: number };

export type Pause = {
  readonly since: Millis;
  readonly until?: Millis;
  readonly by: string;
  readonly reason: string;
};

export type Memory = {
  /** Young machines whose agent has registered: if it leaves the list, it is lost and not one that never joined. Sorted ids. */
  readonly joined: readonly string[];
  /** Machines that passed their deadline without an agent that any turn saw. Sorted ids. */
  readonly unjoined: readonly string[];
  readonly seen: readonly Sighting[];
  readonly cold: readonly Cold[];
  readonly expected: readonly Expected[];
  readonly strikes: readonly Strikes[];
  readonly floors: readonly Floor[];
  readonly bought: readonly Bought[];
  /** By agent id. */
  readonly leaving: readonly Leaving[];
  /** By run spec. */
  readonly surges: readonly Surge[];
  /** Drains of the last day, the latest last. */
  readonly drained: readonly Drained[];
  readonly buried: readonly Buried[];
  readonly pause?: Pause;
};

export const NO_MEMORY: Memory = {
  joined: [],
  unjoined: [],
  seen: [],
  cold: [],
  expected: [],
  strikes: [],
  floors: [],
  bought: [],
  leaving: [],
  surges: [],
  drained: [],
  buried: [],
};
