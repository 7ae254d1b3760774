// The state of the Mesos masters and their agents. What an agent knows (its tasks) and what the leader knows of it (its
// standing) are kept apart: the difference is what a partition or a failover is about.
import type { Attributes } from '../../core/model/attributes';
import type { Millis } from '../../core/model/machine';
import type { Resources } from '../../core/model/resources';
import { add, NOTHING, subtract } from '../../core/model/resources';
import type { Base, Emitter } from '../base';
import { createEmitter } from '../base';
import type { MesosVersion } from '../settings';
import type { Ticket } from '../timeline';
import type { Machine } from './machines';
import type { DrainInfo, MaintenanceWindow, MesosEvent, TaskRow, TaskState, TaskStatusRow } from './api';
import type { PortBook } from './ports';
import type { Reservation } from './reservations';

/** In the leader's eyes. `recovered`: known from the registry, not seen since the failover. */
export type Standing = 'registered' | 'recovered' | 'unreachable' | 'gone' | 'removed';

export type Agent = {
  readonly id: string;
  readonly number: number;
  readonly hostname: string;
  readonly ip: string;
  readonly machine?: string;
  readonly attributes: Attributes;
  readonly domain?: { readonly region: string; readonly zone: string };
  /** By role, without what is reserved dynamically. */
  readonly total: Map<string, Resources>;
  /** By the instance that holds it. */
  readonly reservations: Map<string, Reservation>;
  readonly used: Map<string, Resources>;
  readonly ports: PortBook;
  readonly tasks: Map<string, Task>;
  standing: Standing;
  /** The leader's connection to it, as the leader sees it. */
  connected: boolean;
  /** Its process runs. */
  alive: boolean;
  /** The network between it and the masters works. */
  reachable: boolean;
  /** The machine under it is gone, and so is everything that ran on it. */
  dead: boolean;
  deactivated: boolean;
  drain?: DrainInfo | undefined;
  registeredAt: Millis;
  reregisteredAt?: Millis | undefined;
  /** Fires when the leader gives it up. */
  doom?: Ticket | undefined;
  /** Its turn to be given up, where there is a limit. */
  removal?: Ticket | undefined;
  /** A write of the registry about it is under way, after which it is no more what it was. */
  transition?: 'gone' | 'unreachable' | undefined;
  /** Stays listed as recovered until the next failover (mesos-observed 25). */
  goneWhileRecovered: boolean;
  /** What Marathon declined, and until when it is not offered that again. */
  filter?: { readonly until: Millis; readonly refused: Resources } | undefined;
  /** Messages to it that wait for the network. */
  readonly inbox: (() => void)[];
  /** Updates from it that wait for the network, the leader or the framework. */
  readonly outbox: Update[];
};

export type Task = {
  readonly id: string;
  readonly name: string;
  readonly agent: Agent;
  readonly framework: Framework;
  readonly need: Resources;
  /** By role, as it was taken. */
  readonly taken: ReadonlyMap<string, Resources>;
  readonly ports: readonly number[];
  /** Beside what it takes: what was kept for it. */
  readonly reservation?: Reservation | undefined;
  readonly graceMs?: number;
  /** Its framework ends when it does, and acknowledges nothing more. */
  readonly endsFramework?: boolean;
  /** It never leaves staging. */
  isStuck?: boolean;
  /** How long it takes to end after TERM; drawn when it is not said. */
  readonly stopMs?: number;
  readonly statuses: TaskStatusRow[];
  /** The next thing that its executor does. */
  next?: Ticket | undefined;
  state: TaskState;
  /** Where the agent's last word has come to the leader and no acknowledgement from the framework. */
  unacknowledged?: TaskState | undefined;
  killing: boolean;
  /** The agent got it; else only the leader believes in it. */
  arrived: boolean;
  /** Its executor runs it, whatever the leader knows. */
  running: boolean;
};

export type Update = { readonly task: Task; readonly status: TaskStatusRow };

export type Framework = {
  readonly id: string;
  readonly name: string;
  readonly roles: readonly string[];
  readonly registeredAt: Millis;
  readonly scheduler?: Scheduler;
  connected: boolean;
  /** Away of itself, not because the leader is. */
  isAway?: boolean;
};

/** A framework of the world that wants offers: Marathon. */
export type Scheduler = {
  offer(offer: Offer): OfferAnswer;
  update(update: Update): void;
  disconnected(): void;
  reconnected(): void;
};
export type Offer = {
  readonly id: string;
  readonly agent: Agent;
  readonly free: ReadonlyMap<string, Resources>;
  /** Its machine's window in the maintenance schedule. */
  readonly unavailability?: { readonly startMs: number; readonly endMs?: number } | undefined;
};
export type OfferAnswer =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'declined'; readonly forMs: number };

export type Master = {
  readonly base: Base;
  readonly clusterName: string;
  readonly count: number;
  readonly version: MesosVersion;
  readonly events: Emitter<MesosEvent>;
  readonly agents: Map<string, Agent>;
  readonly frameworks: Map<string, Framework>;
  readonly tasks: Map<string, Task>;
  /** Of the present leader only: a failover forgets them. */
  readonly lost: Map<string, Task>;
  readonly completed: Map<string, TaskRow[]>;
  readonly counters: Record<string, number>;
  /** Agents that may have something to offer since they were last looked at. */
  readonly candidates: Set<Agent>;
  readonly waiting: (() => void)[];
  /** Those that were ever in a maintenance schedule. */
  readonly machines: Map<string, Machine>;
  schedule: readonly MaintenanceWindow[];
  /** The registry takes no write before this. */
  stalledUntil: Millis;
  nextRemovalAt: Millis;
  readonly startedAt: Millis;
  hooks: {
    readonly taskEnded: (agent: Agent) => void;
    readonly frameworkEnded: (framework: Framework) => void;
  };
  leaderId: string;
  leaderIndex: number;
  leads: boolean;
  ledSince: Millis;
  suppressed: boolean;
  allocation?: Ticket | undefined;
  agentNumber: number;
  offerNumber: number;
  frameworkNumber: number;
};

export const createMaster = (
  base: Base,
  options: Pick<Master, 'clusterName' | 'count' | 'version'>,
): Master => ({
  base,
  ...options,
  events: createEmitter<MesosEvent>(),
  agents: new Map(),
  frameworks: new Map(),
  tasks: new Map(),
  lost: new Map(),
  completed: new Map(),
  counters: {},
  candidates: new Set(),
  waiting: [],
  machines: new Map(),
  schedule: [],
  stalledUntil: 0,
  nextRemovalAt: 0,
  startedAt: base.timeline.now(),
  hooks: { taskEnded: () => undefined, frameworkEnded: () => undefined },
  leaderId: base.dice.uuid('master'),
  leaderIndex: 0,
  leads: true,
  ledSince: base.timeline.now(),
  suppressed: true,
  agentNumber: 0,
  offerNumber: 0,
  frameworkNumber: 0,
});

export const bump = (master: Master, counter: string, by = 1): void => {
  master.counters[counter] = (master.counters[counter] ?? 0) + by;
};

/** Messages get through both ways. */
export const isTalking = (master: Master, agent: Agent): boolean =>
  master.leads && agent.connected && agent.alive && agent.reachable && agent.standing === 'registered';

export const freeOf = (agent: Agent, role: string): Resources =>
  subtract(agent.total.get(role) ?? NOTHING, agent.used.get(role) ?? NOTHING);

export const useResources = (agent: Agent, taken: ReadonlyMap<string, Resources>): void => {
  for (const [role, amount] of taken) agent.used.set(role, add(agent.used.get(role) ?? NOTHING, amount));
};

export const giveBack = (agent: Agent, taken: ReadonlyMap<string, Resources>): void => {
  for (const [role, amount] of taken) agent.used.set(role, subtract(agent.used.get(role) ?? NOTHING, amount));
};
