// What goes wrong, each fault under its number in the design. How often is drawn for each seed anew, and most seeds have
// only some of them: a fault that always strikes hides the others.
import type { Call, Verdict } from '../call';
import type { Scene } from '../scene';

/** Strikes calls that the engine makes. */
export type CallFault = {
  readonly kind: 'call';
  readonly name: string;
  readonly what: string;
  /** The largest chance of striking one call, in a thousandth; the seed draws up to it. */
  readonly mostPermille: number;
  readonly strikes: (call: Call) => boolean;
  readonly verdict: (scene: Scene, call: Call) => Verdict;
};

/** Happens to the world now and then, and is healed by what it returns at the end of the faults. */
export type WorldFault = {
  readonly kind: 'world';
  readonly name: string;
  readonly what: string;
  /** Mean time between two, in milliseconds, in a seed that has it. */
  readonly everyMs: number;
  /** Undefined when there was nothing to strike. */
  readonly strike: (scene: Scene) => Struck | undefined;
};
export type Struck = {
  readonly subject: string;
  readonly heal?: () => void;
  /** Heals by itself after this long, if the calm does not come sooner. */
  readonly forMs?: number;
};

/** Strikes events on their way to the queue: how late each copy of it comes; none when it is lost. */
export type EventFault = {
  readonly kind: 'event';
  readonly name: string;
  readonly what: string;
  readonly mostPermille: number;
  readonly copies: (scene: Scene) => readonly number[];
};

export type Fault = CallFault | WorldFault | EventFault;

export const oneOf = <T>({ dice }: Scene, kind: string, items: readonly T[]): T | undefined =>
  items.length === 0 ? undefined : items[dice.int(kind, 0, items.length - 1)];
