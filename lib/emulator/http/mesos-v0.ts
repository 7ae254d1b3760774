// The older reads of the master, from the same rows: sums instead of lists, seconds instead of nanoseconds, `slave`
// instead of `agent` (recordings `http-*`).
import type { Attributes } from '../../core/model/attributes';
import { attributeText } from '../../core/model/attributes';
import { add, NOTHING } from '../../core/model/resources';
import type { AgentRow, FrameworkRow, RoleResources, TaskRow } from '../mesos/api';
import type { EmulatedWorld } from '../world';
import type { MasterPlace } from './mesos-answers';
import { flags, versionInfo } from './mesos-answers';
import {
  allocated,
  canDrain,
  capabilitiesOf,
  drainInfo,
  frameworkCapabilities,
  knowsDrainStart,
  resourceMessages,
} from './mesos-messages';

const COUNTED = [
  'TASK_STAGING',
  'TASK_STARTING',
  'TASK_RUNNING',
  'TASK_KILLING',
  'TASK_FINISHED',
  'TASK_KILLED',
  'TASK_FAILED',
  'TASK_LOST',
  'TASK_ERROR',
  'TASK_UNREACHABLE',
] as const;

/** GET /slaves, of one agent when `slaveId` is given. */
export const slaves = ({ mesos }: EmulatedWorld, slaveId: string | null): object => ({
  slaves: mesos
    .agents()
    .filter((row) => slaveId === null || row.id === slaveId)
    .map((row) => ({ ...slave(row), ...fullResources(row) })),
  recovered_slaves: mesos
    .recoveredAgents()
    .filter((row) => slaveId === null || row.id === slaveId)
    .map((row) => ({
      id: row.id,
      hostname: row.hostname,
      port: row.port,
      attributes: attributeTexts(row.attributes),
    })),
});

/** GET /state-summary: every agent with the counts of its tasks, ended ones included. */
export const stateSummary = (world: EmulatedWorld, place: MasterPlace): object => {
  const { mesos } = world;
  const tasks = [...mesos.tasks(), ...mesos.unreachableTasks(), ...mesos.completedTasks()];
  const byAgent = groupBy(tasks, (task) => task.agentId);
  const byFramework = groupBy(tasks, (task) => task.frameworkId);
  return {
    hostname: place.host,
    cluster: mesos.clusterName,
    slaves: mesos.agents().map((row) => {
      const own = byAgent.get(row.id) ?? [];
      return { ...slave(row), ...counts(own), framework_ids: distinct(own.map((task) => task.frameworkId)) };
    }),
    frameworks: mesos.frameworks().map((row) => {
      const own = byFramework.get(row.id) ?? [];
      return {
        ...frameworkSums(row, own),
        ...counts(own),
        slave_ids: distinct(own.map((task) => task.agentId)),
      };
    }),
  };
};

/** GET /state: all of it. */
export const state = (world: EmulatedWorld, place: MasterPlace): object => {
  const { mesos } = world;
  const leader = mesos.leader();
  const agents = mesos.agents();
  const isLeading = leader.kind === 'leading';
  const pid = `master@${place.host}:${place.port}`;
  return {
    ...versionInfo(world),
    start_time: place.startedAt / 1000,
    ...(isLeading ? { elected_time: leader.since / 1000, id: leader.masterId } : {}),
    pid,
    hostname: place.host,
    capabilities: ['AGENT_UPDATE', 'AGENT_DRAINING', 'QUOTA_V2'],
    activated_slaves: agents.filter((row) => row.active).length,
    deactivated_slaves: agents.filter((row) => !row.active).length,
    unreachable_slaves: mesos.unreachableCount(),
    leader: pid,
    ...(isLeading
      ? { leader_info: { id: leader.masterId, pid, port: place.port, hostname: place.host } }
      : {}),
    cluster: mesos.clusterName,
    flags: flags(world),
    ...slaves(world, null),
    frameworks: frameworkList(world),
    completed_frameworks: [],
    orphan_tasks: [],
    unregistered_frameworks: [],
  };
};

/** GET /frameworks. */
export const frameworks = (world: EmulatedWorld, frameworkId: string | null): object => ({
  frameworks: frameworkList(world).filter((row) => frameworkId === null || row.id === frameworkId),
  completed_frameworks: [],
  unregistered_frameworks: [],
});

const frameworkList = ({ mesos }: EmulatedWorld): readonly { readonly id: string }[] => {
  const running = groupBy(mesos.tasks(), (task) => task.frameworkId);
  const unreachable = groupBy(mesos.unreachableTasks(), (task) => task.frameworkId);
  const completed = groupBy(mesos.completedTasks(), (task) => task.frameworkId);
  return mesos.frameworks().map((row) => ({
    ...frameworkSums(row, running.get(row.id) ?? []),
    id: row.id,
    user: 'root',
    failover_timeout: row.failoverTimeoutMs / 1000,
    checkpoint: true,
    registered_time: row.registeredAt / 1000,
    unregistered_time: 0,
    roles: row.roles,
    tasks: (running.get(row.id) ?? []).map(task),
    unreachable_tasks: (unreachable.get(row.id) ?? []).map(task),
    completed_tasks: (completed.get(row.id) ?? []).map(task),
    offers: [],
    executors: [],
    offer_constraints: {},
  }));
};

const frameworkSums = (row: FrameworkRow, own: readonly TaskRow[]): object => ({
  id: row.id,
  name: row.name,
  used_resources: sums(own.filter((one) => !isEnded(one)).flatMap((one) => one.resources)),
  offered_resources: sums([]),
  capabilities: frameworkCapabilities(row),
  hostname: '',
  webui_url: '',
  active: row.active,
  connected: row.connected,
  recovered: false,
});

/** GET /tasks: newest first unless asked otherwise, 100 of them unless asked otherwise. */
export const tasks = ({ mesos }: EmulatedWorld, query: URLSearchParams): object => {
  const wanted = [...mesos.tasks(), ...mesos.unreachableTasks(), ...mesos.completedTasks()]
    .filter((row) => [null, row.frameworkId].includes(query.get('framework_id')))
    .filter((row) => [null, row.id].includes(query.get('task_id')))
    .sort((a, b) => (a.statuses[0]?.at ?? 0) - (b.statuses[0]?.at ?? 0));
  const ordered = query.get('order') === 'asc' ? wanted : wanted.toReversed();
  const from = wholeOr(query.get('offset'), 0);
  return { tasks: ordered.slice(from, from + wholeOr(query.get('limit'), 100)).map(task) };
};

const wholeOr = (text: string | null, otherwise: number): number =>
  text !== null && /^\d+$/.test(text) ? Number(text) : otherwise;

const isEnded = (row: TaskRow): boolean =>
  !['TASK_STAGING', 'TASK_STARTING', 'TASK_RUNNING', 'TASK_KILLING'].includes(row.state);

const task = (row: TaskRow): object => ({
  id: row.id,
  name: row.name,
  framework_id: row.frameworkId,
  executor_id: '',
  slave_id: row.agentId,
  state: row.state,
  resources: sums(row.resources),
  role: row.resources[0]?.role ?? '*',
  statuses: row.statuses.map((status) => ({
    state: status.state,
    timestamp: status.at / 1000,
    ...(status.healthy === undefined ? {} : { healthy: status.healthy }),
  })),
  ...(Object.keys(row.labels).length === 0
    ? {}
    : { labels: Object.entries(row.labels).map(([key, value]) => ({ key, value })) }),
});

const slave = (row: AgentRow): object => ({
  id: row.id,
  hostname: row.hostname,
  port: row.port,
  attributes: attributeTexts(row.attributes),
  ...(row.domain === undefined
    ? {}
    : {
        domain: { fault_domain: { region: { name: row.domain.region }, zone: { name: row.domain.zone } } },
      }),
  pid: row.pid,
  registered_time: row.registeredAt / 1000,
  ...(row.reregisteredAt === undefined ? {} : { reregistered_time: row.reregisteredAt / 1000 }),
  resources: sums(row.total),
  used_resources: sums(row.allocated),
  offered_resources: sums(row.offered),
  reserved_resources: Object.fromEntries(
    row.total.filter(({ role }) => role !== '*').map((part) => [part.role, sums([part])]),
  ),
  unreserved_resources: sums(row.total.filter(({ role }) => role === '*')),
  active: row.active,
  ...(canDrain(row.version) ? { deactivated: row.deactivated } : {}),
  version: row.version,
  capabilities: capabilitiesOf(row.version),
  ...(row.drain === undefined
    ? {}
    : {
        drain_info: drainInfo(row.drain),
        ...(knowsDrainStart(row, row.drain)
          ? { estimated_drain_start_time_seconds: row.drain.startedAt / 1000 }
          : {}),
      }),
});

const fullResources = (row: AgentRow): object => {
  const reserved = row.total.filter(({ role }) => role !== '*');
  return {
    reserved_resources_full: Object.fromEntries(
      reserved.map((part) => [part.role, resourceMessages([part])]),
    ),
    unreserved_resources_full: resourceMessages(row.total.filter(({ role }) => role === '*')),
    used_resources_full: allocated(row.allocated),
    offered_resources_full: allocated(row.offered),
  };
};

/** Text, scalars as numbers, ranges as text. */
const attributeTexts = (attributes: Attributes): object =>
  Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [
      name,
      value.kind === 'scalar' ? value.value : attributeText(value),
    ]),
  );

const sums = (rows: readonly RoleResources[]): object => {
  const total = rows.reduce((sum, row) => add(sum, row.resources), NOTHING);
  const ports = rows.flatMap((row) => row.portRanges).map(({ begin, end }) => `${begin}-${end}`);
  return {
    disk: total.diskMib,
    mem: total.memMib,
    gpus: total.gpus,
    cpus: total.cpuMilli / 1000,
    ...(ports.length === 0 ? {} : { ports: `[${ports.join(', ')}]` }),
  };
};

const counts = (rows: readonly TaskRow[]): object =>
  Object.fromEntries(COUNTED.map((name) => [name, rows.filter((row) => row.state === name).length]));

const groupBy = <T>(rows: readonly T[], keyOf: (row: T) => string): ReadonlyMap<string, readonly T[]> => {
  const groups = new Map<string, T[]>();
  for (const row of rows) {
    const group = groups.get(keyOf(row));
    if (group === undefined) groups.set(keyOf(row), [row]);
    else group.push(row);
  }
  return groups;
};

const distinct = (names: readonly string[]): readonly string[] => [...new Set(names)];
