// Every delay of the emulated world, in virtual milliseconds. Defaults are the products' own (semantics §0).
import type { Resources } from '../core/model/resources';

/** Drawn evenly from both ends, inclusive. */
export type Span = readonly [min: number, max: number];

export type WorldSettings = {
  readonly ec2: {
    /** From the answer of CreateFleet to `running`. */
    readonly pendingMs: Span;
    /** From `running` until user data runs. */
    readonly bootMs: Span;
    readonly shuttingDownMs: Span;
    /** How long ended instances stay listed. */
    readonly listedAfterEndMs: number;
    /** New ids are unknown to reads and terminates for this long. */
    readonly consistencyMs: number;
    readonly spotNoticeMs: number;
  };
  readonly gce: {
    /** From the call until its operation is over. The ports face has no time to wait: 0 there. */
    readonly operationMs: Span;
    readonly provisioningMs: Span;
    readonly stagingMs: Span;
    readonly stoppingMs: Span;
    readonly preemptionNoticeMs: number;
    readonly maintenanceNoticeMs: number;
  };
  readonly autoScaling: {
    /** From a change of a group to what it does about it. */
    readonly reactMs: number;
    /** Until the group notices that a machine ended without its doing. */
    readonly healthCheckMs: number;
    /** Until it tries again after a launch that failed. */
    readonly retryMs: number;
    /** How long zones are uneven before AZRebalance acts. */
    readonly rebalanceMs: number;
  };
  readonly agent: {
    readonly startMs: Span;
    readonly registrationBackoffMs: Span;
    /** Re-registration after a master's failover. */
    readonly reregisterMs: Span;
    /** Without Mesos' `--http_command_executor`, its default, a drain's own grace is not honoured (mesos-observed 5). */
    readonly httpCommandExecutor: boolean;
    readonly ports: { readonly begin: number; readonly end: number };
  };
  readonly mesos: {
    readonly pingTimeoutMs: number;
    readonly maxPingTimeouts: number;
    readonly allocationIntervalMs: number;
    readonly agentReregisterTimeoutMs: number;
    /** Agents are given up at most once in this time; 0 is no limit. DC/OS has 20 minutes. */
    readonly agentRemovalIntervalMs: number;
    /** From the loss of the leader to the first answer of the next. */
    readonly electionMs: number;
    /** The address by which agents find the masters; agents rendered with another never register. Empty: any. */
    readonly addresses: readonly string[];
    /** Region of the masters' fault domain, if they have one. */
    readonly region?: string;
    readonly defaultGraceMs: number;
    /** A write of the registry: what an operator's call or a lost agent waits for. */
    readonly registryMs: number;
  };
  readonly marathon: {
    readonly role: string;
    readonly reviveIntervalMs: number;
    readonly declineMs: number;
    /** Mesos' own filter for an offer that is declined without a time. */
    readonly shortDeclineMs: number;
    readonly instancesPerOffer: number;
    readonly launchTokens: number;
    readonly launchTokenRefreshMs: number;
    readonly viableTaskMs: number;
    readonly reconciliationMs: number;
    readonly scaleCheckMs: number;
    /** What is still staging then is killed. */
    readonly taskLaunchTimeoutMs: number;
    /** API outage after the Mesos master failed over: the leader exits and is started again. */
    readonly restartMs: number;
    readonly maxDeployments: number;
    /** Offers are declined this long before a maintenance window already. */
    readonly drainingMs: number;
    readonly taskStartMs: Span;
    readonly taskHealthyMs: Span;
    /** How long a task takes to end after TERM; never longer than its grace. */
    readonly taskStopMs: Span;
  };
};

export type MarathonVersion = '1.5' | '1.8' | '1.10' | '1.11';
/** 1.8 stands for the masters before agent draining, which came with 1.9. */
export type MesosVersion = '1.8' | '1.11';

/** Marathon 1.8 waits 30 s between revives, every other version 5 s. */
export const defaultSettings = (version: MarathonVersion): WorldSettings => ({
  ec2: {
    pendingMs: [4_000, 16_000],
    bootMs: [10_000, 40_000],
    shuttingDownMs: [5_000, 30_000],
    listedAfterEndMs: 3_600_000,
    consistencyMs: 0,
    spotNoticeMs: 120_000,
  },
  gce: {
    operationMs: [0, 0],
    provisioningMs: [2_000, 8_000],
    stagingMs: [2_000, 6_000],
    stoppingMs: [5_000, 30_000],
    preemptionNoticeMs: 30_000,
    maintenanceNoticeMs: 60_000,
  },
  autoScaling: { reactMs: 1_000, healthCheckMs: 30_000, retryMs: 60_000, rebalanceMs: 60_000 },
  agent: {
    startMs: [1_000, 3_000],
    registrationBackoffMs: [0, 1_000],
    reregisterMs: [50, 2_700],
    httpCommandExecutor: false,
    ports: { begin: 31_000, end: 32_000 },
  },
  mesos: {
    pingTimeoutMs: 15_000,
    maxPingTimeouts: 5,
    allocationIntervalMs: 1_000,
    agentReregisterTimeoutMs: 600_000,
    agentRemovalIntervalMs: 0,
    electionMs: 9_660,
    addresses: [],
    defaultGraceMs: 3_000,
    registryMs: 0,
  },
  marathon: {
    role: '*',
    reviveIntervalMs: version === '1.8' ? 30_000 : 5_000,
    declineMs: 120_000,
    shortDeclineMs: 5_000,
    instancesPerOffer: 5,
    launchTokens: 100,
    launchTokenRefreshMs: 30_000,
    viableTaskMs: 60_000,
    reconciliationMs: 600_000,
    scaleCheckMs: 300_000,
    taskLaunchTimeoutMs: 300_000,
    restartMs: 8_000,
    maxDeployments: 100,
    drainingMs: 0,
    taskStartMs: [300, 2_000],
    taskHealthyMs: [1_000, 5_000],
    taskStopMs: [100, 2_000],
  },
});

type Deep<T> = T extends readonly unknown[] | string | number | boolean
  ? T
  : { readonly [K in keyof T]?: Deep<T[K]> };
export type SettingsChange = { readonly [K in keyof WorldSettings]?: Deep<WorldSettings[K]> };

export const withSettings = (base: WorldSettings, change: SettingsChange = {}): WorldSettings => ({
  ec2: { ...base.ec2, ...change.ec2 },
  gce: { ...base.gce, ...change.gce },
  autoScaling: { ...base.autoScaling, ...change.autoScaling },
  agent: { ...base.agent, ...change.agent, ports: { ...base.agent.ports, ...change.agent?.ports } },
  mesos: { ...base.mesos, ...change.mesos },
  marathon: { ...base.marathon, ...change.marathon },
});

/** Less than this of both is never offered (Mesos' MIN_CPUS and MIN_MEM). */
export const LEAST_OFFER: Pick<Resources, 'cpuMilli' | 'memMib'> = { cpuMilli: 10, memMib: 32 };
