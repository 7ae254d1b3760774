// What must hold, as small functions over the world's state and the journal of calls. The names are those of the design:
// S for safety, checked at every step, L for liveness, checked once the faults have ended.
import type { Plan } from '../../../lib/core/model/plan';
import type { PlanInput } from '../../../lib/core/view';
import type { Answer, Call, Process } from '../call';
import type { Scene } from '../scene';

/** A sentence about what broke it, with the subject that the story is to be about. */
export type Breach = { readonly subject: string; readonly text: string };

/** Each is asked at its moment; an answer is a violation. */
export type Watch = {
  /** The call is about to take effect. */
  readonly before?: (call: Call) => Breach | undefined;
  readonly after?: (call: Call, answer: Answer) => Breach | undefined;
  /** What the process will hear of it, which a fault may have made something else. */
  readonly told?: (call: Call, answer: Answer) => Breach | undefined;
  readonly planned?: (input: PlanInput, plan: Plan, process: Process) => Breach | undefined;
  /** Once a simulated minute, in which every step may have changed something. */
  readonly minute?: () => Breach | undefined;
  /** At the end of the calm. */
  readonly end?: () => Promise<Breach | undefined> | Breach | undefined;
};

export type Invariant = {
  readonly name: string;
  readonly sentence: string;
  readonly watch: (scene: Scene) => Watch;
};

export const breach = (subject: string, text: string): Breach => ({ subject, text });
