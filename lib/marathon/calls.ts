// The requests that are sent to Marathon: method, path and body.
import { Failure } from '../engine/failure';

export type MarathonCall = {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  readonly path: string;
  readonly body?: unknown;
};

export const queue = (): MarathonCall => ({ method: 'GET', path: '/v2/queue' });
export const apps = (): MarathonCall => ({
  method: 'GET',
  path: '/v2/apps?embed=apps.counts&embed=apps.deployments',
});
export const app = (id: string): MarathonCall => ({ method: 'GET', path: `/v2/apps/${plain(id)}` });
export const appTasks = (id: string): MarathonCall => ({
  method: 'GET',
  path: `/v2/apps/${plain(id)}/tasks`,
});
export const podStatus = (id: string): MarathonCall => ({
  method: 'GET',
  path: `/v2/pods/${plain(id)}::status`,
});
export const podStatuses = (): MarathonCall => ({ method: 'GET', path: '/v2/pods/::status' });
export const tasks = (): MarathonCall => ({ method: 'GET', path: '/v2/tasks' });
export const deployments = (): MarathonCall => ({ method: 'GET', path: '/v2/deployments' });
export const info = (): MarathonCall => ({ method: 'GET', path: '/v2/info' });
export const leader = (): MarathonCall => ({ method: 'GET', path: '/v2/leader' });

/** `plan-format=light` spares 1.5 and 1.6 the two whole groups in each deployment event. */
export const events = (types: readonly string[]): MarathonCall => ({
  method: 'GET',
  path: `/v2/events?plan-format=light${types.map((type) => `&event_type=${encodeURIComponent(type)}`).join('')}`,
});

/** An absolute write: the number of instances and nothing else, so nothing restarts (semantics §2.3). Never forced: a
 *  deployment that holds the app is somebody's. */
export const scale = (id: string, instances: number): MarathonCall => ({
  method: 'PUT',
  path: `/v2/apps/${plain(id)}`,
  body: { instances },
});

/** `lower` takes the app's instances down by the number that were killed, in one deployment; `replace` lets Marathon
 *  start others. Ids of pods are skipped without a word, and so are ids that are not known (semantics §2.2). */
export const killTasks = (ids: readonly string[], instances: 'lower' | 'replace'): MarathonCall => ({
  method: 'POST',
  path: `/v2/tasks/delete?scale=${String(instances === 'lower')}`,
  body: { ids },
});

/** Marathon forgets them at once, without waiting for Mesos, and starts others (semantics §2.2). Never for what has a
 *  persistent volume, which that destroys. */
export const wipeTasks = (ids: readonly string[]): MarathonCall => ({
  method: 'POST',
  path: '/v2/tasks/delete?wipe=true',
  body: { ids },
});

/** Pods know no scale: one instance ends and Marathon starts another. */
export const killPodInstance = (id: string, instance: string, wipe: boolean): MarathonCall => ({
  method: 'DELETE',
  path: `/v2/pods/${plain(id)}::instances/${encodeURIComponent(instance)}${wipe ? '?wipe=true' : ''}`,
});

/** Ends the back-off of a run spec. `gone` when it has nothing scheduled. */
export const resetDelay = (id: string): MarathonCall => ({
  method: 'DELETE',
  path: `/v2/queue/${plain(id)}/delay`,
});

/** `roll-back` starts the deployment that undoes it; `stop` leaves things as they stand. */
export const cancelDeployment = (id: string, how: 'roll-back' | 'stop'): MarathonCall => ({
  method: 'DELETE',
  path: `/v2/deployments/${encodeURIComponent(id)}${how === 'stop' ? '?force=true' : ''}`,
});

/** An id as a path. Marathon's own alphabet needs no escape, and what is outside it must not become one. */
const plain = (id: string): string => {
  const path = id.replace(/^\//, '');
  if (/^[a-z0-9.-]+(\/[a-z0-9.-]+)*$/.test(path) && !/(^|\/)\.{1,2}(\/|$)/.test(path)) return path;
  throw new Failure('permanent', `${JSON.stringify(id)} is not the id of a Marathon app or pod.`);
};
