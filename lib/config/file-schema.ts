// The whole of muster.yaml, as it is written. Values come out in the units of the spec; compile.ts only renames.
import { z } from 'zod';
import { amount, cron, moment, name, reference, span, strict, text, timeZone, url, whole } from './leaves';
import { poolSchema } from './pool-schema';

const SOURCE_PHRASE =
  'where agents get Mesos from, because no public package repository can be taken for granted, such as { kind: baked }';
const SOURCE_KINDS_PHRASE = 'one of baked, repository, package, tarball, image';
const sha256 = text(
  'a sha256 sum of 64 hexadecimal digits, such as the first word that `sha256sum FILE` prints',
  /^[0-9a-f]{64}$/,
).describe('sha256 sum of the file, in hexadecimal.');

const source = z
  .discriminatedUnion(
    'kind',
    [
      strict({ kind: z.literal('baked') }).describe('The pool image already holds Mesos and Docker.'),
      strict({
        kind: z.literal('repository'),
        url: url.describe('Address of an apt or yum repository.'),
        key: url
          .exactOptional()
          .describe("Address of the repository's signing key. Required over plain http."),
        packages: z
          .array(text('a package, such as mesos=1.11.0-2.0.1', /^[A-Za-z0-9][\w.+:~=-]*$/))
          .min(1)
          .describe('Packages to install, with their versions.'),
      }),
      strict({ kind: z.literal('package'), url: url.describe('Address of a deb or rpm file.'), sha256 }),
      strict({
        kind: z.literal('tarball'),
        url: url.describe('Address of a tar archive to unpack.'),
        sha256,
      }),
      strict({
        kind: z.literal('image'),
        image: text(
          'a container image, such as registry.example/mesos-agent:1.11.0',
          /^[\w][\w./:@-]*$/,
        ).describe('Container image that holds the agent.'),
      }),
    ],
    { error: (issue) => (issue.code === 'invalid_union' ? SOURCE_KINDS_PHRASE : SOURCE_PHRASE) },
  )
  .describe('Where new machines get Mesos from. Required: there is no default.');

const mesos = strict({
  zk: text(
    "ZooKeeper's address for Mesos without user or password, such as zk://10.0.0.10:2181,10.0.1.10:2181/mesos",
    /^zk:\/\/[\w.-]+:\d{1,5}(?:,[\w.-]+:\d{1,5})*\/[\w./-]+$/,
  )
    .exactOptional()
    .describe('Where agents find the leading master.'),
  masters: z.array(url).min(1).describe('All masters: http://10.0.0.10:5050.'),
  auth: reference.exactOptional().describe('Reference to the credential for the master.'),
  source,
});

const marathon = strict({
  urls: z.array(url).min(1).describe('All Marathon instances: http://10.0.0.10:8080.'),
  auth: reference.exactOptional().describe('Reference to the credential for Marathon.'),
  groupBy: z
    .enum(['1.10', '1.11'], { error: 'one of "1.10" (for it and anything before) or "1.11", in quotes' })
    .prefault('1.11')
    .describe("Whose GROUP_BY rule Marathon follows: in quotes, '1.10' for it and anything before."),
});

const network = strict({
  reach: z
    .enum(['direct', 'vpc'])
    .prefault('direct')
    .describe(
      'direct: masters and Marathon are reachable from outside. vpc: through a function inside the VPC.',
    ),
  vpcId: text('a VPC, such as vpc-0123456789abcdef0', /^vpc-[0-9a-z]+$/)
    .exactOptional()
    .describe('Required with reach: vpc.'),
  subnets: z
    .array(text('a subnet, such as subnet-0123456789abcdef0', /^subnet-[0-9a-z]+$/))
    .prefault([])
    .describe('Subnets of the forwarding function. At least one with reach: vpc.'),
});

const limits = strict({
  machines: whole('a whole number, such as 400', 1, 100_000).describe(
    'Machines of the whole cluster, never exceeded.',
  ),
  usdPerHour: z
    .number({ error: 'a number of US dollars an hour, such as 120' })
    .positive({ error: 'a number of US dollars an hour above 0, such as 120' })
    .exactOptional()
    .describe('Spend cap in US dollars an hour. Without it, none.'),
});

export const scheduleSchema = strict({
  name: name.describe('Name of the schedule, unique in the cluster.'),
  cron: cron.exactOptional().describe('When it begins: minute hour day month weekday. Either this or at.'),
  at: moment.exactOptional().describe('When it begins, once: 2026-08-01T02:00.'),
  zone: timeZone.describe('Time zone of the cron expression or of the moment.'),
  for: span.describe('How long it lasts.'),
  pool: name.exactOptional().describe('The pool that it holds. With min.'),
  min: whole('a number of machines, such as 20', 0, 100_000)
    .exactOptional()
    .describe('Machines held meanwhile.'),
  drain: strict({
    pool: name.describe('The pool whose agents are drained.'),
    attributes: z
      .record(
        z.string(),
        z.string({ error: 'the exact text of an attribute, in quotes where it is a number' }),
      )
      .prefault({})
      .describe('Only agents with these attributes.'),
    olderThan: span.exactOptional().describe('Only machines that were launched so long ago.'),
    atOnce: whole('a number of machines, such as 2', 1, 1000)
      .prefault(1)
      .describe('Drained at the same time.'),
  })
    .exactOptional()
    .describe('Agents drained meanwhile, instead of a minimum.'),
});

const label = text('the name of a label, such as instance', /^[\w.:/@+=-]{1,128}$/);
const LABELS_PHRASE =
  'a map of at least one alert label to its exact value, such as { alertname: HighLatency }';
const rule = strict({
  when: z
    .record(
      z.string(),
      z.string({ error: 'the exact text of a label, in quotes where it is a number, such as "2"' }),
      {
        error: LABELS_PHRASE,
      },
    )
    .refine((when) => Object.keys(when).length > 0, { error: LABELS_PHRASE })
    .describe('Label to exact value. All must match.'),
  do: strict({
    scaleOut: strict({
      pool: name.describe('The pool that grows.'),
      by: amount(1000).describe('By how much: 20% or a number of agents.'),
      for: span.describe('How long the wish holds; a repeat extends it.'),
    })
      .exactOptional()
      .describe('Machines to add for a while.'),
    drain: strict({
      hostFrom: label.describe('The label that names the host; a port behind it is left out.'),
      within: span.describe('By when the drain is over, from when the alert began.'),
    })
      .exactOptional()
      .describe('A host to empty and end.'),
    failOver: strict({
      zone: text('a zone, such as us-east-1a', /^[a-z][a-z0-9-]{1,60}$/)
        .exactOptional()
        .describe('This zone.'),
      zoneFrom: label.exactOptional().describe('The zone that this label names.'),
      app: text('an app, such as /shop', /^\/[\w./-]{1,120}$/)
        .exactOptional()
        .describe('This app.'),
      appFrom: label.exactOptional().describe('The app that this label names.'),
      for: span.describe('How long the wish holds; a repeat extends it.'),
    })
      .exactOptional()
      .describe('A zone or an app to look after elsewhere. Give one of zone, zoneFrom, app, appFrom.'),
  }).describe('What to do: one of these.'),
});

export const webhookSchema = strict({
  name: name.describe('Name of the webhook, unique in the cluster; the last part of its address.'),
  kind: z
    .enum(['alertmanager', 'grafana', 'datadog', 'google-monitoring', 'cloudwatch', 'hmac'])
    .describe(
      'Whose alerts come by it (alertmanager takes those of Grafana too), or hmac: a signed body of our own form.',
    ),
  auth: z
    .enum(['bearer', 'basic', 'hmac'])
    .exactOptional()
    .describe('How the sender proves itself. bearer by default for alerts, always hmac for hmac.'),
  secret: reference.describe('Reference to the secret shared with the sender.'),
  rules: z.array(rule).prefault([]).describe('What alerts do. At least one, but for hmac.'),
});

export const partSchemas = { mesos, marathon, network, limits };

export const fileSchema = strict({
  version: z
    .literal(1, { error: '1, the only version there is, such as version: 1' })
    .describe('Version of this format: 1.'),
  cluster: name.describe('Name of the cluster; machines are tagged with it.'),
  mesos: mesos.describe('The Mesos masters, and how agents get Mesos.'),
  marathon: marathon.describe('Marathon.'),
  network: network.prefault({}).describe('How masters and Marathon are reached.'),
  limits: limits.describe('Limits of the whole cluster.'),
  pools: z.array(poolSchema).min(1).describe('The pools of machines.'),
  schedules: z.array(scheduleSchema).prefault([]).describe('Scheduled minimum sizes and drains.'),
  webhooks: z.array(webhookSchema).prefault([]).describe('Sources of signed or authenticated requests.'),
  notify: z
    .array(
      strict({
        kind: z.literal('webhook').describe('webhook: a POST of JSON.'),
        url: reference.describe('Reference to the address, which is a secret.'),
      }),
    )
    .prefault([])
    .describe('Who is told.'),
});

export type SpecFile = z.infer<typeof fileSchema>;
