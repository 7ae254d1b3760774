// The compiled spec, as it ships with the functions: our own output, so the check is light (zod/mini) and its only
// readers are those who must not load YAML and a large schema at every start.
import * as z from 'zod/mini';
import type { Spec } from '../core/model/spec';
import { specHash } from './compile';

const bounds = z.object({ min: z.number(), max: z.number() });
const percent = z.object({ percent: z.number() });
const agents = z.object({ agents: z.number() });
const textual = z.object({ kind: z.literal('text'), value: z.string() });
const scalar = z.object({ kind: z.literal('scalar'), value: z.number() });
const ranges = z.object({
  kind: z.literal('ranges'),
  ranges: z.array(z.object({ begin: z.number(), end: z.number() })),
});

const pool = z.object({
  name: z.string(),
  cloud: z.enum(['aws', 'gce', 'command']),
  account: z.string(),
  region: z.string(),
  zones: z.array(z.object({ name: z.string(), subnet: z.exactOptional(z.string()) })),
  shapes: z.object({
    families: z.array(z.string()),
    names: z.array(z.string()),
    excluded: z.array(z.string()),
    cpuMilli: bounds,
    memMib: bounds,
    arch: z.enum(['amd64', 'arm64']),
    gpus: bounds,
  }),
  markets: z.array(z.enum(['spot', 'on-demand'])),
  size: bounds,
  headroom: z.object({
    agents: z.number(),
    percent: z.number(),
    shapes: z.array(z.object({ count: z.number(), cpuMilli: z.number(), memMib: z.number() })),
  }),
  targetUtilisationPercent: z.exactOptional(z.number()),
  attributes: z.record(z.string(), z.discriminatedUnion('kind', [textual, scalar, ranges])),
  role: z.string(),
  image: z.string(),
  drain: z.enum(['surge', 'kill']),
  disruption: z.object({
    budget: z.union([percent, agents]),
    windows: z.array(z.object({ deny: z.string(), forMs: z.number(), zone: z.string() })),
    expireAfterMs: z.exactOptional(z.number()),
    emptyForMs: z.number(),
  }),
  registerWithinMs: z.number(),
  rootDiskGib: z.number(),
});

const source = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('baked') }),
  z.object({
    kind: z.literal('repository'),
    url: z.string(),
    key: z.exactOptional(z.string()),
    packages: z.array(z.string()),
  }),
  z.object({ kind: z.literal('package'), url: z.string(), sha256: z.string() }),
  z.object({ kind: z.literal('tarball'), url: z.string(), sha256: z.string() }),
  z.object({ kind: z.literal('image'), image: z.string() }),
]);

const webhook = z.object({
  name: z.string(),
  kind: z.enum(['alertmanager', 'hmac']),
  auth: z.enum(['bearer', 'basic', 'hmac']),
  secret: z.string(),
  rules: z.array(
    z.object({
      when: z.record(z.string(), z.string()),
      do: z.object({
        scaleOut: z.object({ pool: z.string(), by: z.union([percent, agents]), forMs: z.number() }),
      }),
    }),
  ),
});

export const specSchema = z.object({
  version: z.literal(1),
  cluster: z.string(),
  hash: z.string(),
  mesos: z.object({
    zk: z.exactOptional(z.string()),
    masters: z.array(z.string()),
    auth: z.exactOptional(z.string()),
    source,
  }),
  marathon: z.object({
    urls: z.array(z.string()),
    auth: z.exactOptional(z.string()),
    groupBy: z.enum(['1.10', '1.11']),
  }),
  network: z.object({
    reach: z.enum(['direct', 'vpc']),
    vpcId: z.exactOptional(z.string()),
    subnets: z.array(z.string()),
  }),
  limits: z.object({ machines: z.number(), usdPerHour: z.exactOptional(z.number()) }),
  pools: z.array(pool),
  schedules: z.array(
    z.object({
      name: z.string(),
      cron: z.string(),
      zone: z.string(),
      forMs: z.number(),
      pool: z.string(),
      min: z.number(),
    }),
  ),
  webhooks: z.array(webhook),
  notify: z.array(z.object({ kind: z.literal('webhook'), url: z.string() })),
});

/** Reads what `JSON.stringify(spec)` wrote. Throws an Error that says what to do when the text is cut short, was
 *  edited by hand, or was compiled by a version of another form. */
export const readSpecJson = (json: string): Spec => {
  const again = 'Compile muster.yaml again and deploy.';
  let raw: unknown;
  try {
    raw = JSON.parse(json);
  } catch (cause) {
    throw new Error(`The compiled spec is not JSON: it may be cut short. ${again}`, { cause });
  }
  const result = z.safeParse(specSchema, raw);
  if (!result.success) {
    const where = result.error.issues.map((issue) => issue.path.map(String).join('.') || '(root)').join(', ');
    throw new Error(`The compiled spec does not fit this version of Muster, at: ${where}. ${again}`);
  }
  if (specHash(result.data) !== result.data.hash) {
    throw new Error(
      `The compiled spec is not what its hash says: it was changed after it was compiled. ${again}`,
    );
  }
  return result.data;
};
