// The kill endpoints (semantics §2.2).
import type { Killed, KillOptions, PodInstanceRow } from './api';
import { MarathonFailure } from './api';
import { expunge, killInstance, retire, scaleCheck } from './instances';
import { podInstanceRow, taskRow } from './rows';
import { findService, shrink } from './services';
import type { Instance, MarathonState, Service } from './state';
import { isActive } from './state';

/** Ids that are well formed and unknown, and those of pods, are passed over in silence. */
export const killTasks = (
  state: MarathonState,
  ids: readonly string[],
  options: KillOptions = {},
): Killed => {
  const malformed = ids.find((id) => !/^.+\..+$/.test(id));
  if (malformed !== undefined)
    throw new MarathonFailure(400, `unable to extract runSpecId from task id ${malformed}`);
  const found = ids.flatMap((id) => state.byTask.get(id) ?? []);
  return kill(
    state,
    found.filter((instance) => instance.service.kind === 'app'),
    options,
  );
};

export const killAppTasks = (
  state: MarathonState,
  id: string,
  options: KillOptions & { readonly host?: string } = {},
): Killed => {
  const service = findService(state, id, 'app');
  const host = options.host ?? '*';
  const found = [...service.instances.values()].filter(
    (instance) => instance.task !== undefined && (host === '*' || instance.agent?.hostname === host),
  );
  return kill(state, found, options);
};

export const killPodInstances = (
  state: MarathonState,
  id: string,
  instanceIds: readonly string[],
  options: { readonly wipe?: boolean } = {},
): readonly PodInstanceRow[] => {
  const service = findService(state, id, 'pod');
  const found = instanceIds.flatMap((instanceId) => service.instances.get(instanceId) ?? []);
  const rows = found.map(podInstanceRow);
  kill(state, found, options);
  return rows;
};

const kill = (state: MarathonState, found: readonly Instance[], options: KillOptions): Killed => {
  if (options.scale === true && options.wipe === true) {
    throw new MarathonFailure(400, 'You cannot use scale and wipe at the same time.');
  }
  const rows = found.flatMap((instance) => taskRow(instance) ?? []);
  if (options.wipe === true) {
    wipe(state, found);
    return { tasks: rows };
  }
  const active = found.filter((instance) => isActive(instance.condition));
  if (options.scale !== true) {
    for (const instance of active) {
      // An unreachable one cannot be killed: it is only marked to be forgotten, and nothing replaces it yet.
      if (instance.condition === 'Unreachable' && instance.service.terms.unreachable !== 'disabled') {
        instance.goal = 'Decommissioned';
      } else killInstance(state, instance);
    }
    return { tasks: rows };
  }
  const by = new Map<Service, number>();
  const counted = active.filter((instance) => instance.goal === 'Running');
  for (const { service } of counted) by.set(service, (by.get(service) ?? 0) + 1);
  const deployed = shrinkFirst(state, by, counted, options.force);
  return deployed;
};

/** The chosen ones go, not those that a scale-down would choose: their goal is set before the number falls. */
const shrinkFirst = (
  state: MarathonState,
  by: ReadonlyMap<Service, number>,
  chosen: readonly Instance[],
  force: boolean | undefined,
): Killed => {
  for (const { deployment } of by.keys()) {
    if (deployment !== undefined && force !== true) {
      throw new MarathonFailure(409, 'App is locked by one or more deployments.', {
        deployments: [{ id: deployment.id }],
      });
    }
  }
  for (const instance of chosen) instance.goal = 'Decommissioned';
  const deployed = shrink(state, by, force);
  for (const instance of chosen) retire(state, instance);
  return deployed;
};

/** Forgotten at once, without waiting for Mesos; the scale check starts others, without delay. */
const wipe = (state: MarathonState, found: readonly Instance[]): void => {
  for (const instance of found) {
    instance.goal = 'Decommissioned';
    killInstance(state, instance);
    expunge(state, instance);
  }
  for (const service of new Set(found.map((instance) => instance.service))) scaleCheck(state, service);
};
