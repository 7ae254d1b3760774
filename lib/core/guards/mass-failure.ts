// Many agents out of reach at once, of which the cloud says nothing, is a network or a master that fails and not a fleet:
// nothing is taken away on the strength of it. Buying goes on, and what the cloud itself reports dead or takes is handled at
// any share (DESIGN §5, S11).
import { type Joined, JUDGED_FOR_MS } from '../join';
import { isProven } from '../leaving';
import { isDead, isLive } from '../model/machine';
import type { Action, AgentAction, Blocked, Plan, Terminate } from '../model/plan';
import type { View } from '../view';
import { type Guard, narrowed } from './guard';

/** Of the agents that there should be, more than this share out of reach is a mass failure; and never fewer than three. */
const MOST_SHARE = 0.2;
const FEWEST = 3;

export const massFailure: Guard = {
  name: 'mass-failure',
  narrow: (plan, view) => {
    // Agents that our own drains proved empty are marked gone, and missed by nobody.
    const given = new Set(plan.memory.leaving.filter(isProven).map(({ machine }) => machine));
    const expected = view.join.joined.filter(
      (entry) => hasHadAgent(entry, view) && !given.has(entry.machine.id),
    );
    const lost = expected.filter(isOutOfReach).length;
    if (lost < FEWEST || lost <= expected.length * MOST_SHARE) return plan;
    const why = `${lost} of ${expected.length} agents are out of reach and the cloud says nothing of them`;
    const blocked = new Map<string, Blocked>();
    const keep = (action: Action): Action | undefined => {
      if (!takesAway(action) || isByCloud(action, plan, view)) return action;
      const { step, pool: subject } = action;
      const name = `${step}|${subject}`;
      const more = action.kind === 'terminate' ? action.machines.length : 1;
      const count = (blocked.get(name)?.count ?? 0) + more;
      blocked.set(name, { step, code: 'mass-failure', subject, count, why });
      return undefined;
    };
    const actions = plan.actions.flatMap((action) => keep(action) ?? []);
    return narrowed(plan, (action) => (actions.includes(action) ? action : undefined), [...blocked.values()]);
  },
};

type Taking = Terminate | AgentAction;

const takesAway = (action: Action): action is Taking =>
  action.kind === 'terminate' ||
  action.kind === 'deactivate' ||
  action.kind === 'drain' ||
  action.kind === 'mark-gone';

/** Machines of our pools that live and have had their agent, as far as anybody can tell: one that never joined is judged by
 *  its image. */
const hasHadAgent = ({ machine, standing }: Joined, view: View): boolean => {
  const pool = view.pools.get(machine.pool ?? '');
  if (pool === undefined || !isLive(machine)) return false;
  const isOld = view.now - machine.launchedAt > pool.registerWithinMs + JUDGED_FOR_MS;
  return standing === 'ready' || view.memory.joined.includes(machine.id) || isOld;
};

/** Listed no more, or its connection has ended; not one that we, or an operator, deactivated. */
const isOutOfReach = ({ agent }: Joined): boolean =>
  agent === undefined || (!agent.active && !agent.deactivated && !agent.recovered);

/** The cloud has taken the machine, or is about to; or our own drain has proved that nothing runs there. */
const isByCloud = (action: Taking, plan: Plan, view: View): boolean => {
  const machines = action.kind === 'terminate' ? action.machines : [action.machine];
  const condemned = new Set(
    plan.memory.leaving.flatMap(({ machine, drain }) => (drain?.condemned === true ? [machine] : [])),
  );
  return machines.every(
    (id) => condemned.has(id) || view.join.joined.some(({ machine }) => machine.id === id && isDead(machine)),
  );
};
