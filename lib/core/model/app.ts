// What Marathon is asked to run. An app and a pod count alike here: both are a shape, constraints and a number.
import type { Attributes } from './attributes';
import type { Millis } from './machine';
import type { Resources } from './resources';

export const OPERATORS = ['UNIQUE', 'CLUSTER', 'GROUP_BY', 'LIKE', 'UNLIKE', 'MAX_PER', 'IS'] as const;
export type Operator = (typeof OPERATORS)[number];

/** `field` is `hostname` (or `@hostname`), `@region`, `@zone` or the name of an agent attribute. */
export type Constraint = { readonly field: string; readonly operator: Operator; readonly value?: string };

export type RunSpec = {
  /** Absolute path, `/group/name`. */
  readonly id: string;
  readonly kind: 'app' | 'pod';
  readonly role: string;
  /** Changes when the definition changes: Marathon's version time. */
  readonly version: string;
  readonly instances: number;
  /** Of one instance; a pod's is the sum of its containers' and its executor's. */
  readonly each: Resources;
  readonly constraints: readonly Constraint[];
  /** acceptedResourceRoles; empty means Marathon's default (its own role and `*`). */
  readonly acceptedRoles: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** Has persistent local volumes: an instance waits for its own agent. */
  readonly resident: boolean;
};

/** Why Marathon turned offers down, in the order of its funnel (NoOfferMatchReason.scala; semantics §2.4). */
export const REJECT_REASONS = [
  'UnfulfilledRole',
  'UnfulfilledConstraint',
  'NoCorrespondingReservationFound',
  'AgentMaintenance',
  'InsufficientCpus',
  'InsufficientMemory',
  'InsufficientDisk',
  'InsufficientGpus',
  'InsufficientPorts',
  'DeclinedScarceResources',
] as const;
export type RejectReason = (typeof REJECT_REASONS)[number];

export type Reject = {
  readonly reason: RejectReason;
  readonly declined: number;
  readonly processed: number;
};

/** One row of Marathon's launch queue. */
export type QueueItem = {
  readonly runSpec: RunSpec;
  /** Instances scheduled or provisioned: all that have no running task yet. */
  readonly count: number;
  readonly since: Millis;
  /** What is left of the back-off after failures, in milliseconds; 0 when it waits for offers. */
  readonly backoffMs: number;
  readonly processedOffers: number;
  readonly lastUsedOfferAt?: Millis;
  /** The last rejected offer of each agent: the best signal. */
  readonly rejects: readonly Reject[];
};

/** A task or pod instance that Marathon knows. Only those that a step names are fetched (DESIGN §4). */
export type Task = {
  readonly id: string;
  readonly runSpec: string;
  readonly version: string;
  /** Marathon's condition: Running, Staging, Starting, Unreachable, ... */
  readonly condition: string;
  readonly host: string;
  readonly agentId?: string;
};

/** A task of an app, or an instance of a pod, of a run spec that has to move. */
export type AppTask = Task & {
  readonly agentId: string;
  /** Runs, and passes every health check that it has. */
  readonly healthy: boolean;
  readonly startedAt?: Millis;
};

/** An app or pod as it stands: what has to be known before anything of it is moved. */
export type AppState = {
  readonly runSpec: RunSpec;
  /** How many more instances than wanted its upgradeStrategy lets a change add: a share of them (0 for pods). */
  readonly maximumOverCapacity: number;
  /** Ids of the deployments that hold it: nothing else may change it meanwhile (semantics §2.3). */
  readonly deployments: readonly string[];
  readonly tasks: readonly AppTask[];
};

/** The run specs of which an agent has tasks, as Marathon knows it. */
export type Hosted = {
  readonly agent: string;
  readonly runSpecs: readonly Pick<RunSpec, 'id' | 'kind'>[];
};

/** A place where a task can run, as a constraint sees it: a registered agent or a machine yet to come. */
export type Place = {
  readonly hostname: string;
  readonly attributes: Attributes;
  readonly region?: string;
  readonly zone?: string;
  /** In another region than the masters. */
  readonly isRemote?: true;
};
