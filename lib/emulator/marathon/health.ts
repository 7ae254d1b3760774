// Health checks as seen from outside: an instance is healthy a while after it runs, unless its app was made never to
// be; one that fails its checks long enough is killed (semantics §2.3, RAML's health check).
import type { Instance, MarathonState } from './state';
import { emit } from './state';

export type HealthHooks = {
  readonly changed: (instance: Instance) => void;
  readonly kill: (instance: Instance) => void;
};

/** From the moment at which it runs. */
export const watchHealth = (state: MarathonState, instance: Instance, hooks: HealthHooks): void => {
  const { timeline, dice, settings } = state.base;
  const { incarnation } = instance;
  const isStill = (): boolean => instance.incarnation === incarnation && instance.condition === 'Running';
  timeline.after(dice.span('task-healthy', settings.marathon.taskHealthyMs), () => {
    if (!isStill()) return;
    const isHealthy = !state.neverHealthy.has(instance.service.id);
    setHealth(state, instance, isHealthy);
    hooks.changed(instance);
    const { patienceMs } = instance.service.terms;
    if (isHealthy || patienceMs === undefined) return;
    timeline.after(patienceMs, () => {
      if (isStill() && instance.healthy === false) giveUp(state, instance, hooks);
    });
  });
};

const setHealth = (state: MarathonState, instance: Instance, healthy: boolean): void => {
  instance.healthy = healthy;
  const where = instance.agent?.hostname ?? '';
  const text = `${instance.service.id} is ${healthy ? 'healthy' : 'unhealthy'} on ${where}.`;
  state.base.scribe.write('task-healthy', instance.task?.id ?? instance.id, text);
  emit(state, 'instance_health_changed_event', {
    instanceId: instance.id,
    runSpecId: instance.service.id,
    healthy,
    runSpecVersion: instance.version,
  });
};

const giveUp = (state: MarathonState, instance: Instance, hooks: HealthHooks): void => {
  emit(state, 'unhealthy_instance_kill_event', {
    appId: instance.service.id,
    taskId: instance.task?.id ?? '',
    instanceId: instance.id,
    version: instance.version,
    reason: '',
    host: instance.agent?.hostname ?? '',
    slaveId: instance.agent?.id ?? '',
  });
  hooks.kill(instance);
};
