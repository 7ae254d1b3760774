// Machines that their cloud takes: a spot notice, a scheduled change, a termination that waits on a lifecycle hook, a hint
// that one of these is near. Their agents are emptied within the notice; what ran there wants room at once, so that the
// same turn buys it; the offering is cold for a while. However many events tell of one machine, it counts once.
import { INTERRUPTED } from '../buyable';
import { begin, graceFor, restraint } from '../drain/terms';
import type { Draining } from '../drain/entries';
import { takesMachine } from '../drain/reads';
import type { Joined } from '../join';
import type { Millis } from '../model/machine';
import type { Blocked } from '../model/plan';
import type { Drain, DrainCause, Leaving, Memory } from '../model/memory';
import type { Fact } from '../model/signal';
import { chill } from '../remember';
import { offeringKey } from '../model/offering';
import type { Step } from '../step';
import { poolSize, type View } from '../view';

/** A hook of Auto Scaling waits an hour where it does not say otherwise (cloud-apis: heartbeat timeout). */
const HOOK_MS = 60 * 60_000;
/** A hint is forgotten after this long: a machine that is still there was not meant (facts/pains 10). */
const HINT_MS = 30 * 60_000;
/** Of a pool at most this share, or one machine, is emptied on hints alone within an hour. */
const HINTS_SHARE = 0.1;
const HOUR_MS = 60 * 60_000;
/** A change that is announced for days ahead is an ordinary drain, and becomes a forced one this long before. */
const NEAR_MS = 15 * 60_000;

export const interrupted: Step = (view) => {
  if (view.round > 1) return { actions: [], blocked: [], memory: view.memory };
  const joined = new Map(view.join.joined.map((entry) => [entry.machine.id, entry]));
  const threats = strongest(view).flatMap((threat) => {
    const entry = joined.get(threat.fact.subject);
    return entry?.standing === 'ready' && view.pools.has(entry.machine.pool ?? '')
      ? [{ ...threat, entry }]
      : [];
  });
  let memory = view.memory;
  const blocked: Blocked[] = [];
  for (const threat of threats) {
    const taken = takeOver(memory, threat, view);
    if ('code' in taken) blocked.push(taken);
    else memory = taken;
  }
  return { actions: [], blocked, memory: cooled(memory, threats) };
};

type Threat = {
  readonly fact: Fact;
  readonly cause: DrainCause;
  readonly deadline: Millis;
  readonly rank: number;
};
type Met = Threat & { readonly entry: Joined };

/** One threat a machine: the most certain, then the nearest. */
const strongest = (view: View): readonly Threat[] => {
  const byMachine = new Map<string, Threat>();
  for (const fact of view.world.facts.value) {
    const threat = fact.expiresAt > view.now && takesMachine(fact) ? threatOf(fact) : undefined;
    if (threat === undefined) continue;
    const other = byMachine.get(fact.subject);
    const isStronger =
      other === undefined ||
      threat.rank < other.rank ||
      (threat.rank === other.rank && threat.deadline < other.deadline);
    if (isStronger) byMachine.set(fact.subject, threat);
  }
  // What is certain comes first: the rest has to keep to the budget that it leaves.
  return [...byMachine.values()].sort(
    (a, b) => a.rank - b.rank || (a.fact.subject < b.fact.subject ? -1 : 1),
  );
};

/** Two minutes is what EC2 gives where a notice names no deadline (facts/limits). */
const NOTICE_MS = 2 * 60_000;

const threatOf = (fact: Fact): Threat | undefined => {
  const { body, at } = fact;
  if (body.kind === 'interruption')
    return { fact, cause: 'interruption', deadline: body.deadline ?? at + NOTICE_MS, rank: 0 };
  if (body.kind === 'lifecycle-hook')
    return { fact, cause: 'lifecycle-hook', deadline: at + HOOK_MS, rank: 1 };
  if (body.kind === 'scheduled-maintenance')
    return { fact, cause: 'maintenance', deadline: body.startsAt, rank: 2 };
  if (body.kind === 'rebalance') return { fact, cause: 'rebalance', deadline: at + HINT_MS, rank: 3 };
  return undefined;
};

/** The machine's entry begins, or what began for a lesser reason becomes this. */
const takeOver = (memory: Memory, threat: Met, view: View): Memory | Blocked => {
  const { agent, machine } = threat.entry;
  if (agent === undefined) return memory;
  const known = memory.leaving.find((entry) => entry.machine === machine.id);
  const drain = drainFor(threat, known?.drain, view);
  const isOld = known?.drain === undefined ? wasMet(memory, threat) : !isWorse(drain, known.drain);
  if (isOld) return memory;
  const held = drain.condemned ? undefined : restraintOf(memory, threat, view);
  if (held !== undefined) return held;
  const begun = known?.phase === 'closing' ? { since: known.since, emptyAt: known.emptyAt } : {};
  const base = { agent: agent.id, machine: machine.id, pool: machine.pool ?? '' };
  const next: Draining = { ...base, ...begin(view), ...begun, drain };
  const rest = memory.leaving.filter((entry) => entry.machine !== machine.id);
  return { ...memory, leaving: [...rest, next].sort((a, b) => (a.agent < b.agent ? -1 : 1)) };
};

/** What is not certain, or not near, keeps to limits: hints to their number, announced changes to the pool's budget. */
const restraintOf = (memory: Memory, threat: Met, view: View): Blocked | undefined => {
  const { fact, cause, entry } = threat;
  const base = { step: 'interrupted', subject: fact.subject, count: 1 } as const;
  if (cause === 'rebalance' && isTooMany(memory, threat, view))
    return { ...base, code: 'budget', why: ENOUGH_HINTS };
  const pool = view.pools.get(entry.machine.pool ?? '');
  const held = pool === undefined ? undefined : restraint(pool, memory.leaving, view);
  if (held === undefined) return undefined;
  const what = cause === 'rebalance' ? 'sees a raised risk for it' : 'has scheduled a change of it';
  return { ...base, ...held, why: `its cloud ${what}, and it is not emptied yet: ${held.why}` };
};

const ENOUGH_HINTS =
  'its cloud hints at an interruption, but as many machines of the pool as may leave on hints in an hour have left';

const REASONS: Partial<Record<DrainCause, string>> = {
  interruption: 'its cloud takes the machine back',
  'lifecycle-hook': 'its group ends the machine once its hook is completed',
  maintenance: 'its cloud has scheduled a change of the machine',
  rebalance: 'its cloud sees a raised risk of interruption',
};

const drainFor = ({ cause, deadline, fact, entry }: Met, known: Drain | undefined, view: View): Drain => {
  const pool = view.pools.get(entry.machine.pool ?? '');
  const isCertain = cause === 'interruption' || cause === 'lifecycle-hook';
  const condemned = isCertain || (cause === 'maintenance' && deadline - view.now <= NEAR_MS);
  const { runSpecs, killedAt, left } = known ?? {};
  return {
    cause,
    by: 'the cloud',
    reason: REASONS[cause] ?? cause,
    deadline,
    graceMs: graceFor(pool, fact.at, deadline),
    force: condemned || pool?.drain === 'kill',
    condemned,
    ...(runSpecs === undefined ? {} : { runSpecs }),
    ...(killedAt === undefined ? {} : { killedAt }),
    ...(left === undefined ? {} : { left }),
  };
};

/** The same threat again changes nothing; a certain one takes over from an uncertain one, a near one from a far one. */
const isWorse = (next: Drain, known: Drain): boolean =>
  (next.condemned && !known.condemned) ||
  (next.condemned === known.condemned && next.deadline < known.deadline);

/** Its drain has ended: the machine is still there because the cloud did not take it, or because it takes it just now. */
const wasMet = (memory: Memory, { fact, cause }: Met): boolean =>
  memory.drained.some(
    (entry) => entry.machine === fact.subject && entry.cause === cause && entry.since >= fact.at,
  );

const isTooMany = (memory: Memory, { entry }: Met, view: View): boolean => {
  const name = entry.machine.pool ?? '';
  const pool = view.pools.get(name);
  if (pool === undefined) return true;
  const isHint = (one: Pick<Leaving, 'pool' | 'since'>, cause: DrainCause | undefined): boolean =>
    one.pool === name && cause === 'rebalance' && view.now - one.since < HOUR_MS;
  const begun =
    memory.leaving.filter((one) => isHint(one, one.drain?.cause)).length +
    memory.drained.filter((one) => isHint(one, one.cause)).length;
  return begun >= Math.max(1, Math.floor(poolSize(view, pool) * HINTS_SHARE));
};

/** What was interrupted a moment ago is short of capacity: it is not bought again at once. */
const cooled = (memory: Memory, threats: readonly Met[]): Memory => {
  const taken = threats.filter(
    ({ cause, entry }) => cause === 'interruption' && entry.machine.market === 'spot',
  );
  const cold = taken.reduce((all, { entry, fact }) => {
    const { cloud, region, zone, shape, market } = entry.machine;
    const offering = { cloud, region, zone, shape, market, usdPerHour: 0 };
    const key = offeringKey(offering);
    return all.some((one) => one.key === key && one.since >= fact.at)
      ? all
      : chill(
          all,
          { offering, code: INTERRUPTED, message: 'a machine of it was taken', kind: 'capacity' },
          fact.at,
        );
  }, memory.cold);
  return cold === memory.cold ? memory : { ...memory, cold };
};
