// What every handler has around it: its metrics are flushed and an unexpected error is logged once, without the event.
import type { MiddlewareObj } from '@middy/core';
import { messageOf } from '../engine/failure';
import type { Log, Meter } from '../engine/ports';

export type Watched = { readonly log: Log; readonly meter: Meter & { readonly flush?: () => void } };

/** Middleware for any door. Errors go on to whatever handles them (the queue's redrive, the HTTP answer). */
export const watched = ({ log, meter }: Watched): MiddlewareObj => ({
  after: () => {
    meter.flush?.();
  },
  onError: ({ error }) => {
    log.error('the handler failed', { why: messageOf(error) });
    meter.flush?.();
  },
});
