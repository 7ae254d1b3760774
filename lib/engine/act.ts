// Carries out one intent and says what became of it. There is no policy here: which cloud, which machines and how many
// is in the request.
import { offeringOf } from '../core/model/offering';
import type { Outcome } from '../core/model/outcome';
import type { Engine } from './engine';
import { Failure, isFailure, messageOf } from './failure';
import type { Intent } from './intents';
import type { AgentRequest, Cloud, LaunchRequest, TerminateRequest } from './ports';

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
  const { effect, notAfter } = intent;
  if (engine.clock.now() >= notAfter)
    throw new Failure('unknown-outcome', `The time to send ${intent.id} is over; it is only read back.`);
  if (effect.kind === 'agent') return askMaster(engine, intent, effect.request);
  const cloud = cloudOf(engine, effect.request.scope.cloud);
  return effect.kind === 'launch'
    ? launch(engine, cloud, intent, effect.request)
    : terminate(engine, cloud, intent, effect.request);
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
  else await mesos.markGone(request.agent);
  return { kind: 'asked', action: intent.id, at: clock.now(), ...request };
};

const failed = (engine: Engine, intent: Intent, error: unknown): Outcome => {
  const at = engine.clock.now();
  const action = intent.id;
  const message = messageOf(error);
  if (isFailure(error, 'unknown-outcome') || !(error instanceof Failure))
    return { kind: 'unknown', action, at, message, ...expectedOf(intent) };
  if (error.kind === 'gone' && intent.effect.kind === 'terminate')
    return { kind: 'terminated', action, at, machines: intent.effect.request.machines, failed: [] };
  if (error.kind === 'gone' && intent.effect.kind === 'agent' && intent.effect.request.call === 'mark-gone')
    return { kind: 'asked', action, at, ...intent.effect.request };
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
