// Paused: nothing is bought and nothing is ended. People are still told.
import type { Action, Blocked, Notify } from '../model/plan';
import { type Guard, narrowed } from './guard';

export const pause: Guard = {
  name: 'pause',
  narrow: (plan, view) => {
    const paused = plan.memory.pause;
    if (paused === undefined || (paused.until !== undefined && paused.until <= view.now)) return plan;
    const until = paused.until === undefined ? {} : { until: paused.until };
    const why = `${paused.by} paused it: ${paused.reason}`;
    const held = new Map<string, Blocked>();
    for (const action of plan.actions) {
      if (action.kind === 'notify') continue;
      const { kind, step } = action;
      const subject = action.kind === 'app' ? action.request.runSpec : action.pool;
      const name = `${kind}|${step}|${subject}`;
      const count = (held.get(name)?.count ?? 0) + machinesOf(action);
      held.set(name, { step, code: 'paused', subject, count, why: `${WHAT[kind]}; ${why}`, ...until });
    }
    const keep = (action: Action): Action | undefined => (action.kind === 'notify' ? action : undefined);
    return narrowed(plan, keep, [...held.values()]);
  },
};

const WHAT = {
  launch: 'they would be bought',
  terminate: 'they would be ended',
  deactivate: 'they would be given back',
  reactivate: 'they would be taken back',
  drain: 'what is left there would be killed',
  'mark-gone': 'they would be marked gone',
  mark: 'they would be tagged',
  app: 'its tasks would be moved',
} as const;

const machinesOf = (action: Exclude<Action, Notify>): number => {
  if (action.kind === 'launch') return action.count;
  return action.kind === 'terminate' || action.kind === 'mark' ? action.machines.length : 1;
};
