// Explicit reconciliation: what the leader answers about a task it is asked for (semantics §1.1, last paragraph).
import type { Agent, Master, Task } from './master';
import type { TaskStatusRow } from './api';
import { statusOf } from './tasks';

/** undefined: no answer at all. An agent that is only recovered is looked at before one that is gone. */
export const reconcileTask = (master: Master, task: Task): TaskStatusRow | undefined => {
  const known = master.tasks.get(task.id);
  const { agent } = task;
  const reason = { source: 'SOURCE_MASTER' as const, reason: 'REASON_RECONCILIATION' };
  if (known !== undefined) return statusOf(master, known.state, reason);
  if (agent.standing === 'recovered' || agent.goneWhileRecovered) return undefined;
  return statusOf(master, ANSWERS[agent.standing], reason);
};

const ANSWERS = {
  registered: 'TASK_GONE',
  unreachable: 'TASK_UNREACHABLE',
  gone: 'TASK_GONE_BY_OPERATOR',
  removed: 'TASK_UNKNOWN',
} as const satisfies Record<Exclude<Agent['standing'], 'recovered'>, string>;
