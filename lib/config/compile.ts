// From the file's names to those of the spec. Every default is already filled in.
import { createHash } from 'node:crypto';
import { parseAttributeValue } from '../core/model/attributes';
import type { Disruption, Pool, Schedule, Spec, Webhook, WebhookAction, Zone } from '../core/model/spec';
import type { SpecFile } from './file-schema';
import type { PoolFile } from './pool-schema';
import { rootDiskGib } from './pool-checks';

/** Of the compiled form; another one where a function could not read what an older version compiled. */
export const SPEC_VERSION = 1;

export const compile = (file: SpecFile): Spec => {
  const spec: Omit<Spec, 'hash'> = {
    version: SPEC_VERSION,
    cluster: file.cluster,
    mesos: file.mesos,
    marathon: file.marathon,
    network: file.network,
    limits: file.limits,
    pools: file.pools.map(compilePool),
    schedules: file.schedules.map(compileSchedule),
    webhooks: file.webhooks.map(compileWebhook),
    notify: file.notify,
  };
  return { ...spec, hash: specHash(spec) };
};

/** sha256, in hexadecimal, of the spec's canonical JSON (keys sorted) without its hash: the same wishes written in
 *  another order or layout have the same hash. */
export const specHash = (spec: object): string => {
  const { hash: _hash, ...rest } = { hash: '', ...spec };
  return createHash('sha256').update(canonicalJson(rest)).digest('hex');
};

const canonicalJson = (value: unknown): string =>
  JSON.stringify(value, (_key, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );

const compilePool = (pool: PoolFile): Pool => ({
  name: pool.name,
  cloud: pool.cloud,
  account: pool.account ?? pool.project ?? 'default',
  region: pool.region,
  zones: compileZones(pool.zones),
  shapes: {
    families: pool.shapes.families,
    names: pool.shapes.names,
    excluded: pool.shapes.excluded,
    cpuMilli: { min: pool.shapes.cpus.min * 1000, max: milli(pool.shapes.cpus.max) },
    memMib: pool.shapes.memory,
    arch: pool.shapes.arch,
    gpus: pool.shapes.gpus,
  },
  markets: pool.market,
  size: pool.size,
  headroom: {
    agents: pool.headroom.agents,
    percent: pool.headroom.percent,
    // A need is rounded up.
    shapes: pool.headroom.shapes.map(({ count, cpus, memory }) => ({
      count,
      cpuMilli: Math.ceil(Math.round(cpus * 1e6) / 1000),
      memMib: memory,
    })),
  },
  ...(pool.targetUtilisation === undefined ? {} : { targetUtilisationPercent: pool.targetUtilisation }),
  attributes: Object.fromEntries(
    Object.entries(pool.attributes).map(([key, value]) => [key, parseAttributeValue(String(value))]),
  ),
  role: pool.role,
  image: pool.image,
  drain: pool.drain,
  disruption: compileDisruption(pool.disruption),
  registerWithinMs: pool.registerWithin,
  rootDiskGib: rootDiskGib(pool.rootDisk),
});

const milli = (count: number): number => Math.min(count * 1000, Number.MAX_SAFE_INTEGER);

const compileZones = (zones: PoolFile['zones']): readonly Zone[] =>
  Array.isArray(zones)
    ? zones.map((name) => ({ name }))
    : Object.entries(zones).map(([name, subnet]) => ({ name, subnet }));

const compileDisruption = ({
  budget,
  windows,
  expireAfter,
  emptyFor,
}: PoolFile['disruption']): Disruption => ({
  budget,
  windows: windows.map(({ deny, for: forMs, zone }) => ({ deny, forMs, zone })),
  ...(expireAfter === undefined ? {} : { expireAfterMs: expireAfter }),
  emptyForMs: emptyFor,
});

const compileSchedule = (schedule: SpecFile['schedules'][number]): Schedule => {
  const { name, cron, at, zone, for: forMs, pool, min, drain } = schedule;
  // The checks have seen to it that one of each pair is there.
  const base = { name, cron: cron ?? `${at ?? ''}:00`, zone, forMs };
  if (drain === undefined) return { ...base, pool: pool ?? '', min: min ?? 0 };
  const { pool: drained, attributes, olderThan, atOnce } = drain;
  const age = olderThan === undefined ? {} : { olderThanMs: olderThan };
  return { ...base, pool: drained, min: 0, drain: { attributes, ...age, atOnce } };
};

const compileWebhook = ({ name, kind, auth, secret, rules }: SpecFile['webhooks'][number]): Webhook => ({
  name,
  kind,
  auth: auth ?? (kind === 'hmac' ? 'hmac' : 'bearer'),
  secret,
  rules: rules.map(({ when, do: does }) => ({ when, do: compileAction(does) })),
});

/** The checks have seen to it that one is there. */
const compileAction = ({
  scaleOut,
  drain,
  failOver,
}: SpecFile['webhooks'][number]['rules'][number]['do']): WebhookAction => {
  if (scaleOut !== undefined) {
    const { pool, by, for: forMs } = scaleOut;
    return { scaleOut: { pool, by, forMs } };
  }
  if (drain !== undefined) return { drain: { hostFrom: drain.hostFrom, withinMs: drain.within } };
  const { zone, zoneFrom, app, appFrom, for: forMs = 0 } = failOver ?? {};
  const target = zone === undefined && zoneFrom === undefined ? 'app' : 'zone';
  const [name, from] = [zone ?? app, zoneFrom ?? appFrom];
  const which = { ...(name === undefined ? {} : { name }), ...(from === undefined ? {} : { from }) };
  return { failOver: { target, ...which, forMs } };
};
