// Agents that run nothing, and how far they are given back: what is remembered of them from look to look. An agent is
// offered no more, read empty twice, marked gone, and then its machine is ended; until it is marked gone it can return.
import { takesTasks } from './hosts';
import type { Joined } from './join';
import type { Agent } from './model/agent';
import type { Leaving } from './model/memory';
import { isLive, type Millis } from './model/machine';
import { DIMENSIONS } from './model/resources';
import type { Pool } from './model/spec';
import { poolScope, type View } from './view';

/** Two reads of an empty agent are this far apart at least: a task that was accepted before the first shows in the second. */
export const READ_APART_MS = 5000;
const READS = 2;
/** A master that still offers the agent after this long will not be asked for ever. */
const ASKED_FOR_MS = 10 * 60_000;
/** Idle agents that are remembered: the item of a store is bounded, and no plan gives back more. */
const MOST_IDLE = 1000;

export const isEmpty = (agent: Agent): boolean =>
  DIMENSIONS.every((dimension) => agent.used[dimension] === 0);

/** Deactivated and read empty twice: nothing runs there and nothing can start there. */
export const isProven = ({ emptyAt }: Pick<Leaving, 'emptyAt'>): boolean => emptyAt.length >= READS;

export const closingIn = (leaving: readonly Leaving[], pool: string): readonly Leaving[] =>
  leaving.filter((entry) => entry.phase === 'closing' && entry.pool === pool);

export const isClosing = (view: View, machine: string): boolean =>
  view.memory.leaving.some((entry) => entry.phase === 'closing' && entry.machine === machine);

/** What is remembered of agents that run nothing, as this look shows it: ended without what is over, with one read more
 *  where it was empty again, and with the agents that run nothing since now. Drains are looked at by their own step. */
export const lookedAt = (view: View): readonly Leaving[] => {
  const agents = new Map(view.world.agents.value.map((agent) => [agent.id, agent]));
  const machines = new Map(view.join.joined.map((entry) => [entry.machine.id, entry]));
  const idlers = view.memory.leaving.filter(({ drain }) => drain === undefined);
  const known = idlers.filter((entry) => isThere(entry, machines.get(entry.machine), view));
  if (!view.world.agents.complete) return known;
  const kept = known.flatMap((entry) => seen(entry, agents.get(entry.agent), view));
  const names = new Set([...kept, ...view.memory.leaving].map(({ agent }) => agent));
  const fresh = view.join.joined.flatMap((entry): readonly Leaving[] => {
    const { agent, machine } = entry;
    if (agent === undefined || names.has(agent.id) || !isIdle(entry, view)) return [];
    const base = { agent: agent.id, machine: machine.id, pool: machine.pool ?? '' };
    return [{ ...base, phase: 'idle', since: view.world.agents.at, emptyAt: [] }];
  });
  const idle = [...kept.filter(({ phase }) => phase === 'idle'), ...fresh];
  return [
    ...kept.filter(({ phase }) => phase !== 'idle'),
    ...idle.sort((a, b) => a.since - b.since || (a.agent < b.agent ? -1 : 1)).slice(0, MOST_IDLE),
  ];
};

const isIdle = ({ agent, machine, standing }: Joined, view: View): boolean =>
  agent !== undefined &&
  standing === 'ready' &&
  view.pools.has(machine.pool ?? '') &&
  takesTasks(agent) &&
  isEmpty(agent) &&
  !holdsReserved(agent, view.pools.get(machine.pool ?? ''));

/** What is reserved for another role than the pool's own was reserved by a framework, and may be the place of its data:
 *  it runs nothing there while its task restarts. */
export const holdsReserved = ({ reserved }: Agent, pool: Pool | undefined): boolean =>
  Object.keys(reserved).some((role) => role !== pool?.role);

/** Its machine still runs, or cannot be seen. */
const isThere = (entry: Leaving, joined: Joined | undefined, view: View): boolean => {
  if (joined !== undefined) return isLive(joined.machine);
  const pool = view.pools.get(entry.pool);
  return pool !== undefined && poolScope(view, pool)?.complete !== true;
};

const seen = (entry: Leaving, agent: Agent | undefined, view: View): readonly Leaving[] => {
  if (agent === undefined) return isProven(entry) ? [entry] : [];
  if (agent.recovered) return entry.phase === 'idle' ? [] : [entry];
  switch (entry.phase) {
    case 'idle':
      return takesTasks(agent) && isEmpty(agent) && !holdsReserved(agent, view.pools.get(entry.pool))
        ? [entry]
        : [];
    case 'returning':
      return agent.deactivated ? [entry] : [];
    case 'closing':
      return closingSeen(entry, agent, view);
    default:
      return entry.phase satisfies never;
  }
};

const closingSeen = (entry: Leaving, agent: Agent, view: View): readonly Leaving[] => {
  if (agent.deactivated && isEmpty(agent)) return [readAgain(entry, view.world.agents.at)];
  const isAsked = agent.deactivated || view.now - entry.since < ASKED_FOR_MS;
  return isAsked ? [{ ...entry, emptyAt: [] }] : [];
};

/** One more read of it empty, unless the last was a moment ago. */
export const readAgain = <T extends Leaving>(entry: T, at: Millis): T => {
  const last = entry.emptyAt.at(-1) ?? -Infinity;
  return isProven(entry) || at - last < READ_APART_MS ? entry : { ...entry, emptyAt: [...entry.emptyAt, at] };
};
