// Drains from look to look: what each look shows of them, which are asked for, and how they end. Every drain has a deadline
// and ends by a name (facts/pains 2).
import { isEmpty, isProven, readAgain } from '../leaving';
import type { Joined } from '../join';
import type { Agent } from '../model/agent';
import { isLive } from '../model/machine';
import type { Drain, Drained, DrainEnd, Leaving } from '../model/memory';
import { poolScope, type View } from '../view';

export type Draining = Leaving & { readonly drain: Drain };

export const isDrain = (entry: Leaving): entry is Draining => entry.drain !== undefined;

/** What this look shows: drains that go on, and those that have ended. */
export type Looked = { readonly open: readonly Draining[]; readonly ended: readonly Drained[] };

export const lookAtDrains = (view: View): Looked => {
  const agents = new Map(view.world.agents.value.map((agent) => [agent.id, agent]));
  const machines = new Map(view.join.joined.map((entry) => [entry.machine.id, entry]));
  const open: Draining[] = [];
  const ended: Drained[] = [];
  for (const entry of view.memory.leaving.filter(isDrain)) {
    const seen = seenNow(entry, agents.get(entry.agent), machines.get(entry.machine), view);
    if ('end' in seen) ended.push(seen);
    else open.push(seen);
  }
  return { open, ended };
};

const seenNow = (
  entry: Draining,
  agent: Agent | undefined,
  joined: Joined | undefined,
  view: View,
): Draining | Drained => {
  if (isMachineGone(entry, joined, view)) {
    const { left } = entry.drain;
    return left === undefined
      ? endedBy(entry, 'done', 'its machine is ended', view)
      : endedBy(entry, 'escalated', left, view);
  }
  if (!view.world.agents.complete) return entry;
  if (agent === undefined) return isMissed(entry, view) ? lostOne(entry, view) : entry;
  if (agent.recovered) return entry;
  if (entry.phase !== 'returning') return emptyAgain(withRunSpecs(entry, agent, view), agent, view);
  const { end = 'cancelled', why = 'it was taken back' } = entry.drain.undone ?? {};
  return agent.deactivated ? entry : endedBy(entry, end, why, view);
};

const isMissed = (entry: Draining, view: View): boolean =>
  !isProven(entry) && view.now >= entry.drain.deadline;

const emptyAgain = (entry: Draining, agent: Agent, view: View): Draining =>
  agent.deactivated && isEmpty(agent) ? readAgain(entry, view.world.agents.at) : { ...entry, emptyAt: [] };

const isMachineGone = (entry: Draining, joined: Joined | undefined, view: View): boolean => {
  if (joined !== undefined) return !isLive(joined.machine);
  const pool = view.pools.get(entry.pool);
  return pool === undefined || poolScope(view, pool)?.complete === true;
};

/** Its agent is out of reach: what became of its tasks nobody can say. */
const lostOne = (entry: Draining, view: View): Drained =>
  endedBy(
    entry,
    entry.drain.condemned ? 'escalated' : 'failed',
    entry.drain.left ?? 'its agent is listed no more; it may be out of reach and run tasks',
    view,
  );

export const endedBy = (entry: Draining, end: DrainEnd, why: string, view: View): Drained => ({
  agent: entry.agent,
  machine: entry.machine,
  pool: entry.pool,
  cause: entry.drain.cause,
  ...(entry.drain.wish === undefined ? {} : { wish: entry.drain.wish }),
  end,
  since: entry.since,
  at: view.now,
  why,
});

/** Read once it is offered no more: from then on its tasks only become fewer. */
const withRunSpecs = (entry: Draining, agent: Agent, view: View): Draining => {
  const { hosted } = view.world;
  if (entry.drain.runSpecs !== undefined || !agent.deactivated || !hosted.complete) return entry;
  const row = hosted.value.find((one) => one.agent === entry.agent);
  return row === undefined ? entry : { ...entry, drain: { ...entry.drain, runSpecs: row.runSpecs } };
};

/** Milliseconds for which ended drains are shown, and how many at most. */
const SHOWN_MS = 24 * 60 * 60_000;
const MOST_SHOWN = 200;

export const shown = (drained: readonly Drained[], view: View): readonly Drained[] =>
  drained.filter(({ at }) => view.now - at < SHOWN_MS).slice(-MOST_SHOWN);
