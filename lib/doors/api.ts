// The API: status, plan, history, and requests. Reading answers from the store; the plan is made live and nothing of
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
import { clusterOf, takeRequest } from './requests';
import { statusOf } from './status';
import { whyIn } from './why';

export type ApiDoor = {
  readonly store: Store;
  readonly clock: Clock;
  readonly events: Sender;
  readonly clusters: readonly string[];
  /** Put together only when a live plan is asked for. */
  readonly engine: (cluster: string) => Promise<Engine>;
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
  app.get('/api/why', async (context) => {
    const app = context.req.query('app') ?? '';
    if (app === '') throw new HTTPException(400, { message: 'Name the app: /api/why?app=/shop.' });
    const door = await open();
    return context.json(await whyIn(door.store, clusterOf(door, context.req.query('cluster')), app));
  });
  app.post('/api/requests', async (context) => takeRequest(await open(), await bodyOf(context)));
  for (const kind of ['pause', 'resume'] as const)
    app.post(`/api/${kind}`, async (context) => {
      const body = await bodyOf(context);
      return takeRequest(await open(), isObject(body) ? { ...body, kind } : body);
    });
  return app;
};

const statusFor = (error: Error) => (error instanceof HTTPException ? error.status : 500);

const isObject = (body: unknown): body is object =>
  typeof body === 'object' && body !== null && !Array.isArray(body);

const bodyOf = async (context: Context): Promise<unknown> => {
  try {
    return await context.req.json<unknown>();
  } catch (error) {
    throw new HTTPException(400, { message: `The body is not JSON: ${messageOf(error)}`, cause: error });
  }
};

/** What a turn would decide on now: looks as it does, and claims nothing. */
export const dryInput = async (engine: Engine): Promise<PlanInput> => {
  const { spec, store, clock, work } = engine;
  const { memory } = await recall(store, spec.cluster);
  const world = await observe(engine, memory);
  return { spec, world, memory, now: clock.now(), turn: 'dry', round: 1, work };
};
