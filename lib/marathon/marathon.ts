// The port Marathon: demand from its queue, and tasks of the run specs that somebody names.
import { $ZodError } from 'zod/v4/core';
import type * as z from 'zod/mini';
import type { AppState, Hosted, RunSpec, Task } from '../core/model/app';
import type { Source } from '../core/model/world';
import { isFailure, messageOf } from '../engine/failure';
import type { Clock, Deployment, KillRequest, Marathon } from '../engine/ports';
import { createMarathonClient } from './client';
import type { MarathonClient, MarathonOptions } from './client';
import { appSchema, queueItemSchema } from './schema';
import type { WireApp } from './schema';
import { appOf, appStateOf, appTasksOf, podStateOf, podTasksOf, queueItemOf } from './translate';
import type { Defaults } from './translate';

/** Throws `permanent` for credentials or addresses that a person must correct, else `transient` when none answered. */
export const createMarathon = (options: MarathonOptions): Marathon =>
  createMarathonFrom(createMarathonClient(options), options.clock);

export const createMarathonFrom = (client: MarathonClient, clock: Clock): Marathon => {
  const roles = createRoles(client);
  return {
    queue: async () => {
      const at = clock.now();
      const rows = await client.queue();
      const defaults = await roles(rows);
      return { at, ...readRows(rows, queueItemSchema, (row) => queueItemOf(row, defaults)) };
    },
    tasks: async (runSpecs) => {
      const at = clock.now();
      const read = await inLanes(LANES, runSpecs, (runSpec) => tasksOf(client, runSpec));
      return sourceOf(at, read);
    },
    hosted: async (agents) => hostedOn(client, agents, clock.now()),
    apps: async (runSpecs) => {
      const at = clock.now();
      const defaults = await roles([{}]);
      return statesOf(at, await inLanes(LANES, runSpecs, (runSpec) => stateOf(client, runSpec, defaults)));
    },
    scale: async (runSpec, instances) => ({ id: (await client.scale(runSpec, instances)).deploymentId }),
    kill: async (request) => kill(client, request),
    stopDeployment: (id) => client.cancelDeployment(id, 'stop'),
    resetDelay: (runSpec) => client.resetDelay(runSpec),
  };
};

const kill = async (
  client: MarathonClient,
  { runSpec, kind, tasks, how }: KillRequest,
): Promise<Deployment | undefined> => {
  if (kind === 'pod') {
    for (const instance of tasks)
      await client.killPodInstance(runSpec, instance, how === 'wipe' ? 'wipe' : 'replace');
    return undefined;
  }
  if (how === 'wipe') {
    await client.wipeTasks(tasks);
    return undefined;
  }
  const change = await client.killTasks(tasks, how);
  return change === undefined ? undefined : { id: change.deploymentId };
};

/** Every task goes by once; only rows that name one of the agents are parsed. */
const hostedOn = async (
  client: MarathonClient,
  agents: readonly string[],
  at: number,
): Promise<Source<readonly Hosted[]>> => {
  const found = new Map(agents.map((agent) => [agent, new Map<string, RunSpec['kind']>()]));
  await client.eachTask((text) => {
    const agent = /"slaveId"\s*:\s*"([^"]+)"/.exec(text)?.[1] ?? '';
    const id = found.has(agent) ? /"appId"\s*:\s*"([^"]+)"/.exec(text)?.[1] : undefined;
    if (id !== undefined) found.get(agent)?.set(id, 'app');
  });
  for (const pod of await client.podStatuses())
    for (const { agentId } of pod.instances ?? []) found.get(agentId ?? '')?.set(pod.id, 'pod');
  const value = agents.map((agent) => ({
    agent,
    runSpecs: [...(found.get(agent) ?? [])].map(([id, kind]) => ({ id, kind })),
  }));
  return { at, complete: true, faults: [], value };
};

type State = { readonly state?: AppState; readonly fault?: string };

/** A run spec that is gone by now has no row. */
const stateOf = async (
  client: MarathonClient,
  { id, kind }: Pick<RunSpec, 'id' | 'kind'>,
  defaults: Defaults,
): Promise<State> => {
  try {
    if (kind === 'pod') return { state: podStateOf(await client.podStatus(id), defaults) };
    const app = await client.app(id);
    return { state: appStateOf(app, app.tasks ?? (await client.appTasks(id)), defaults) };
  } catch (error) {
    return isFailure(error, 'gone') ? {} : { fault: `How ${id} stands is not known: ${whyOf(error)}` };
  }
};

const statesOf = (at: number, read: readonly State[]): Source<readonly AppState[]> => {
  const faults = read.flatMap(({ fault }) => fault ?? []);
  return { at, complete: faults.length === 0, faults, value: read.flatMap(({ state }) => state ?? []) };
};

type Rows<T> = Omit<Source<readonly T[]>, 'at'>;

/** A row that cannot be read makes the source incomplete, and is named; the others stand. */
const readRows = <W, T>(rows: readonly unknown[], shape: z.ZodMiniType<W>, turn: (row: W) => T): Rows<T> => {
  const value: T[] = [];
  const faults: string[] = [];
  for (const row of rows) {
    try {
      value.push(turn(shape.parse(row)));
    } catch (error) {
      faults.push(`Marathon's entry for ${nameIn(row)} cannot be read: ${whyOf(error)}.`);
    }
  }
  return { complete: faults.length === 0, faults, value };
};

/** Before 1.9 no run spec says its role: it is Marathon's own, from `/v2/info`, asked for only when it is needed. */
const createRoles = (client: MarathonClient): ((rows: readonly unknown[]) => Promise<Defaults>) => {
  let known: Defaults | undefined;
  return async (rows) => {
    if (rows.every(saysRole)) return known ?? { role: '*' };
    if (known === undefined) {
      const info = await client.info();
      known = { role: info.marathon_config?.mesos_role ?? '*' };
    }
    return known;
  };
};

const saysRole = (row: unknown): boolean => {
  const parsed = queueItemSchema.safeParse(row);
  return !parsed.success || (parsed.data.role ?? parsed.data.app?.role ?? parsed.data.pod?.role) != null;
};

/** Calls to Marathon at once. */
const LANES = 8;

type Read = { readonly tasks: readonly Task[]; readonly fault?: unknown; readonly runSpec: string };

/** A run spec that is gone by now has no tasks; any other failure is one fault of the source. */
const tasksOf = async (
  client: MarathonClient,
  { id, kind }: { readonly id: string; readonly kind: RunSpec['kind'] },
): Promise<Read> => {
  try {
    const tasks = kind === 'pod' ? podTasksOf(await client.podStatus(id)) : await tasksOfApp(client, id);
    return { tasks, runSpec: id };
  } catch (error) {
    return isFailure(error, 'gone') ? { tasks: [], runSpec: id } : { tasks: [], runSpec: id, fault: error };
  }
};

/** One app's own page carries its tasks in the versions that were seen; it is read for the definition's version. */
const tasksOfApp = async (client: MarathonClient, id: string): Promise<readonly Task[]> => {
  const app: WireApp = await client.app(id);
  return appTasksOf(app.tasks ?? (await client.appTasks(id)), app);
};

/** Throws when nothing at all could be read. */
const sourceOf = (at: number, read: readonly Read[]): Source<readonly Task[]> => {
  const failed = read.filter((one) => one.fault !== undefined);
  if (failed.length > 0 && failed.length === read.length) throw failed[0]?.fault;
  return {
    at,
    complete: failed.length === 0,
    faults: failed.map((one) => `The tasks of ${one.runSpec} are not known: ${messageOf(one.fault)}`),
    value: read.flatMap((one) => one.tasks),
  };
};

const inLanes = async <A, B>(
  lanes: number,
  items: readonly A[],
  work: (item: A) => Promise<B>,
): Promise<readonly B[]> => {
  const done = new Map<number, B>();
  const waiting = items.entries();
  const lane = async () => {
    for (const [index, item] of waiting) done.set(index, await work(item));
  };
  await Promise.all(Array.from({ length: Math.min(lanes, items.length) }, lane));
  return [...done].sort(([a], [b]) => a - b).map(([, result]) => result);
};

export type AppCounts = {
  readonly runSpec: RunSpec;
  readonly running: number;
  readonly staged: number;
  readonly healthy: number;
  readonly unhealthy: number;
  /** Ids of the deployments that hold it. */
  readonly deployments: readonly string[];
};

/** All apps with how many of their tasks run; pods are not among them. */
export const readApps = async (
  client: MarathonClient,
  clock: Clock,
): Promise<Source<readonly AppCounts[]>> => {
  const at = clock.now();
  const [rows, info] = [await client.apps(), await client.info()];
  const defaults = { role: info.marathon_config?.mesos_role ?? '*' };
  const counted = readRows(rows, appSchema, (app) => ({
    runSpec: appOf(app, defaults),
    running: app.tasksRunning ?? 0,
    staged: app.tasksStaged ?? 0,
    healthy: app.tasksHealthy ?? 0,
    unhealthy: app.tasksUnhealthy ?? 0,
    deployments: (app.deployments ?? []).map((deployment) => deployment.id),
  }));
  return { at, ...counted };
};

const nameIn = (row: unknown): string => {
  const text = JSON.stringify(row) ?? '';
  return /"id":"([^"]{1,200})"/.exec(text)?.[1] ?? 'something without an id';
};

const whyOf = (error: unknown): string => {
  if (error instanceof $ZodError) {
    return `it is malformed at ${error.issues[0]?.path.join('.') || 'its top'}`;
  }
  return messageOf(error);
};
