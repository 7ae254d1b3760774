// Instances: scheduled, launched, updated, killed, expunged (semantics §2.1, §2.7).
import type { ChronicleKind } from '../chronicle';
import type { Update } from '../mesos/master';
import { unreserve } from '../mesos/reservations';
import { endTask, isTerminal, killTask } from '../mesos/tasks';
import { addDelay, resetDelay, watchViability } from './backoff';
import { announceInstance, askForOffers, endStay, grantToken, restIfContent } from './launcher';
import { placeOf } from './match';
import { conditionOf } from './condition';
import type { HealthHooks } from './health';
import { watchHealth } from './health';
import { killOrder } from './selection';
import type { Condition, Instance, MarathonState, Service } from './state';
import { emit, isActive } from './state';

const changed = (state: MarathonState, service: Service): void => state.hooks.changed(service);

export const scheduleInstances = (state: MarathonState, service: Service, count: number): void => {
  const stopped = [...service.instances.values()].filter((one) => one.goal === 'Stopped').slice(0, count);
  for (const instance of stopped) {
    instance.goal = 'Running';
    instance.version = service.version;
    if (!isActive(instance.condition)) reschedule(state, instance);
  }
  for (let made = stopped.length; made < count; made += 1) {
    state.instanceNumber += 1;
    const instance: Instance = {
      id: instanceId(state, service),
      service,
      number: state.instanceNumber,
      version: service.version,
      goal: 'Running',
      condition: 'Scheduled',
      since: state.base.timeline.now(),
      incarnation: 0,
      ports: [],
      counted: false,
    };
    service.instances.set(instance.id, instance);
    service.waiting.add(instance);
  }
  if (count > 0) askForOffers(state);
};

const instanceId = (state: MarathonState, service: Service): string => {
  const path = service.id.slice(1).replaceAll('/', '_');
  return `${path}.${state.traits.hasGoals ? 'instance' : 'marathon'}-${state.base.dice.uuid('marathon-instance')}`;
};

/** The scale check. While a deployment holds the lock it is dropped, and comes again with the next round (E10). */
export const scaleCheck = (state: MarathonState, service: Service): void => {
  if (service.deployment === undefined) scaleNow(state, service);
};

/** As many live instances as wanted. */
export const scaleNow = (state: MarathonState, service: Service): void => {
  const live = [...service.instances.values()].filter(isLive);
  if (live.length < service.target) scheduleInstances(state, service, service.target - live.length);
  else if (live.length > service.target) {
    for (const instance of killOrder(service, live).slice(0, live.length - service.target))
      retire(state, instance);
  }
};

export const isLive = (instance: Instance): boolean =>
  instance.goal === 'Running' && instance.condition !== 'UnreachableInactive';

/** It shall not run any more: killed, or forgotten when it never ran. */
export const decommission = (state: MarathonState, instance: Instance): void => {
  instance.goal = 'Decommissioned';
  if (isActive(instance.condition)) killInstance(state, instance);
  else expunge(state, instance);
};

/** Fewer are wanted: one with a volume stops and keeps what is reserved for it. */
export const retire = (state: MarathonState, instance: Instance): void => {
  if (instance.home === undefined) {
    decommission(state, instance);
    return;
  }
  instance.goal = 'Stopped';
  instance.service.waiting.delete(instance);
  if (isActive(instance.condition)) killInstance(state, instance);
};

/** KILL only: the goal stays, so that a task killed this way is replaced under the same instance. */
export const killInstance = (state: MarathonState, instance: Instance): void => {
  if (instance.task !== undefined)
    killTask(state.master, instance.task, { graceMs: instance.service.terms.graceMs });
};

/** Forgotten at once, whatever Mesos says of its task. */
export const expunge = (state: MarathonState, instance: Instance): void => {
  const { service } = instance;
  leavePlace(instance);
  if (instance.home !== undefined) unreserve(instance.home, instance.id);
  service.instances.delete(instance.id);
  service.waiting.delete(instance);
  if (instance.task !== undefined) state.byTask.delete(instance.task.id);
  endStay(service);
  restIfContent(state);
  changed(state, service);
};

/** In the count for constraints, when it is of the present definition. */
const takePlace = (instance: Instance): void => {
  if (instance.counted || instance.agent === undefined || instance.version !== instance.service.version)
    return;
  instance.counted = true;
  instance.service.placed.add(placeOf(instance.agent));
};

const leavePlace = (instance: Instance): void => {
  if (instance.counted && instance.agent !== undefined)
    instance.service.placed.remove(placeOf(instance.agent));
  instance.counted = false;
};

/** A status update from Mesos. Tasks that Marathon does not know are killed. */
export const applyUpdate = (state: MarathonState, update: Update): void => {
  const { task, status } = update;
  const instance = state.byTask.get(task.id);
  if (instance === undefined) {
    if (!isTerminal(status.state) && status.state !== 'TASK_UNREACHABLE') killTask(state.master, task);
    return;
  }
  announceStatus(state, instance, update);
  const condition = conditionOf(status.state, status.reason);
  if (condition === 'Running' || condition === 'Starting' || condition === 'Staging') {
    progress(state, instance, condition);
  } else if (condition === 'Unreachable') {
    loseSight(state, instance);
  } else {
    endIncarnation(state, instance, condition, status.reason);
  }
};

const progress = (state: MarathonState, instance: Instance, condition: Condition): void => {
  const wasLost = instance.condition === 'Unreachable' || instance.condition === 'UnreachableInactive';
  if (wasLost) takePlace(instance);
  if (instance.condition === condition) return;
  instance.condition = condition;
  instance.since = state.base.timeline.now();
  announceInstance(state, instance);
  if (condition !== 'Running') return;
  if (instance.startedAt === undefined) firstRun(state, instance);
  endStay(instance.service);
  changed(state, instance.service);
};

const firstRun = (state: MarathonState, instance: Instance): void => {
  const { service } = instance;
  instance.startedAt = instance.since;
  tell(state, instance, 'task-running', `${service.id} runs on ${instance.agent?.hostname ?? ''}.`);
  watchViability(state, instance);
  startCrash(state, instance);
  if (service.terms.hasHealth) watchHealth(state, instance, healthHooks(state));
  else grantToken(state);
};

const healthHooks = (state: MarathonState): HealthHooks => ({
  changed: (instance) => {
    if (instance.healthy === true) grantToken(state);
    changed(state, instance.service);
  },
  kill: (instance) => killInstance(state, instance),
});

const tell = (state: MarathonState, instance: Instance, kind: ChronicleKind, text: string): void =>
  state.base.scribe.write(kind, instance.task?.id ?? instance.id, text);

const startCrash = (state: MarathonState, instance: Instance): void => {
  const { crash } = instance.service;
  const { task } = instance;
  if (crash === undefined || task === undefined) return;
  task.next = state.base.timeline.after(crash.afterMs, () => {
    endTask(
      state.master,
      task,
      crash.state,
      crash.state === 'TASK_FAILED' ? 'Command exited with status 1' : 'Command exited with status 0',
    );
  });
};

/** The agent is unreachable. By default the instance is given up at once and another is started. */
const loseSight = (state: MarathonState, instance: Instance): void => {
  const { service } = instance;
  const strategy = service.terms.unreachable;
  tell(
    state,
    instance,
    'task-unreachable',
    `${service.id} on ${instance.agent?.hostname ?? ''} is unreachable.`,
  );
  leavePlace(instance);
  instance.condition = 'Unreachable';
  instance.since = state.base.timeline.now();
  instance.healthy = undefined;
  announceInstance(state, instance);
  if (instance.goal !== 'Running') {
    expunge(state, instance);
  } else if (strategy !== 'disabled' && strategy.inactiveMs === 0 && strategy.expungeMs === 0) {
    giveUpAtOnce(state, instance);
  } else if (strategy !== 'disabled') {
    awaitReturn(state, instance, strategy);
  }
  changed(state, service);
};

/** Another is started for it. Before 1.7 the lost one stays in sight until the next tick. */
const giveUpAtOnce = (state: MarathonState, instance: Instance): void => {
  if (state.traits.expungesAtOnce) {
    expunge(state, instance);
    scaleCheck(state, instance.service);
    return;
  }
  const { since } = instance;
  setInactive(state, instance);
  state.base.timeline.at(nextTick(state, since), () => {
    if (instance.since === since && instance.service.instances.has(instance.id)) expunge(state, instance);
  });
};

/** It counts for constraints again: a UNIQUE app's replacement may not take its host (semantics §2.5). */
const setInactive = (state: MarathonState, instance: Instance): void => {
  instance.condition = 'UnreachableInactive';
  takePlace(instance);
  scaleCheck(state, instance.service);
};

const TICK_MS = 30_000;
const FIRST_TICK_MS = 300_000;

/** The first look at lost tasks comes five minutes after the election, then one every 30 s. */
const nextTick = (state: MarathonState, time: number): number =>
  state.electedAt + Math.max(FIRST_TICK_MS, Math.ceil((time - state.electedAt) / TICK_MS) * TICK_MS);

/** Replaced after one time, expunged after the other; looked at on a tick of 30 s only. */
const awaitReturn = (
  state: MarathonState,
  instance: Instance,
  strategy: { readonly inactiveMs: number; readonly expungeMs: number },
): void => {
  const { timeline } = state.base;
  const { since } = instance;
  const isStillLost = (): boolean => instance.since === since && instance.service.instances.has(instance.id);
  timeline.at(nextTick(state, since + strategy.inactiveMs), () => {
    if (!isStillLost() || instance.condition !== 'Unreachable') return;
    setInactive(state, instance);
  });
  timeline.at(nextTick(state, since + strategy.expungeMs), () => {
    if (isStillLost()) expunge(state, instance);
  });
};

/** The task ended: launched again as the next incarnation, or forgotten when it was to end. */
const endIncarnation = (
  state: MarathonState,
  instance: Instance,
  condition: Condition,
  reason: string | undefined,
): void => {
  const { service } = instance;
  const host = instance.agent?.hostname ?? '';
  tell(state, instance, 'task-ended', `${service.id} on ${host} ended: ${condition}.`);
  instance.condition = condition;
  announceInstance(state, instance);
  noteEnd(state, service, condition, reason);
  leavePlace(instance);
  if (instance.task !== undefined) state.byTask.delete(instance.task.id);
  if (instance.goal === 'Stopped') {
    instance.task = undefined;
    changed(state, service);
    return;
  }
  if (instance.goal !== 'Running') {
    expunge(state, instance);
    if (service.deployment === undefined) scaleCheck(state, service);
    return;
  }
  // Gone with its agent is gone with its volume: a new, empty one is made elsewhere.
  if (condition === 'Gone' && state.traits.freesGoneReservations) instance.home = undefined;
  if (!state.traits.hasGoals && instance.home === undefined) {
    expunge(state, instance);
    scaleCheck(state, service);
    return;
  }
  reschedule(state, instance);
};

const noteEnd = (
  state: MarathonState,
  service: Service,
  condition: Condition,
  reason: string | undefined,
): void => {
  if (reason === 'REASON_AGENT_DRAINING' && state.traits.resetsDelayOnDrain) resetDelay(state, service);
  else if (['Gone', 'Dropped', 'Failed', 'Finished', 'Error'].includes(condition)) addDelay(state, service);
};

const reschedule = (state: MarathonState, instance: Instance): void => {
  const { service } = instance;
  instance.condition = 'Scheduled';
  instance.since = state.base.timeline.now();
  instance.task = undefined;
  instance.healthy = undefined;
  instance.startedAt = undefined;
  service.waiting.add(instance);
  askForOffers(state);
  changed(state, service);
};

const announceStatus = (state: MarathonState, instance: Instance, { task, status }: Update): void =>
  emit(state, 'status_update_event', {
    slaveId: task.agent.id,
    taskId: task.id,
    taskStatus: status.state,
    message: status.message ?? '',
    appId: instance.service.id,
    host: task.agent.hostname,
    ipAddresses: [{ ipAddress: task.agent.ip, protocol: 'IPv4' }],
    ports: [...task.ports],
    version: instance.version,
  });
