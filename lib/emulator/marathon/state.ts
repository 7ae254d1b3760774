// The state of the emulated Marathon. An instance keeps its id while its goal is to run; each new task of it is the next
// incarnation (semantics §2.1, Marathon >= 1.8).
import type { Constraint, RejectReason, RunSpec } from '../../core/model/app';
import type { Millis } from '../../core/model/machine';
import type { Resources } from '../../core/model/resources';
import type { Base, Emitter } from '../base';
import { createEmitter, iso } from '../base';
import type { Agent, Framework, Master, Task } from '../mesos/master';
import type { MarathonVersion } from '../settings';
import type { Ticket } from '../timeline';
import type { AppDefinition, MarathonEvent, PodDefinition } from './api';
import type { Placed } from './constraints';
import type { Traits } from './versions';
import { TRAITS } from './versions';

export type Condition =
  | 'Scheduled'
  | 'Provisioned'
  | 'Staging'
  | 'Starting'
  | 'Running'
  | 'Killing'
  | 'Unreachable'
  | 'UnreachableInactive'
  | 'Killed'
  | 'Failed'
  | 'Finished'
  | 'Error'
  | 'Gone'
  | 'Dropped'
  | 'Unknown';

export type Instance = {
  readonly id: string;
  readonly service: Service;
  readonly number: number;
  version: string;
  /** Stopped: a scale-down took its task, its reservation is kept. */
  goal: 'Running' | 'Stopped' | 'Decommissioned';
  condition: Condition;
  since: Millis;
  incarnation: number;
  task?: Task | undefined;
  /** Outlives the task: the place of the last one. */
  agent?: Agent | undefined;
  ports: readonly number[];
  stagedAt?: Millis | undefined;
  startedAt?: Millis | undefined;
  healthy?: boolean | undefined;
  /** The agent with its persistent volume: it can run nowhere else. */
  home?: Agent | undefined;
  /** In the service's count for constraints. */
  counted: boolean;
};

/** What of a definition decides about launching. */
export type Terms = {
  readonly each: Resources;
  /** 0 stands for any port. */
  readonly ports: readonly number[];
  readonly role: string;
  readonly constraints: readonly Constraint[];
  readonly acceptedRoles: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly hasHealth: boolean;
  /** How long an unhealthy instance is let live; undefined for ever. */
  readonly patienceMs?: number | undefined;
  readonly graceMs?: number;
  readonly backoff: { readonly firstMs: number; readonly factor: number; readonly mostMs: number };
  readonly unreachable: 'disabled' | { readonly inactiveMs: number; readonly expungeMs: number };
  readonly upgrade: { readonly minimumHealth: number; readonly overCapacity: number };
  readonly youngestFirst: boolean;
  readonly resident: boolean;
  readonly volumes: readonly { readonly containerPath: string; readonly sizeMib: number }[];
  readonly containers: readonly string[];
};

export type Rejection = {
  readonly hostname: string;
  offerId: string;
  at: Millis;
  /** In funnel order; empty when the offer was refused without a reason. */
  reasons: readonly RejectReason[];
};

/** Of one stay in the queue. */
export type OfferStatistics = {
  processed: number;
  unused: number;
  lastUnusedAt?: Millis;
  lastUsedAt?: Millis;
  readonly lastByAgent: Map<string, Rejection>;
  readonly attempt: Map<RejectReason, number>;
};

export type Crash = { readonly afterMs: number; readonly state: 'TASK_FAILED' | 'TASK_FINISHED' };

/** A run spec with all that belongs to it. */
export type Service = {
  readonly id: string;
  readonly kind: RunSpec['kind'];
  readonly instances: Map<string, Instance>;
  readonly waiting: Set<Instance>;
  definition: AppDefinition | PodDefinition;
  terms: Terms;
  version: string;
  target: number;
  placed: Placed;
  statistics: OfferStatistics;
  backoff?: { readonly delayMs: number; readonly until: Millis } | undefined;
  crash?: Crash | undefined;
  deployment?: Deployment | undefined;
  /** A deployment looks again whether enough were started. */
  sync?: Ticket | undefined;
};

export type DeploymentKind = 'start' | 'scale' | 'restart' | 'stop';
export type Deployment = {
  readonly id: string;
  readonly version: string;
  readonly kind: DeploymentKind;
  readonly services: readonly Service[];
  /** What a rollback goes back to; undefined where there was nothing. */
  readonly before: ReadonlyMap<string, AppDefinition | PodDefinition | undefined>;
  readonly startedAt: Millis;
};

export type MarathonState = {
  readonly base: Base;
  readonly master: Master;
  readonly version: MarathonVersion;
  readonly traits: Traits;
  readonly services: Map<string, Service>;
  readonly byTask: Map<string, Instance>;
  readonly deployments: Map<string, Deployment>;
  /** Ids of apps whose new instances are in trouble. */
  readonly neverHealthy: Set<string>;
  readonly neverStart: Set<string>;
  readonly events: Emitter<MarathonEvent>;
  framework: Framework;
  /** Whoever watches instances hears of each change. */
  hooks: { readonly changed: (service: Service) => void };
  up: boolean;
  electedAt: Millis;
  tokens: number;
  tokenRound: number;
  lastReviveAt: Millis;
  revival?: Ticket | undefined;
  repeat?: Ticket | undefined;
  reconciliation?: Ticket | undefined;
  scaleChecks?: Ticket | undefined;
  lastVersion: Millis;
  instanceNumber: number;
};

export const createState = (
  base: Base,
  master: Master,
  framework: Framework,
  version: MarathonVersion,
): MarathonState => ({
  base,
  master,
  version,
  traits: TRAITS[version],
  services: new Map(),
  byTask: new Map(),
  deployments: new Map(),
  neverHealthy: new Set(),
  neverStart: new Set(),
  events: createEmitter<MarathonEvent>(),
  framework,
  hooks: { changed: () => undefined },
  up: true,
  electedAt: base.timeline.now(),
  tokens: base.settings.marathon.launchTokens,
  tokenRound: 0,
  lastReviveAt: Number.NEGATIVE_INFINITY,
  lastVersion: 0,
  instanceNumber: 0,
});

export const noStatistics = (): OfferStatistics => ({
  processed: 0,
  unused: 0,
  lastByAgent: new Map(),
  attempt: new Map(),
});

/** Version times are unique: two changes within a millisecond get two. */
export const nextVersion = (state: MarathonState): string => {
  state.lastVersion = Math.max(state.base.timeline.now(), state.lastVersion + 1);
  return iso(state.lastVersion);
};

export const emit = (
  state: MarathonState,
  eventType: string,
  members: Readonly<Record<string, unknown>>,
): void => {
  if (state.up) state.events.emit({ ...members, eventType, timestamp: iso(state.base.timeline.now()) });
};

export const isActive = (condition: Condition): boolean =>
  ['Provisioned', 'Staging', 'Starting', 'Running', 'Killing', 'Unreachable'].includes(condition);

/** Runs, and is healthy where somebody looks. */
export const isReady = (instance: Instance): boolean =>
  instance.condition === 'Running' && (!instance.service.terms.hasHealth || instance.healthy === true);
