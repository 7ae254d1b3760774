// A raw event in one normal form. It carries urgency and at most an expiring fact, never a decision (DESIGN §1).
import type { Millis } from './machine';
import type { CloudName } from './offering';
import type { Amount } from './spec';

export type Urgency = 'now' | 'soon' | 'tick';

/** Where an event's subject lives: EC2 events carry no tags, so facts are kept per cloud, account and region. */
export type FactScope =
  | { readonly kind: 'cloud'; readonly cloud: CloudName; readonly account: string; readonly region: string }
  | { readonly kind: 'cluster'; readonly cluster: string };

/** Who asks for something, and why. */
export type Word = { readonly by: string; readonly reason: string };
export type Exclusion = Word & { readonly pool: string; readonly shape?: string; readonly zone?: string };

export type FactBody =
  | {
      readonly kind: 'interruption';
      readonly action: 'terminate' | 'stop' | 'hibernate';
      readonly deadline?: Millis;
    }
  | { readonly kind: 'rebalance' }
  | { readonly kind: 'machine-state'; readonly state: string }
  | { readonly kind: 'scheduled-maintenance'; readonly code: string; readonly startsAt: Millis }
  | {
      readonly kind: 'lifecycle-hook';
      readonly group: string;
      readonly hook: string;
      readonly token: string;
      readonly transition: 'launching' | 'terminating';
    }
  | { readonly kind: 'alarm'; readonly name: string; readonly state: 'OK' | 'ALARM' | 'INSUFFICIENT_DATA' }
  | { readonly kind: 'scale-out'; readonly pool: string; readonly by: Amount; readonly source: string }
  /** Its subject is a zone or an app, which is to be looked after elsewhere until the fact expires. */
  | ({ readonly kind: 'fail-over'; readonly target: 'zone' | 'app' } & Word)
  /** Its subject is a machine, an agent's id or a hostname. */
  | {
      readonly kind: 'drain';
      readonly by: string;
      readonly reason: string;
      readonly deadline: Millis;
      readonly force: boolean;
      /** A machine in its place has registered before it begins. */
      readonly replacementFirst?: boolean;
    }
  | { readonly kind: 'undrain'; readonly by: string; readonly reason: string }
  /** Its subject is a machine, an agent's id, a hostname or an app: nothing of it is disrupted until the fact expires. */
  | ({ readonly kind: 'protect' } & Word)
  | ({ readonly kind: 'unprotect' } & Word)
  /** Nothing of the pool with this shape, in this zone, is bought until the fact expires. */
  | ({ readonly kind: 'exclude' } & Exclusion)
  | ({ readonly kind: 'include' } & Exclusion)
  /** The pool has at least `min` machines until the fact expires. A later word replaces it. */
  | ({ readonly kind: 'scale'; readonly pool: string; readonly min: number } & Word)
  | { readonly kind: 'pause'; readonly by: string; readonly reason: string }
  | { readonly kind: 'resume'; readonly by: string; readonly reason: string };

/** Keyed by scope, subject, kind and dedupe key; the newer `at` wins; expiry ends its effect. */
export type Fact = {
  readonly scope: FactScope;
  /** The instance id, pool or alarm it is about. */
  readonly subject: string;
  readonly dedupeKey: string;
  readonly at: Millis;
  readonly expiresAt: Millis;
  readonly body: FactBody;
};

export type Signal = {
  /** The kind of the source, as printed by `muster intake`: `ec2.spot-interruption`, `alertmanager.alert`, `tick`... */
  readonly kind: string;
  readonly subject: string;
  readonly urgency: Urgency;
  readonly at: Millis;
  /** Clusters to wake; empty means every cluster with a pool in the fact's scope. */
  readonly clusters: readonly string[];
  readonly fact?: Fact;
};
