// The API: status, plan, history; pause and resume. Reading answers from the store; the plan is made live and nothing of
// it is done; requests go the way of every event, so that they are stored before they are acknowledged.
import { type Context, Hono } from 'hono';
import { HTTPException } from 'hono/http-exception';
import { explain } from '../core/explain';
import { plan } from '../core/plan';
import type { PlanInput } from '../core/view';
import type { Engine } from '../engine/engine';
import { messageOf } from '../engine/failure';
import { latestRounds } from '../engine/history';
import { observe } from '../engine/observe';
import type { Clock, Sender, Store } from '../engine/ports';
import { recall } from '../engine/recall';
import * as z from 'zod/mini';
import { sealEnvelope } from './envelope';
import { statusOf } from './status';

export type ApiDoor = {
  readonly store: Store;
  readonly clock: Clock;
  readonly events: Sender;
  readonly clusters: readonly string[];
  /** Put together only when a live plan is asked for. */
  readonly engine: (cluster: string) => Promise<Engine>;
};

const LONGEST_PAUSE_MINUTES = 7 * 24 * 60;
const pauseRequest = z.object({
  reason: z.string().check(z.minLength(1), z.maxLength(500)),
  by: z.string().check(z.minLength(1), z.maxLength(200)),
  minutes: z._default(z.number().check(z.positive(), z.maximum(LONGEST_PAUSE_MINUTES)), 60),
  cluster: z.exactOptional(z.string()),
});
const resumeRequest = z.object({
  reason: z._default(z.string().check(z.maxLength(500)), ''),
  by: z.string().check(z.minLength(1), z.maxLength(200)),
  cluster: z.exactOptional(z.string()),
});

/** What each field of a request has to be. */
const FIELDS: Readonly<Record<string, string>> = {
  reason: 'why, in at most 500 characters',
  by: 'who asks, in 1 to 200 characters',
  minutes: `for how long, at most ${LONGEST_PAUSE_MINUTES}`,
  cluster: 'the name of one cluster; without it all are meant',
};

/** The routes, for a function URL and for `serve` alike. Every answer is JSON. */
export const apiRoutes = (open: () => Promise<ApiDoor>): Hono => {
  const app = new Hono();
  app.onError((error, context) => context.json({ message: messageOf(error) }, statusFor(error)));
  app.notFound((context) =>
    context.json({ message: 'There is no such route. See docs/architecture.md.' }, 404),
  );
  app.get('/api/status', async (context) => {
    const door = await open();
    const now = door.clock.now();
    return context.json(
      await Promise.all(door.clusters.map((cluster) => statusOf(door.store, cluster, now))),
    );
  });
  app.get('/api/history', async (context) => {
    const door = await open();
    const cluster = clusterOf(door, context.req.query('cluster'));
    const limit = Math.min(100, Math.max(1, Number(context.req.query('limit') ?? 20) || 20));
    return context.json(await latestRounds(door.store, cluster, limit));
  });
  app.get('/api/plan', async (context) => {
    const door = await open();
    const made = plan(await dryInput(await door.engine(clusterOf(door, context.req.query('cluster')))));
    return context.json({ sentences: explain(made), plan: made });
  });
  app.post('/api/pause', async (context) => request(await open(), 'pause', await bodyOf(context)));
  app.post('/api/resume', async (context) => request(await open(), 'resume', await bodyOf(context)));
  return app;
};

const statusFor = (error: Error) => (error instanceof HTTPException ? error.status : 500);

const bodyOf = async (context: Context): Promise<unknown> => {
  try {
    return await context.req.json<unknown>();
  } catch (error) {
    throw new HTTPException(400, { message: `The body is not JSON: ${messageOf(error)}`, cause: error });
  }
};

const clusterOf = (door: ApiDoor, asked: string | undefined): string => {
  const cluster = asked ?? door.clusters[0];
  if (cluster !== undefined && door.clusters.includes(cluster)) return cluster;
  throw new HTTPException(404, {
    message: `There is no cluster ${asked ?? ''} here; there are ${door.clusters.join(', ')}.`,
  });
};

/** What a turn would decide on now: looks as it does, and claims nothing. */
export const dryInput = async (engine: Engine): Promise<PlanInput> => {
  const { spec, store, clock, work } = engine;
  const { memory } = await recall(store, spec.cluster);
  const world = await observe(engine, memory);
  return { spec, world, memory, now: clock.now(), turn: 'dry', round: 1, work };
};

const request = async (door: ApiDoor, kind: 'pause' | 'resume', body: unknown): Promise<Response> => {
  const parsed = kind === 'pause' ? pauseRequest.safeParse(body) : resumeRequest.safeParse(body);
  if (!parsed.success) {
    const fields = new Set(parsed.error.issues.map(({ path }) => String(path[0] ?? '')));
    const faults = [...fields].map((name) =>
      name === '' ? 'it is no JSON object' : `${name}: ${FIELDS[name]}`,
    );
    return Response.json({ message: `The request cannot be taken. ${faults.join('; ')}.` }, { status: 400 });
  }
  const { cluster, ...asked } = parsed.data;
  const clusters = cluster === undefined ? door.clusters : [clusterOf(door, cluster)];
  const now = door.clock.now();
  for (const one of clusters)
    await door.events.send(sealEnvelope('api', { muster: 'request', kind, cluster: one, ...asked }, now));
  return Response.json({ message: `Accepted: ${kind} of ${clusters.join(', ')}.` }, { status: 202 });
};
