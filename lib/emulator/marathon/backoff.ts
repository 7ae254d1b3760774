// Delay after failures, one for each run spec and version: 1 s, times 1.15 with each, up to 300 s (E8).
import { askForOffers, restIfContent } from './launcher';
import type { Instance, MarathonState, Service } from './state';

export const addDelay = (state: MarathonState, service: Service): void => {
  const { firstMs, factor, mostMs } = service.terms.backoff;
  const before = service.backoff?.delayMs;
  const delayMs = before === undefined ? firstMs : Math.min(mostMs, before * factor);
  const { timeline, scribe } = state.base;
  const until = timeline.now() + delayMs;
  service.backoff = { delayMs, until };
  scribe.write(
    'backoff',
    service.id,
    `${service.id} waits ${(delayMs / 1000).toFixed(1)} s after a failure.`,
  );
  restIfContent(state);
  timeline.at(until, () => {
    if (service.backoff?.until === until && service.waiting.size > 0) askForOffers(state);
  });
};

export const resetDelay = (state: MarathonState, service: Service): void => {
  if (service.backoff === undefined) return;
  service.backoff = undefined;
  if (service.waiting.size > 0) askForOffers(state);
};

/** A task that ran long enough clears what earlier failures left. */
export const watchViability = (state: MarathonState, instance: Instance): void => {
  const { service, incarnation } = instance;
  if (service.backoff === undefined) return;
  state.base.timeline.after(state.base.settings.marathon.viableTaskMs, () => {
    if (instance.incarnation === incarnation && instance.condition === 'Running') resetDelay(state, service);
  });
};
