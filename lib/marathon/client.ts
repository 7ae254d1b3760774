// Marathon's v2 API at whichever configured address answers; a standby passes requests on to the leader by itself
// (semantics §2.8). Reads are repeated within a budget; a write is sent once.
import type { EventSourceMessage } from 'eventsource-parser';
import type * as z from 'zod/mini';
import type { RunSpec } from '../core/model/app';
import { Failure } from '../engine/failure';
import type { Clock, HttpAnswer, Secrets, Transport } from '../engine/ports';
import { contentOf, excerptOf, jsonOf, parseJson } from '../transport/body';
import { createCredentials } from '../transport/credentials';
import { createHosts } from '../transport/hosts';
import { createPeeler } from '../transport/peel';
import type { Attempt } from '../transport/hosts';
import { refusalOf } from './answers';
import * as calls from './calls';
import type { MarathonCall } from './calls';
import * as schema from './schema';

export type MarathonOptions = {
  /** Base URLs, `http://10.0.0.10:8080`; a path is kept (`https://dcos/service/marathon`). */
  readonly urls: readonly string[];
  readonly transport: Transport;
  readonly clock: Clock;
  readonly secrets: Secrets;
  /** Reference of a secret in a form of lib/transport/credentials.ts. */
  readonly auth?: string;
  /** Longest silence of one attempt; 12 s unless told, as a standby waits 10 s for the leader. */
  readonly timeoutMs?: number;
  /** Time for one call with all its attempts; 30 s unless told. */
  readonly budgetMs?: number;
  /** Longest answer after decompression; 256 MB unless told. */
  readonly maxBytes?: number;
};

export type Change = { readonly version: string; readonly deploymentId: string };
export type MarathonEvent = { readonly type: string; readonly data: unknown };
export type Info = z.infer<typeof schema.infoSchema>;
export type Deployments = z.infer<typeof schema.deploymentsSchema>;

/** Every call throws Failure with the kinds of lib/marathon/answers.ts. Rows that are `unknown` are read one by one
 *  by the caller, so that a strange row costs only itself. */
export type MarathonClient = {
  queue(): Promise<readonly unknown[]>;
  apps(): Promise<readonly unknown[]>;
  app(id: string): Promise<schema.WireApp>;
  appTasks(id: string): Promise<readonly schema.WireTask[]>;
  podStatus(id: string): Promise<schema.WirePodStatus>;
  podStatuses(): Promise<readonly schema.WirePodStatus[]>;
  /** Every task of every app, one at a time: the whole list of a large cluster is never held. */
  eachTask(onTask: (text: string) => void): Promise<void>;
  deployments(): Promise<Deployments>;
  info(): Promise<Info>;
  /** `host:port`; `gone` when there is none. */
  leader(): Promise<string>;
  scale(id: RunSpec['id'], instances: number): Promise<Change>;
  /** The change when instances are lowered, else nothing. */
  killTasks(ids: readonly string[], instances: 'lower' | 'replace'): Promise<Change | undefined>;
  wipeTasks(ids: readonly string[]): Promise<void>;
  killPodInstance(id: string, instance: string, how: 'replace' | 'wipe'): Promise<void>;
  resetDelay(id: string): Promise<void>;
  cancelDeployment(id: string, how: 'roll-back' | 'stop'): Promise<void>;
  /** Hints that something changed, without order or replay, until the connection ends, which is a Failure. */
  events(types: readonly string[]): AsyncIterable<MarathonEvent>;
};

export const createMarathonClient = (options: MarathonOptions): MarathonClient => {
  const line = connect(options);
  return {
    queue: async () => (await line.json(calls.queue(), schema.queueSchema)).queue,
    apps: async () => (await line.json(calls.apps(), schema.appsSchema)).apps,
    app: async (id) => (await line.json(calls.app(id), schema.appAnswerSchema)).app,
    appTasks: async (id) => (await line.json(calls.appTasks(id), schema.tasksSchema)).tasks,
    podStatus: (id) => line.json(calls.podStatus(id), schema.podStatusSchema),
    podStatuses: () => line.json(calls.podStatuses(), schema.podStatusesSchema),
    eachTask: (onTask) => line.send(calls.tasks(), (answer, limits) => eachTask(answer, limits, onTask)),
    deployments: () => line.json(calls.deployments(), schema.deploymentsSchema),
    info: () => line.json(calls.info(), schema.infoSchema),
    leader: async () => (await line.json(calls.leader(), schema.leaderSchema)).leader,
    scale: (id, instances) => line.change(calls.scale(id, instances), schema.changeSchema),
    killTasks: async (ids, instances) => {
      const call = calls.killTasks(ids, instances);
      if (instances === 'lower') return line.change(call, schema.changeSchema);
      await line.change(call, schema.killedSchema);
      return undefined;
    },
    wipeTasks: async (ids) => {
      await line.change(calls.wipeTasks(ids), schema.killedSchema);
    },
    killPodInstance: async (id, instance, how) => {
      await line.send(calls.killPodInstance(id, instance, how === 'wipe'), finished);
    },
    resetDelay: async (id) => {
      await line.send(calls.resetDelay(id), finished);
    },
    cancelDeployment: async (id, how) => {
      await line.send(calls.cancelDeployment(id, how), finished);
    },
    events: (types) => events(line, types),
  };
};

type Limits = Parameters<typeof jsonOf>[1];
type Read<T> = (answer: HttpAnswer, limits: Limits) => Promise<T>;
type Line = {
  send<T>(call: MarathonCall, read: Read<T>, silenceMs?: number): Promise<T>;
  json<T>(call: MarathonCall, shape: z.ZodMiniType<T>): Promise<T>;
  change<T>(call: MarathonCall, shape: z.ZodMiniType<T>): Promise<T>;
};

const connect = (options: MarathonOptions): Line => {
  const { clock, transport, maxBytes = 268_435_456 } = options;
  const credentials = createCredentials({ ...options, setting: 'marathon.auth' });
  const hosts = createHosts({
    urls: options.urls.map((url) => url.replace(/\/$/, '')),
    clock,
    timeoutMs: options.timeoutMs ?? 12_000,
    budgetMs: options.budgetMs ?? 30_000,
    rounds: 3,
    pauseMs: 500,
    service: 'Marathon',
    setting: 'marathon.urls',
  });
  const send = <T>(call: MarathonCall, read: Read<T>, silenceMs?: number): Promise<T> => {
    const use = call.method === 'GET' ? 'read' : 'write';
    return hosts.ask(use, async (to) => {
      const headers = { ...(await credentials.headers()), ...HEADERS };
      const timeoutMs = silenceMs ?? to.timeoutMs;
      const answer = await transport(requestOf(call, to, headers, timeoutMs));
      const what = `${nameOf(call)} of ${to.url}`;
      const until = silenceMs === undefined ? to.until : Infinity;
      if (answer.status >= 200 && answer.status < 300) return read(answer, { maxBytes, clock, until, what });
      if (answer.status === 401) credentials.forget();
      const { status } = answer;
      const text = await excerptOf(answer, 20_000);
      throw refusalOf({ call: nameOf(call), use, url: to.url, status, text });
    });
  };
  return {
    send,
    json: (call, shape) =>
      send(call, async (answer, limits) => shaped(shape, await jsonOf(answer, limits), limits.what)),
    change: (call, shape) => send(call, doneWith(shape)),
  };
};

const HEADERS = { accept: 'application/json', 'accept-encoding': 'gzip' };

const STREAM_HEADERS = { accept: 'text/event-stream', 'accept-encoding': 'identity' };

const requestOf = (
  call: MarathonCall,
  to: Attempt,
  headers: Readonly<Record<string, string>>,
  timeoutMs: number,
) => {
  const sent = call.path.startsWith('/v2/events') ? { ...headers, ...STREAM_HEADERS } : headers;
  return {
    method: call.method,
    url: `${to.url}${call.path}`,
    timeoutMs,
    ...(call.body === undefined
      ? { headers: sent }
      : { headers: { ...sent, 'content-type': 'application/json' }, body: JSON.stringify(call.body) }),
  };
};

/** Without the query. */
const nameOf = (call: MarathonCall): string => `${call.method} ${call.path.replace(/\?.*$/, '')}`;

const shaped = <T>(shape: z.ZodMiniType<T>, value: unknown, what: string): T => {
  const parsed = shape.safeParse(value);
  if (parsed.success) return parsed.data;
  const where = parsed.error.issues[0]?.path.join('.') ?? '';
  throw new Failure('transient', `${what} is not the answer that was asked for (at ${where || 'its top'}).`, {
    code: 'not-json',
    advice: 'Check that the address in marathon.urls is Marathon.',
  });
};

/** A write that was taken but whose answer cannot be read was perhaps done. */
const doneWith =
  <T>(shape: z.ZodMiniType<T>): Read<T> =>
  async (answer, limits) => {
    try {
      return shaped(shape, await jsonOf(answer, limits), limits.what);
    } catch (cause) {
      throw new Failure(
        'unknown-outcome',
        `${limits.what} answered ${answer.status} with something unreadable.`,
        {
          code: 'not-json',
          cause,
        },
      );
    }
  };

const finished: Read<void> = async (answer) => {
  await excerptOf(answer, 20_000);
};

const eachTask = async (
  answer: HttpAnswer,
  limits: Limits,
  onTask: (text: string) => void,
): Promise<void> => {
  let count = 0;
  const peeler = createPeeler({
    lists: ['tasks'],
    ownerDepth: 1,
    onElement: (_list, text) => {
      count += 1;
      onTask(text);
    },
  });
  for await (const chunk of contentOf(answer, limits)) peeler.write(chunk);
  const shell = schema.tasksShellSchema.safeParse(parseJson(peeler.end(), 'The list of tasks'));
  if (shell.success && shell.data.tasks.length === count) return;
  throw new Failure('transient', "Marathon's list of tasks is not whole.", {
    code: 'not-json',
    advice: 'Check that the address in marathon.urls is Marathon.',
  });
};

/** Marathon writes an empty line every 10 s or so; six missed are the end. */
const SILENCE_MS = 60_000;

async function* events(line: Line, types: readonly string[]): AsyncGenerator<MarathonEvent> {
  const { createParser } = await import('eventsource-parser');
  const body = await line.send(calls.events(types), async (answer) => answer.body, SILENCE_MS);
  const ready: EventSourceMessage[] = [];
  const parser = createParser({ onEvent: (event) => ready.push(event) });
  const decoder = new TextDecoder();
  for await (const chunk of body) {
    parser.feed(decoder.decode(chunk, { stream: true }));
    for (const event of ready.splice(0)) yield eventOf(event);
  }
  throw new Failure('transient', 'Marathon ended the event stream.', { code: 'ended' });
}

const eventOf = (event: EventSourceMessage): MarathonEvent => {
  const data = shaped(
    schema.eventSchema,
    parseJson(event.data, 'An event of Marathon'),
    'An event of Marathon',
  );
  return { type: event.event ?? data.eventType ?? '', data };
};
