// What became of an action, in the terms in which memory learns from it.
import type { Millis } from './machine';
import type { Offering } from './offering';
import type { AgentAction, AppRequest } from './plan';

/** What one offering answered. `scope` tells how much goes cold: this offering, its subnet, or a whole quota class. */
export type OfferingError = {
  readonly offering: Offering;
  readonly code: string;
  readonly message: string;
  readonly kind: 'capacity' | 'quota' | 'config' | 'unsupported' | 'unknown';
};

export type AgentCall = AgentAction['kind'];

export type Outcome =
  | {
      readonly kind: 'launched';
      readonly action: string;
      readonly pool: string;
      readonly at: Millis;
      readonly machines: readonly { readonly id: string; readonly offering: Offering }[];
      readonly errors: readonly OfferingError[];
      readonly asked: number;
    }
  | {
      readonly kind: 'terminated';
      readonly action: string;
      readonly at: Millis;
      readonly machines: readonly string[];
      readonly failed: readonly { readonly id: string; readonly message: string }[];
    }
  /** The master did what was asked about the agent, or had done it before. */
  | {
      readonly kind: 'asked';
      readonly action: string;
      readonly at: Millis;
      readonly call: AgentCall;
      readonly agent: string;
    }
  /** Marathon did what was asked; a change of instances is a deployment. */
  | {
      readonly kind: 'moved';
      readonly action: string;
      readonly at: Millis;
      readonly call: AppRequest['call'];
      readonly runSpec: string;
      readonly deployment?: string;
    }
  | {
      readonly kind: 'marked';
      readonly action: string;
      readonly at: Millis;
      readonly machines: readonly string[];
    }
  | { readonly kind: 'notified'; readonly action: string; readonly at: Millis }
  /** Neither done nor refused as far as is known; the intent stays open and is read back. */
  | {
      readonly kind: 'unknown';
      readonly action: string;
      readonly at: Millis;
      readonly message: string;
      readonly launch?: { readonly pool: string; readonly offering: Offering; readonly count: number };
    }
  | {
      readonly kind: 'refused';
      readonly action: string;
      readonly at: Millis;
      readonly failure: string;
      readonly message: string;
    };
