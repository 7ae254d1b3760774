// The launch path with its throttles: revives at most every interval and once more after two, five instances an offer,
// launch tokens, long declines (semantics §0, E7).
import type { Resources } from '../../core/model/resources';
import { NOTHING, subtract } from '../../core/model/resources';
import type { Agent, Offer, OfferAnswer } from '../mesos/master';
import { revive, suppress } from '../mesos/offers';
import type { Reservation } from '../mesos/reservations';
import { reserve } from '../mesos/reservations';
import { killTask, launchTask } from '../mesos/tasks';
import type { Match } from './match';
import { matchOffer, placeOf } from './match';
import type { Instance, MarathonState, Service } from './state';
import { emit, isActive, noStatistics } from './state';
import type { RejectReason } from '../../core/model/app';

/** Instances wait and nothing holds them back. */
const wants = (state: MarathonState, service: Service): boolean =>
  service.waiting.size > 0 && (service.backoff?.until ?? 0) <= state.base.timeline.now();

const wanting = (state: MarathonState): Service[] =>
  [...state.services.values()].filter((service) => wants(state, service));

/** Something waits since now: offers are asked for again, not more often than the interval allows. */
export const askForOffers = (state: MarathonState): void => {
  if (!state.up || state.revival !== undefined) return;
  const { timeline, settings } = state.base;
  const time = Math.max(timeline.now(), state.lastReviveAt + settings.marathon.reviveIntervalMs);
  state.revival = timeline.at(time, () => {
    state.revival = undefined;
    if (!reviveNow(state)) return;
    state.repeat?.cancel();
    state.repeat = timeline.after(2 * settings.marathon.reviveIntervalMs, () => {
      state.repeat = undefined;
      reviveNow(state);
    });
  });
};

const reviveNow = (state: MarathonState): boolean => {
  if (!state.up || wanting(state).length === 0) return false;
  state.lastReviveAt = state.base.timeline.now();
  revive(state.master);
  return true;
};

/** Nothing waits: Mesos need not offer. */
export const restIfContent = (state: MarathonState): void => {
  if (state.traits.suppresses && state.up && wanting(state).length === 0) suppress(state.master);
};

export const considerOffer = (state: MarathonState, offer: Offer): OfferAnswer => {
  const { settings } = state.base;
  refreshTokens(state);
  const queue = state.base.dice.shuffle('matchers', wanting(state));
  let free = offer.free;
  let launched = 0;
  while (queue.length > 0 && launched < settings.marathon.instancesPerOffer && state.tokens > 0) {
    const service = queue.shift();
    if (service === undefined) break;
    const match = matchOffer(state, service, { ...offer, free });
    record(state, service, offer, match);
    if (match.kind === 'no-match') continue;
    launch(state, service, offer.agent, match);
    free = without(free, match.taken);
    launched += 1;
    if (wants(state, service)) queue.push(service);
  }
  const isOutOfTokens = state.tokens <= 0 && queue.length > 0;
  if (launched > 0) {
    restIfContent(state);
    return { kind: 'accepted' };
  }
  return {
    kind: 'declined',
    forMs: isOutOfTokens ? settings.marathon.shortDeclineMs : settings.marathon.declineMs,
  };
};

const without = (
  free: ReadonlyMap<string, Resources>,
  taken: ReadonlyMap<string, Resources>,
): ReadonlyMap<string, Resources> =>
  new Map([...free].map(([role, amount]) => [role, subtract(amount, taken.get(role) ?? NOTHING)]));

/** The bucket is set, not filled, every 30 s. */
const refreshTokens = (state: MarathonState): void => {
  const { timeline, settings } = state.base;
  const round = Math.floor((timeline.now() - state.electedAt) / settings.marathon.launchTokenRefreshMs);
  if (round === state.tokenRound) return;
  state.tokenRound = round;
  state.tokens = settings.marathon.launchTokens;
};

/** One more for each instance that runs (and is healthy). */
export const grantToken = (state: MarathonState): void => {
  refreshTokens(state);
  state.tokens += 1;
};

const record = (state: MarathonState, service: Service, offer: Offer, match: Match): void => {
  const { statistics } = service;
  const at = state.base.timeline.now();
  statistics.processed += 1;
  if (match.kind === 'match') {
    statistics.lastUsedAt = at;
    statistics.lastByAgent.delete(offer.agent.id);
    return;
  }
  statistics.unused += 1;
  statistics.lastUnusedAt = at;
  const last = statistics.lastByAgent.get(offer.agent.id);
  if (last === undefined) {
    const { hostname } = offer.agent;
    statistics.lastByAgent.set(offer.agent.id, { offerId: offer.id, hostname, at, reasons: match.reasons });
  } else {
    last.offerId = offer.id;
    last.at = at;
    last.reasons = match.reasons;
  }
  const [first] = match.reasons;
  if (first !== undefined) count(statistics.attempt, first);
};

const count = (counts: Map<RejectReason, number>, reason: RejectReason): void => {
  counts.set(reason, (counts.get(reason) ?? 0) + 1);
};

const launch = (
  state: MarathonState,
  service: Service,
  agent: Agent,
  match: Extract<Match, { kind: 'match' }>,
): void => {
  const { instance } = match;
  service.waiting.delete(instance);
  state.tokens -= 1;
  const now = state.base.timeline.now();
  instance.incarnation += 1;
  instance.condition = 'Provisioned';
  instance.since = now;
  instance.stagedAt = now;
  instance.startedAt = undefined;
  instance.healthy = undefined;
  instance.agent = agent;
  const { taken, reservation } = holdings(instance, agent, match.taken);
  instance.ports = match.ports;
  if (instance.version === service.version) {
    instance.counted = true;
    service.placed.add(placeOf(agent));
  }
  const id = taskId(state, instance);
  state.base.scribe.write('task-placed', id, `${service.id} is placed on ${agent.hostname}.`);
  const { terms } = service;
  state.byTask.set(id, instance);
  instance.task = launchTask(state.master, agent, state.framework, {
    id,
    name: taskName(service.id),
    need: terms.each,
    taken,
    reservation,
    isStuck: state.neverStart.has(service.id),
    ports: match.ports,
    ...(terms.graceMs === undefined ? {} : { graceMs: terms.graceMs }),
  });
  if (instance.task.isStuck === true) watchOverdue(state, instance);
  announceInstance(state, instance);
};

/** Killed when it stages too long, and launched again. */
const watchOverdue = (state: MarathonState, instance: Instance): void => {
  const { task } = instance;
  state.base.timeline.after(state.base.settings.marathon.taskLaunchTimeoutMs, () => {
    if (task !== undefined && instance.task === task && !task.running) killTask(state.master, task);
  });
};

type Holdings = {
  readonly taken: ReadonlyMap<string, Resources>;
  readonly reservation: Reservation | undefined;
};

/** With a persistent volume all but the ports is reserved before the first launch, and kept. Nothing can be reserved
 *  for everybody's role, so that an app of `*` gets one of the framework's name. */
const holdings = (instance: Instance, agent: Agent, matched: ReadonlyMap<string, Resources>): Holdings => {
  const { service } = instance;
  const { terms } = service;
  if (!terms.resident) return { taken: matched, reservation: undefined };
  instance.home = agent;
  const known = agent.reservations.get(instance.id);
  if (known !== undefined) return { taken: matched, reservation: known };
  const parts = [...matched];
  const reservation = reserve(agent, instance.id, {
    from: new Map(parts.map(([role, part]) => [role, { ...part, ports: 0 }])),
    role: terms.role === '*' ? 'marathon' : terms.role,
    principal: 'marathon',
    labels: { marathon_framework_id: 'marathon', marathon_task_id: instance.id },
    volumes: terms.volumes.map((volume, index) => ({
      ...volume,
      id: `${instance.id}#${volume.containerPath}#${index}`,
    })),
  });
  const taken = new Map(
    parts.flatMap(([role, { ports }]): [string, Resources][] =>
      ports === 0 ? [] : [[role, { ...NOTHING, ports }]],
    ),
  );
  return { taken, reservation };
};

const taskId = (state: MarathonState, instance: Instance): string => {
  const [container] = instance.service.terms.containers;
  if (!state.traits.hasGoals) return taskIdWithoutGoals(instance, container);
  return `${instance.id}.${container ?? '_app'}.${instance.incarnation}`;
};

/** Before 1.8 an app's task bears the instance's number; only one with a volume is launched again as the same. */
const taskIdWithoutGoals = (instance: Instance, container: string | undefined): string => {
  if (container !== undefined) return `${instance.id}.${container}`;
  const id = instance.id.replace('.marathon-', '.');
  return instance.service.terms.resident ? `${id}.${instance.incarnation}` : id;
};

/** Mesos' name of a task: the parts of the path from the end, `frontend.web`. */
const taskName = (id: string): string => id.split('/').filter(Boolean).reverse().join('.');

export const announceInstance = (state: MarathonState, instance: Instance): void =>
  emit(state, 'instance_changed_event', {
    instanceId: instance.id,
    condition: instance.condition,
    runSpecId: instance.service.id,
    agentId: instance.agent?.id ?? '',
    host: instance.agent?.hostname ?? '',
    runSpecVersion: instance.version,
  });

/** The stay in the queue is over when nothing is scheduled or on its way: figures start anew then. */
export const endStay = (service: Service): void => {
  if (service.waiting.size > 0) return;
  for (const instance of service.instances.values()) {
    if (isActive(instance.condition) && instance.condition !== 'Running' && instance.startedAt === undefined)
      return;
  }
  service.statistics = noStatistics();
};
