// Marathon's answers about apps, tasks, pods and groups.
import { iso } from '../base';
import type {
  AppDefinition,
  AppRow,
  GroupRow,
  InstanceRow,
  PodDefinition,
  PodInstanceRow,
  PodStatusRow,
  TaskRow,
} from './api';
import type { Condition, Instance, MarathonState, Service } from './state';

export const isAppDefinition = (definition: AppDefinition | PodDefinition): definition is AppDefinition =>
  !('containers' in definition);

export const appRow = (service: Service): AppRow[] => {
  const { definition } = service;
  if (!isAppDefinition(definition)) return [];
  const counts = { tasksStaged: 0, tasksRunning: 0, tasksHealthy: 0, tasksUnhealthy: 0 };
  for (const instance of service.instances.values()) {
    if (['Provisioned', 'Staging', 'Starting'].includes(instance.condition)) counts.tasksStaged += 1;
    if (instance.condition === 'Running') counts.tasksRunning += 1;
    if (instance.healthy === true) counts.tasksHealthy += 1;
    if (instance.healthy === false) counts.tasksUnhealthy += 1;
  }
  const deployments = service.deployment === undefined ? [] : [{ id: service.deployment.id }];
  return [{ ...versioned(service, definition), ...counts, deployments }];
};

/** A scaling makes a new version, but the definition has changed at another time. */
export const versioned = (service: Service, definition: AppDefinition): AppDefinition => ({
  ...definition,
  versionInfo: { lastScalingAt: definition.version, lastConfigChangeAt: service.version },
});

const TASK_STATES: Partial<Record<Condition, string>> = {
  Provisioned: 'TASK_STAGING',
  UnreachableInactive: 'TASK_UNREACHABLE',
};
const stateName = (condition: Condition): string =>
  TASK_STATES[condition] ?? `TASK_${condition.toUpperCase()}`;

/** Only an instance with a task and an agent is a task; pods never are. */
export const taskRow = (instance: Instance): TaskRow | undefined => {
  const { task, agent, service } = instance;
  if (task === undefined || agent === undefined || service.kind !== 'app') return undefined;
  return {
    id: task.id,
    appId: service.id,
    host: agent.hostname,
    slaveId: agent.id,
    state: stateName(instance.condition),
    stagedAt: iso(instance.stagedAt ?? instance.since),
    version: instance.version,
    ports: instance.ports,
    role: service.terms.role,
    ipAddresses: [{ ipAddress: agent.ip, protocol: 'IPv4' }],
    ...(instance.startedAt === undefined ? {} : { startedAt: iso(instance.startedAt) }),
    ...(agent.domain === undefined ? {} : { region: agent.domain.region, zone: agent.domain.zone }),
    ...(instance.healthy === undefined
      ? {}
      : {
          healthCheckResults: [
            {
              alive: instance.healthy,
              instanceId: instance.id,
              taskId: task.id,
              consecutiveFailures: instance.healthy ? 0 : 1,
            },
          ],
        }),
  };
};

export const instanceRow = (instance: Instance): InstanceRow => ({
  instanceId: instance.id,
  runSpecId: instance.service.id,
  version: instance.version,
  condition: instance.condition,
  goal: instance.goal,
  since: instance.since,
  ...(instance.task === undefined ? {} : { taskId: instance.task.id }),
  ...(instance.healthy === undefined ? {} : { healthy: instance.healthy }),
  ...(instance.task === undefined || instance.agent === undefined
    ? {}
    : { host: instance.agent.hostname, agentId: instance.agent.id }),
});

const POD_STATES: Partial<Record<Condition, string>> = {
  Scheduled: 'PENDING',
  Provisioned: 'PENDING',
  Staging: 'STAGING',
  Starting: 'STAGING',
  Running: 'STABLE',
};

export const podStatusRow = (service: Service): PodStatusRow[] => {
  const { definition } = service;
  if (isAppDefinition(definition)) return [];
  const instances = [...service.instances.values()].filter((instance) => instance.task !== undefined);
  const running = instances.filter((instance) => instance.condition === 'Running').length;
  return [
    {
      id: service.id,
      spec: definition,
      status: running >= service.target ? 'STABLE' : 'DEGRADED',
      statusSince: iso(Math.max(...instances.map(({ since }) => since), Date.parse(service.version), 0)),
      instances: instances.map(podInstanceRow),
    },
  ];
};

export const podInstanceRow = (instance: Instance): PodInstanceRow => {
  const { agent, service } = instance;
  const { each } = service.terms;
  const status = POD_STATES[instance.condition] ?? 'DEGRADED';
  return {
    id: instance.id,
    status,
    statusSince: iso(instance.since),
    conditions: [],
    specReference: `/v2/pods${service.id}::versions/${instance.version}`,
    resources: { cpus: each.cpuMilli / 1000, mem: each.memMib, disk: each.diskMib, gpus: each.gpus },
    containers: service.terms.containers.map((name) => ({
      name,
      status: stateName(instance.condition),
      statusSince: iso(instance.since),
      containerId: `${instance.id}.${name}.${instance.incarnation}`,
    })),
    ...(agent === undefined ? {} : { agentId: agent.id, agentHostname: agent.hostname }),
    ...(agent?.domain === undefined
      ? {}
      : { agentRegion: agent.domain.region, agentZone: agent.domain.zone }),
  };
};

/** Groups are only the paths of what is in them. */
export const groupRow = (state: MarathonState, id: string): GroupRow => {
  const prefix = id === '/' ? '/' : `${id}/`;
  const inside = [...state.services.values()].filter((service) => service.id.startsWith(prefix));
  const direct = inside.filter((service) => !service.id.slice(prefix.length).includes('/'));
  const names = inside
    .map((service) => service.id.slice(prefix.length).split('/'))
    .flatMap(([first, ...rest]) => (first !== undefined && rest.length > 0 ? [first] : []));
  const versions = inside.map((service) => service.definition.version).sort();
  return {
    id,
    version: versions.at(-1) ?? iso(state.electedAt),
    apps: direct.flatMap(appRow),
    pods: direct.flatMap(({ definition }) => (isAppDefinition(definition) ? [] : [definition])),
    groups: [...new Set(names)].sort().map((name) => groupRow(state, `${prefix}${name}`)),
    dependencies: [],
  };
};
