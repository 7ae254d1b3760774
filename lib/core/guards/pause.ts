// Paused: nothing is bought and nothing is ended. People are still told.
import { type Guard, narrowed } from './guard';

export const pause: Guard = {
  name: 'pause',
  narrow: (plan, view) => {
    const paused = plan.memory.pause;
    if (paused === undefined || (paused.until !== undefined && paused.until <= view.now)) return plan;
    const held = plan.actions.filter((action) => action.kind !== 'notify');
    const until = paused.until === undefined ? {} : { until: paused.until };
    const why = `${paused.by} paused it: ${paused.reason}`;
    return narrowed(
      plan,
      (action) => (action.kind === 'notify' ? action : undefined),
      held.map((action) => ({
        step: action.step,
        code: 'paused',
        subject: action.pool,
        count: 1,
        why,
        ...until,
      })),
    );
  },
};
