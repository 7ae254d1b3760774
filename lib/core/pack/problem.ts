// The words of the packing: a bag of equal tasks by class, what can be bought for them, and what comes out.
// Nothing here knows about pools, apps or clouds: the caller turns those into masks, caps and limits.
import type { Resources } from '../model/resources';

/** Equal tasks. Those of classes with the same `group` are counted together on each machine, at most the smallest
 *  `perHost` among them. */
export type TaskClass = {
  readonly need: Resources;
  readonly count: number;
  /** How many may share one machine, at least 1; Infinity when it does not matter. */
  readonly perHost: number;
  readonly group?: string;
  /** By index of the offering; absent means that all will do. */
  readonly allowed?: readonly boolean[];
};

export type PackOffering = {
  /** Allocatable, on an empty machine. */
  readonly room: Resources;
  readonly usdPerHour: number;
  /** Decides between offerings that are equal in everything else. */
  readonly key: string;
};

/** At most `machines` over these offerings (indexes) together. */
export type Limit = { readonly offerings: readonly number[]; readonly machines: number };

export type PackProblem = {
  readonly classes: readonly TaskClass[];
  readonly offerings: readonly PackOffering[];
  readonly limits: readonly Limit[];
  /** Work units that may be spent on improving what the simple rules find; about a millisecond each. 0: rules only. */
  readonly work: number;
};

export type PackedMachine = {
  readonly offering: number;
  readonly copies: number;
  /** Of one copy. */
  readonly load: readonly { readonly class: number; readonly count: number }[];
};

export type Unplaced = {
  readonly class: number;
  readonly count: number;
  /** `fits-nothing`: larger than every offering that it may use. `limit`: a limit is in the way. */
  readonly why: 'fits-nothing' | 'limit';
};

export type PackPlan = {
  /** The method that found it. */
  readonly rule: string;
  readonly machines: readonly PackedMachine[];
  readonly unplaced: readonly Unplaced[];
  readonly usdPerHour: number;
};

/** No plan that places what the best plan places can be cheaper than `usdPerHour`. */
export type Bound = {
  readonly usdPerHour: number;
  readonly kind: 'none' | 'volume' | 'joint-lp' | 'farley';
};

export type PackResult = {
  readonly best: PackPlan;
  /** Plans that buy different machines, best first, at most 8. The best one of a single offering is among them. */
  readonly candidates: readonly PackPlan[];
  readonly bound: Bound;
  readonly workUsed: number;
};
