// Unknown is not empty: what ends machines needs a fresh and complete sight of the cloud, of the agents and of nothing
// less. What buys goes on with what is known (DESIGN §4; pains 7 and 24).
import { JUDGED_FOR_MS } from '../join';
import { isDead, isLive, type Machine } from '../model/machine';
import { isClosing } from '../leaving';
import type { Action, AgentAction, Blocked, Plan, Terminate } from '../model/plan';
import { poolScope, type View } from '../view';
import { type Guard, narrowed } from './guard';

/** Older than two ticks is stale. */
const STALE_MS = 2 * 60_000;

export const staleView: Guard = {
  name: 'stale-view',
  narrow: (plan, view) => {
    const faults = plan.actions.flatMap((action) =>
      needsSight(action) && !isCertain(action, plan, view) ? [{ action, why: sightFault(action, view) }] : [],
    );
    const refused = new Map(
      faults.flatMap(({ action, why }) => (why === undefined ? [] : [[action.id, why] as const])),
    );
    const blocked = new Map<string, Blocked>();
    for (const { action, why } of faults) {
      if (why === undefined) continue;
      const { step, pool: subject } = action;
      const name = `${step}|${subject}`;
      const count =
        (blocked.get(name)?.count ?? 0) + (action.kind === 'terminate' ? action.machines.length : 1);
      blocked.set(name, { step, code: 'stale-view', subject, count, why });
    }
    const staying = new Set(
      faults.flatMap(({ action, why }) =>
        why === undefined || action.kind !== 'terminate' ? [] : action.machines,
      ),
    );
    const keep = (action: Action): Action | undefined =>
      refused.has(action.id) ? undefined : withoutReplaced(action, staying);
    return narrowed(plan, keep, [...blocked.values()]);
  },
};

/** What stays is not replaced, so the spend cap binds what was to take its place. */
const withoutReplaced = (action: Action, staying: ReadonlySet<string>): Action =>
  action.kind === 'launch' && action.replaces.some((machine) => staying.has(machine))
    ? { ...action, replaces: action.replaces.filter((machine) => !staying.has(machine)) }
    : action;

/** What cannot be made good again, or leads to it. Offering an agent again needs no sight of anything. */
const needsSight = (action: Action): action is Terminate | AgentAction =>
  action.kind === 'terminate' ||
  action.kind === 'deactivate' ||
  action.kind === 'drain' ||
  action.kind === 'mark-gone';

/** The cloud's own word on this very machine needs no sight of the others: it is dead, or will be. */
const isCertain = (action: Terminate | AgentAction, plan: Plan, view: View): boolean =>
  action.kind !== 'terminate' &&
  (plan.memory.leaving.some(({ agent, drain }) => agent === action.agent && drain?.condemned === true) ||
    view.join.joined.some(({ machine }) => machine.id === action.machine && isDead(machine)));

const sightFault = (action: Terminate | AgentAction, view: View): string | undefined => {
  const { agents } = view.world;
  const pool = view.pools.get(action.pool);
  const cloud = pool === undefined ? undefined : poolScope(view, pool);
  if (pool === undefined || cloud === undefined) return `the pool ${action.pool} is not known`;
  if (!cloud.complete) return `the list of machines in ${pool.region} is incomplete`;
  if (!agents.complete) return 'the list of agents is incomplete';
  if (view.now - cloud.at > STALE_MS)
    return `the list of machines in ${pool.region} is ${age(view.now - cloud.at)} old`;
  if (view.now - agents.at > STALE_MS) return `the list of agents is ${age(view.now - agents.at)} old`;
  // Losing every agent at once is what a master or a network does, not what a fleet does. Only where no machine is old
  // enough to have had an agent before is it the beginning of a cluster, whose failed machines must not stay for ever;
  // and where the last agents were given back it is as it should be.
  if (
    agents.value.length === 0 &&
    cloud.value.some((machine) => mayHaveJoined(machine, view) && !isClosing(view, machine.id))
  )
    return 'the master lists no agent at all';
  return undefined;
};

const mayHaveJoined = (machine: Machine, view: View): boolean => {
  const deadline = view.pools.get(machine.pool ?? '')?.registerWithinMs ?? 0;
  return isLive(machine) && view.now - machine.launchedAt > deadline + JUDGED_FOR_MS;
};

const age = (ms: number): string => `${Math.round(ms / 1000)} s`;
