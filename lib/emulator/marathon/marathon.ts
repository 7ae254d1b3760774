// Marathon as a framework of the emulated masters: what it does on offers, updates and a lost leader.
import { iso } from '../base';
import type { Base } from '../base';
import { addFramework, frameworkReturned } from '../mesos/frameworks';
import type { Master, Scheduler } from '../mesos/master';
import { revive } from '../mesos/offers';
import { reconcileTask } from '../mesos/reconcile';
import type { MarathonVersion } from '../settings';
import { deploymentProgress } from './deployments';
import { applyUpdate, scaleCheck } from './instances';
import { askForOffers, considerOffer } from './launcher';
import type { MarathonState } from './state';
import { createState, emit, noStatistics } from './state';

const FIRST_RECONCILIATION_MS = 15_000;

export const createMarathon = (base: Base, master: Master, version: MarathonVersion): MarathonState => {
  const scheduler: Scheduler = {
    offer: (offer) => considerOffer(state, offer),
    update: (update) => applyUpdate(state, update),
    disconnected: () => stop(state),
    reconnected: () => {
      base.timeline.after(base.settings.marathon.restartMs, () => start(state));
    },
  };
  const role = base.settings.marathon.role;
  const framework = addFramework(master, 'marathon', { roles: [role], scheduler });
  const state = createState(base, master, framework, version);
  state.hooks = { changed: (service) => deploymentProgress(state, service) };
  if (!state.traits.suppresses) revive(master);
  planReconciliation(state, FIRST_RECONCILIATION_MS);
  planScaleCheck(state, FIRST_RECONCILIATION_MS);
  return state;
};

/** The driver lost its master: the leading process ends, and with it the API, the streams, the delays and the figures. */
const stop = (state: MarathonState): void => {
  if (!state.up) return;
  emit(state, 'scheduler_disconnected_event', {});
  state.up = false;
  for (const ticket of [state.revival, state.repeat, state.reconciliation, state.scaleChecks])
    ticket?.cancel();
  state.revival = undefined;
  state.repeat = undefined;
  state.base.scribe.write('marathon-down', 'marathon', 'Marathon lost its Mesos master and restarts.');
};

const start = (state: MarathonState): void => {
  if (state.up || !state.master.leads) return;
  state.up = true;
  state.electedAt = state.base.timeline.now();
  state.tokenRound = 0;
  state.tokens = state.base.settings.marathon.launchTokens;
  state.lastReviveAt = Number.NEGATIVE_INFINITY;
  for (const service of state.services.values()) {
    service.backoff = undefined;
    service.statistics = noStatistics();
  }
  state.base.scribe.write('marathon-up', 'marathon', `Marathon leads again since ${iso(state.electedAt)}.`);
  frameworkReturned(state.master, state.framework);
  emit(state, 'scheduler_reregistered_event', { master: 'leader' });
  askForOffers(state);
  if (!state.traits.suppresses) revive(state.master);
  planReconciliation(state, FIRST_RECONCILIATION_MS);
  planScaleCheck(state, FIRST_RECONCILIATION_MS);
};

const planReconciliation = (state: MarathonState, ms: number): void => {
  state.reconciliation = state.base.timeline.after(ms, () => {
    reconcile(state);
    planReconciliation(state, state.base.settings.marathon.reconciliationMs);
  });
};

const planScaleCheck = (state: MarathonState, ms: number): void => {
  state.scaleChecks = state.base.timeline.after(ms, () => {
    for (const service of state.services.values()) scaleCheck(state, service);
    planScaleCheck(state, state.base.settings.marathon.scaleCheckMs);
  });
};

/** What Marathon believes and what the leader says; only differences are news. */
const reconcile = (state: MarathonState): void => {
  for (const instance of state.byTask.values()) {
    const { task } = instance;
    if (task === undefined) continue;
    const status = reconcileTask(state.master, task);
    if (status === undefined || status.state === lastKnown(instance.condition)) continue;
    applyUpdate(state, { task, status });
  }
};

const lastKnown = (condition: string): string => {
  switch (condition) {
    case 'Provisioned':
      return 'TASK_STAGING';
    case 'UnreachableInactive':
      return 'TASK_UNREACHABLE';
    default:
      return `TASK_${condition.toUpperCase()}`;
  }
};
