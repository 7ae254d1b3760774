// What an earlier turn left open. A launch is read back by its tag; where nothing is found it is left alone for a minute
// (a cloud shows new machines late), then sent again with the same token until its time is over, and a minute after that
// closed as never done. Ending machines and words to the master are never sent again: they were decided on an older look,
// and the plan of this turn does what should still be done.
import type { Outcome } from '../core/model/outcome';
import type { Scope } from '../core/model/offering';
import type { Pause } from '../core/model/memory';
import { expectedOf, send } from './act';
import { type Engine, scopesOf } from './engine';
import { messageOf } from './failure';
import { readFacts } from './facts';
import type { Intent } from './intents';

/** EC2's describe calls lag by seconds, seldom up to minutes (cloud-apis §1.2): no second attempt before this. */
const READ_BACK_FOR_MS = 60_000;

/** The outcome of an open intent as far as it can be known now. `pause` is the one that memory holds. */
export const settleIntent = async (
  engine: Engine,
  intent: Intent,
  pause: Pause | undefined,
): Promise<Outcome> => {
  const { effect } = intent;
  const now = engine.clock.now();
  if (effect.kind !== 'launch')
    return closed(intent, now, 'it was decided on an older look at the fleet; this turn decides again');
  const { scope, launch, pool, count } = effect.request;
  const found = await readBack(engine, scope, launch, intent);
  // A listing that shows some of a launch may show the others a moment later.
  if (found.kind === 'found' && found.outcome.machines.length < count && now - intent.at < READ_BACK_FOR_MS)
    return unknown(intent, now, `${found.outcome.machines.length} of ${count} machines bear its tag so far`);
  if (found.kind !== 'absent')
    return found.kind === 'found' ? { ...found.outcome, pool, asked: count } : found.outcome;
  if (now - intent.at < READ_BACK_FOR_MS) return unknown(intent, now, 'no machine bears its tag yet');
  if (now < intent.notAfter) return sendAgain(engine, intent, pause);
  // The last attempt may have been made just before: what it brought may be shown late, too.
  if (now - intent.notAfter < READ_BACK_FOR_MS) return unknown(intent, now, 'no machine bears its tag yet');
  return closed(intent, now, `no machine bears the tag of launch ${launch}; it was never carried out`);
};

/** However this attempt is refused, that says nothing about the one before: only an answer settles it. */
const sendAgain = async (engine: Engine, intent: Intent, pause: Pause | undefined): Promise<Outcome> => {
  try {
    if (await isPaused(engine, pause)) return unknown(intent, engine.clock.now(), 'Muster is paused');
    return await send(engine, intent);
  } catch (error) {
    return unknown(intent, engine.clock.now(), messageOf(error));
  }
};

/** Paused by what memory holds, or by a request that no plan has read yet. */
const isPaused = async (engine: Engine, pause: Pause | undefined): Promise<boolean> => {
  const now = engine.clock.now();
  const facts = await readFacts(engine.store, [{ kind: 'cluster', cluster: engine.spec.cluster }], now);
  const word = facts.value
    .filter(({ body, expiresAt }) => (body.kind === 'pause' || body.kind === 'resume') && expiresAt > now)
    .sort((a, b) => a.at - b.at)
    .at(-1);
  if (word !== undefined && word.at >= (pause?.since ?? 0)) return word.body.kind === 'pause';
  return pause !== undefined && (pause.until === undefined || pause.until > now);
};

const closed = (intent: Intent, at: number, message: string): Outcome => ({
  kind: 'refused',
  action: intent.id,
  at,
  failure: 'gone',
  message,
});

type Launched = Extract<Outcome, { kind: 'launched' }>;
type Found =
  | { readonly kind: 'found'; readonly outcome: Launched }
  | { readonly kind: 'absent' }
  | { readonly kind: 'unreadable'; readonly outcome: Outcome };

const readBack = async (engine: Engine, scope: Scope, launch: string, intent: Intent): Promise<Found> => {
  const now = engine.clock.now();
  try {
    const source = await engine.clouds[scope.cloud]?.launched(scope, engine.spec.cluster, launch);
    if (source === undefined || !source.complete)
      return {
        kind: 'unreadable',
        outcome: unknown(intent, now, 'the machines could not be listed completely'),
      };
    if (source.value.length === 0) return { kind: 'absent' };
    const machines = source.value.map((machine) => {
      const { cloud, region, zone, shape, market } = machine;
      const asked = intent.effect.kind === 'launch' ? intent.effect.request.offerings : [];
      const usdPerHour =
        asked.find((offering) => offering.shape === shape && offering.zone === zone)?.usdPerHour ?? 0;
      return { id: machine.id, offering: { cloud, region, zone, shape, market, usdPerHour } };
    });
    const outcome: Launched = {
      kind: 'launched',
      action: intent.id,
      pool: '',
      at: intent.at,
      machines,
      errors: [],
      asked: 0,
    };
    return { kind: 'found', outcome };
  } catch (error) {
    return { kind: 'unreadable', outcome: unknown(intent, now, messageOf(error)) };
  }
};

const unknown = (intent: Intent, at: number, message: string): Outcome => ({
  kind: 'unknown',
  action: intent.id,
  at,
  message,
  ...expectedOf(intent),
});

/** A listed id whose item is gone (a table restored to another moment): whatever bears its tag is found by the ordinary
 *  listing, so it is only looked for, for the record. True when every scope could be read and the id can be closed. */
export const settleLost = async (engine: Engine, id: string): Promise<boolean> => {
  const cluster = engine.spec.cluster;
  try {
    const found = await Promise.all(
      scopesOf(engine.spec.pools).map(async (scope) =>
        engine.clouds[scope.cloud]?.launched(scope, cluster, id),
      ),
    );
    const count = found.flatMap((source) => source?.value ?? []).length;
    engine.log.warn('a listed intent has no item', { cluster, action: id, count });
    return found.every((source) => source?.complete !== false);
  } catch (error) {
    engine.log.warn('a listed intent has no item and cannot be read back yet', {
      cluster,
      action: id,
      why: messageOf(error),
    });
    return false;
  }
};
