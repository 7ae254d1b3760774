// Deployments: one at a time for each run spec. A start or a scale ends when as many instances run (and are healthy) as
// wanted; a restart replaces old instances within the upgrade strategy; a stop ends when nothing is left (semantics §2.3).
import type { AppDefinition, AppRow, Deployed, DeploymentRow, GroupRow, PodDefinition } from './api';
import { MarathonFailure } from './api';
import { createPlaced } from './constraints';
import { groupRow, isAppDefinition } from './rows';
import { decommission, isLive, killInstance, scaleNow, scheduleInstances } from './instances';
import type { Deployment, DeploymentKind, Instance, MarathonState, Service } from './state';
import { emit, isActive, isReady } from './state';

/** @throws MarathonFailure 409 when the service is locked and force is not given; 403 above the most deployments. */
export const unlock = (state: MarathonState, service: Service, force: boolean | undefined): void => {
  const { deployment } = service;
  if (deployment === undefined) requireRoom(state);
  if (deployment !== undefined && force !== true) {
    throw new MarathonFailure(
      409,
      "App is locked by one or more deployments. Override with the option '?force=true'. View details at '/v2/deployments/<DEPLOYMENT_ID>'.",
      { deployments: [{ id: deployment.id }] },
    );
  }
  if (deployment !== undefined) endDeployment(state, deployment, 'failed');
};

export const requireRoom = (state: MarathonState): void => {
  if (state.deployments.size < state.base.settings.marathon.maxDeployments) return;
  throw new MarathonFailure(403, 'Max number of running deployments reached.');
};

export type Change = {
  readonly kind: DeploymentKind;
  readonly services: readonly Service[];
  readonly version: string;
  readonly before: ReadonlyMap<string, AppDefinition | PodDefinition | undefined>;
};

export const deploy = (state: MarathonState, change: Change): Deployed => {
  const { timeline, dice, scribe } = state.base;
  const deployment: Deployment = { ...change, id: dice.uuid('deployment'), startedAt: timeline.now() };
  state.deployments.set(deployment.id, deployment);
  for (const service of deployment.services) service.deployment = deployment;
  scribe.write(
    'deployment-started',
    deployment.id,
    `Marathon starts to ${change.kind} ${names(deployment)}.`,
  );
  emit(state, 'deployment_info', {
    plan: planOf(state, deployment),
    currentStep: { actions: lastStep(deployment) },
  });
  for (const service of deployment.services) startStep(state, deployment, service);
  // The answer to the caller comes before the first thing that it hears of.
  timeline.after(0, () => checkDeployment(state, deployment));
  return { version: deployment.version, deploymentId: deployment.id };
};

const startStep = (state: MarathonState, deployment: Deployment, service: Service): void => {
  switch (deployment.kind) {
    case 'start':
    case 'scale':
      scaleNow(state, service);
      return;
    case 'restart':
      service.placed = createPlaced(service.terms.constraints);
      for (const instance of service.instances.values()) instance.counted = false;
      advanceRestart(state, service);
      return;
    case 'stop':
      for (const instance of service.instances.values()) decommission(state, instance);
      return;
    default:
      deployment.kind satisfies never;
  }
};

/** Called whenever an instance of the service changed. */
export const deploymentProgress = (state: MarathonState, service: Service): void => {
  const { deployment } = service;
  if (deployment === undefined) return;
  if (deployment.kind === 'restart') advanceRestart(state, service);
  else if (deployment.kind !== 'stop') planSync(state, service);
  checkDeployment(state, deployment);
};

const SYNC_MS = 5_000;

/** A deployment that starts instances counts them again every five seconds. */
const planSync = (state: MarathonState, service: Service): void => {
  if (service.sync !== undefined || liveCount(service) >= service.target) return;
  service.sync = state.base.timeline.after(SYNC_MS, () => {
    service.sync = undefined;
    const isOpen = service.deployment?.kind === 'start' || service.deployment?.kind === 'scale';
    if (isOpen && liveCount(service) < service.target) scaleNow(state, service);
  });
};

const liveCount = (service: Service): number => {
  let count = 0;
  for (const instance of service.instances.values()) if (isLive(instance)) count += 1;
  return count;
};

/** As many old ones are killed as the health floor allows, as many new ones started as the ceiling allows. */
const advanceRestart = (state: MarathonState, service: Service): void => {
  const all = [...service.instances.values()];
  const old = all.filter((instance) => instance.version !== service.version && instance.goal === 'Running');
  const { minimumHealth, overCapacity } = service.terms.upgrade;
  const least = Math.ceil(service.target * minimumHealth);
  const most = Math.floor(service.target * (1 + overCapacity));
  // Where both are the same nothing could move: one more is started, or with a volume one less kept.
  const floor = least === most && service.terms.resident ? least - 1 : least;
  const ceiling = least === most && !service.terms.resident ? most + 1 : most;
  let ready = all.filter((instance) => isReady(instance) && instance.goal === 'Running').length;
  for (const instance of old) {
    if (isReady(instance)) {
      if (ready <= floor) continue;
      ready -= 1;
    }
    renew(state, instance);
  }
  const present = [...service.instances.values()].filter((instance) => instance.goal !== 'Stopped');
  const fresh = present.filter(
    (instance) => instance.version === service.version && instance.goal === 'Running',
  );
  const room = Math.min(service.target - fresh.length, ceiling - present.length);
  if (room > 0) scheduleInstances(state, service, room);
};

/** One with a volume is launched again where it is, as the new version. */
const renew = (state: MarathonState, instance: Instance): void => {
  if (instance.home === undefined) {
    decommission(state, instance);
    return;
  }
  instance.version = instance.service.version;
  if (!isActive(instance.condition)) return;
  killInstance(state, instance);
  instance.condition = 'Killing';
};

const checkDeployment = (state: MarathonState, deployment: Deployment): void => {
  if (!state.deployments.has(deployment.id) || !state.up) return;
  if (deployment.services.every((service) => isDone(deployment, service)))
    endDeployment(state, deployment, 'success');
};

const isDone = (deployment: Deployment, service: Service): boolean => {
  if (deployment.kind === 'stop') return service.instances.size === 0;
  if (service.waiting.size > 0) return false;
  const all = [...service.instances.values()];
  const isSettled = (instance: Instance): boolean =>
    isReady(instance) && instance.version === service.version;
  const isRestart = deployment.kind === 'restart';
  const ready = all.filter(
    (instance) => instance.goal === 'Running' && (isRestart ? isSettled(instance) : isReady(instance)),
  );
  const leaving = all.filter((instance) => instance.goal !== 'Running' && isActive(instance.condition));
  return ready.length >= service.target && leaving.length === 0;
};

export const endDeployment = (
  state: MarathonState,
  deployment: Deployment,
  how: 'success' | 'failed',
): void => {
  state.deployments.delete(deployment.id);
  for (const service of deployment.services) {
    if (service.deployment === deployment) service.deployment = undefined;
    if (how === 'success' && deployment.kind === 'stop') removeService(state, service);
  }
  const plan = planOf(state, deployment);
  const outcome = how === 'success' ? 'is done' : 'was cancelled';
  state.base.scribe.write(
    'deployment-finished',
    deployment.id,
    `The deployment to ${deployment.kind} ${names(deployment)} ${outcome}.`,
  );
  if (how === 'success')
    emit(state, 'deployment_step_success', { plan, currentStep: { actions: lastStep(deployment) } });
  emit(state, how === 'success' ? 'deployment_success' : 'deployment_failed', { id: deployment.id, plan });
};

const removeService = (state: MarathonState, service: Service): void => {
  state.services.delete(service.id);
  state.base.scribe.write('app-removed', service.id, `${service.id} is gone.`);
  emit(state, 'app_terminated_event', { appId: service.id });
};

const names = (deployment: Deployment): string => deployment.services.map((service) => service.id).join(', ');

type ActionRow = DeploymentRow['steps'][number]['actions'][number];

const stepsOf = (deployment: Deployment): ActionRow[][] => {
  const action = (verb: string): ActionRow[] =>
    deployment.services.map((service) =>
      service.kind === 'app'
        ? { action: `${verb}Application`, app: service.id }
        : { action: `${verb}Pod`, pod: service.id },
    );
  switch (deployment.kind) {
    case 'start':
      return [action('Start'), action('Scale')];
    case 'scale':
      return [action('Scale')];
    case 'restart':
      return [action('Restart')];
    case 'stop':
      return [action('Stop')];
    default:
      return deployment.kind satisfies never;
  }
};

const lastStep = (deployment: Deployment): ActionRow[] => stepsOf(deployment).at(-1) ?? [];

const planOf = (state: MarathonState, deployment: Deployment) => ({
  id: deployment.id,
  steps: stepsOf(deployment).map((actions) => ({ actions })),
  version: deployment.version,
  ...(state.traits.hasHeavyPlans ? groupsOf(state, deployment) : {}),
});

const groupsOf = (state: MarathonState, { before }: Deployment): { original: GroupRow; target: GroupRow } => {
  const target = groupRow(state, '/');
  const past = (row: AppRow): AppRow[] => {
    if (!before.has(row.id)) return [row];
    const definition = before.get(row.id);
    return definition !== undefined && isAppDefinition(definition) ? [{ ...row, ...definition }] : [];
  };
  const original = (group: GroupRow): GroupRow => ({
    ...group,
    apps: group.apps.flatMap(past),
    groups: group.groups.map(original),
  });
  return { original: original(target), target };
};

export const deploymentRow = (deployment: Deployment): DeploymentRow => {
  const steps = stepsOf(deployment);
  const ids = (kind: Service['kind']): string[] =>
    deployment.services.filter((service) => service.kind === kind).map((service) => service.id);
  return {
    id: deployment.id,
    version: deployment.version,
    affectedApps: ids('app'),
    affectedPods: ids('pod'),
    steps: steps.map((actions) => ({ actions })),
    currentActions: lastStep(deployment).map((action) => ({ ...action, readinessCheckResults: [] })),
    currentStep: steps.length,
    totalSteps: steps.length,
  };
};
