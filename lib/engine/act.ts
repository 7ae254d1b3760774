// Carries out one intent and says what became of it. There is no policy here: which cloud, which machines and how many
// is in the request.
import { offeringOf } from '../core/model/offering';
import type { AppState, RunSpec } from '../core/model/app';
import type { Outcome } from '../core/model/outcome';
import type { AppRequest } from '../core/model/plan';
import type { Engine } from './engine';
import { Failure, isFailure, messageOf } from './failure';
import type { Intent } from './intents';
import type { AgentRequest, Cloud, LaunchRequest, MarkRequest, TerminateRequest } from './ports';

/** Sends the intent's request. Never throws: every failure is an outcome. */
export const act = async (engine: Engine, intent: Intent): Promise<Outcome> => {
  try {
    return await send(engine, intent);
  } catch (error) {
    return failed(engine, intent, error);
  }
};

/** Sends the intent's request, unless its time is over: a turn that slept so long is deposed, and a later one may have
 *  closed the intent as never done. Throws what the cloud or
 *  the master throws. */
export const send = async (engine: Engine, intent: Intent): Promise<Outcome> => {
  const { effect } = intent;
  refuseLate(engine, intent);
  if (effect.kind === 'agent') return askMaster(engine, intent, effect.request);
  if (effect.kind === 'app') return askMarathon(engine, intent, effect.request);
  const cloud = cloudOf(engine, effect.request.scope.cloud);
  if (effect.kind === 'mark') return mark(engine, cloud, intent, effect.request);
  return effect.kind === 'launch'
    ? launch(engine, cloud, intent, effect.request)
    : terminate(engine, cloud, intent, effect.request);
};

/** A process may have slept since it last looked at the clock: asked again right before each effect. */
const refuseLate = (engine: Engine, { id, notAfter }: Intent): void => {
  if (engine.clock.now() >= notAfter)
    throw new Failure('unknown-outcome', `The time to send ${id} is over; it is only read back.`);
};

const cloudOf = (engine: Engine, name: LaunchRequest['scope']['cloud']): Cloud => {
  const cloud = engine.clouds[name];
  if (cloud === undefined) throw new Failure('permanent', `No adapter for the cloud ${name} is configured.`);
  return cloud;
};

const launch = async (
  engine: Engine,
  cloud: Cloud,
  intent: Intent,
  request: LaunchRequest,
): Promise<Outcome> => {
  const answer = await cloud.launch(request);
  const { machines, errors } = answer;
  return {
    kind: 'launched',
    action: intent.id,
    pool: request.pool,
    at: engine.clock.now(),
    machines,
    errors,
    asked: request.count,
  };
};

const terminate = async (
  engine: Engine,
  cloud: Cloud,
  intent: Intent,
  request: TerminateRequest,
): Promise<Outcome> => {
  const answer = await cloud.terminate(request);
  return {
    kind: 'terminated',
    action: intent.id,
    at: engine.clock.now(),
    machines: answer.done,
    failed: answer.failed,
  };
};

const askMaster = async (engine: Engine, intent: Intent, request: AgentRequest): Promise<Outcome> => {
  const { mesos, clock } = engine;
  if (request.call === 'deactivate') await mesos.deactivate(request.agent);
  else if (request.call === 'reactivate') await mesos.reactivate(request.agent);
  else if (request.call === 'drain') await mesos.drain(request.agent, request.graceMs ?? 0);
  else await mesos.markGone(request.agent);
  const { call, agent } = request;
  return { kind: 'asked', action: intent.id, at: clock.now(), call, agent };
};

const mark = async (engine: Engine, cloud: Cloud, intent: Intent, request: MarkRequest): Promise<Outcome> => {
  await cloud.mark(request);
  return { kind: 'marked', action: intent.id, at: engine.clock.now(), machines: request.machines };
};

/** Instances and health are read again just before: what somebody else changed meanwhile is not written over. */
const askMarathon = async (engine: Engine, intent: Intent, request: AppRequest): Promise<Outcome> => {
  const { marathon, clock } = engine;
  const done = (deployment?: string): Outcome => ({
    kind: 'moved',
    action: intent.id,
    at: clock.now(),
    call: request.call,
    runSpec: request.runSpec,
    ...(deployment === undefined ? {} : { deployment }),
  });
  switch (request.call) {
    case 'scale': {
      const app = await read(engine, { id: request.runSpec, kind: 'app' });
      const { instances } = app.runSpec;
      if (instances === request.to) return done();
      if (instances !== request.from) throw superseded(request.runSpec, request.from, instances);
      refuseLate(engine, intent);
      return done((await marathon.scale(request.runSpec, request.to)).id);
    }
    case 'kill': {
      await mayKill(engine, request);
      refuseLate(engine, intent);
      const { runSpec, runSpecKind: kind, tasks, how } = request;
      return done((await marathon.kill({ runSpec, kind, tasks, how }))?.id);
    }
    case 'stop':
      await marathon.stopDeployment(request.deployment);
      return done();
    case 'reset-delay':
      await marathon.resetDelay(request.runSpec);
      return done();
    default:
      return request satisfies never;
  }
};

const read = async (engine: Engine, runSpec: Pick<RunSpec, 'id' | 'kind'>): Promise<AppState> => {
  const { value, faults } = await engine.marathon.apps([runSpec]);
  const [app] = value;
  if (app !== undefined) return app;
  throw new Failure(
    faults.length === 0 ? 'gone' : 'transient',
    faults[0] ?? `Marathon has no ${runSpec.kind} ${runSpec.id} any more.`,
  );
};

const mayKill = async (engine: Engine, request: Extract<AppRequest, { call: 'kill' }>): Promise<void> => {
  if (request.how === 'wipe') return;
  const app = await read(engine, { id: request.runSpec, kind: request.runSpecKind });
  const { instances } = app.runSpec;
  if (instances !== request.instances) throw superseded(request.runSpec, request.instances, instances);
  const ending = new Set(request.tasks);
  const left = app.tasks.filter(({ id, healthy }) => healthy && !ending.has(id)).length;
  if (left < request.keeps)
    throw new Failure(
      'conflict',
      `Only ${left} healthy tasks of ${request.runSpec} would be left, and ${request.keeps} were meant to be.`,
      { code: 'superseded', advice: 'The next turn looks again.' },
    );
};

const superseded = (runSpec: string, from: number, now: number): Failure =>
  new Failure('conflict', `${runSpec} has ${now} instances and not ${from}: somebody else changed it.`, {
    code: 'superseded',
    advice: 'Nothing was written; the next turn looks again.',
  });

const failed = (engine: Engine, intent: Intent, error: unknown): Outcome => {
  const at = engine.clock.now();
  const action = intent.id;
  const message = messageOf(error);
  if (isFailure(error, 'unknown-outcome') || !(error instanceof Failure))
    return { kind: 'unknown', action, at, message, ...expectedOf(intent) };
  if (error.kind === 'gone' && intent.effect.kind === 'terminate')
    return { kind: 'terminated', action, at, machines: intent.effect.request.machines, failed: [] };
  if (error.kind === 'gone' && intent.effect.kind === 'agent' && intent.effect.request.call === 'mark-gone')
    return { kind: 'asked', action, at, call: 'mark-gone', agent: intent.effect.request.agent };
  if (error.kind === 'permanent' && intent.effect.kind === 'launch')
    return hopeless(intent.effect.request, error, action, at);
  return { kind: 'refused', action, at, failure: error.kind, message };
};

/** What is counted as supply while it is not known whether a launch was carried out. */
export const expectedOf = (intent: Intent): Pick<Extract<Outcome, { kind: 'unknown' }>, 'launch'> => {
  if (intent.effect.kind !== 'launch') return {};
  const { pool, offerings, count } = intent.effect.request;
  const offering = offerings[0];
  return offering === undefined ? {} : { launch: { pool, offering: offeringOf(offering), count } };
};

/** A request that a person has to mend is an error of each of its offerings: they go cold, so it is not repeated each
 *  minute, and what else can be bought is tried. */
const hopeless = (request: LaunchRequest, failure: Failure, action: string, at: number): Outcome => ({
  kind: 'launched',
  action,
  pool: request.pool,
  at,
  machines: [],
  asked: request.count,
  errors: request.offerings.map((offering) => ({
    offering: offeringOf(offering),
    code: failure.code,
    message: failure.message,
    kind: 'config',
  })),
});
