// Definitions as they are posted: checked, filled with Marathon's defaults, and boiled down to what launching needs.
import { z } from 'zod';
import type { Constraint } from '../../core/model/app';
import { OPERATORS } from '../../core/model/app';
import type { Resources } from '../../core/model/resources';
import { add, NOTHING } from '../../core/model/resources';
import type { AppDefinition, PodDefinition } from './api';
import { MarathonFailure } from './api';
import type { Terms } from './state';

const amount = z.number().min(0);
const labels = z.record(z.string(), z.string());
const constraint = z.array(z.string()).min(2).max(3);
const unreachable = z.union([
  z.literal('disabled'),
  z.object({ inactiveAfterSeconds: z.number().int().min(0), expungeAfterSeconds: z.number().int().min(0) }),
]);

const appSchema = z.looseObject({
  id: z.string().min(1),
  instances: z.number().int().min(0).default(1),
  cpus: amount.default(1),
  mem: amount.default(128),
  disk: amount.default(0),
  gpus: z.number().int().min(0).default(0),
  role: z.string().default('*'),
  constraints: z.array(constraint).default([]),
  labels: labels.default({}),
  backoffSeconds: amount.default(1),
  backoffFactor: z.number().min(1).default(1.15),
  maxLaunchDelaySeconds: amount.default(300),
  taskKillGracePeriodSeconds: amount.optional(),
  upgradeStrategy: z
    .object({
      minimumHealthCapacity: z.number().min(0).max(1),
      maximumOverCapacity: z.number().min(0).max(1),
    })
    .optional(),
  unreachableStrategy: unreachable.optional(),
  killSelection: z.enum(['YOUNGEST_FIRST', 'OLDEST_FIRST']).default('YOUNGEST_FIRST'),
  acceptedResourceRoles: z.array(z.string()).optional(),
  healthChecks: z.array(z.unknown()).default([]),
  portDefinitions: z
    .array(z.looseObject({ port: z.number().int().min(0).max(65_535).default(0) }))
    .optional(),
  requirePorts: z.boolean().default(false),
});

const podSchema = z.looseObject({
  id: z.string().min(1),
  role: z.string().default('*'),
  containers: z
    .array(
      z.looseObject({
        name: z.string().min(1),
        resources: z.looseObject({
          cpus: amount,
          mem: amount,
          disk: amount.default(0),
          gpus: amount.default(0),
        }),
        endpoints: z.array(z.looseObject({ hostPort: z.number().int().min(0).optional() })).default([]),
      }),
    )
    .min(1),
  labels: labels.default({}),
  executorResources: z
    .object({ cpus: amount.default(0.1), mem: amount.default(32), disk: amount.default(10) })
    .default({ cpus: 0.1, mem: 32, disk: 10 }),
  scaling: z
    .object({ kind: z.literal('fixed'), instances: z.number().int().min(0) })
    .default({ kind: 'fixed', instances: 1 }),
  scheduling: z
    .looseObject({
      placement: z
        .looseObject({
          constraints: z
            .array(z.object({ fieldName: z.string(), operator: z.string(), value: z.string().optional() }))
            .default([]),
          acceptedResourceRoles: z.array(z.string()).optional(),
        })
        .default({ constraints: [] }),
      backoff: z
        .object({
          backoff: amount.default(1),
          backoffFactor: z.number().min(1).default(1.15),
          maxLaunchDelay: amount.default(300),
        })
        .default({ backoff: 1, backoffFactor: 1.15, maxLaunchDelay: 300 }),
      upgrade: z
        .object({ minimumHealthCapacity: z.number().default(1), maximumOverCapacity: z.number().default(1) })
        .default({ minimumHealthCapacity: 1, maximumOverCapacity: 1 }),
    })
    .default({
      placement: { constraints: [] },
      backoff: { backoff: 1, backoffFactor: 1.15, maxLaunchDelay: 300 },
      upgrade: { minimumHealthCapacity: 1, maximumOverCapacity: 1 },
    }),
});

/** @throws MarathonFailure 422 with Marathon's `details`. */
export const parseApp = (json: unknown, version: string): AppDefinition => {
  const app = checked(appSchema, json);
  checkConstraints(app.constraints);
  const hasOwnPorts = 'container' in app || 'networks' in app;
  const ports = app.portDefinitions ?? (hasOwnPorts ? [] : [{ port: 0 }]);
  const { taskKillGracePeriodSeconds: grace, acceptedResourceRoles: roles, ...rest } = app;
  return {
    ...rest,
    ...(hasPersistentVolume(app['container']) ? withDefaults(app, RESIDENT) : withDefaults(app, EPHEMERAL)),
    id: absolute(app.id),
    portDefinitions: ports,
    version,
    ...(grace === undefined ? {} : { taskKillGracePeriodSeconds: grace }),
    ...(roles === undefined ? {} : { acceptedResourceRoles: roles }),
  };
};

type Strategies = Pick<AppDefinition, 'upgradeStrategy' | 'unreachableStrategy'>;

const EPHEMERAL: Strategies = {
  upgradeStrategy: { minimumHealthCapacity: 1, maximumOverCapacity: 1 },
  unreachableStrategy: { inactiveAfterSeconds: 0, expungeAfterSeconds: 0 },
};
/** An app with persistent volumes waits for its agents (semantics §2.10). */
const RESIDENT: Strategies = {
  upgradeStrategy: { minimumHealthCapacity: 0.5, maximumOverCapacity: 0 },
  unreachableStrategy: 'disabled',
};

const withDefaults = (app: z.infer<typeof appSchema>, defaults: Strategies): Strategies => ({
  upgradeStrategy: app.upgradeStrategy ?? defaults.upgradeStrategy,
  unreachableStrategy: app.unreachableStrategy ?? defaults.unreachableStrategy,
});

/** @throws MarathonFailure 422 */
export const parsePod = (json: unknown, version: string): PodDefinition => {
  const pod = checked(podSchema, json);
  checkConstraints(podConstraints(pod).map(({ field, operator, value }) => [field, operator, value ?? '']));
  return { ...pod, id: absolute(pod.id), version };
};

const checked = <T>(schema: z.ZodType<T>, json: unknown): T => {
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  throw invalid(
    parsed.error.issues.map((issue) => ({ path: `/${issue.path.join('/')}`, errors: [issue.message] })),
  );
};

const invalid = (
  details: readonly { readonly path: string; readonly errors: readonly string[] }[],
): MarathonFailure => new MarathonFailure(422, 'Object is not valid', { details });

export const absolute = (id: string): string => {
  const path = id.startsWith('/') ? id : `/${id}`;
  if (/^(\/[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*)+$/.test(path)) return path;
  throw invalid([
    {
      path: '/id',
      errors: ["must fully match regular expression '^(([a-z0-9]|[a-z0-9][a-z0-9\\-]*[a-z0-9])\\.)*...'"],
    },
  ]);
};

const isOperator = (text: string): text is Constraint['operator'] =>
  (OPERATORS as readonly string[]).includes(text);

const checkConstraints = (constraints: readonly (readonly string[])[]): void => {
  constraints.forEach(([, operator = '', value = ''], index) => {
    const problem = constraintProblem(operator, value);
    if (problem !== undefined) throw invalid([{ path: `/constraints(${index})`, errors: [problem] }]);
  });
};

const constraintProblem = (operator: string, value: string): string | undefined => {
  if (isOperator(operator)) return VALUES[operator](value);
  return `Unsupported operator ${operator}. Must be one of ${OPERATORS.join(', ')}`;
};

const isWhole = (value: string): boolean => /^\d+$/.test(value);
const patternProblem = (value: string): string | undefined =>
  isPattern(value) ? undefined : 'A regular expression must be specified';

/** What is wrong with a value, by operator. */
const VALUES: Readonly<Record<Constraint['operator'], (value: string) => string | undefined>> = {
  UNIQUE: (value) => (value === '' ? undefined : 'A value may not be specified for UNIQUE'),
  CLUSTER: () => undefined,
  GROUP_BY: (value) => (value === '' || isWhole(value) ? undefined : 'GROUP_BY takes a whole number'),
  MAX_PER: (value) => (isWhole(value) ? undefined : 'MAX_PER needs a whole number'),
  LIKE: patternProblem,
  UNLIKE: patternProblem,
  IS: (value) => (value === '' ? 'A value must be specified for IS' : undefined),
};

const isPattern = (text: string): boolean => {
  if (text === '') return false;
  try {
    new RegExp(text);
    return true;
  } catch {
    return false;
  }
};

const toConstraint = (field: string, operator: string, value: string | undefined): Constraint[] => {
  if (!isOperator(operator)) return [];
  return [value === undefined || value === '' ? { field, operator } : { field, operator, value }];
};

// A need is rounded up: the planner counts in whole milli-cpus and MiB.
const need = (given: { cpus: number; mem: number; disk?: number; gpus?: number }): Resources => ({
  ...NOTHING,
  cpuMilli: Math.ceil(Math.round(given.cpus * 1e6) / 1000),
  memMib: Math.ceil(given.mem),
  diskMib: Math.ceil(given.disk ?? 0),
  gpus: given.gpus ?? 0,
});

export const appTerms = (app: AppDefinition): Terms => {
  const ports = portsOf(app);
  const { unreachableStrategy: strategy } = app;
  return {
    each: { ...withVolumes(need(app), app['container']), ports: ports.length },
    ports,
    role: app.role,
    constraints: app.constraints.flatMap(([field = '', operator = '', value]) =>
      toConstraint(field, operator, value),
    ),
    acceptedRoles: app.acceptedResourceRoles ?? [],
    labels: app.labels,
    hasHealth: app.healthChecks.length > 0,
    patienceMs: patienceOf(app.healthChecks[0]),
    backoff: {
      firstMs: app.backoffSeconds * 1000,
      factor: app.backoffFactor,
      mostMs: app.maxLaunchDelaySeconds * 1000,
    },
    unreachable:
      strategy === 'disabled'
        ? 'disabled'
        : {
            inactiveMs: strategy.inactiveAfterSeconds * 1000,
            expungeMs: strategy.expungeAfterSeconds * 1000,
          },
    upgrade: {
      minimumHealth: app.upgradeStrategy.minimumHealthCapacity,
      overCapacity: app.upgradeStrategy.maximumOverCapacity,
    },
    youngestFirst: app.killSelection === 'YOUNGEST_FIRST',
    resident: hasPersistentVolume(app['container']),
    volumes: persistentVolumes(app['container']),
    containers: [],
    ...(app.taskKillGracePeriodSeconds === undefined
      ? {}
      : { graceMs: app.taskKillGracePeriodSeconds * 1000 }),
  };
};

const withVolumes = (amount: Resources, container: unknown): Resources =>
  persistentVolumes(container).reduce(
    (sum, volume) => ({ ...sum, diskMib: sum.diskMib + Math.ceil(volume.sizeMib) }),
    amount,
  );

const containerSchema = z.looseObject({
  portMappings: z.array(z.looseObject({ hostPort: z.number().int().optional() })).default([]),
  volumes: z
    .array(z.looseObject({ containerPath: z.string().default(''), persistent: z.unknown().optional() }))
    .default([]),
});
const networksSchema = z.array(z.looseObject({ mode: z.string().optional() })).default([]);

const containerOf = (container: unknown) => containerSchema.safeParse(container ?? {}).data;

/** Ports are the app's own only when it requires them; otherwise any will do. A bridge maps each container port to a
 *  port of the host, a network of the container's own only those that are named. */
const portsOf = (app: AppDefinition): number[] => {
  const own = app.portDefinitions.map(({ port }) => (app.requirePorts ? port : 0));
  const isBridge = networksSchema.safeParse(app['networks']).data?.[0]?.mode === 'container/bridge';
  const mappings = containerOf(app['container'])?.portMappings ?? [];
  return [...own, ...mappings.flatMap(({ hostPort }) => hostPort ?? (isBridge ? [0] : []))];
};

const hasPersistentVolume = (container: unknown): boolean =>
  containerOf(container)?.volumes.some((volume) => volume.persistent !== undefined) === true;

const checkSchema = z.looseObject({
  gracePeriodSeconds: amount.default(300),
  intervalSeconds: amount.default(60),
  maxConsecutiveFailures: amount.default(3),
});

/** Failures within the grace count for nothing; with 0 failures allowed it is never killed. */
const patienceOf = (check: unknown): number | undefined => {
  const read = checkSchema.safeParse(check ?? {}).data;
  if (read === undefined || read.maxConsecutiveFailures === 0) return undefined;
  return (read.gracePeriodSeconds + read.intervalSeconds * read.maxConsecutiveFailures) * 1000;
};

const persistentSchema = z.looseObject({ size: amount.default(0) }).catch({ size: 0 });

const persistentVolumes = (container: unknown): Terms['volumes'] =>
  (containerOf(container)?.volumes ?? []).flatMap(({ containerPath, persistent }) =>
    persistent === undefined ? [] : [{ containerPath, sizeMib: persistentSchema.parse(persistent).size }],
  );

const podConstraints = (pod: z.infer<typeof podSchema>): Constraint[] =>
  pod.scheduling.placement.constraints.flatMap((one) => toConstraint(one.fieldName, one.operator, one.value));

export const podTerms = (definition: PodDefinition): Terms => {
  const pod = checked(podSchema, definition);
  const sum = pod.containers
    .map((container) => need(container.resources))
    .reduce(add, need(pod.executorResources));
  const ports = pod.containers.flatMap((container) =>
    container.endpoints.flatMap(({ hostPort }) => hostPort ?? []),
  );
  const { backoff, upgrade, placement } = pod.scheduling;
  return {
    each: { ...sum, ports: ports.length },
    ports,
    role: pod.role,
    constraints: podConstraints(pod),
    acceptedRoles: placement.acceptedResourceRoles ?? [],
    labels: pod.labels,
    hasHealth: false,
    backoff: {
      firstMs: backoff.backoff * 1000,
      factor: backoff.backoffFactor,
      mostMs: backoff.maxLaunchDelay * 1000,
    },
    unreachable: { inactiveMs: 0, expungeMs: 0 },
    upgrade: { minimumHealth: upgrade.minimumHealthCapacity, overCapacity: upgrade.maximumOverCapacity },
    youngestFirst: true,
    resident: false,
    volumes: [],
    containers: pod.containers.map(({ name }) => name),
  };
};
