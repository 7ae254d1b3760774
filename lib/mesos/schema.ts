// What is read of Mesos' answers. Unknown fields are ignored, an absent list is an empty one (mesos-observed 33).
import * as z from 'zod/mini';

const maybe = z.nullish;

const scalar = z.object({ value: z.number() });
const range = z.object({ begin: z.number(), end: z.number() });
const ranges = z.object({ range: maybe(z.array(range)) });
const id = z.object({ value: z.string() });
const time = z.object({ nanoseconds: z.number() });

export const resourceSchema = z.object({
  name: z.string(),
  scalar: maybe(scalar),
  ranges: maybe(ranges),
  role: maybe(z.string()),
  reservations: maybe(z.array(z.object({ role: maybe(z.string()) }))),
  revocable: maybe(z.unknown()),
  disk: maybe(z.object({ source: maybe(z.unknown()) })),
});
export type WireResource = z.infer<typeof resourceSchema>;

export const attributeSchema = z.object({
  name: z.string(),
  text: maybe(z.object({ value: z.string() })),
  scalar: maybe(scalar),
  ranges: maybe(ranges),
  set: maybe(z.object({ item: maybe(z.array(z.string())) })),
});
export type WireAttribute = z.infer<typeof attributeSchema>;

const zoneName = maybe(z.object({ name: z.string() }));
const domain = maybe(z.object({ fault_domain: maybe(z.object({ region: zoneName, zone: zoneName })) }));

const identitySchema = z.object({
  id,
  hostname: z.string(),
  attributes: maybe(z.array(attributeSchema)),
  domain,
});
export type WireIdentity = z.infer<typeof identitySchema>;

export const agentInfoSchema = z.extend(identitySchema, { resources: maybe(z.array(resourceSchema)) });
export type WireAgentInfo = z.infer<typeof agentInfoSchema>;

export const agentSchema = z.object({
  // Its resources are those of `total_resources`, told twice: reading them again costs a third of the time.
  agent_info: identitySchema,
  active: z.boolean(),
  deactivated: maybe(z.boolean()),
  pid: maybe(z.string()),
  registered_time: maybe(time),
  total_resources: maybe(z.array(resourceSchema)),
  allocated_resources: maybe(z.array(resourceSchema)),
  drain_info: maybe(z.object({ state: z.string() })),
});
export type WireAgent = z.infer<typeof agentSchema>;

/** GET_AGENTS without its agents: lib/transport/peel.ts puts a 0 in the place of each. */
export const agentsShellSchema = z.object({
  type: z.literal('GET_AGENTS'),
  get_agents: z.object({ agents: maybe(z.array(z.number())), recovered_agents: maybe(z.array(z.number())) }),
});

export const healthSchema = z.object({
  type: z.literal('GET_HEALTH'),
  get_health: z.object({ healthy: z.boolean() }),
});

export const versionSchema = z.object({
  type: z.literal('GET_VERSION'),
  get_version: z.object({ version_info: z.object({ version: z.string() }) }),
});

/** Times in seconds. */
export const masterSchema = z.object({
  type: z.literal('GET_MASTER'),
  get_master: z.object({
    master_info: z.object({
      id: z.string(),
      hostname: maybe(z.string()),
      version: maybe(z.string()),
      domain,
      address: maybe(z.object({ hostname: maybe(z.string()), ip: maybe(z.string()), port: z.number() })),
    }),
    start_time: maybe(z.number()),
    elected_time: maybe(z.number()),
  }),
});

const framework = z.object({
  framework_info: z.object({
    id: maybe(id),
    name: z.string(),
    role: maybe(z.string()),
    roles: maybe(z.array(z.string())),
    capabilities: maybe(z.array(z.object({ type: maybe(z.string()) }))),
  }),
  active: z.boolean(),
  connected: z.boolean(),
  recovered: maybe(z.boolean()),
});

export const frameworksSchema = z.object({
  type: z.literal('GET_FRAMEWORKS'),
  get_frameworks: z.object({ frameworks: maybe(z.array(framework)) }),
});

const task = z.object({
  name: z.string(),
  task_id: id,
  framework_id: id,
  agent_id: id,
  state: z.string(),
  status_update_state: maybe(z.string()),
  resources: maybe(z.array(resourceSchema)),
});

const tasks = maybe(z.array(task));
export const tasksSchema = z.object({
  type: z.literal('GET_TASKS'),
  get_tasks: z.object({ tasks, unreachable_tasks: tasks, pending_tasks: maybe(z.array(z.unknown())) }),
});

const machineId = z.object({ hostname: maybe(z.string()), ip: maybe(z.string()) });
const window = z.object({
  machine_ids: maybe(z.array(machineId)),
  unavailability: z.object({ start: time, duration: maybe(time) }),
});

export const scheduleSchema = z.object({
  type: z.literal('GET_MAINTENANCE_SCHEDULE'),
  get_maintenance_schedule: z.object({ schedule: maybe(z.object({ windows: maybe(z.array(window)) })) }),
});

/** A record of SUBSCRIBE. They are hints only: no event tells that an agent drains, is lost or is gone (15). */
export const eventSchema = z.object({
  type: z.string(),
  agent_added: maybe(z.object({ agent: z.object({ agent_info: z.object({ id }) }) })),
  agent_removed: maybe(z.object({ agent_id: id })),
  task_updated: maybe(
    z.object({
      framework_id: id,
      status: z.object({ task_id: id, state: z.string(), agent_id: maybe(id) }),
    }),
  ),
});
