// Marathon's face. While it is down nothing answers (semantics §2.8).
import type { AppRow, Marathon, PodDefinition, TaskRow } from './api';
import { MarathonFailure } from './api';
import { resetDelay } from './backoff';
import { absolute } from './definition';
import { deploymentRow, endDeployment } from './deployments';
import { infoOf, LEADER } from './info';
import { killAppTasks, killPodInstances, killTasks } from './kill';
import { portTasks, queueItems, queueRows, runSpecOf } from './queue';
import { appRow, groupRow, instanceRow, isAppDefinition, podStatusRow, taskRow } from './rows';
import {
  createApp,
  createPod,
  deleteService,
  findService,
  restartApp,
  rollBack,
  updateApp,
  updatePod,
} from './services';
import type { MarathonState, Service } from './state';

export const operationsOf = (state: MarathonState): Marathon => {
  const up =
    <A extends readonly unknown[], R>(run: (...given: A) => R) =>
    (...given: A): R => {
      if (!state.up) throw new MarathonFailure(502, 'Could not determine the current leader');
      return run(...given);
    };
  const services = (kind: Service['kind']): Service[] =>
    [...state.services.values()].filter((service) => service.kind === kind);
  return {
    createApp: up((json) => {
      const { service, deployed } = createApp(state, json);
      return { app: theApp(service), deploymentId: deployed.deploymentId };
    }),
    updateApp: up((id, change, options) => updateApp(state, id, change, options)),
    deleteApp: up((id, options) => deleteService(state, id, 'app', options?.force)),
    restartApp: up((id, options) => restartApp(state, id, options?.force)),
    apps: up(() => services('app').flatMap(appRow)),
    app: up((id) => theApp(findService(state, id, 'app'))),
    createPod: up((json) => {
      const { service, deployed } = createPod(state, json);
      return { pod: thePod(service), deploymentId: deployed.deploymentId };
    }),
    updatePod: up((id, json, options) => {
      const { deploymentId } = updatePod(state, id, json, options?.force);
      return { pod: thePod(findService(state, id, 'pod')), deploymentId };
    }),
    deletePod: up((id, options) => deleteService(state, id, 'pod', options?.force)),
    pods: up(() => services('pod').map(thePod)),
    podStatus: up((id) => {
      const [row] = podStatusRow(findService(state, id, 'pod'));
      if (row === undefined) throw new MarathonFailure(404, `Pod '${id}' does not exist`);
      return row;
    }),
    podStatuses: up(() => services('pod').flatMap(podStatusRow)),
    group: up((id = '/') => groupRow(state, id === '/' ? '/' : absolute(id))),
    tasks: up((filter) => allTasks(services('app'), filter?.status)),
    appTasks: up((id) =>
      [...findService(state, id, 'app').instances.values()].flatMap((one) => taskRow(one) ?? []),
    ),
    instances: up((id) =>
      [...state.services.values()]
        .filter((service) => id === undefined || service.id === id)
        .flatMap((service) => [...service.instances.values()].map(instanceRow)),
    ),
    queue: up((options) => queueRows(state, options?.embed)),
    resetDelay: up((id) => clearDelay(state, id)),
    deployments: up(() => [...state.deployments.values()].map(deploymentRow)),
    cancelDeployment: up((id, options) => cancel(state, id, options?.force)),
    killTasks: up((ids, options) => killTasks(state, ids, options)),
    killAppTasks: up((id, options) => killAppTasks(state, id, options)),
    killPodInstances: up((id, ids, options) => killPodInstances(state, id, ids, options)),
    info: up(() => infoOf(state)),
    leader: up(() => LEADER),
    isUp: () => state.up,
    redirectsEvents: state.traits.redirectsEvents,
    subscribe: state.events.subscribe,
    crash: (id, how) => setCrash(state, id, how),
    runSpec: up((id) => {
      const service = state.services.get(absolute(id));
      return service === undefined ? undefined : runSpecOf(service);
    }),
    queueItems: up(() => queueItems(state)),
    portTasks: up((runSpecs) => portTasks(state, runSpecs)),
  };
};

const allTasks = (services: readonly Service[], status: string | undefined): TaskRow[] =>
  services
    .flatMap((service) => [...service.instances.values()].flatMap((one) => taskRow(one) ?? []))
    .filter((row) => status === undefined || row.state === `TASK_${status.toUpperCase()}`);

const setCrash = (state: MarathonState, id: string, how: Parameters<Marathon['crash']>[1]): void => {
  const service = state.services.get(absolute(id));
  if (service === undefined) throw new MarathonFailure(404, `App '${id}' does not exist`);
  service.crash = how === undefined ? undefined : { afterMs: how.afterMs, state: how.state ?? 'TASK_FAILED' };
};

const theApp = (service: Service): AppRow => {
  const [row] = appRow(service);
  if (row === undefined) throw new MarathonFailure(404, `App '${service.id}' does not exist`);
  return row;
};

const thePod = (service: Service): PodDefinition => {
  if (isAppDefinition(service.definition))
    throw new MarathonFailure(404, `Pod '${service.id}' does not exist`);
  return service.definition;
};

const clearDelay = (state: MarathonState, id: string): void => {
  const service = state.services.get(absolute(id));
  if (service === undefined || service.waiting.size === 0) {
    throw new MarathonFailure(404, `application ${absolute(id)} not found in tasks queue`);
  }
  resetDelay(state, service);
};

/** Without force what was before is deployed again; with force the deployment just ends, things as they are. */
const cancel = (state: MarathonState, id: string, force: boolean | undefined) => {
  const deployment = state.deployments.get(id);
  if (deployment === undefined) throw new MarathonFailure(404, `DeploymentPlan ${id} does not exist`);
  if (force === true) {
    endDeployment(state, deployment, 'failed');
    return undefined;
  }
  const rolled = deployment.services.map((service) =>
    rollBack(state, service, deployment.before.get(service.id)),
  );
  return rolled[0];
};
