// Marathon's wire forms → the core's nouns. What a run spec needs is rounded up.
import type {
  AppState,
  AppTask,
  Constraint,
  Operator,
  QueueItem,
  Reject,
  RejectReason,
  RunSpec,
  Task,
} from '../core/model/app';
import { OPERATORS, REJECT_REASONS } from '../core/model/app';
import type { Resources } from '../core/model/resources';
import { add } from '../core/model/resources';
import type { WireApp, WirePod, WirePodStatus, WireQueueItem, WireTask } from './schema';

/** What the wire leaves out. */
export type Defaults = {
  /** Marathon's own role (`--mesos_role`): the role of every run spec before 1.9 (semantics §2.9). */
  readonly role: string;
};

/** Throws an Error that names what cannot be understood; the caller makes it one fault of the source. */
export const queueItemOf = (wire: WireQueueItem, defaults: Defaults): QueueItem => {
  const runSpec = runSpecOf(wire, { role: wire.role ?? defaults.role });
  return {
    runSpec,
    count: wire.count,
    // Old versions do not say: the wait cannot have begun before the definition it waits for.
    since: instantOf(wire.since ?? runSpec.version),
    // `overdue` lags by up to a second, the time left does not (semantics §2.4).
    backoffMs: Math.max(0, wire.delay?.timeLeftSeconds ?? 0) * 1_000,
    ...offersOf(wire.processedOffersSummary ?? {}),
  };
};

const runSpecOf = (wire: WireQueueItem, defaults: Defaults): RunSpec => {
  if (wire.app) return appOf(wire.app, defaults);
  if (wire.pod) return podOf(wire.pod, defaults);
  throw new Error('it has neither an app nor a pod');
};

type Summary = NonNullable<WireQueueItem['processedOffersSummary']>;

const offersOf = (summary: Summary) => ({
  processedOffers: summary.processedOffersCount ?? 0,
  ...(summary.lastUsedOfferAt ? { lastUsedOfferAt: instantOf(summary.lastUsedOfferAt) } : {}),
  rejects: (summary.rejectSummaryLastOffers ?? []).flatMap(rejectOf),
});

const rejectOf = (row: { reason: string; declined: number; processed: number }): Reject[] => {
  const { reason, declined, processed } = row;
  if (isReason(reason)) return [{ reason, declined, processed }];
  if (declined === 0) return [];
  throw new Error(`offers were declined for "${reason}", which is no reason that is known`);
};

const isReason = (text: string): text is RejectReason => REJECT_REASONS.some((reason) => reason === text);

/** An instance counts for constraints while its version is at least that of the last change of the definition
 *  (semantics §2.5): scaling makes a new version but no other definition, so the time of the change is taken. */
export const appOf = (wire: WireApp, defaults: Defaults): RunSpec => ({
  id: absolute(wire.id),
  kind: 'app',
  role: wire.role ?? defaults.role,
  version: definitionVersionOf(wire),
  instances: wire.instances ?? 1,
  each: { ...sumOf([ownAmounts(wire), wire.executorResources ?? {}]), ports: appPorts(wire) },
  constraints: (wire.constraints ?? []).map(([field, operator, value]) =>
    constraintOf(String(field ?? ''), String(operator ?? ''), value),
  ),
  acceptedRoles: wire.acceptedResourceRoles ?? [],
  labels: wire.labels ?? {},
  resident: Boolean(wire.residency) || hasPersistent(wire.container?.volumes),
});

/** With the defaults of Marathon's RAML. */
const ownAmounts = ({ cpus, mem, disk, gpus }: Amounts): Amounts => ({
  cpus: cpus ?? 1,
  mem: mem ?? 128,
  disk,
  gpus,
});

export const definitionVersionOf = (wire: WireApp): string =>
  wire.versionInfo?.lastConfigChangeAt ?? wire.version ?? EPOCH;

const EPOCH = '1970-01-01T00:00:00.000Z';

export const podOf = (wire: WirePod, defaults: Defaults): RunSpec => {
  const placement = wire.scheduling?.placement;
  const executor = { cpus: 0.1, mem: 32, disk: 10, ...present(wire.executorResources ?? {}) };
  const containers = wire.containers.map((container) => ({
    cpus: 1,
    mem: 128,
    ...present(container.resources ?? {}),
  }));
  const ports = wire.containers
    .flatMap((container) => container.endpoints ?? [])
    .filter(takesHostPort).length;
  return {
    id: absolute(wire.id),
    kind: 'pod',
    role: wire.role ?? defaults.role,
    version: wire.version ?? EPOCH,
    instances: wire.scaling?.instances ?? 1,
    each: { ...sumOf([...containers, executor]), ports },
    constraints: (placement?.constraints ?? []).map(({ fieldName, operator, value }) =>
      constraintOf(fieldName, operator, value),
    ),
    acceptedRoles: placement?.acceptedResourceRoles ?? [],
    labels: wire.labels ?? {},
    resident: hasPersistent(wire.volumes),
  };
};

type Maybe = number | null | undefined;
type Amounts = { readonly cpus?: Maybe; readonly mem?: Maybe; readonly disk?: Maybe; readonly gpus?: Maybe };

const present = (amounts: Amounts) =>
  Object.fromEntries(Object.entries(amounts).filter(([, value]) => value != null));

/** Each amount is taken in Mesos' thousandths, so that sums are those of Mesos, and rounded up at the end. */
const sumOf = (parts: readonly Amounts[]): Omit<Resources, 'ports'> => {
  const sum = parts
    .map(({ cpus, mem, disk, gpus }) => ({
      cpuMilli: thousandths(cpus),
      memMib: thousandths(mem),
      diskMib: thousandths(disk),
      gpus: thousandths(gpus),
      ports: 0,
    }))
    .reduce(add);
  return {
    cpuMilli: sum.cpuMilli,
    memMib: Math.ceil(sum.memMib / 1_000),
    diskMib: Math.ceil(sum.diskMib / 1_000),
    gpus: Math.ceil(sum.gpus / 1_000),
  };
};

const thousandths = (value: number | null | undefined): number => Math.round((value ?? 0) * 1_000);

/** Ports taken from the agent's range. On the host's network that is every definition; a bridge maps each container
 *  port to one unless told otherwise; a container on a network of its own takes only those that it names. */
const appPorts = (wire: WireApp): number => {
  const mappings = wire.container?.portMappings ?? wire.container?.docker?.portMappings;
  const mode = networkModeOf(wire);
  if (!mappings || mode === 'host') return (wire.portDefinitions ?? wire.ports ?? []).length;
  if (mode === 'container/bridge' || mode === 'bridge') return mappings.length;
  return mappings.filter(takesHostPort).length;
};

/** `networks` since 1.5, Docker's own word before. */
const networkModeOf = (wire: WireApp): string | undefined =>
  wire.networks?.[0]?.mode ?? wire.container?.docker?.network?.toLowerCase();

const takesHostPort = ({ hostPort }: { readonly hostPort?: Maybe }): boolean => typeof hostPort === 'number';

const constraintOf = (
  field: string,
  operator: string,
  value: string | number | null | undefined,
): Constraint => {
  const name = operator.toUpperCase();
  if (field === '' || !isOperator(name)) {
    throw new Error(`its constraint ${JSON.stringify([field, operator])} has no operator that is known`);
  }
  return { field, operator: name, ...(value == null || value === '' ? {} : { value: String(value) }) };
};

const isOperator = (text: string): text is Operator => OPERATORS.some((operator) => operator === text);

const hasPersistent = (volumes: readonly { persistent?: unknown }[] | null | undefined): boolean =>
  (volumes ?? []).some((volume) => Boolean(volume.persistent));

const absolute = (id: string): string => (id.startsWith('/') ? id : `/${id}`);

const instantOf = (text: string): number => {
  const at = Date.parse(text);
  if (Number.isNaN(at)) throw new Error(`${JSON.stringify(text)} is no time`);
  return at;
};

/** Tasks of one app. One started by a version that only scaled has the app's own definition. */
export const appTasksOf = (wire: readonly WireTask[], app: WireApp): readonly Task[] => {
  const definition = definitionVersionOf(app);
  return wire.flatMap((task) => {
    if (!task.host) return [];
    const version = task.version ?? definition;
    return {
      id: task.id,
      runSpec: absolute(app.id),
      version: Date.parse(version) >= Date.parse(definition) ? definition : version,
      condition: conditionOf(task.state ?? 'TASK_STAGING'),
      host: task.host,
      ...(task.slaveId ? { agentId: task.slaveId } : {}),
    };
  });
};

/** `tasks` are the app's, where its own page did not carry them. */
export const appStateOf = (wire: WireApp, tasks: readonly WireTask[], defaults: Defaults): AppState => ({
  runSpec: appOf(wire, defaults),
  // Marathon's own default (semantics §2.3); an app with a volume may never have more.
  maximumOverCapacity: wire.upgradeStrategy?.maximumOverCapacity ?? 1,
  deployments: (wire.deployments ?? []).map(({ id }) => id),
  tasks: appTasksOf(tasks, wire).flatMap((task): readonly AppTask[] => {
    const own = tasks.find(({ id }) => id === task.id);
    if (task.agentId === undefined || own === undefined) return [];
    return [
      {
        ...task,
        agentId: task.agentId,
        healthy: task.condition === 'Running' && passesChecks(own, (wire.healthChecks ?? []).length),
        ...(own.startedAt ? { startedAt: instantOf(own.startedAt) } : {}),
      },
    ];
  }),
});

/** A check that has not answered yet has not been passed. */
const passesChecks = ({ healthCheckResults }: WireTask, checks: number): boolean => {
  const results = healthCheckResults ?? [];
  return results.length >= checks && results.every((result) => result?.alive === true);
};

/** Pods know no over-capacity by the API: they are moved one at a time. */
export const podStateOf = (wire: WirePodStatus, defaults: Defaults): AppState => {
  const stable = new Set(
    (wire.instances ?? []).flatMap(({ id, status }) => (status === 'STABLE' ? [id] : [])),
  );
  return {
    runSpec: podOf(wire.spec, defaults),
    maximumOverCapacity: 0,
    deployments: [],
    tasks: podTasksOf(wire).flatMap((task): readonly AppTask[] =>
      task.agentId === undefined ? [] : [{ ...task, agentId: task.agentId, healthy: stable.has(task.id) }],
    ),
  };
};

/** `TASK_RUNNING` → `Running`; the states that Marathon takes for gone are one condition. */
const conditionOf = (state: string): string => {
  const name = state.replace(/^TASK_/, '').toLowerCase();
  if (name === 'gone_by_operator' || name === 'lost') return 'Gone';
  return name.charAt(0).toUpperCase() + name.slice(1);
};

/** Instances of a pod that are on an agent. Its status does not tell a scaling from a change of the definition, so
 *  all count as of the present one. */
export const podTasksOf = (wire: WirePodStatus): readonly Task[] =>
  (wire.instances ?? []).flatMap((instance) => {
    if (!instance.agentHostname) return [];
    const states = (instance.containers ?? []).map((container) => container.status ?? '');
    return {
      id: instance.id,
      runSpec: absolute(wire.id),
      version: wire.spec.version ?? EPOCH,
      condition: states.includes('TASK_UNREACHABLE') ? 'Unreachable' : podCondition(instance.status ?? ''),
      host: instance.agentHostname,
      ...(instance.agentId ? { agentId: instance.agentId } : {}),
    };
  });

const podCondition = (status: string): string => {
  switch (status) {
    case 'STABLE':
    case 'DEGRADED':
      return 'Running';
    case 'TERMINAL':
      return 'Finished';
    default:
      return 'Staging';
  }
};
