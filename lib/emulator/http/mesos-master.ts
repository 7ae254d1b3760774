// One master's HTTP behaviour: who answers at all, credentials, redirects to the leader, and the routes of v1 and v0
// (mesos-observed 27-35, semantics §1.6).
import { gzipSync } from 'node:zlib';
import { MesosFailure } from '../mesos/api';
import type { EmulatedWorld } from '../world';
import type { Caller, Credentials } from './credentials';
import { authenticate, challenge } from './credentials';
import type { WorldClock } from './clocks';
import type { Handler, HttpCall, HttpReply } from './exchange';
import { emptyReply, isStream, textReply } from './exchange';
import type { MasterPlace } from './mesos-answers';
import {
  answerCall,
  answerState,
  flags,
  isWrite,
  jsonReply,
  NOT_IMPLEMENTED,
  versionInfo,
} from './mesos-answers';
import { readMesosCall } from './mesos-call';
import { postMachines, postSchedule, scheduleMessage, statusMessage } from './mesos-maintenance';
import type { Subscribers } from './mesos-subscribe';
import { frameworks, slaves, state, stateSummary, tasks } from './mesos-v0';

export type MasterOptions = {
  readonly world: EmulatedWorld;
  readonly index: number;
  /** `host:port` of each master, known once all listen. */
  readonly addresses: () => readonly string[];
  readonly credentials: Credentials | undefined;
  /** A newly elected leader says 503 `Master has not finished recovery` for this many virtual milliseconds. */
  readonly recoveryMs: number;
  readonly subscribers: Subscribers;
  readonly clock: Pick<WorldClock, 'sleep'>;
  readonly startedAt: number;
};

type Route = (call: HttpCall, master: MasterOptions, caller: Caller) => HttpReply | Promise<HttpReply>;

const NOT_FOUND = textReply(404, '404 Not Found.');
const FORBIDDEN = textReply(403, '403 Forbidden.');
const NO_LEADER = 'No leader elected';
/** Mesos compresses nothing shorter. */
const GZIP_FROM_BYTES = 1024;

export const createMasterHandler =
  (master: MasterOptions): Handler =>
  async (call) => {
    const path = routeOf(call.path);
    try {
      return compressed(call, await answer(path, call, master));
    } catch (error) {
      if (!(error instanceof MesosFailure)) throw error;
      return textReply(error.status, error.message);
    }
  };

/** The fault knobs' name of what is asked: the call's type, or the path. */
export const mesosOperation = (call: HttpCall): string =>
  routeOf(call.path) === '/api/v1'
    ? (/"type"\s*:\s*"([A-Z_]+)"/.exec(call.body)?.[1] ?? '/api/v1')
    : routeOf(call.path);

/** Every path is there with and without `/master`, and a slash at the end is nothing. */
const routeOf = (path: string): string => {
  const bare = path.startsWith('/master/') ? path.slice('/master'.length) : path;
  return bare.length > 1 && bare.endsWith('/') ? bare.slice(0, -1) : bare;
};

const answer = (path: string, call: HttpCall, master: MasterOptions): HttpReply | Promise<HttpReply> => {
  const open = OPEN.get(path);
  if (open !== undefined) return open(call, master, NOBODY);
  const local = OF_ANY_MASTER.get(path);
  const route = local ?? OF_THE_LEADER.get(path);
  if (route === undefined) return NOT_FOUND;
  const caller = authenticate(call, master.credentials);
  if (caller === undefined) return unauthorized(path, master.credentials);
  if (local !== undefined) return local(call, master, caller);
  return notTheLeader(path, call, master) ?? route(call, master, caller);
};

const NOBODY: Caller = { mayWrite: false };

const unauthorized = (path: string, credentials: Credentials | undefined): HttpReply => {
  const realm = path === '/api/v1' || path.startsWith('/maintenance') ? 'readwrite' : 'readonly';
  return textReply(401, '401 Unauthorized.', {
    'WWW-Authenticate': challenge(credentials, `mesos-master-${realm}`),
  });
};

const leaderIndex = ({ world }: MasterOptions): number | undefined => {
  const leader = world.mesos.leader();
  return leader.kind === 'leading' ? leader.index : undefined;
};

const notTheLeader = (path: string, call: HttpCall, master: MasterOptions): HttpReply | undefined => {
  const leader = leaderIndex(master);
  if (leader === undefined) return textReply(503, NO_LEADER);
  if (leader === master.index) return undefined;
  const address = master.addresses()[leader] ?? '';
  return emptyReply(307, { Location: `//${address}/master${path}${call.search}` });
};

const isRecovering = ({ world, recoveryMs }: MasterOptions): boolean => {
  const leader = world.mesos.leader();
  // The first leader of a world is there from the beginning.
  if (leader.kind === 'no-leader' || leader.since <= world.options.startAt) return false;
  return world.now() < leader.since + recoveryMs;
};

const api: Route = (call, master, caller) => {
  if (isRecovering(master)) return textReply(503, 'Master has not finished recovery');
  if (call.method !== 'POST') return wrongMethod(call, 'POST');
  const type = call.headers['content-type'];
  if (type === undefined) return textReply(400, "Expecting 'Content-Type' to be present");
  if (type !== 'application/json')
    return textReply(415, "Expecting 'Content-Type' of application/json or application/x-protobuf");
  const read = readMesosCall(call.body, master.world.mesos.canDrain);
  if (!read.ok) return textReply(400, read.text);
  if (!acceptsJson(call.headers.accept))
    return textReply(406, "Expecting 'Accept' to allow 'application/x-protobuf' or 'application/json'");
  if (isWrite(read.call.type) && !caller.mayWrite) return FORBIDDEN;
  if (read.call.type === 'SUBSCRIBE')
    return master.subscribers.stream(answerState(master.world, placeOf(master)));
  const made = (): HttpReply => answerCall(master.world, placeOf(master), read.call) ?? NOT_IMPLEMENTED;
  return isWrite(read.call.type) ? written(master, made) : made();
};

/** A write is answered once the registry has it. */
const written = (master: MasterOptions, write: () => HttpReply): HttpReply | Promise<HttpReply> => {
  const ms = master.world.mesos.registryMs();
  const reply = write();
  return ms > 0 ? master.clock.sleep(ms).then(() => reply) : reply;
};

const acceptsJson = (accept: string | undefined): boolean =>
  accept === undefined ||
  accept
    .split(',')
    .map((part) => part.split(';')[0]?.trim())
    .some((type) => type === '*/*' || type === 'application/*' || type === 'application/json');

const wrongMethod = (call: HttpCall, ...allowed: readonly string[]): HttpReply =>
  textReply(
    405,
    `405 Method Not Allowed. Expecting one of { ${allowed.map((name) => `'${name}'`).join(', ')} }, but received '${call.method}'.`,
    { Allow: allowed.join(', ') },
  );

const placeOf = (master: MasterOptions): MasterPlace => {
  const [host = '127.0.0.1', port = '0'] = (master.addresses()[master.index] ?? '').split(':');
  return { host, port: Number(port), startedAt: master.startedAt };
};

const redirect: Route = (_, master) => {
  const leader = leaderIndex(master);
  if (leader === undefined) return textReply(503, NO_LEADER);
  return emptyReply(307, { Location: `//${master.addresses()[leader] ?? ''}` });
};

/** Answered by every master, without credentials. */
const OPEN: ReadonlyMap<string, Route> = new Map<string, Route>([
  ['/health', () => emptyReply(200)],
  ['/version', (_, { world }) => jsonReply(versionInfo(world))],
  ['/redirect', redirect],
]);

const metrics: Route = (_, master) => {
  const isLeader = leaderIndex(master) === master.index;
  if (!isLeader)
    return jsonReply({
      'master/elected': 0,
      'master/uptime_secs': (master.world.now() - master.startedAt) / 1000,
      'registrar/log/ensemble_size': master.world.mesos.masters,
    });
  return jsonReply({ ...master.world.mesos.metrics(), 'master/elected': 1 });
};

const OF_ANY_MASTER: ReadonlyMap<string, Route> = new Map<string, Route>([
  ['/metrics/snapshot', metrics],
  ['/flags', (_, { world }) => jsonReply({ flags: flags(world) })],
]);

const schedule: Route = (call, master, caller) => {
  const { world } = master;
  if (call.method === 'GET') return jsonReply(scheduleMessage(world.mesos));
  if (call.method !== 'POST') return wrongMethod(call, 'GET', 'POST');
  return caller.mayWrite ? written(master, () => postSchedule(world.mesos, call)) : FORBIDDEN;
};

const machines =
  (change: 'startMaintenance' | 'stopMaintenance'): Route =>
  (call, master, caller) => {
    if (call.method !== 'POST') return wrongMethod(call, 'POST');
    return caller.mayWrite
      ? written(master, () => postMachines(call, master.world.mesos[change]))
      : FORBIDDEN;
  };

const OF_THE_LEADER: ReadonlyMap<string, Route> = new Map<string, Route>([
  ['/api/v1', api],
  ['/state', (_, master) => jsonReply(state(master.world, placeOf(master)))],
  ['/state-summary', (_, master) => jsonReply(stateSummary(master.world, placeOf(master)))],
  ['/slaves', (call, { world }) => jsonReply(slaves(world, call.query.get('slave_id')))],
  ['/frameworks', (call, { world }) => jsonReply(frameworks(world, call.query.get('framework_id')))],
  ['/tasks', (call, { world }) => jsonReply(tasks(world, call.query))],
  ['/maintenance/schedule', schedule],
  ['/maintenance/status', (_, { world }) => jsonReply(statusMessage(world.mesos))],
  ['/machine/down', machines('startMaintenance')],
  ['/machine/up', machines('stopMaintenance')],
]);

const compressed = (call: HttpCall, reply: HttpReply): HttpReply => {
  if (isStream(reply) || !/\bgzip\b/.test(String(call.headers['accept-encoding'] ?? ''))) return reply;
  const body = Buffer.from(reply.body);
  if (body.length < GZIP_FROM_BYTES) return reply;
  return {
    ...reply,
    headers: { ...reply.headers, 'Content-Encoding': 'gzip' },
    body: gzipSync(body, { level: 1 }),
  };
};
