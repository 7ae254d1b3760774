// A plan: ordered actions, what is blocked and why, and when to look again. Plain JSON; it leaves no policy to the
// executor (DESIGN §2.2).
import type { Resources } from './resources';
import type { Memory } from './memory';
import type { Millis } from './machine';
import type { CloudName, Offering } from './offering';

export const PLAN_VERSION = 1;

/** Closed set of the steps that speak in a plan. */
export type StepName =
  | 'schedule'
  | 'interrupted'
  | 'heal'
  | 'fail-over'
  | 'replace'
  | 'drain'
  | 'scale-in'
  | 'scale-out';

export type Launch = {
  readonly kind: 'launch';
  readonly id: string;
  readonly step: StepName;
  readonly pool: string;
  readonly cloud: CloudName;
  readonly account: string;
  readonly region: string;
  /** Best first; all of one market, each holds the planned load. The cloud takes the first that it has. */
  readonly offerings: readonly Offering[];
  readonly count: number;
  /** A replacement of failed machines: the spend cap never blocks it. */
  readonly replaces: readonly string[];
  readonly why: string;
};

export type Terminate = {
  readonly kind: 'terminate';
  readonly id: string;
  readonly step: StepName;
  readonly pool: string;
  readonly cloud: CloudName;
  readonly account: string;
  readonly region: string;
  readonly machines: readonly string[];
  readonly why: string;
};

/** What is asked of the master about one agent. `drain` kills all that runs there at once; neither it nor `mark-gone` can
 *  be taken back. */
export type AgentAction = {
  readonly kind: 'deactivate' | 'reactivate' | 'drain' | 'mark-gone';
  readonly id: string;
  readonly step: StepName;
  readonly pool: string;
  readonly agent: string;
  readonly machine: string;
  readonly why: string;
  /** Of `drain`: how long a task may take to end, in milliseconds. */
  readonly graceMs?: number;
  /** The action that has to succeed before. */
  readonly after?: string;
};

/** Writes the state of machines into their tags, so that a table restored to an earlier moment finds it there. An empty
 *  mark takes it away. */
export type Mark = {
  readonly kind: 'mark';
  readonly id: string;
  readonly step: StepName;
  readonly pool: string;
  readonly cloud: CloudName;
  readonly account: string;
  readonly region: string;
  readonly machines: readonly string[];
  readonly mark: 'leaving' | '';
  readonly why: string;
};

/** What is asked of Marathon about one app or pod. */
export type AppRequest =
  /** An absolute write: sent only while the app has `from` instances. */
  | { readonly call: 'scale'; readonly runSpec: string; readonly from: number; readonly to: number }
  /** Sent only while the app has `instances` and at least `keeps` healthy tasks would be left. */
  | {
      readonly call: 'kill';
      readonly runSpec: string;
      readonly runSpecKind: 'app' | 'pod';
      readonly tasks: readonly string[];
      /** `lower` takes `instances` down with them, `replace` lets Marathon start others, `wipe` makes it forget them. */
      readonly how: 'lower' | 'replace' | 'wipe';
      readonly instances: number;
      readonly keeps: number;
    }
  /** Ends a deployment where it stands. */
  | { readonly call: 'stop'; readonly runSpec: string; readonly deployment: string }
  /** Ends the delay before the next launches. */
  | { readonly call: 'reset-delay'; readonly runSpec: string };

export type AppAction = {
  readonly kind: 'app';
  readonly id: string;
  readonly step: StepName;
  readonly request: AppRequest;
  readonly why: string;
};

export type Notify = {
  readonly kind: 'notify';
  readonly id: string;
  readonly step: StepName;
  /** Names the alarm's runbook: docs/operations/<alarm>.md. */
  readonly alarm: 'breaker-open' | 'futile-demand' | 'drain-failed';
  readonly subject: string;
  readonly why: string;
};

export type Action = Launch | Terminate | AgentAction | Mark | AppAction | Notify;

/** Why something that is wanted is not done. */
export type BlockedCode =
  | 'paused'
  | 'pool-limit'
  | 'cluster-limit'
  | 'spend-cap'
  | 'stale-view'
  | 'breaker-open'
  | 'offerings-cold'
  | 'excluded'
  | 'no-offering'
  | 'no-pool-fits'
  | 'backoff'
  | 'waiting'
  | 'reservation'
  | 'role'
  | 'constraint'
  | 'maintenance'
  | 'futile'
  | 'round-limit'
  | 'budget'
  | 'window'
  | 'unsteady'
  | 'volume'
  | 'protected'
  | 'locked'
  | 'floor'
  | 'room'
  | 'unhealthy'
  | 'mass-failure'
  | 'zone-impaired'
  | 'unreachable';

export type Blocked = {
  readonly step: StepName;
  readonly code: BlockedCode;
  /** A run spec, pool, machine or agent. */
  readonly subject: string;
  readonly count: number;
  readonly why: string;
  readonly until?: Millis;
};

/** One row of the queue and what becomes of it. `count` = onExisting + coming + bought + unplaced, when it is demand. */
export type DemandLine = {
  readonly runSpec: string;
  readonly count: number;
  readonly each: Resources;
  readonly verdict:
    | 'capacity'
    | 'constraint'
    | 'role'
    | 'backoff'
    | 'waiting'
    | 'reservation'
    | 'maintenance'
    | 'futile';
  readonly since: Millis;
  readonly onExisting: number;
  readonly onComing: number;
  readonly onBought: number;
  readonly unplaced: number;
  readonly why: string;
};

export type PlanCost = {
  /** Of all live and expected machines. */
  readonly nowUsdPerHour: number;
  /** Of what this plan buys, by the packing alone. */
  readonly packedUsdPerHour: number;
  /** Of what this plan buys once Marathon's own placement is simulated on it. */
  readonly boughtUsdPerHour: number;
  /** No plan for the same demand can be cheaper than this. */
  readonly boundUsdPerHour: number;
  readonly boundKind: 'none' | 'volume' | 'joint-lp' | 'farley';
};

/** How the machines stand, by the names that `join` gives. */
export type PoolLine = {
  readonly pool: string;
  readonly ready: number;
  readonly launching: number;
  readonly booting: number;
  readonly neverJoined: number;
  /** Being given back: no more offers, and ended once they are seen empty twice. */
  readonly leaving: number;
  readonly ending: number;
  readonly wanted: number;
  readonly limit: number;
};

export type Plan = {
  readonly schemaVersion: typeof PLAN_VERSION;
  readonly cluster: string;
  readonly at: Millis;
  readonly round: number;
  readonly actions: readonly Action[];
  readonly blocked: readonly Blocked[];
  readonly demand: readonly DemandLine[];
  readonly pools: readonly PoolLine[];
  readonly cost: PlanCost;
  /** Agents without a machine of ours, machines without an agent, and the like: one sentence each. */
  readonly oddities: readonly string[];
  /** The memory after this plan; the engine stores what differs. */
  readonly memory: Memory;
  readonly lookAgainAt?: Millis;
};
