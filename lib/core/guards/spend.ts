// Never a committed price an hour above the cap, counting launches in flight at their dearest offering (S4). A launch
// that replaces failed machines is let through: it costs at most what was lost.
import { dearest, HOURS_A_MONTH } from '../launches';
import type { Action, Blocked } from '../model/plan';
import { spendNow } from '../view';
import { type Guard, narrowed } from './guard';

export const spend: Guard = {
  name: 'spend',
  narrow: (plan, view) => {
    const cap = view.spec.limits.usdPerHour;
    if (cap === undefined) return plan;
    const now = spendNow(view);
    let left = cap - now;
    const blocked: Blocked[] = [];
    const keep = (action: Action): Action | undefined => {
      if (action.kind !== 'launch') return action;
      const each = dearest({ ...action, count: 1 });
      const free = action.replaces.length;
      const affordable = free + Math.max(0, Math.floor((left + 1e-9) / Math.max(each, 1e-9)));
      const count = Math.min(action.count, affordable);
      left -= Math.max(0, count - free) * each;
      if (count === action.count) return action;
      blocked.push({
        step: action.step,
        code: 'spend-cap',
        subject: action.pool,
        count: action.count - count,
        why: `$${now.toFixed(2)} an hour are spent now ($${(now * HOURS_A_MONTH).toFixed(0)} a month) and the cap is $${cap.toFixed(2)} an hour`,
      });
      return count === 0 ? undefined : { ...action, count };
    };
    return narrowed(plan, keep, blocked);
  },
};
