// A guard narrows a plan and never widens it: it may drop or shrink actions and add reasons, nothing else. Guards are an
// argument of `plan`, so that a mutant is the list less one.
import type { Action, Blocked, Launch, Plan } from '../model/plan';
import { withoutLaunches } from '../remember';
import type { View } from '../view';

export type Guard = { readonly name: string; readonly narrow: (plan: Plan, view: View) => Plan };

/** Keeps what `keep` returns of each action; what was to be bought and is dropped becomes unplaced again. */
export const narrowed = (
  plan: Plan,
  keep: (action: Action) => Action | undefined,
  blocked: readonly Blocked[],
): Plan => {
  const actions = plan.actions.flatMap((action) => keep(action) ?? []);
  const before = machinesBought(plan.actions);
  const after = machinesBought(actions);
  if (before === after && actions.length === plan.actions.length) return plan;
  const share = before === 0 ? 1 : after / before;
  const demand = plan.demand.map((line) => {
    const onBought = Math.floor(line.onBought * share);
    return { ...line, onBought, unplaced: line.unplaced + line.onBought - onBought };
  });
  const kept = new Set(actions.flatMap((action) => (action.kind === 'launch' ? [action.id] : [])));
  const dropped = plan.actions.filter(({ kind, id }) => kind === 'launch' && !kept.has(id));
  return {
    ...plan,
    actions,
    demand,
    blocked: [...plan.blocked, ...blocked],
    cost: share === 1 ? plan.cost : { ...plan.cost, ...costOf(actions) },
    memory: withoutLaunches(
      plan.memory,
      dropped.map(({ id }) => id),
    ),
  };
};

const isLaunch = (action: Action): action is Launch => action.kind === 'launch';

const machinesBought = (actions: readonly Action[]): number =>
  actions.filter(isLaunch).reduce((sum, { count }) => sum + count, 0);

/** The packing and its bound were of more machines than are left: neither says anything of these. */
const costOf = (actions: readonly Action[]): Omit<Plan['cost'], 'nowUsdPerHour'> => {
  const usdPerHour = actions
    .filter(isLaunch)
    .reduce((sum, { offerings, count }) => sum + (offerings[0]?.usdPerHour ?? 0) * count, 0);
  return {
    packedUsdPerHour: usdPerHour,
    boughtUsdPerHour: usdPerHour,
    boundUsdPerHour: 0,
    boundKind: 'none',
  };
};
