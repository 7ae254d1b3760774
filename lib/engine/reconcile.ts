// One turn of a cluster: claim, settle what was left open, observe once, then up to four rounds of plan, check, commit,
// act and remember; record; release. Every await may be the last: whatever is half done is finished by the next turn.
import { check } from '../core/check';
import { plan as makePlan } from '../core/plan';
import { fold, withoutLaunches } from '../core/remember';
import type { Outcome } from '../core/model/outcome';
import type { Action, Notify, Plan } from '../core/model/plan';
import type { World } from '../core/model/world';
import { viewOf } from '../core/view';
import { act } from './act';
import type { Engine } from './engine';
import { Failure, isFailure, messageOf } from './failure';
import { abandon, claim, type Head, release, wakeBody } from './head';
import { record } from './history';
import { withFields } from './log';
import { close, commit, type Intent, intentOf, MOST_OPEN, openIntents } from './intents';
import { noticeKey } from './keys';
import { observe } from './observe';
import { recall, type Recalled, remember } from './recall';
import { settleIntent, settleLost } from './settle';

/** A turn asks for the next offering at most this often. */
const ROUNDS = 4;
/** The longest that one call to a cloud may take; a turn whose lease ends sooner begins no effect. */
export const CALL_MS = 20_000;
/** Calls to the clouds under way at once. */
const AT_ONCE = 8;
/** A next look sooner than the tick is a wake of its own. */
const TICK_MS = 60_000;

export type TurnReport =
  | { readonly kind: 'held' }
  | {
      readonly kind: 'done';
      readonly turn: string;
      readonly plans: readonly Plan[];
      readonly outcomes: readonly Outcome[];
      readonly sentences: readonly string[];
    };

/** The state of a turn between its steps. */
type Turn = { readonly head: Head; readonly recalled: Recalled; readonly leaseUntil: number };

/** Runs one turn, or does nothing when another holds the lease. Throws Failure('conflict', deposed) when the lease was
 *  lost on the way, and whatever the store throws; nothing is left half done by that, and the lease is given back. */
export const reconcile = async (engine: Engine): Promise<TurnReport> => {
  const { store, spec, clock } = engine;
  const started = clock.now();
  const head = await claim(store, spec.cluster, started, engine.leaseMs);
  if (head === undefined) return { kind: 'held' };
  const log = withFields(engine.log, { cluster: spec.cluster, turn: turnName(head) });
  try {
    const report = await turnUnder({ ...engine, log }, head, started);
    log.info('the turn is done', {
      count: report.plans.reduce((sum, { actions }) => sum + actions.length, 0),
      ms: clock.now() - started,
    });
    return report;
  } catch (error) {
    log.error('the turn ended with an error', { why: messageOf(error) });
    await abandon(store, head).catch((lost: unknown) =>
      log.warn('the lease was not given back', { why: messageOf(lost) }),
    );
    throw error;
  }
};

type Done = Extract<TurnReport, { kind: 'done' }>;

const turnUnder = async (engine: Engine, head: Head, started: number): Promise<Done> => {
  const { store, spec, clock } = engine;
  const recalled = await recall(store, spec.cluster);
  const settled = await settleOpen(engine, { head, recalled, leaseUntil: started + engine.leaseMs });
  const world = await observe(engine, settled.turn.recalled.memory);
  const result = await rounds(engine, settled.turn, world);
  await release(store, engine.wake, { ...result.turn.head, wanted: head.wanted });
  // After the release: a wake without delay that met the lease would be lost.
  await lookAgain(engine, result.plans);
  engine.meter.time('TurnMs', clock.now() - started);
  engine.meter.count('Turns');
  return {
    kind: 'done',
    turn: turnName(head),
    plans: result.plans,
    outcomes: [...settled.outcomes, ...result.outcomes],
    sentences: result.sentences,
  };
};

/** Sorts like the epoch, which is in milliseconds. */
const turnName = (head: Head): string => String(head.epoch).padStart(14, '0');

const settleOpen = async (
  engine: Engine,
  turn: Turn,
): Promise<{ readonly turn: Turn; readonly outcomes: readonly Outcome[] }> => {
  const open = await openIntents(engine.store, turn.head);
  const lost: string[] = [];
  for (const id of open.lost) if (await settleLost(engine, id)) lost.push(id);
  const { pause } = turn.recalled.memory;
  const outcomes = await inParallel(open.intents, (intent) => settleIntent(engine, intent, pause));
  return { turn: await digest(engine, turn, outcomes, lost), outcomes };
};

/** Folds outcomes into memory, and only then takes the settled ids off the head. */
const digest = async (
  engine: Engine,
  turn: Turn,
  outcomes: readonly Outcome[],
  lost: readonly string[],
): Promise<Turn> => {
  const on = { cluster: turn.head.cluster, epoch: turn.head.epoch };
  const memory = fold(turn.recalled.memory, outcomes);
  const recalled = await remember(engine.store, on, turn.recalled, memory);
  const known = outcomes.filter(({ kind }) => kind !== 'unknown').map(({ action }) => action);
  const listed = new Set(turn.head.intents);
  const head = await close(
    engine.store,
    turn.head,
    [...known, ...lost].filter((id) => listed.has(id)),
  );
  return { ...turn, head, recalled };
};

type Rounds = {
  readonly turn: Turn;
  readonly plans: readonly Plan[];
  readonly outcomes: readonly Outcome[];
  readonly sentences: readonly string[];
};

const rounds = async (engine: Engine, first: Turn, world: World): Promise<Rounds> => {
  let done: Rounds = { turn: first, plans: [], outcomes: [], sentences: [] };
  for (let round = 1; round <= ROUNDS; round += 1) {
    const next = await oneRound(engine, done.turn, world, round);
    done = {
      turn: next.turn,
      plans: [...done.plans, next.plan],
      outcomes: [...done.outcomes, ...next.outcomes],
      sentences: [...done.sentences, ...next.sentences],
    };
    if (!next.outcomes.some(fellShort)) break;
  }
  return done;
};

/** A launch that brought less than was asked for makes another round with what is now known of the offerings. */
const fellShort = (outcome: Outcome): boolean =>
  outcome.kind === 'launched' && outcome.machines.length < outcome.asked;

type Round = {
  readonly turn: Turn;
  readonly plan: Plan;
  readonly outcomes: readonly Outcome[];
  readonly sentences: readonly string[];
};

const oneRound = async (engine: Engine, turn: Turn, world: World, round: number): Promise<Round> => {
  const { spec, store, clock } = engine;
  const on = { cluster: spec.cluster, epoch: turn.head.epoch };
  const input = {
    spec,
    world,
    memory: turn.recalled.memory,
    now: clock.now(),
    turn: turnName(turn.head),
    round,
    work: engine.work,
  };
  const plan = engine.plan === undefined ? makePlan(input) : engine.plan(input);
  refuseUnsound(engine, plan, check(plan, viewOf(input)));
  // Before memory says that they were told: a crash in between tells people twice, never not at all.
  await tell(engine, plan.actions);
  const intents = intentsOf(engine, plan, turn);
  const begun = new Set(intents.map(({ id }) => id));
  const waiting = launchIds(plan).filter((id) => !begun.has(id));
  // What the plan remembers (a wish made absolute) is stored before anything is bought for it: a crash must not make
  // the wish relative again to a fleet that has grown already.
  const recalled = await remember(store, on, turn.recalled, withoutLaunches(plan.memory, waiting));
  const head = await commit(store, turn.head, intents, clock.now());
  const outcomes = await carryOut(engine, intents);
  const after = await digest(engine, { ...turn, head, recalled }, outcomes, []);
  const entry = await record(store, { input, plan, outcomes });
  for (const sentence of entry.sentences) engine.log.info(sentence, { round });
  return { turn: after, plan, outcomes, sentences: entry.sentences };
};

/** A plan that breaks an invariant is a bug: it is refused whole, loudly, and nothing of it is done. */
const refuseUnsound = (engine: Engine, plan: Plan, faults: readonly string[]): void => {
  if (faults.length === 0) return;
  engine.meter.count('PlansRefused');
  for (const fault of faults) engine.log.error('plan refused', { cluster: plan.cluster, why: fault });
  throw new Failure(
    'permanent',
    `The plan for ${plan.cluster} breaks ${faults.length} invariants: ${faults.join('; ')}.`,
    {
      code: 'plan-refused',
      advice: 'Nothing of it was done. Keep the turn record and report it.',
    },
  );
};

/** As many effects as the head has room to list and the lease has time for; the rest is planned again next turn. */
const intentsOf = (engine: Engine, plan: Plan, turn: Turn): readonly Intent[] => {
  const now = engine.clock.now();
  if (turn.leaseUntil - now < CALL_MS) return [];
  const template = (pool: string) => {
    const found = engine.templates[pool];
    if (found !== undefined) return found;
    throw new Failure('permanent', `Pool ${pool} has no launch template.`, {
      advice: 'Deploy the stack again, or start `muster serve` again, so that one is made for it.',
    });
  };
  return plan.actions
    .flatMap((action) => intentOf(action, engine.spec, template, now) ?? [])
    .slice(0, MOST_OPEN - turn.head.intents.length);
};

const launchIds = ({ actions }: Plan): readonly string[] =>
  actions.flatMap(({ kind, id }) => (kind === 'launch' ? [id] : []));

/** Tags before what they announce: an agent whose machine could not be tagged is offered as before. */
const carryOut = async (engine: Engine, intents: readonly Intent[]): Promise<readonly Outcome[]> => {
  const needed = new Set(intents.flatMap(({ after }) => after ?? []));
  const first = await inParallel(
    intents.filter(({ id }) => needed.has(id)),
    (intent) => act(engine, intent),
  );
  const done = new Set(first.flatMap(({ kind, action }) => (kind === 'marked' ? [action] : [])));
  const rest = intents.filter(({ id }) => !needed.has(id));
  const then = await inParallel(rest, async (intent) =>
    intent.after === undefined || done.has(intent.after) ? act(engine, intent) : notBegun(engine, intent),
  );
  return [...first, ...then];
};

const notBegun = (engine: Engine, { id, after }: Intent): Outcome => ({
  kind: 'refused',
  action: id,
  at: engine.clock.now(),
  failure: 'conflict',
  message: `${after ?? ''} has to be carried out before, and was not`,
});

/** All of a batch have ended when this does, also when it throws: no call outlives the turn's lease. */
const inParallel = async <T>(
  intents: readonly Intent[],
  work: (intent: Intent) => Promise<T>,
): Promise<readonly T[]> => {
  const results: T[] = [];
  for (let from = 0; from < intents.length; from += AT_ONCE) {
    const calls = intents.slice(from, from + AT_ONCE).map(work);
    await Promise.allSettled(calls);
    results.push(...(await Promise.all(calls)));
  }
  return results;
};

/** People are told once for each alarm and subject, all at the same time, since each may take its timeout; that nobody
 *  could be told must not stop the turn. */
const tell = async (engine: Engine, actions: readonly Action[]): Promise<void> => {
  await Promise.all(actions.flatMap((action) => (action.kind === 'notify' ? [tellOne(engine, action)] : [])));
};

const tellOne = async (engine: Engine, action: Notify): Promise<void> => {
  const cluster = engine.spec.cluster;
  const id = `${action.alarm}/${action.subject}/${action.id}`;
  engine.meter.count('Alarms');
  const notice = { id, cluster, alarm: action.alarm, subject: action.subject, text: action.why };
  const told = await Promise.allSettled(engine.notifiers.map(async (notifier) => notifier.tell(notice)));
  for (const one of told)
    if (one.status === 'rejected')
      engine.log.error('nobody could be told', {
        cluster,
        subject: action.subject,
        why: messageOf(one.reason),
      });
  try {
    await engine.store.put({ ...noticeKey(cluster, id), text: action.why, at: engine.clock.now() });
  } catch (error) {
    if (!isFailure(error)) throw error;
    engine.log.warn('the notice was not recorded', { cluster, why: messageOf(error) });
  }
};

/** A moment sooner than the tick at which the plan wants to look again is a wake of its own, never an outstanding one. */
const lookAgain = async (engine: Engine, plans: readonly Plan[]): Promise<void> => {
  const at = plans.at(-1)?.lookAgainAt;
  if (at === undefined) return;
  const delayMs = Math.max(0, at - engine.clock.now());
  if (delayMs < TICK_MS) await engine.wake.send(wakeBody(engine.spec.cluster), { delayMs });
};
