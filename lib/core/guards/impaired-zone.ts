// Nothing is taken away in an impaired zone: what is out of reach there may run on, and comes back with the zone. What the
// cloud itself takes, and what is known to be dead, is (pains 21).
import { isImpaired } from '../impaired';
import type { Action, Blocked } from '../model/plan';
import { type Guard, narrowed } from './guard';
import { isByCloud, takesAway } from './taking';

export const impairedZone: Guard = {
  name: 'impaired-zone',
  narrow: (plan, view) => {
    const machines = new Map(view.join.joined.map(({ machine }) => [machine.id, machine]));
    const isThere = (id: string): boolean => {
      const machine = machines.get(id);
      return machine !== undefined && isImpaired(machine, plan.memory.cold, view.now);
    };
    const blocked = new Map<string, Blocked>();
    const hold = (action: Extract<Action, { readonly pool: string }>, ids: readonly string[]): void => {
      const name = `${action.step}|${action.pool}`;
      const count = (blocked.get(name)?.count ?? 0) + ids.length;
      const why = 'its zone is impaired, and nothing is taken away there';
      blocked.set(name, { step: action.step, code: 'zone-impaired', subject: action.pool, count, why });
    };
    const actions = plan.actions.flatMap((action): readonly Action[] => {
      if (!takesAway(action) || isByCloud(action, plan, view)) return [action];
      const ids = action.kind === 'terminate' ? action.machines : [action.machine];
      const there = ids.filter(isThere);
      if (there.length === 0) return [action];
      hold(action, there);
      const rest = ids.filter((id) => !there.includes(id));
      return action.kind === 'terminate' && rest.length > 0 ? [{ ...action, machines: rest }] : [];
    });
    const kept = new Map(actions.map((action) => [action.id, action]));
    return blocked.size === 0 ? plan : narrowed(plan, ({ id }) => kept.get(id), [...blocked.values()]);
  },
};
