// What is read of Marathon's answers, from 1.4 to 1.11. Unknown fields are ignored and `null` is an absent field: old
// versions write empty options out as null.
import * as z from 'zod/mini';

const maybe = z.nullish;
const number = maybe(z.number());
const text = maybe(z.string());

const resources = z.object({ cpus: number, mem: number, disk: number, gpus: number });
const labels = maybe(z.record(z.string(), z.string()));
const ids = maybe(z.array(z.object({ id: z.string() })));

const portMappings = maybe(z.array(z.object({ hostPort: number })));
const container = z.object({
  volumes: maybe(z.array(z.object({ persistent: maybe(z.unknown()) }))),
  portMappings,
  docker: maybe(z.object({ network: text, portMappings })),
});

export const taskSchema = z.object({
  id: z.string(),
  appId: text,
  host: text,
  slaveId: text,
  state: text,
  version: text,
  startedAt: text,
  healthCheckResults: maybe(z.array(maybe(z.object({ alive: maybe(z.boolean()) })))),
});
export type WireTask = z.infer<typeof taskSchema>;

export const appSchema = z.object({
  id: z.string(),
  version: text,
  versionInfo: maybe(z.object({ lastConfigChangeAt: text })),
  role: text,
  instances: number,
  ...resources.shape,
  constraints: maybe(z.array(z.array(z.union([z.string(), z.number()])))),
  acceptedResourceRoles: maybe(z.array(z.string())),
  labels,
  residency: maybe(z.unknown()),
  networks: maybe(z.array(z.object({ mode: text }))),
  ipAddress: maybe(z.unknown()),
  ports: maybe(z.array(z.number())),
  portDefinitions: maybe(z.array(z.unknown())),
  container: maybe(container),
  executorResources: maybe(resources),
  upgradeStrategy: maybe(z.object({ maximumOverCapacity: number })),
  healthChecks: maybe(z.array(z.unknown())),
  tasks: maybe(z.array(taskSchema)),
  tasksRunning: number,
  tasksStaged: number,
  tasksHealthy: number,
  tasksUnhealthy: number,
  deployments: ids,
});
export type WireApp = z.infer<typeof appSchema>;

export const podSchema = z.object({
  id: z.string(),
  version: text,
  role: text,
  labels,
  scaling: maybe(z.object({ instances: number })),
  scheduling: maybe(
    z.object({
      placement: maybe(
        z.object({
          constraints: maybe(
            z.array(
              z.object({
                fieldName: z.string(),
                operator: z.string(),
                value: maybe(z.union([z.string(), z.number()])),
              }),
            ),
          ),
          acceptedResourceRoles: maybe(z.array(z.string())),
        }),
      ),
    }),
  ),
  containers: z.array(
    z.object({
      resources: maybe(resources),
      endpoints: maybe(z.array(z.object({ hostPort: number }))),
    }),
  ),
  executorResources: maybe(resources),
  volumes: maybe(z.array(z.object({ persistent: maybe(z.unknown()) }))),
});
export type WirePod = z.infer<typeof podSchema>;

export const podStatusSchema = z.object({
  id: z.string(),
  spec: podSchema,
  instances: maybe(
    z.array(
      z.object({
        id: z.string(),
        status: text,
        agentHostname: text,
        agentId: text,
        containers: maybe(z.array(z.object({ status: text }))),
      }),
    ),
  ),
});
export type WirePodStatus = z.infer<typeof podStatusSchema>;

export const queueItemSchema = z.object({
  count: z.number(),
  role: text,
  since: text,
  delay: maybe(z.object({ timeLeftSeconds: number })),
  processedOffersSummary: maybe(
    z.object({
      processedOffersCount: number,
      lastUsedOfferAt: text,
      rejectSummaryLastOffers: maybe(
        z.array(z.object({ reason: z.string(), declined: z.number(), processed: z.number() })),
      ),
    }),
  ),
  app: maybe(appSchema),
  pod: maybe(podSchema),
});
export type WireQueueItem = z.infer<typeof queueItemSchema>;

/** Each row is read by itself, so that one strange row costs that row. */
export const queueSchema = z.object({ queue: z.array(z.unknown()) });
export const appsSchema = z.object({ apps: z.array(z.unknown()) });
export const appAnswerSchema = z.object({ app: appSchema });
/** The same list with a number in the place of each task that was read by itself. */
export const tasksShellSchema = z.object({ tasks: z.array(z.number()) });
export const podStatusesSchema = z.array(podStatusSchema);
export const tasksSchema = z.object({ tasks: z.array(taskSchema) });
export const leaderSchema = z.object({ leader: z.string() });
export const deploymentsSchema = z.array(
  z.object({
    id: z.string(),
    version: text,
    affectedApps: maybe(z.array(z.string())),
    affectedPods: maybe(z.array(z.string())),
    currentStep: number,
    totalSteps: number,
  }),
);
export const infoSchema = z.object({
  version: text,
  elected: maybe(z.boolean()),
  leader: text,
  frameworkId: text,
  marathon_config: maybe(z.object({ mesos_role: text, default_accepted_resource_roles: maybe(z.unknown()) })),
});

/** What a change answers. */
export const changeSchema = z.object({ version: z.string(), deploymentId: z.string() });
/** What `scale=false` kills answer. */
export const killedSchema = z.object({ tasks: maybe(z.array(z.object({ id: z.string() }))) });
export const eventSchema = z.looseObject({ eventType: text });

export const errorSchema = z.object({ message: text, deployments: ids });
