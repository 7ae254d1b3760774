// The v1 operator API of whichever configured master leads. Reads are repeated within a budget; a write is sent once,
// and goes to a second master only after a first has said that it did nothing.
import type { Millis } from '../core/model/machine';
import { Failure } from '../engine/failure';
import type { Clock, HttpAnswer, Secrets, Transport } from '../engine/ports';
import { contentOf, excerptOf, jsonOf, parseJson, refuseOtherThanJson } from '../transport/body';
import { createCredentials } from '../transport/credentials';
import { createHosts } from '../transport/hosts';
import type { Attempt, Use } from '../transport/hosts';
import { readAgents } from './agents';
import type { AgentList } from './agents';
import type { Call, ReadType } from './calls';
import * as calls from './calls';
import { refusalOf } from './answers';
import { records } from './recordio';
import * as schema from './schema';
import type * as z from 'zod/mini';

export type MesosOptions = {
  /** Base URLs, `http://10.0.0.10:5050`; a path is kept (`https://dcos/mesos`). */
  readonly masters: readonly string[];
  readonly transport: Transport;
  readonly clock: Clock;
  readonly secrets: Secrets;
  /** Reference of a secret in a form of lib/transport/credentials.ts. */
  readonly auth?: string;
  /** Longest silence of one attempt; 10 s unless told. */
  readonly timeoutMs?: number;
  /** Time for one call with all its attempts; 30 s unless told. */
  readonly budgetMs?: number;
  /** Longest answer after decompression; 256 MB unless told. The agents are read one at a time whatever their
   *  number, the rest is held in memory as a whole. */
  readonly maxBytes?: number;
};

export type MasterState = {
  readonly id: string;
  readonly version: string;
  readonly electedAt?: Millis;
  /** Of its fault domain; all masters are in one. */
  readonly region?: string;
};
export type Framework = z.infer<typeof schema.frameworksSchema>['get_frameworks']['frameworks'];
export type TaskLists = z.infer<typeof schema.tasksSchema>['get_tasks'];
export type OperatorEvent = z.infer<typeof schema.eventSchema>;

/** Every call throws Failure with the kinds of lib/mesos/answers.ts. */
export type MesosClient = {
  agents(): Promise<AgentList>;
  master(): Promise<MasterState>;
  version(): Promise<string>;
  health(): Promise<boolean>;
  frameworks(): Promise<NonNullable<Framework>>;
  /** Of the whole cluster: 570 MB at 400,000 tasks. For one agent ask the agent. */
  tasks(): Promise<TaskLists>;
  maintenanceSchedule(): Promise<readonly calls.MaintenanceWindow[]>;
  drainAgent(drain: Parameters<typeof calls.drainAgent>[0]): Promise<void>;
  deactivateAgent(agentId: string): Promise<void>;
  reactivateAgent(agentId: string): Promise<void>;
  markAgentGone(agentId: string): Promise<void>;
  updateMaintenanceSchedule(windows: readonly calls.MaintenanceWindow[]): Promise<void>;
  /** Hints that something changed, until the connection ends, which is a Failure. Never leave out polling. */
  subscribe(): AsyncIterable<OperatorEvent>;
};

export const createMesosClient = (options: MesosOptions): MesosClient => {
  const line = connect(options);
  const write = async (call: Call) => {
    await line.send(call, 'write', nothingSaid);
  };
  return {
    agents: () =>
      line.send(calls.read('GET_AGENTS'), 'read', (answer, limits) => {
        refuseOtherThanJson(answer, limits.what);
        return readAgents(contentOf(answer, limits));
      }),
    master: async () => masterOf(await line.read('GET_MASTER', schema.masterSchema)),
    version: async () =>
      (await line.read('GET_VERSION', schema.versionSchema)).get_version.version_info.version,
    health: async () => (await line.read('GET_HEALTH', schema.healthSchema)).get_health.healthy,
    frameworks: async () =>
      (await line.read('GET_FRAMEWORKS', schema.frameworksSchema)).get_frameworks.frameworks ?? [],
    tasks: async () => (await line.read('GET_TASKS', schema.tasksSchema)).get_tasks,
    maintenanceSchedule: async () =>
      windowsOf(await line.read('GET_MAINTENANCE_SCHEDULE', schema.scheduleSchema)),
    drainAgent: (drain) => write(calls.drainAgent(drain)),
    deactivateAgent: (agentId) => write(calls.deactivateAgent(agentId)),
    reactivateAgent: (agentId) => write(calls.reactivateAgent(agentId)),
    markAgentGone: (agentId) => write(calls.markAgentGone(agentId)),
    updateMaintenanceSchedule: (windows) => write(calls.updateMaintenanceSchedule(windows)),
    subscribe: () => subscribe(line),
  };
};

type Limits = Parameters<typeof contentOf>[1];
type Read<T> = (answer: HttpAnswer, limits: Limits) => Promise<T>;
type Line = {
  send<T>(call: Call, use: Use, read: Read<T>): Promise<T>;
  read<T>(type: ReadType, schema: z.ZodMiniType<T>): Promise<T>;
};

const connect = (options: MesosOptions): Line => {
  const { clock, transport, maxBytes = 268_435_456 } = options;
  const credentials = createCredentials({ ...options, setting: 'mesos.auth' });
  const hosts = createHosts({
    urls: options.masters.map((url) => url.replace(/\/$/, '')),
    clock,
    timeoutMs: options.timeoutMs ?? 10_000,
    budgetMs: options.budgetMs ?? 30_000,
    rounds: 3,
    pauseMs: 500,
    service: 'Mesos master',
    setting: 'mesos.masters',
  });
  const send = <T>(call: Call, use: Use, read: Read<T>): Promise<T> =>
    hosts.ask(use, async (to) => {
      const answer = await transport({
        method: 'POST',
        url: `${to.url}/api/v1`,
        headers: { ...(await credentials.headers()), ...HEADERS },
        body: JSON.stringify(call),
        timeoutMs: silenceOf(call, to),
      });
      const limits = { maxBytes, clock, until: untilOf(call, to), what: `${call.type} of ${to.url}` };
      if (answer.status === 200 || answer.status === 202) return read(answer, limits);
      if (answer.status === 401) credentials.forget();
      to.suggest(answer.headers['location'] ?? '');
      const { status } = answer;
      throw refusalOf({ call: call.type, use, url: to.url, status, text: await excerptOf(answer) });
    });
  return {
    send,
    read: (type, shape) =>
      send(calls.read(type), 'read', async (answer, limits) =>
        shaped(shape, await jsonOf(answer, limits), limits.what),
      ),
  };
};

/** A master takes exactly this content type: with a charset it answers 415 (mesos-observed 27). */
const HEADERS = { 'content-type': 'application/json', accept: 'application/json', 'accept-encoding': 'gzip' };

/** A heartbeat comes every 15 s; five missed are the end (semantics §1.7). */
const HEARTBEATS_MS = 75_000;

const silenceOf = (call: Call, to: Attempt): number =>
  call.type === 'SUBSCRIBE' ? HEARTBEATS_MS : to.timeoutMs;
const untilOf = (call: Call, to: Attempt): number => (call.type === 'SUBSCRIBE' ? Infinity : to.until);

const shaped = <T>(shape: z.ZodMiniType<T>, value: unknown, what: string): T => {
  const parsed = shape.safeParse(value);
  if (parsed.success) return parsed.data;
  const where = parsed.error.issues[0]?.path.join('.') ?? '';
  throw new Failure('transient', `${what} is not the answer that was asked for (at ${where || 'its top'}).`, {
    code: 'not-json',
    advice: 'Check that the address in mesos.masters is a Mesos master.',
  });
};

/** Writes answer 200 with an empty body. Anything else is somebody who answers for the master. */
const nothingSaid: Read<void> = async (answer, limits) => {
  const text = await excerptOf(answer, 200);
  if (text === '') return;
  throw new Failure('unknown-outcome', `${limits.what} answered with a body, which a master does not.`, {
    code: 'not-mesos',
    advice: 'Check that the addresses in mesos.masters are masters and not a login page or a proxy.',
  });
};

async function* subscribe(line: Line): AsyncGenerator<OperatorEvent> {
  const body = await line.send(calls.read('SUBSCRIBE'), 'read', async (answer) => answer.body);
  for await (const record of records(body)) {
    yield shaped(schema.eventSchema, parseJson(record, 'A record of SUBSCRIBE'), 'A record of SUBSCRIBE');
  }
  throw new Failure('transient', 'The Mesos master ended the event stream.', { code: 'ended' });
}

const masterOf = ({ get_master: it }: z.infer<typeof schema.masterSchema>): MasterState => {
  const region = it.master_info.domain?.fault_domain?.region?.name;
  return {
    id: it.master_info.id,
    version: it.master_info.version ?? '',
    ...(region === undefined ? {} : { region }),
    ...(it.elected_time == null ? {} : { electedAt: Math.floor(it.elected_time * 1_000) }),
  };
};

const windowsOf = (answer: z.infer<typeof schema.scheduleSchema>): readonly calls.MaintenanceWindow[] =>
  (answer.get_maintenance_schedule.schedule?.windows ?? []).map((window) => ({
    machines: (window.machine_ids ?? []).map(({ hostname, ip }) => ({
      hostname: hostname ?? '',
      ip: ip ?? '',
    })),
    startsAt: Math.round(window.unavailability.start.nanoseconds / 1e6),
    ...(window.unavailability.duration
      ? { forMs: Math.round(window.unavailability.duration.nanoseconds / 1e6) }
      : {}),
  }));
