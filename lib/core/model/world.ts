// What is seen now. Each source carries its age and whether it is complete: missing, truncated or implausible data
// is unknown, never empty (DESIGN §4, Observe).
import type { Agent } from './agent';
import type { AppState, Hosted, QueueItem, Task } from './app';
import type { Machine, Millis } from './machine';
import type { Offering, Scope, Shape } from './offering';
import type { Fact } from './signal';
import type { ScheduledDrain } from './spec';

export type Source<T> = {
  readonly at: Millis;
  readonly complete: boolean;
  /** Sentences about what is missing; empty when complete. */
  readonly faults: readonly string[];
  readonly value: T;
};

export type CloudView = Source<readonly Machine[]> & { readonly scope: Scope };

/** A schedule whose window is open at the time of the observation. */
export type OpenSchedule = {
  readonly name: string;
  readonly pool: string;
  readonly min: number;
  readonly until: Millis;
  /** Instead of a minimum; its window is open since `since`. */
  readonly drain?: ScheduledDrain & { readonly since: Millis };
};

/** What new machines of a pool are started with today: half of the name under which strikes are counted. */
export type PoolTemplate = { readonly pool: string; readonly image: string; readonly bootstrap: string };

/** Nothing of the pool is disrupted before `until` by our own wish. */
export type Denied = { readonly pool: string; readonly until: Millis };

/** The app may be disrupted until `until`, as far as its window goes. */
export type AppWindow = { readonly runSpec: string; readonly until: Millis };

export type World = {
  readonly clouds: readonly CloudView[];
  readonly agents: Source<readonly Agent[]>;
  readonly queue: Source<readonly QueueItem[]>;
  /** Tasks of the run specs that a constraint has to count (those with UNIQUE, MAX_PER, GROUP_BY or CLUSTER in the queue). */
  readonly tasks: Source<readonly Task[]>;
  /** Of the agents of which that has to be known: one row for each that was asked about. */
  readonly hosted: Source<readonly Hosted[]>;
  /** Run specs that something is to be done with. */
  readonly apps: Source<readonly AppState[]>;
  readonly shapes: Source<readonly Shape[]>;
  readonly offerings: Source<readonly Offering[]>;
  readonly facts: Source<readonly Fact[]>;
  readonly schedules: readonly OpenSchedule[];
  readonly templates: readonly PoolTemplate[];
  /** Pools in one of whose blackout windows this moment is, and until when. */
  readonly denied: readonly Denied[];
  /** Of the apps above: in whose own window for disruption (`muster/window`) this moment is. */
  readonly windows: readonly AppWindow[];
};
