// What the engine needs from outside, in the domain's verbs. Adapters implement these; nothing else crosses.
import type { Agent } from '../core/model/agent';
import type { AppState, Hosted, QueueItem, RunSpec, Task } from '../core/model/app';
import type { Machine, Millis } from '../core/model/machine';
import type { Offering, Scope, Shape } from '../core/model/offering';
import type { AgentCall, OfferingError } from '../core/model/outcome';
import type { Pool, Schedule } from '../core/model/spec';
import type { OpenSchedule, Source } from '../core/model/world';

export interface Clock {
  now(): Millis;
  sleep(ms: number): Promise<void>;
}

// ---- store -------------------------------------------------------------------------------------------------

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type Key = { readonly pk: string; readonly sk: string };
/** `expiresAt` is in epoch seconds (DynamoDB's TTL): a store may drop the item any time after it. */
export type Item = Key & { readonly expiresAt?: number; readonly [field: string]: Json | undefined };

/** One test of one top-level field; `absent: true` in a comparison also accepts an item without the field. */
export type Clause =
  | { readonly field: string; readonly is: 'absent' | 'present' }
  | {
      readonly field: string;
      readonly is: '=' | '<>' | '<' | '<=' | '>' | '>=';
      readonly value: string | number;
      readonly orAbsent?: boolean;
    };

/** All clauses must hold; on an item that does not exist every field is absent. */
export type Condition = readonly Clause[];

/** Applied field by field, atomically. `add` starts from 0 where the field is absent. */
export type Change = {
  readonly set?: Readonly<Record<string, Json>>;
  readonly add?: Readonly<Record<string, number>>;
  readonly remove?: readonly string[];
};

/** Single-item conditional writes only, reads strongly consistent (DESIGN §4). A condition that does not hold throws
 *  Failure('conflict'). An item above 400,000 bytes throws Failure('permanent') on every store, as on DynamoDB. */
export interface Store {
  get(key: Key): Promise<Item | undefined>;
  /** Items of one partition in the order of `sk`, `prefix` of sk applied; `newestFirst` reverses. */
  list(
    pk: string,
    options?: { readonly prefix?: string; readonly limit?: number; readonly newestFirst?: boolean },
  ): Promise<readonly Item[]>;
  put(item: Item, condition?: Condition): Promise<void>;
  /** Creates the item when it does not exist and the condition allows. Returns the item after the change. */
  update(key: Key, change: Change, condition?: Condition): Promise<Item>;
  remove(key: Key, condition?: Condition): Promise<void>;
}

// ---- queue -------------------------------------------------------------------------------------------------

/** `delayMs` at most 900,000 (SQS). Delivery is at least once and unordered. */
export interface Sender {
  send(body: string, options?: { readonly delayMs?: number }): Promise<void>;
}

export type Delivery = {
  readonly id: string;
  readonly receipt: string;
  readonly body: string;
  readonly receives: number;
};

/** A message that is received and not acknowledged comes back after the queue's visibility timeout, and goes to the
 *  dead-letter queue once it was received `maxReceives` times. */
export interface Receiver {
  receive(options: { readonly max: number; readonly waitMs: number }): Promise<readonly Delivery[]>;
  acknowledge(deliveries: readonly Delivery[]): Promise<void>;
}

// ---- cloud -------------------------------------------------------------------------------------------------

/** How a pool's machines are started there: what the stack (or `serve`) made of the pool. */
export type LaunchTemplate = {
  readonly id: string;
  /** A number, never `$Latest`: tokens must be reproducible. */
  readonly version: string;
  /** Version of the bootstrap inside, for the `muster:bootstrap` tag. */
  readonly bootstrap: string;
  readonly image: string;
};

/** The exact request: it is stored in the intent before it is sent, and replayed byte for byte with its token. */
export type LaunchRequest = {
  readonly cluster: string;
  readonly scope: Scope;
  readonly pool: string;
  /** The action's id; becomes the tag `muster:launch`, by which an unknown outcome is read back. */
  readonly launch: string;
  readonly template: LaunchTemplate;
  /** Best first, one market. `subnet` where the cloud needs one. */
  readonly offerings: readonly (Offering & { readonly subnet?: string })[];
  readonly count: number;
  /** At most 64 ASCII characters; a hash of everything above. */
  readonly token: string;
};

/** An answer can carry both: count machines, never throw on errors alone (cloud-apis §0.1). */
export type LaunchAnswer = {
  readonly machines: readonly { readonly id: string; readonly offering: Offering }[];
  readonly errors: readonly OfferingError[];
};

export type TerminateRequest = {
  readonly cluster: string;
  readonly scope: Scope;
  readonly machines: readonly string[];
};
/** One call to the master about one agent; `graceMs` of a drain. */
export type AgentRequest = { readonly call: AgentCall; readonly agent: string; readonly graceMs?: number };
/** An empty mark takes the tag away. */
export type MarkRequest = {
  readonly cluster: string;
  readonly scope: Scope;
  readonly machines: readonly string[];
  readonly mark: string;
};

export type TerminateAnswer = {
  /** Ended or already gone. */
  readonly done: readonly string[];
  readonly failed: readonly { readonly id: string; readonly message: string }[];
};

/** One account and region of one cloud. Every call throws Failure; effects are sent once (no SDK retries). */
export interface Cloud {
  /** All machines with our cluster's tag, ended ones included while the cloud still lists them. */
  machines(scope: Scope, cluster: string): Promise<Source<readonly Machine[]>>;
  launch(request: LaunchRequest): Promise<LaunchAnswer>;
  /** The machines that carry a launch's tag: the read-back of an unknown outcome. */
  launched(scope: Scope, cluster: string, launch: string): Promise<Source<readonly Machine[]>>;
  terminate(request: TerminateRequest): Promise<TerminateAnswer>;
  /** Writes the tag `muster:state` of machines of the cluster; may be repeated. Others' machines are left alone. */
  mark(request: MarkRequest): Promise<void>;
}

/** What can be bought and for how much. */
export interface Catalogue {
  /** Shapes that the pools' filters allow, and their offerings in the pools' zones and markets. */
  offerings(
    pools: readonly Pool[],
  ): Promise<{ readonly shapes: Source<readonly Shape[]>; readonly offerings: Source<readonly Offering[]> }>;
}

/** Cron expressions in named time zones, which the core has no clock for. */
export interface Calendar {
  /** Schedules whose window is open at `now`. */
  open(schedules: readonly Schedule[], now: Millis): Promise<readonly OpenSchedule[]>;
}

// ---- schedulers --------------------------------------------------------------------------------------------

export interface Mesos {
  /** Registered and recovered agents. Unreachable and gone ones are listed nowhere (mesos-observed 19). Incomplete
   *  while every agent is only recovered: right after a failover an empty list means nothing (20). */
  agents(): Promise<Source<readonly Agent[]>>;
  /** Offers the agent no more, or again; tasks stay. Both may be repeated. Throws `gone` for an agent that is not
   *  registered, and `conflict` where it is in another state than the call supposes. */
  deactivate(agent: string): Promise<void>;
  reactivate(agent: string): Promise<void>;
  /** Kills all tasks of the agent at once, each within `graceMs` where its executor heeds it (mesos-observed 5). Cannot be
   *  taken back; may be repeated, which frees a drain that is stuck (1). Offers it no more. */
  drain(agent: string, graceMs: number): Promise<void>;
  /** Irreversible. May be repeated; throws `gone` for an agent that the master does not know. */
  markGone(agent: string): Promise<void>;
}

export interface Marathon {
  queue(): Promise<Source<readonly QueueItem[]>>;
  /** Tasks of the named run specs; a pod's come from its status. */
  tasks(runSpecs: readonly Pick<RunSpec, 'id' | 'kind'>[]): Promise<Source<readonly Task[]>>;
  /** Run specs with tasks on these agents, a row for each agent. Reads all of Marathon's tasks once, as a stream: asked when
   *  an agent begins to be emptied, not at every look. */
  hosted(agents: readonly string[]): Promise<Source<readonly Hosted[]>>;
  /** How these run specs stand; one that is gone has no row. */
  apps(runSpecs: readonly Pick<RunSpec, 'id' | 'kind'>[]): Promise<Source<readonly AppState[]>>;
  /** Sets an app's number of instances, and nothing else. Never forced: throws `conflict` while a deployment holds it. */
  scale(runSpec: string, instances: number): Promise<Deployment>;
  /** Kills these tasks and no others. `lower` takes the number of instances down by as many, `replace` lets Marathon start
   *  others, `wipe` makes it forget them at once. Ids that are gone are passed over. */
  kill(request: KillRequest): Promise<Deployment | undefined>;
  /** Ends a deployment where it stands. Throws `gone` when it has ended. */
  stopDeployment(id: string): Promise<void>;
  /** The next launches are not delayed. Throws `gone` when nothing of it waits. */
  resetDelay(runSpec: string): Promise<void>;
}

export type Deployment = { readonly id: string };
export type KillRequest = {
  readonly runSpec: string;
  readonly kind: RunSpec['kind'];
  readonly tasks: readonly string[];
  readonly how: 'lower' | 'replace' | 'wipe';
};

/** Bytes in and out, direct or through the forwarding function; the clients do not know which. */
export type HttpRequest = {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly timeoutMs: number;
};
export type HttpAnswer = {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: AsyncIterable<Uint8Array>;
};
/** Never follows a redirect. Throws Failure: `transient` when nothing was sent (refused, no such host),
 *  `unknown-outcome` when the connection ended or timed out after sending. */
export type Transport = (request: HttpRequest) => Promise<HttpAnswer>;

/** Values by reference: `ssm:/path`, `env:NAME`, or literal text. */
export interface Secrets {
  resolve(reference: string): Promise<string>;
}

// ---- people ------------------------------------------------------------------------------------------------

export type Notice = {
  readonly alarm: string;
  readonly cluster: string;
  readonly subject: string;
  readonly text: string;
  /** The same id is told once. */
  readonly id: string;
};
export interface Notifier {
  tell(notice: Notice): Promise<void>;
}

/** A closed set of fields, so that no payload or secret can slip into a log line. */
export type LogFields = {
  readonly cluster?: string;
  readonly turn?: string;
  readonly round?: number;
  readonly pool?: string;
  readonly action?: string;
  readonly source?: string;
  readonly kind?: string;
  readonly subject?: string;
  readonly count?: number;
  readonly ms?: number;
  readonly failure?: string;
  readonly why?: string;
};
export interface Log {
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}
export interface Meter {
  /** Names are those of telemetry/names.ts. */
  count(name: string, value?: number): void;
  time(name: string, ms: number): void;
}
