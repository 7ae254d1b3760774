// Which actions take something away, and which of them only follow the cloud's own word.
import { isDead } from '../model/machine';
import type { Action, AgentAction, Plan, Terminate } from '../model/plan';
import type { View } from '../view';

type Taking = Terminate | AgentAction;

export const takesAway = (action: Action): action is Taking =>
  action.kind === 'terminate' ||
  action.kind === 'deactivate' ||
  action.kind === 'drain' ||
  action.kind === 'mark-gone';

/** The cloud has taken the machine, or is about to. */
export const isByCloud = (action: Taking, plan: Plan, view: View): boolean => {
  const machines = action.kind === 'terminate' ? action.machines : [action.machine];
  const condemned = new Set(
    plan.memory.leaving.flatMap(({ machine, drain }) => (drain?.condemned === true ? [machine] : [])),
  );
  return machines.every(
    (id) => condemned.has(id) || view.join.joined.some(({ machine }) => machine.id === id && isDead(machine)),
  );
};
