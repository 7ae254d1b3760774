// The emulated Marathon: rows in Marathon's own JSON names, so that an HTTP face writes them as they are.
import type { Millis } from '../../core/model/machine';
import type { QueueItem, RejectReason, RunSpec, Task } from '../../core/model/app';

/** A definition as it was given, with Marathon's defaults filled in; members not named here are kept as they came. */
export type AppDefinition = {
  readonly id: string;
  readonly instances: number;
  readonly cpus: number;
  readonly mem: number;
  readonly disk: number;
  readonly gpus: number;
  readonly role: string;
  readonly constraints: readonly (readonly string[])[];
  readonly labels: Readonly<Record<string, string>>;
  readonly version: string;
  readonly backoffSeconds: number;
  readonly backoffFactor: number;
  readonly maxLaunchDelaySeconds: number;
  readonly taskKillGracePeriodSeconds?: number;
  readonly upgradeStrategy: { readonly minimumHealthCapacity: number; readonly maximumOverCapacity: number };
  readonly unreachableStrategy:
    | 'disabled'
    | { readonly inactiveAfterSeconds: number; readonly expungeAfterSeconds: number };
  readonly killSelection: 'YOUNGEST_FIRST' | 'OLDEST_FIRST';
  readonly acceptedResourceRoles?: readonly string[];
  readonly healthChecks: readonly unknown[];
  readonly portDefinitions: readonly { readonly port: number; readonly [member: string]: unknown }[];
  readonly requirePorts: boolean;
  readonly [member: string]: unknown;
};

/** `scaling.instances` of `{ kind: 'fixed' }`; other members are kept as they came. */
export type PodDefinition = {
  readonly id: string;
  readonly version: string;
  readonly role: string;
  readonly containers: readonly PodContainer[];
  readonly scaling: { readonly kind: 'fixed'; readonly instances: number };
  readonly [member: string]: unknown;
};
export type PodContainer = {
  readonly name: string;
  readonly resources: {
    readonly cpus: number;
    readonly mem: number;
    readonly disk?: number;
    readonly gpus?: number;
  };
  readonly [member: string]: unknown;
};

export type AppRow = AppDefinition & {
  readonly tasksStaged: number;
  readonly tasksRunning: number;
  readonly tasksHealthy: number;
  readonly tasksUnhealthy: number;
  readonly deployments: readonly { readonly id: string }[];
};

export type TaskRow = {
  readonly id: string;
  readonly appId: string;
  readonly host: string;
  readonly slaveId: string;
  readonly state: string;
  readonly stagedAt: string;
  readonly startedAt?: string;
  readonly version: string;
  readonly ports: readonly number[];
  readonly region?: string;
  readonly zone?: string;
  readonly role: string;
  readonly ipAddresses: readonly { readonly ipAddress: string; readonly protocol: 'IPv4' }[];
  readonly healthCheckResults?: readonly {
    readonly alive: boolean;
    readonly instanceId: string;
    readonly taskId: string;
    readonly consecutiveFailures: number;
  }[];
};

/** One instance as Marathon holds it inside, pods' too; `condition` in Marathon's words. */
export type InstanceRow = {
  readonly instanceId: string;
  readonly taskId?: string;
  readonly runSpecId: string;
  readonly version: string;
  readonly condition: string;
  readonly goal: 'Running' | 'Stopped' | 'Decommissioned';
  readonly healthy?: boolean;
  readonly host?: string;
  readonly agentId?: string;
  readonly since: Millis;
};

export type PodStatusRow = {
  readonly id: string;
  readonly spec: PodDefinition;
  readonly status: 'STABLE' | 'DEGRADED';
  readonly statusSince: string;
  readonly instances: readonly PodInstanceRow[];
};
export type PodInstanceRow = {
  readonly id: string;
  readonly status: string;
  readonly statusSince: string;
  readonly conditions: readonly unknown[];
  readonly agentId?: string;
  readonly agentHostname?: string;
  readonly agentRegion?: string;
  readonly agentZone?: string;
  readonly specReference: string;
  readonly resources: {
    readonly cpus: number;
    readonly mem: number;
    readonly disk: number;
    readonly gpus: number;
  };
  readonly containers: readonly {
    readonly name: string;
    readonly status: string;
    readonly statusSince: string;
    readonly containerId: string;
  }[];
};

export type RejectRow = {
  readonly reason: RejectReason;
  readonly declined: number;
  readonly processed: number;
};
export type QueueRow = {
  readonly count: number;
  /** Since 1.9. */
  readonly role?: string;
  readonly delay: { readonly timeLeftSeconds: number; readonly overdue: boolean };
  readonly since: string;
  readonly processedOffersSummary: {
    readonly processedOffersCount: number;
    readonly unusedOffersCount: number;
    readonly lastUnusedOfferAt?: string;
    readonly lastUsedOfferAt?: string;
    readonly rejectSummaryLastOffers: readonly RejectRow[];
    readonly rejectSummaryLaunchAttempt: readonly RejectRow[];
  };
  /** Only with `embed=lastUnusedOffers`. */
  readonly lastUnusedOffers?: readonly {
    readonly offer: { readonly id: string; readonly agentId: string; readonly hostname: string };
    readonly reason: readonly RejectReason[];
    readonly timestamp: string;
  }[];
  readonly app?: AppDefinition;
  readonly pod?: PodDefinition;
};

export type DeploymentAction = { readonly action: string; readonly app?: string; readonly pod?: string };
export type DeploymentRow = {
  readonly id: string;
  readonly version: string;
  readonly affectedApps: readonly string[];
  readonly affectedPods: readonly string[];
  readonly steps: readonly { readonly actions: readonly DeploymentAction[] }[];
  readonly currentActions: readonly (DeploymentAction & {
    readonly readinessCheckResults: readonly never[];
  })[];
  readonly currentStep: number;
  readonly totalSteps: number;
};
export type Deployed = { readonly version: string; readonly deploymentId: string };

export type GroupRow = {
  readonly id: string;
  readonly version: string;
  readonly apps: readonly AppRow[];
  readonly pods: readonly PodDefinition[];
  readonly groups: readonly GroupRow[];
  readonly dependencies: readonly string[];
};

/** As on the wire: `eventType` and `timestamp` are in it. */
export type MarathonEvent = {
  readonly eventType: string;
  readonly timestamp: string;
  readonly [member: string]: unknown;
};

export type KillOptions = { readonly scale?: boolean; readonly wipe?: boolean; readonly force?: boolean };
export type Killed = { readonly tasks: readonly TaskRow[] } | Deployed;

/** Each throws MarathonFailure; definitions are checked (400, 422). While Marathon is down every call throws 502. */
export type Marathon = {
  /** POST /v2/apps: 409 when the id exists. */
  createApp(definition: unknown): { readonly app: AppRow; readonly deploymentId: string };
  /** PUT and PATCH /v2/apps/{id}; `creation: 'allowed'` is PUT. */
  updateApp(
    id: string,
    change: unknown,
    options?: { readonly force?: boolean; readonly creation?: 'allowed' },
  ): Deployed;
  deleteApp(id: string, options?: { readonly force?: boolean }): Deployed;
  restartApp(id: string, options?: { readonly force?: boolean }): Deployed;
  apps(): readonly AppRow[];
  app(id: string): AppRow;
  createPod(definition: unknown): { readonly pod: PodDefinition; readonly deploymentId: string };
  updatePod(
    id: string,
    definition: unknown,
    options?: { readonly force?: boolean },
  ): { readonly pod: PodDefinition; readonly deploymentId: string };
  deletePod(id: string, options?: { readonly force?: boolean }): Deployed;
  pods(): readonly PodDefinition[];
  podStatus(id: string): PodStatusRow;
  podStatuses(): readonly PodStatusRow[];
  group(id?: string): GroupRow;
  tasks(filter?: { readonly status?: 'running' | 'staging' }): readonly TaskRow[];
  appTasks(id: string): readonly TaskRow[];
  instances(runSpecId?: string): readonly InstanceRow[];
  queue(options?: { readonly embed?: 'lastUnusedOffers' }): readonly QueueRow[];
  /** DELETE /v2/queue/{id}/delay: 404 when nothing of it waits. */
  resetDelay(id: string): void;
  deployments(): readonly DeploymentRow[];
  /** Without force a rollback deployment (returned), with force just the end of it (undefined). */
  cancelDeployment(id: string, options?: { readonly force?: boolean }): Deployed | undefined;
  /** POST /v2/tasks/delete: unknown ids and pods' are skipped. */
  killTasks(ids: readonly string[], options?: KillOptions): Killed;
  /** DELETE /v2/apps/{id}/tasks: `host` exact or `*`. */
  killAppTasks(id: string, options?: KillOptions & { readonly host?: string }): Killed;
  killPodInstances(
    id: string,
    instanceIds: readonly string[],
    options?: { readonly wipe?: boolean },
  ): readonly PodInstanceRow[];
  info(): Readonly<Record<string, unknown>>;
  /** `host:port` of the leading node. */
  leader(): string;
  isUp(): boolean;
  /** Whether a standby points at the leader's event stream rather than hand it through. */
  readonly redirectsEvents: boolean;
  subscribe(listener: (event: MarathonEvent) => void): () => void;

  /** From now on tasks of the app end `afterMs` after they start to run; undefined ends that. */
  crash(
    id: string,
    how: { readonly afterMs: number; readonly state?: 'TASK_FAILED' | 'TASK_FINISHED' } | undefined,
  ): void;
  /** The rows of the queue and of tasks as the engine's port gives them. */
  queueItems(): readonly QueueItem[];
  runSpec(id: string): RunSpec | undefined;
  portTasks(runSpecs: readonly { readonly id: string; readonly kind: 'app' | 'pod' }[]): readonly Task[];
};

export class MarathonFailure extends Error {
  readonly status: number;
  /** The JSON of the answer: `{message}`, with `deployments` or `details` where Marathon gives them. */
  readonly body: Readonly<Record<string, unknown>>;

  constructor(status: number, message: string, more: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.name = 'MarathonFailure';
    this.status = status;
    this.body = { message, ...more };
  }
}
