// What the leading master answers to a v1 call: reads from the rows, writes by the master's own verbs.
import type { MesosMaster } from '../mesos/api';
import type { EmulatedWorld } from '../world';
import type { HttpReply } from './exchange';
import { emptyReply, textReply } from './exchange';
import { agentInfo, agentMessage, frameworkMessage, taskMessage } from './mesos-messages';
import type { MesosCall } from './mesos-call';
import { machinesOf, scheduleMessage, statusMessage, windowsOf } from './mesos-maintenance';
import { writeJson } from './mesos-json';

/** One master as the face knows it. */
export type MasterPlace = {
  readonly host: string;
  readonly port: number;
  readonly startedAt: number;
};

export const versionInfo = ({ mesos }: EmulatedWorld) => ({
  version: mesos.version,
  build_date: '2020-11-18 12:00:00 UTC',
  build_time: 1_605_700_800,
  build_user: 'muster',
});

/** Undefined for a type that this master does not carry out. */
export const answerCall = (
  world: EmulatedWorld,
  place: MasterPlace,
  call: MesosCall,
): HttpReply | undefined => {
  const read = READS.get(call.type);
  if (read !== undefined) {
    const answer = read(world, place);
    const member = call.type.toLowerCase();
    return jsonReply(answer === undefined ? { type: call.type } : { type: call.type, [member]: answer });
  }
  return answerWrite(world, call);
};

export const jsonReply = (body: object): HttpReply => ({
  status: 200,
  headers: { 'Content-Type': 'application/json' },
  body: writeJson(body),
});

type Read = (world: EmulatedWorld, place: MasterPlace) => object | undefined;

const getAgents: Read = ({ mesos }) => ({
  agents: mesos.agents().map(agentMessage),
  recovered_agents: mesos.recoveredAgents().map(agentInfo),
});

const getTasks: Read = ({ mesos }) => ({
  tasks: mesos.tasks().map(taskMessage),
  unreachable_tasks: mesos.unreachableTasks().map(taskMessage),
  completed_tasks: mesos.completedTasks().map(taskMessage),
});

const getFrameworks: Read = ({ mesos }) => ({
  frameworks: mesos.frameworks().map(frameworkMessage),
  completed_frameworks: [],
});

const getExecutors: Read = () => ({ executors: [] });

const getState: Read = (world, place) => ({
  get_tasks: getTasks(world, place),
  get_executors: getExecutors(world, place),
  get_frameworks: getFrameworks(world, place),
  get_agents: getAgents(world, place),
});

/** GET_STATE's member, which SUBSCRIBED carries too. */
export const answerState = (world: EmulatedWorld, place: MasterPlace): object => getState(world, place) ?? {};

const getMetrics: Read = ({ mesos }) => ({
  metrics: Object.entries(mesos.metrics()).map(([name, value]) => ({ name, value })),
});

const getMaster: Read = (world, place) => {
  const leader = world.mesos.leader();
  if (leader.kind === 'no-leader') return undefined;
  return {
    master_info: {
      id: leader.masterId,
      ip: numericIp(place.host),
      port: place.port,
      pid: `master@${place.host}:${place.port}`,
      hostname: place.host,
      version: world.mesos.version,
      address: { hostname: place.host, ip: place.host, port: place.port },
      ...(world.settings.mesos.region === undefined
        ? {}
        : {
            domain: {
              fault_domain: {
                region: { name: world.settings.mesos.region },
                zone: { name: world.settings.mesos.region },
              },
            },
          }),
      capabilities: ['AGENT_UPDATE', ...(world.mesos.canDrain ? ['AGENT_DRAINING', 'QUOTA_V2'] : [])].map(
        (type) => ({
          type,
        }),
      ),
    },
    start_time: place.startedAt / 1000,
    elected_time: leader.since / 1000,
  };
};

/** Network byte order read as a little-endian number, as MasterInfo has it. */
const numericIp = (ip: string): number =>
  ip.split('.').reduce((sum, part, index) => sum + Number(part) * 256 ** index, 0);

/** Order of the wire: the member is absent where Mesos leaves it out (GET_WEIGHTS). */
const READS: ReadonlyMap<string, Read> = new Map<string, Read>([
  ['GET_HEALTH', () => ({ healthy: true })],
  ['GET_VERSION', (world) => ({ version_info: versionInfo(world) })],
  [
    'GET_FLAGS',
    (world) => ({ flags: Object.entries(flags(world)).map(([name, value]) => ({ name, value })) }),
  ],
  ['GET_LOGGING_LEVEL', () => ({ level: 0 })],
  ['GET_METRICS', getMetrics],
  ['GET_MASTER', getMaster],
  ['GET_AGENTS', getAgents],
  ['GET_TASKS', getTasks],
  ['GET_FRAMEWORKS', getFrameworks],
  ['GET_EXECUTORS', getExecutors],
  ['GET_OPERATIONS', () => ({})],
  ['GET_ROLES', () => ({})],
  ['GET_WEIGHTS', () => undefined],
  ['GET_QUOTA', () => ({ status: {} })],
  ['GET_STATE', getState],
  ['GET_MAINTENANCE_SCHEDULE', ({ mesos }) => ({ schedule: scheduleMessage(mesos) })],
  ['GET_MAINTENANCE_STATUS', ({ mesos }) => ({ status: statusMessage(mesos) })],
]);

/** The master's flags, those that the world's settings decide. Values are text. */
export const flags = ({ mesos, settings }: EmulatedWorld): Readonly<Record<string, string>> => ({
  agent_ping_timeout: `${settings.mesos.pingTimeoutMs / 1000}secs`,
  max_agent_ping_timeouts: `${settings.mesos.maxPingTimeouts}`,
  agent_reregister_timeout: `${settings.mesos.agentReregisterTimeoutMs / 60_000}mins`,
  allocation_interval: `${settings.mesos.allocationIntervalMs / 1000}secs`,
  cluster: mesos.clusterName,
  registry: 'replicated_log',
  quorum: `${Math.floor(mesos.masters / 2) + 1}`,
});

const answerWrite = ({ mesos }: EmulatedWorld, call: MesosCall): HttpReply | undefined => {
  const write = WRITES.get(call.type);
  if (write === undefined) return undefined;
  write(mesos, call);
  return emptyReply(200);
};

/** A call is read only with the member of its type, so that the member is there. */
const WRITES: ReadonlyMap<string, (mesos: MesosMaster, call: MesosCall) => void> = new Map([
  [
    'DRAIN_AGENT',
    (mesos: MesosMaster, { drain_agent: drain }: MesosCall): void => {
      if (drain !== undefined) mesos.drainAgent(drain.agent_id.value, drainOptions(drain));
    },
  ],
  ['DEACTIVATE_AGENT', (mesos, call) => mesos.deactivateAgent(call.deactivate_agent?.agent_id.value ?? '')],
  ['REACTIVATE_AGENT', (mesos, call) => mesos.reactivateAgent(call.reactivate_agent?.agent_id.value ?? '')],
  ['MARK_AGENT_GONE', (mesos, call) => mesos.markAgentGone(call.mark_agent_gone?.agent_id.value ?? '')],
  ['TEARDOWN', (mesos, call) => mesos.teardown(call.teardown?.framework_id.value ?? '')],
  [
    'UPDATE_MAINTENANCE_SCHEDULE',
    (mesos, { update_maintenance_schedule: update }) =>
      mesos.updateMaintenanceSchedule(windowsOf(update?.schedule ?? { windows: [] })),
  ],
  [
    'START_MAINTENANCE',
    (mesos, call) => mesos.startMaintenance(machinesOf(call.start_maintenance?.machines ?? [])),
  ],
  [
    'STOP_MAINTENANCE',
    (mesos, call) => mesos.stopMaintenance(machinesOf(call.stop_maintenance?.machines ?? [])),
  ],
]);

export const isWrite = (type: string): boolean => !READS.has(type) && type !== 'SUBSCRIBE';

export const NOT_IMPLEMENTED = textReply(501, '501 Not Implemented.');

/** `{seconds, nanos}` only: any other member is unknown, so `{nanoseconds}` means 0 (mesos-observed 6). */
const drainOptions = (
  drain: NonNullable<MesosCall['drain_agent']>,
): { maxGracePeriodNs?: number; markGone?: boolean } => ({
  ...(drain.max_grace_period === undefined
    ? {}
    : {
        maxGracePeriodNs:
          Number(drain.max_grace_period.seconds ?? 0) * 1e9 + Number(drain.max_grace_period.nanos ?? 0),
      }),
  ...(drain.mark_gone === undefined ? {} : { markGone: drain.mark_gone }),
});
