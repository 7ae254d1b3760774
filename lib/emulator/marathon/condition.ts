// Mesos' task states in Marathon's words (semantics §2.7).
import type { TaskState } from '../mesos/api';
import type { Condition } from './state';

/** TASK_LOST is a lost agent or a lost task, by its reason. */
export const conditionOf = (taskState: TaskState, reason: string | undefined): Condition => {
  switch (taskState) {
    case 'TASK_STAGING':
      return 'Staging';
    case 'TASK_STARTING':
      return 'Starting';
    case 'TASK_RUNNING':
      return 'Running';
    case 'TASK_KILLING':
      return 'Killing';
    case 'TASK_UNREACHABLE':
      return 'Unreachable';
    case 'TASK_LOST':
      return ['REASON_AGENT_REMOVED', 'REASON_AGENT_DISCONNECTED', 'REASON_RECONCILIATION'].includes(
        reason ?? '',
      )
        ? 'Unreachable'
        : 'Gone';
    case 'TASK_KILLED':
      return 'Killed';
    case 'TASK_FINISHED':
      return 'Finished';
    case 'TASK_FAILED':
      return 'Failed';
    case 'TASK_ERROR':
      return 'Error';
    case 'TASK_DROPPED':
      return 'Dropped';
    case 'TASK_GONE':
    case 'TASK_GONE_BY_OPERATOR':
      return 'Gone';
    case 'TASK_UNKNOWN':
      return 'Unknown';
    default:
      return taskState satisfies never;
  }
};
