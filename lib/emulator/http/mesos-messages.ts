// The rows of the emulated master as messages of Mesos' v1 API, with the lists that v1 leaves out when empty
// (mesos-observed 33: `agents`, `tasks` and their like are always there, lists inside an agent only when they hold
// something).
import type { AttributeValue, Attributes } from '../../core/model/attributes';
import { add, NOTHING, subtract } from '../../core/model/resources';
import type {
  AgentRow,
  DrainInfo,
  FrameworkRow,
  RecoveredAgentRow,
  Reserved,
  RoleResources,
  TaskRow,
  TaskStatusRow,
} from '../mesos/api';
import { timeInfo } from './mesos-json';

const AGENT_CAPABILITIES = [
  'MULTI_ROLE',
  'HIERARCHICAL_ROLE',
  'RESERVATION_REFINEMENT',
  'RESOURCE_PROVIDER',
  'RESIZE_VOLUME',
  'AGENT_OPERATION_FEEDBACK',
  'AGENT_DRAINING',
  'TASK_RESOURCE_LIMITS',
] as const;

/** Draining, and with it whatever speaks of it, came with 1.9. */
export const capabilitiesOf = (version: string): readonly string[] =>
  AGENT_CAPABILITIES.filter((name) => canDrain(version) || !SINCE_DRAINING.has(name));
export const canDrain = (version: string): boolean => Number(version.split('.')[1]) >= 9;
const SINCE_DRAINING = new Set<string>(['AGENT_DRAINING', 'TASK_RESOURCE_LIMITS']);

/** An agent as GET_AGENTS lists it. */
export const agentMessage = (row: AgentRow): object => ({
  agent_info: agentInfo(row),
  active: row.active,
  ...(canDrain(row.version) ? { deactivated: row.deactivated } : {}),
  version: row.version,
  pid: row.pid,
  registered_time: timeInfo(row.registeredAt),
  ...(row.reregisteredAt === undefined ? {} : { reregistered_time: timeInfo(row.reregisteredAt) }),
  total_resources: resourceMessages(row.total),
  ...unlessEmpty('allocated_resources', allocated(row.allocated)),
  ...unlessEmpty('offered_resources', allocated(row.offered)),
  capabilities: capabilitiesOf(row.version).map((type) => ({ type })),
  ...drainMembers(row),
});

const drainMembers = (row: AgentRow): object => {
  if (row.drain === undefined) return {};
  // Whole seconds in v1 (mesos-observed 8).
  const started = Math.floor(row.drain.startedAt / 1000) * 1000;
  return {
    drain_info: drainInfo(row.drain),
    ...(knowsDrainStart(row, row.drain) ? { estimated_drain_start_time: timeInfo(started) } : {}),
  };
};

/** The start of a drain is forgotten when the agent reregisters, though the drain goes on (mesos-observed 8). */
export const knowsDrainStart = (row: AgentRow, drain: DrainInfo): boolean =>
  (row.reregisteredAt ?? row.registeredAt) <= drain.startedAt;

export const drainInfo = (drain: DrainInfo): object => ({
  state: drain.state,
  config: {
    ...(drain.maxGracePeriodNs === undefined
      ? {}
      : { max_grace_period: { nanoseconds: BigInt(drain.maxGracePeriodNs) } }),
    mark_gone: drain.markGone,
  },
});

/** AgentInfo: what an agent announced, and all that is known of a recovered one. */
export const agentInfo = (row: RecoveredAgentRow): object => ({
  hostname: row.hostname,
  port: row.port,
  resources: announced(row.total),
  ...unlessEmpty('attributes', attributeMessages(row.attributes)),
  id: { value: row.id },
  checkpoint: true,
  ...(row.domain === undefined
    ? {}
    : {
        domain: {
          fault_domain: { region: { name: row.domain.region }, zone: { name: row.domain.zone } },
        },
      }),
});

const attributeMessages = (attributes: Attributes): readonly object[] =>
  Object.entries(attributes).map(([name, value]) => ({ name, ...attributeValue(value) }));

const attributeValue = (value: AttributeValue): object => {
  switch (value.kind) {
    case 'text':
      return { type: 'TEXT', text: { value: value.value } };
    case 'scalar':
      return { type: 'SCALAR', scalar: { value: value.value } };
    case 'ranges':
      return { type: 'RANGES', ranges: { range: value.ranges } };
    default:
      return value satisfies never;
  }
};

/** AgentInfo's own resources carry no role where they are everybody's. */
const announced = (rows: readonly RoleResources[]): readonly object[] =>
  unreservedAgain(rows).flatMap((row) => resources(row, row.role === '*' ? {} : reserved(row.role)));

/** An agent announces what it has, whatever frameworks reserve of it later. */
const unreservedAgain = (rows: readonly RoleResources[]): readonly RoleResources[] => {
  const taken = rows.flatMap((row) => row.reserved ?? []);
  const bare = rows.map((row) => staticPart(row)).filter((row) => !isNothing(row));
  if (taken.length === 0) return bare;
  const sum = taken.map((part) => part.resources).reduce(add, NOTHING);
  return bare.map((row) => (row.role === '*' ? { ...row, resources: add(row.resources, sum) } : row));
};

export const resourceMessages = (rows: readonly RoleResources[]): readonly object[] =>
  rows.flatMap((row) => resources(row, reserved(row.role)));

export const allocated = (rows: readonly RoleResources[]): readonly object[] =>
  rows.flatMap((row) => resources(row, { ...reserved(row.role), allocation_info: { role: row.role } }));

/** A task's resources name the role that they are allocated to, and a reservation only where there is one. */
const ofTask = (rows: readonly RoleResources[]): readonly object[] =>
  rows.flatMap((row) => resources(row, { allocation_info: { role: row.role } }));

const reserved = (role: string): object =>
  role === '*' ? { role } : { role, reservations: [{ type: 'STATIC', role }] };

/** A row with what is reserved in it: each reservation apart, its volumes as disks of their own. */
const resources = (row: RoleResources, more: object): readonly object[] => [
  ...amounts(staticPart(row), more),
  ...(row.reserved ?? []).flatMap((part) => reservedAmounts(part, more)),
];

const staticPart = (row: RoleResources): RoleResources => {
  if (row.reserved === undefined) return row;
  const dynamic = row.reserved.map((part) => part.resources).reduce(add, NOTHING);
  return { role: row.role, resources: subtract(row.resources, dynamic), portRanges: row.portRanges };
};

const isNothing = (row: RoleResources): boolean => amounts(row, {}).length === 0;

const reservedAmounts = (part: Reserved, more: object): readonly object[] => {
  const labels = Object.entries(part.labels).map(([key, value]) => ({ key, value }));
  const held = {
    ...more,
    role: part.role,
    reservations: [{ type: 'DYNAMIC', role: part.role, principal: part.principal, labels: { labels } }],
  };
  const inVolumes = part.volumes.reduce((sum, volume) => sum + volume.sizeMib, 0);
  const bare = { ...part.resources, diskMib: part.resources.diskMib - inVolumes };
  return [
    ...amounts({ role: part.role, resources: bare, portRanges: [] }, held),
    ...part.volumes.flatMap(({ id, containerPath, sizeMib }) =>
      scalar('disk', sizeMib, {
        ...held,
        disk: {
          persistence: { id, principal: part.principal },
          volume: { container_path: containerPath, mode: 'RW' },
        },
      }),
    ),
  ];
};

const amounts = ({ resources: amount, portRanges }: RoleResources, more: object): readonly object[] => [
  ...scalar('cpus', amount.cpuMilli / 1000, more),
  ...scalar('mem', amount.memMib, more),
  ...scalar('disk', amount.diskMib, more),
  ...scalar('gpus', amount.gpus, more),
  ...(portRanges.length === 0
    ? []
    : [{ name: 'ports', type: 'RANGES', ranges: { range: portRanges }, ...more }]),
];

const scalar = (name: string, value: number, more: object): readonly object[] =>
  value === 0 ? [] : [{ name, type: 'SCALAR', scalar: { value }, ...more }];

export const taskMessage = (row: TaskRow): object => ({
  name: row.name,
  task_id: { value: row.id },
  framework_id: { value: row.frameworkId },
  agent_id: { value: row.agentId },
  state: row.state,
  resources: ofTask(row.resources),
  ...unlessEmpty(
    'statuses',
    row.statuses.map((status) => statusMessage(row, status)),
  ),
  ...(row.statuses.length === 0 ? {} : { status_update_state: lastUpdate(row) }),
  ...labelMembers(row.labels),
});

/** The last state that an agent sent: what the master says of itself (unreachable, gone) is not in it. */
const lastUpdate = (row: TaskRow): string =>
  row.statuses.findLast((status) => status.source !== 'SOURCE_MASTER')?.state ?? row.state;

const labelMembers = (labels: Readonly<Record<string, string>>): object => {
  const list = Object.entries(labels).map(([key, value]) => ({ key, value }));
  return list.length === 0 ? {} : { labels: { labels: list } };
};

export const statusMessage = (task: TaskRow, status: TaskStatusRow): object => ({
  task_id: { value: task.id },
  state: status.state,
  ...(status.message === undefined ? {} : { message: status.message }),
  source: status.source,
  ...(status.reason === undefined ? {} : { reason: status.reason }),
  agent_id: { value: task.agentId },
  timestamp: status.at / 1000,
  ...(status.healthy === undefined ? {} : { healthy: status.healthy }),
  ...(status.state === 'TASK_UNREACHABLE' ? { unreachable_time: timeInfo(status.at) } : {}),
});

export const frameworkMessage = (row: FrameworkRow): object => ({
  framework_info: frameworkInfo(row),
  active: row.active,
  connected: row.connected,
  recovered: false,
  registered_time: timeInfo(row.registeredAt),
  offer_constraints: {},
});

export const frameworkInfo = (row: FrameworkRow): object => ({
  user: 'root',
  name: row.name,
  id: { value: row.id },
  failover_timeout: row.failoverTimeoutMs / 1000,
  checkpoint: true,
  roles: row.roles,
  ...(row.principal === undefined ? {} : { principal: row.principal }),
  capabilities: frameworkCapabilities(row).map((type) => ({ type })),
});

export const frameworkCapabilities = (row: FrameworkRow): readonly string[] =>
  row.partitionAware ? ['PARTITION_AWARE', 'MULTI_ROLE'] : ['MULTI_ROLE'];

const unlessEmpty = (name: string, list: readonly object[]): object =>
  list.length === 0 ? {} : { [name]: list };
