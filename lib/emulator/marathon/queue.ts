// The launch queue as Marathon shows it (semantics §2.4), and as the engine's port reads it.
import type { QueueItem, RejectReason, RunSpec, Task } from '../../core/model/app';
import { REJECT_REASONS } from '../../core/model/app';
import { iso } from '../base';
import type { QueueRow, RejectRow } from './api';
import { isAppDefinition, versioned } from './rows';
import type { Instance, MarathonState, Service } from './state';

/** Scheduled or on the way: all that have no running task yet. */
const waitingOf = (service: Service): Instance[] =>
  [...service.instances.values()].filter(
    (instance) => instance.condition === 'Scheduled' || instance.condition === 'Provisioned',
  );

const inQueue = (state: MarathonState): { service: Service; waiting: Instance[] }[] =>
  [...state.services.values()]
    .map((service) => ({ service, waiting: waitingOf(service) }))
    .filter(({ waiting }) => waiting.length > 0);

export const queueRows = (state: MarathonState, embed?: 'lastUnusedOffers'): QueueRow[] =>
  inQueue(state).map(({ service, waiting }) => {
    const { definition, statistics, terms } = service;
    return {
      count: waiting.length,
      ...(state.traits.hasRoles ? { role: terms.role } : {}),
      delay: delayOf(state, service),
      since: iso(oldest(waiting)),
      processedOffersSummary: {
        processedOffersCount: statistics.processed,
        unusedOffersCount: statistics.unused,
        ...(statistics.lastUnusedAt === undefined ? {} : { lastUnusedOfferAt: iso(statistics.lastUnusedAt) }),
        ...(statistics.lastUsedAt === undefined ? {} : { lastUsedOfferAt: iso(statistics.lastUsedAt) }),
        rejectSummaryLastOffers: funnel(lastReasons(service)),
        rejectSummaryLaunchAttempt: funnel(statistics.attempt),
      },
      ...(embed === undefined ? {} : { lastUnusedOffers: unusedOffers(service) }),
      ...(isAppDefinition(definition) ? { app: versioned(service, definition) } : { pod: definition }),
    };
  });

const oldest = (waiting: readonly Instance[]): number => Math.min(...waiting.map(({ since }) => since));

/** Whole seconds: in the second after the end of a delay it is 0 and not yet overdue. */
const delayOf = (state: MarathonState, service: Service): QueueRow['delay'] => {
  const now = state.base.timeline.now();
  const until = service.backoff?.until ?? 0;
  const timeLeftSeconds = Math.max(0, Math.floor((until - now) / 1000));
  return { timeLeftSeconds, overdue: until <= now };
};

/** An offer counts for the first of its reasons only. */
const lastReasons = (service: Service): ReadonlyMap<RejectReason, number> => {
  const counts = new Map<RejectReason, number>();
  for (const { reasons } of service.statistics.lastByAgent.values()) {
    const [first] = reasons;
    if (first !== undefined) counts.set(first, (counts.get(first) ?? 0) + 1);
  }
  return counts;
};

/** Each row passes on what it did not decline. */
const funnel = (counts: ReadonlyMap<RejectReason, number>): RejectRow[] => {
  let processed = [...counts.values()].reduce((sum, count) => sum + count, 0);
  return REJECT_REASONS.map((reason) => {
    const row = { reason, declined: counts.get(reason) ?? 0, processed };
    processed -= row.declined;
    return row;
  });
};

const unusedOffers = (service: Service): NonNullable<QueueRow['lastUnusedOffers']> =>
  [...service.statistics.lastByAgent].map(([agentId, rejection]) => ({
    offer: { id: rejection.offerId, agentId, hostname: rejection.hostname },
    reason: rejection.reasons,
    timestamp: iso(rejection.at),
  }));

export const queueItems = (state: MarathonState): QueueItem[] =>
  inQueue(state).map(({ service, waiting }) => {
    const { statistics, backoff } = service;
    return {
      runSpec: runSpecOf(service),
      count: waiting.length,
      since: oldest(waiting),
      backoffMs: Math.max(0, (backoff?.until ?? 0) - state.base.timeline.now()),
      processedOffers: statistics.processed,
      rejects: funnel(lastReasons(service)),
      ...(statistics.lastUsedAt === undefined ? {} : { lastUsedOfferAt: statistics.lastUsedAt }),
    };
  });

/** A run spec as the engine knows it. */
export const runSpecOf = (service: Service): RunSpec => ({
  id: service.id,
  kind: service.kind,
  role: service.terms.role,
  // The time of the last change of the definition; scaling is none.
  version: service.version,
  instances: service.target,
  each: service.terms.each,
  constraints: service.terms.constraints,
  acceptedRoles: service.terms.acceptedRoles,
  labels: service.terms.labels,
  resident: service.terms.resident,
});

export const portTasks = (
  state: MarathonState,
  runSpecs: readonly { readonly id: string; readonly kind: 'app' | 'pod' }[],
): Task[] =>
  runSpecs.flatMap(({ id, kind }) => {
    const service = state.services.get(id);
    return service?.kind === kind ? [...service.instances.values()].flatMap(portTask) : [];
  });

const portTask = (instance: Instance): Task[] => {
  const { task, agent, service } = instance;
  if (task === undefined || agent === undefined) return [];
  return [
    {
      id: service.kind === 'app' ? task.id : instance.id,
      runSpec: service.id,
      version: instance.version,
      condition: instance.condition === 'Provisioned' ? 'Staging' : instance.condition,
      host: agent.hostname,
      agentId: agent.id,
    },
  ];
};
