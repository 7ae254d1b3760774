// What people ask for through the API. A request goes the way of every event, so that it is stored before it is
// acknowledged; what can be known to be wrong is said at once.
import { HTTPException } from 'hono/http-exception';
import * as z from 'zod/mini';
import { type Request, requestSchema } from '../events/request';
import { API_SOURCE } from '../events/translate';
import type { ApiDoor } from './api';
import { sealEnvelope } from './envelope';

/** What each field of a request has to be. */
const FIELDS: Readonly<Record<string, string>> = {
  kind: 'one of pause, resume, drain, replace, undrain, protect, unprotect, exclude, include, scale',
  reason: 'why, in at most 500 characters',
  by: 'who asks, in 1 to 200 characters',
  minutes: 'for how long, at most 10080',
  cluster: 'the name of one cluster; without it all are meant',
  subject: 'a machine, an agent or a hostname, of protect also an app; at most 128 characters',
  within: 'by when it is over: a duration from 2m to 7d',
  for: 'how long it holds: a duration of at most 30d',
  force: 'true or false',
  pool: 'the name of a pool',
  shape: 'a machine shape, such as m7i.large',
  zone: 'a zone, such as us-east-1a',
  min: 'a least number of agents from 0 up; give either min or add',
  add: 'a number of agents, or a share of those there are from 1% to 1000%',
};

const addressed = z.looseObject({ cluster: z.exactOptional(z.string()) });

/** Takes a request of any kind. @throws HTTPException for one that cannot be taken, with every field at fault. */
export const takeRequest = async (door: ApiDoor, body: unknown): Promise<Response> => {
  const read = addressed.safeParse(body);
  if (!read.success) throw misfit(read.error.issues);
  const { cluster, ...asked } = read.data;
  const parsed = requestSchema.safeParse(asked);
  if (!parsed.success) throw misfit(parsed.error.issues);
  const clusters = addressees(door, parsed.data, cluster);
  for (const one of clusters) await checkPool(door, parsed.data, one);
  const now = door.clock.now();
  for (const one of clusters)
    await door.events.send(sealEnvelope(API_SOURCE, { muster: 'request', cluster: one, ...asked }, now));
  return Response.json(
    { message: `Accepted: ${parsed.data.kind} of ${whatOf(parsed.data, clusters)}.` },
    { status: 202 },
  );
};

const misfit = (issues: readonly z.core.$ZodIssue[]): HTTPException => {
  const fields = new Set(
    issues.flatMap((issue) =>
      issue.code === 'unrecognized_keys' ? issue.keys : [String(issue.path[0] ?? '')],
    ),
  );
  const faults = [...fields].map((name) => {
    if (name === '') return 'it is no JSON object';
    return Object.hasOwn(FIELDS, name) && !isUnknown(issues, name)
      ? `${name}: ${FIELDS[name]}`
      : `${name}: this kind of request has no such field`;
  });
  return refused(`The request cannot be taken. ${faults.join('; ')}.`);
};

const isUnknown = (issues: readonly z.core.$ZodIssue[], name: string): boolean =>
  issues.some((issue) => issue.code === 'unrecognized_keys' && issue.keys.includes(name));

/** A pause is meant for all; anything else is of one cluster, and which one must not be guessed. */
const addressees = (door: ApiDoor, { kind }: Request, cluster: string | undefined): readonly string[] => {
  if (cluster !== undefined) return [clusterOf(door, cluster)];
  if (kind === 'pause' || kind === 'resume' || door.clusters.length === 1) return door.clusters;
  throw refused(`The request cannot be taken. cluster: there are ${door.clusters.join(', ')}, so name one.`);
};

/** The cluster that is named, or the first. @throws HTTPException when it is not here. */
export const clusterOf = (door: ApiDoor, asked: string | undefined): string => {
  const cluster = asked ?? door.clusters[0];
  if (cluster !== undefined && door.clusters.includes(cluster)) return cluster;
  throw new HTTPException(404, {
    message: `There is no cluster ${asked ?? ''} here; there are ${door.clusters.join(', ')}.`,
  });
};

const checkPool = async (door: ApiDoor, asks: Request, cluster: string): Promise<void> => {
  if (!('pool' in asks)) return;
  const { pools } = (await door.engine(cluster)).spec;
  const pool = pools.find(({ name }) => name === asks.pool);
  if (pool === undefined) {
    const known = pools.map(({ name }) => name).join(', ');
    throw refused(`There is no pool ${asks.pool} in ${cluster}; there are ${known}.`);
  }
  const { max } = pool.size;
  if (asks.kind === 'scale' && (asks.min ?? 0) > max)
    throw refused(
      `The pool ${asks.pool} may have at most ${max} machines (size.max), so ${asks.min} cannot be held.`,
    );
};

const refused = (message: string): HTTPException => new HTTPException(400, { message });

const whatOf = (asks: Request, clusters: readonly string[]): string => {
  if ('subject' in asks) return `${asks.subject} in ${clusters.join(', ')}`;
  return 'pool' in asks ? `pool ${asks.pool} in ${clusters.join(', ')}` : clusters.join(', ');
};
