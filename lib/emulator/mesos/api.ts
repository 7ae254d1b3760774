// The emulated Mesos master as rows that both of Mesos' APIs (v0 and v1) can be written from.
import type { Attributes } from '../../core/model/attributes';
import type { Millis } from '../../core/model/machine';
import type { Resources } from '../../core/model/resources';

export type PortRange = { readonly begin: number; readonly end: number };
/** What is there for one role; `*` is everybody's. `portRanges` is `resources.ports` spelt out. */
export type RoleResources = {
  readonly role: string;
  readonly resources: Resources;
  readonly portRanges: readonly PortRange[];
  /** The part of it that a framework reserved, reservation by reservation. */
  readonly reserved?: readonly Reserved[];
};

/** A dynamic reservation. */
export type Reserved = {
  readonly role: string;
  readonly resources: Resources;
  readonly principal: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly volumes: readonly {
    readonly id: string;
    readonly containerPath: string;
    readonly sizeMib: number;
  }[];
};

export type DrainInfo = {
  readonly state: 'DRAINING' | 'DRAINED';
  readonly maxGracePeriodNs?: number;
  readonly markGone: boolean;
  readonly startedAt: Millis;
};

/** A part that is left out matches nothing but another that is left out. */
export type MachineId = { readonly hostname?: string | undefined; readonly ip?: string | undefined };
/** Nanoseconds since the epoch; without a duration it has no end. */
export type MaintenanceWindow = {
  readonly machines: readonly MachineId[];
  readonly startNs: bigint;
  readonly durationNs?: bigint | undefined;
};
export type MaintenanceStatus = {
  readonly draining: readonly MachineId[];
  readonly down: readonly MachineId[];
};

export type AgentRow = {
  readonly id: string;
  readonly hostname: string;
  readonly ip: string;
  readonly port: number;
  /** `slave(1)@ip:port` */
  readonly pid: string;
  readonly version: string;
  readonly attributes: Attributes;
  /** Region and zone of the fault domain, where the agent has one. */
  readonly domain?: { readonly region: string; readonly zone: string };
  readonly active: boolean;
  readonly connected: boolean;
  readonly deactivated: boolean;
  readonly drain?: DrainInfo;
  readonly registeredAt: Millis;
  readonly reregisteredAt?: Millis;
  readonly total: readonly RoleResources[];
  readonly allocated: readonly RoleResources[];
  readonly offered: readonly RoleResources[];
};

/** Known from the registry only, since the last failover. */
export type RecoveredAgentRow = Pick<
  AgentRow,
  'id' | 'hostname' | 'ip' | 'port' | 'attributes' | 'domain' | 'total'
>;

export const TERMINAL_STATES = [
  'TASK_FINISHED',
  'TASK_FAILED',
  'TASK_KILLED',
  'TASK_ERROR',
  'TASK_LOST',
  'TASK_DROPPED',
  'TASK_GONE',
  'TASK_GONE_BY_OPERATOR',
] as const;
export type TerminalState = (typeof TERMINAL_STATES)[number];
export type TaskState =
  | 'TASK_STAGING'
  | 'TASK_STARTING'
  | 'TASK_RUNNING'
  | 'TASK_KILLING'
  | 'TASK_UNREACHABLE'
  | 'TASK_UNKNOWN'
  | TerminalState;

export type TaskStatusRow = {
  readonly state: TaskState;
  readonly at: Millis;
  readonly source: 'SOURCE_MASTER' | 'SOURCE_AGENT' | 'SOURCE_EXECUTOR';
  readonly reason?: string;
  readonly message?: string;
  readonly healthy?: boolean;
};
export type TaskRow = {
  readonly id: string;
  readonly name: string;
  readonly agentId: string;
  readonly frameworkId: string;
  readonly state: TaskState;
  readonly resources: readonly RoleResources[];
  readonly statuses: readonly TaskStatusRow[];
  readonly labels: Readonly<Record<string, string>>;
};
export type FrameworkRow = {
  readonly id: string;
  readonly name: string;
  readonly roles: readonly string[];
  readonly principal?: string;
  readonly active: boolean;
  readonly connected: boolean;
  readonly partitionAware: boolean;
  readonly registeredAt: Millis;
  readonly failoverTimeoutMs: number;
};

/** What a subscriber of the master's event stream hears; nothing else exists (mesos-observed 15). */
export type MesosEvent =
  | { readonly type: 'AGENT_ADDED'; readonly agentId: string }
  | { readonly type: 'AGENT_REMOVED'; readonly agentId: string }
  | { readonly type: 'TASK_ADDED'; readonly task: TaskRow }
  | { readonly type: 'TASK_UPDATED'; readonly task: TaskRow }
  | {
      readonly type: 'FRAMEWORK_ADDED' | 'FRAMEWORK_UPDATED' | 'FRAMEWORK_REMOVED';
      readonly framework: FrameworkRow;
    }
  /** The leader ended: a face must cut the connection. */
  | { readonly type: 'CONNECTION_LOST' };

export type LeaderState =
  | { readonly kind: 'leading'; readonly masterId: string; readonly index: number; readonly since: Millis }
  | { readonly kind: 'no-leader' };

/** Refusals carry Mesos' own plain text and status. Every call throws 503 `No leader elected` without a leader. */
export type MesosMaster = {
  readonly clusterName: string;
  /** How many masters there are; the leader is `leader().index`. */
  readonly masters: number;
  /** As /version says it. */
  readonly version: string;
  /** Whether there are DRAIN_AGENT, DEACTIVATE_AGENT and REACTIVATE_AGENT: since 1.9. Else each throws 400. */
  readonly canDrain: boolean;
  leader(): LeaderState;
  agents(): readonly AgentRow[];
  recoveredAgents(): readonly RecoveredAgentRow[];
  unreachableCount(): number;
  /** Of all frameworks, in the order of launch; ended ones stay until their framework acknowledges. */
  tasks(): readonly TaskRow[];
  agentTasks(agentId: string): readonly TaskRow[];
  unreachableTasks(): readonly TaskRow[];
  /** The last 1000 of each framework. */
  completedTasks(): readonly TaskRow[];
  frameworks(): readonly FrameworkRow[];
  /** Names as in /metrics/snapshot. */
  metrics(): Readonly<Record<string, number>>;
  subscribe(listener: (event: MesosEvent) => void): () => void;

  markAgentGone(agentId: string): void;
  deactivateAgent(agentId: string): void;
  reactivateAgent(agentId: string): void;
  drainAgent(
    agentId: string,
    options?: { readonly maxGracePeriodNs?: number; readonly markGone?: boolean },
  ): void;

  maintenanceSchedule(): readonly MaintenanceWindow[];
  maintenanceStatus(): MaintenanceStatus;
  /** The whole schedule, in place of the one before. */
  updateMaintenanceSchedule(windows: readonly MaintenanceWindow[]): void;
  /** DRAINING to DOWN. */
  startMaintenance(machines: readonly MachineId[]): void;
  /** DOWN to UP. */
  stopMaintenance(machines: readonly MachineId[]): void;

  /** 400 for an unknown framework. Its tasks are killed, and no drain is looked at because of it (mesos-observed 1). */
  teardown(frameworkId: string): void;

  /** A running task of another framework, which is made when it is not known. Returns the task's id. */
  occupy(
    agentId: string,
    resources: Partial<Resources>,
    framework: string,
    options?: {
      readonly graceMs?: number;
      /** How long it takes to end after TERM; never longer than its grace. */
      readonly stopMs?: number;
      /** As mesos-execute does: it ends with the task and acknowledges nothing more. */
      readonly endsFramework?: boolean;
    },
  ): string;
  /** Such a framework loses its master; after its failover timeout, if it has one, it is torn down. */
  disconnectFramework(framework: string, options?: { readonly failoverTimeoutMs?: number }): void;
  /** It is back, and acknowledges what it missed. */
  reconnectFramework(framework: string): void;
  /** How long a write of the registry takes now, in milliseconds. */
  registryMs(): number;
  /** Ends such a task as TASK_FINISHED. */
  release(taskId: string): void;
  /** An agent that is there already, not booted from a machine (a fixed fleet). Returns its id. */
  addAgent(agent: NewAgent): string;
};

export type NewAgent = {
  readonly hostname: string;
  readonly ip: string;
  readonly attributes: Attributes;
  readonly total: Resources;
  /** Static reservation of everything; `*` by default. */
  readonly role?: string;
  readonly domain?: { readonly region: string; readonly zone: string };
  /** The machine it runs on, which takes it down with itself. */
  readonly machine?: string;
};

export class MesosFailure extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = 'MesosFailure';
    this.status = status;
  }
}
