// Mesos' task states in Marathon's words (semantics §2.7).
import type { TaskState } from '../mesos/api';
import type { Condition } from './state';

/** TASK_LOST is a lost agent or a lost task, by its reason. */
export const conditionOf = (taskState: TaskState, reason: string | undefined): Condition =>
  taskState === 'TASK_LOST' && LOST_WITH_ITS_AGENT.has(reason ?? '') ? 'Unreachable' : CONDITIONS[taskState];

const LOST_WITH_ITS_AGENT = new Set([
  'REASON_AGENT_REMOVED',
  'REASON_AGENT_DISCONNECTED',
  'REASON_RECONCILIATION',
]);

const CONDITIONS: Readonly<Record<TaskState, Condition>> = {
  TASK_STAGING: 'Staging',
  TASK_STARTING: 'Starting',
  TASK_RUNNING: 'Running',
  TASK_KILLING: 'Killing',
  TASK_UNREACHABLE: 'Unreachable',
  TASK_LOST: 'Gone',
  TASK_KILLED: 'Killed',
  TASK_FINISHED: 'Finished',
  TASK_FAILED: 'Failed',
  TASK_ERROR: 'Error',
  TASK_DROPPED: 'Dropped',
  TASK_GONE: 'Gone',
  TASK_GONE_BY_OPERATOR: 'Gone',
  TASK_UNKNOWN: 'Unknown',
};
