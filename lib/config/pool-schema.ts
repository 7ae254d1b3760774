// One pool of muster.yaml. What depends on the cloud is checked in checks.ts, so that a wrong cloud hides nothing else.
import { z } from 'zod';
import {
  amount,
  countRange,
  cron,
  duration,
  memory,
  memoryRange,
  name,
  percent,
  span,
  strict,
  text,
  timeZone,
  whole,
} from './leaves';

const shapeNames = (what: string, example: string) =>
  z.array(text(`${what}, such as ${example}`, /^[a-z][\w.-]*$/));

const shapes = strict({
  families: shapeNames('a family of machine shapes', 'm7i')
    .prefault([])
    .describe(
      'Families allowed, all sizes of them: m7i, n2. Empty: every family. Bare-metal and -flex shapes only when named.',
    ),
  names: shapeNames('a machine shape', 'm7i.xlarge')
    .prefault([])
    .describe(
      'Single shapes allowed besides the families, whatever the bounds. With names and no families, nothing else is allowed.',
    ),
  excluded: shapeNames('a machine shape or a family', 'm7i.48xlarge')
    .prefault([])
    .describe('Shapes or families never bought.'),
  cpus: countRange.prefault('0..').describe('Virtual cpus of one machine: 4..32, 4.., ..32 or 8.'),
  memory: memoryRange.prefault('0MiB..').describe('Memory of one machine: 8GiB..256GiB.'),
  arch: z.enum(['amd64', 'arm64']).prefault('amd64').describe('Processor architecture.'),
  gpus: countRange
    .prefault(0)
    .describe('GPUs of one machine: 0, 1..8. Shapes with GPUs are bought only when asked for.'),
});

const size = strict({
  min: whole('a whole number from 0 up, such as 2', 0, 100_000)
    .prefault(0)
    .describe('Machines kept at all times.'),
  max: whole('a whole number from 0 up, such as 200', 0, 100_000).describe('Machines never exceeded.'),
});

const headroom = strict({
  agents: whole('a number of agents, such as 2', 0, 10_000).prefault(0).describe('Whole spare agents.'),
  percent: percent(0, 100).prefault('0%').describe("Spare share of the pool's allocatable cpu and memory."),
  shapes: z
    .array(
      strict({
        count: whole('a number of tasks, such as 3', 1, 10_000).describe('Tasks of this size.'),
        cpus: z
          .number({ error: 'a number of cpus, such as 0.5 or 4' })
          .min(0, { error: 'a number of cpus, such as 0.5 or 4' })
          .max(10_000, { error: 'a number of cpus, such as 0.5 or 4' })
          .describe('Cpus of one task, to three decimals.'),
        memory: memory.describe('Memory of one task.'),
      }),
    )
    .prefault([])
    .describe('Room for so many tasks of a size, whatever the share.'),
});

const disruption = strict({
  budget: amount(100).prefault('10%').describe('Machines of the pool disrupted at once: 10% or a number.'),
  windows: z
    .array(
      strict({
        deny: cron.describe(
          'When a time without voluntary disruption begins: minute hour day month weekday.',
        ),
        for: span.describe('How long it lasts.'),
        zone: timeZone.describe('Time zone of the cron expression.'),
      }),
    )
    .prefault([])
    .describe('Times in which nothing is disrupted that need not be.'),
  expireAfter: span.exactOptional().describe('Age at which a machine is replaced. Without it, never.'),
  emptyFor: duration.prefault('5m').describe('How long a machine must be empty before it may be retired.'),
});

/** What Mesos' parser takes as text; a value that reads as a number becomes a scalar there (bootstrap facts §2.4). */
const ATTRIBUTE_PHRASE =
  'an attribute value of letters, digits, _ / . and -, a number, or ranges, such as ssd, 2 or "[1-10,20-30]"';
const attributeValue = z.union(
  [
    text(ATTRIBUTE_PHRASE, /^(?:[\w/.-]+|\[\d+-\d+(?:,\d+-\d+)*\])$/).refine(
      (value) => !isHiddenNumber(value),
      {
        error:
          'a text that Mesos cannot take for a number (it reads hexadecimal, inf and nan as one), such as id-0x1f',
      },
    ),
    z.number(),
    z.boolean(),
  ],
  { error: ATTRIBUTE_PHRASE },
);

function isHiddenNumber(value: string): boolean {
  return /^[+-]?(?:0x[\da-f.]+(?:p[+-]?\d+)?|inf|infinity|nan)$/i.test(value);
}

const subnet = text("the zone's subnet, such as subnet-0123456789abcdef0", /^[\w./-]+$/);
const zoneName = text('a zone, such as us-east-1a', /^[a-z][a-z0-9-]*$/);
const ZONES_PHRASE =
  'a map of zone to subnet on AWS or a list of zones elsewhere, such as { us-east-1a: subnet-0a } or [europe-west1-b]';

export const poolSchema = strict({
  name: name.describe('Name of the pool, unique in the cluster; agents announce it as the attribute `pool`.'),
  cloud: z
    .enum(['aws', 'gce', 'command'])
    .describe('aws, gce, or command: any other cloud, driven by executables.'),
  account: text('an AWS account of twelve digits in quotes, such as "123456789012"', /^\d{12}$/)
    .exactOptional()
    .describe('AWS account. Without it, that of the credentials.'),
  project: text('a Google Cloud project id, such as acme-prod', /^[a-z][a-z0-9:.-]{2,62}$/)
    .exactOptional()
    .describe('Google Cloud project. Required on gce.'),
  region: text('a region, such as us-east-1 or europe-west1', /^[a-z][a-z0-9-]*$/).describe(
    'Region of the machines.',
  ),
  zones: z
    .union([z.record(zoneName, subnet), z.array(zoneName)], { error: ZONES_PHRASE })
    .describe('On AWS a map of zone to subnet, elsewhere a list of zones.'),
  shapes: shapes.prefault({}).describe('Machine shapes that the pool may use.'),
  market: z
    .array(z.enum(['spot', 'on-demand']))
    .min(1)
    .prefault(['on-demand'])
    .describe('Markets that the pool may buy on, in order of preference; the price decides between them.'),
  size: size.describe('How many machines.'),
  headroom: headroom.prefault({}).describe('Spare registered capacity kept on purpose.'),
  targetUtilisation: percent(1, 100)
    .exactOptional()
    .describe('Highest share of allocated cpu or memory, by any framework, before the pool grows: 80%.'),
  attributes: z
    .record(text('the name of an attribute, such as storage', /^[A-Za-z_][\w.-]*$/), attributeValue)
    .prefault({})
    .describe(
      'Mesos attributes besides cloud, region, zone, pool, instance_id, instance_type and lifecycle.',
    ),
  role: text('a Mesos role, such as * or analytics', /^(?:\*|[A-Za-z0-9_][\w./-]*)$/)
    .prefault('*')
    .describe('Role for which the agents reserve their resources; * for none.'),
  image: text(
    'an image, such as ssm:/muster/prod/agent-image, ami-0123456789abcdef0 or projects/acme/global/images/family/mesos-agent',
    /^[\w:/.@+-]+$/,
  ).describe('Machine image: an SSM parameter or an AMI on AWS, a Google image or image family.'),
  rootDisk: text('a disk size from 8GiB, such as 50GiB or 1TiB', /^\d{1,5}(?:GiB|TiB)$/)
    .prefault('50GiB')
    .describe('Size of the root disk, on which tasks have their sandboxes. At least 8GiB.'),
  registerWithin: span
    .prefault('15m')
    .describe('Time from launch to registration of the agent, after which a machine is replaced.'),
  drain: z
    .enum(['surge', 'kill'])
    .prefault('surge')
    .describe('surge: start copies elsewhere first. kill: end tasks, the framework restarts them.'),
  disruption: disruption.prefault({}).describe('What may be disrupted, and when.'),
});

export type PoolFile = z.infer<typeof poolSchema>;
