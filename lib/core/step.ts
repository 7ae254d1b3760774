// The shape of every behaviour: a pure function of the view that returns what it wants done, what it waits for and why,
// and what is to be remembered. The list of them in plan.ts is the policy.
import type { Action, Blocked, DemandLine, PlanCost } from './model/plan';
import type { Memory } from './model/memory';
import type { View } from './view';

export type StepResult = {
  readonly actions: readonly Action[];
  readonly blocked: readonly Blocked[];
  readonly memory: Memory;
  readonly demand?: readonly DemandLine[];
  readonly cost?: Omit<PlanCost, 'nowUsdPerHour'>;
};

/** `before` are the actions of the steps that came earlier in the same plan. */
export type Step = (view: View, before: readonly Action[]) => StepResult;
