// Many agents out of reach at once, of which the cloud says nothing, is a network or a master that fails and not a fleet:
// nothing is taken away on the strength of it. Buying goes on, and what the cloud itself reports dead or takes is handled at
// any share (DESIGN §5, S11).
import { isProven } from '../leaving';
import type { Action, Blocked } from '../model/plan';
import { hasHadAgent, isOutOfReach } from '../reach';
import { type Guard, narrowed } from './guard';
import { isByCloud, takesAway } from './taking';

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
