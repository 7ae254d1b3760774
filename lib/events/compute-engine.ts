// Google Compute Engine's own doings to a machine, from the audit log of system events.
import * as z from 'zod/mini';
import type { Signal } from '../core/model/signal';
import { instant, MINUTE_MS, reading, type Source, shortText } from './translation';

const entry = z.object({
  timestamp: instant,
  protoPayload: z.object({
    methodName: shortText,
    resourceName: z
      .string()
      .check(z.regex(/^projects\/[\w.:-]{1,100}\/zones\/[\w-]{1,63}\/instances\/[\w-]{1,63}$/)),
  }),
});

const PREFIX = 'compute.instances.';
/** What ends the machine, and what only touches it. */
const ENDS: Readonly<Record<string, 'terminate' | 'stop'>> = {
  preempted: 'terminate',
  hostError: 'stop',
  terminateOnHostMaintenance: 'stop',
};
const TOUCHES: ReadonlySet<string> = new Set(['automaticRestart', 'migrateOnHostMaintenance']);

/** The entry is written at the preemption or after it, when the 30 seconds are over: the deadline is the entry's own
 *  time. Second reader: the in-guest watcher of the metadata, which is the one in time, and listing machines. */
export const computeEngine: Source = {
  recognises: (raw) => typeof raw['logName'] === 'string' && Object.hasOwn(raw, 'protoPayload'),
  translate: reading('gce', entry, ({ timestamp: at, protoPayload: { methodName, resourceName } }) => {
    const method = methodName.startsWith(PREFIX) ? methodName.slice(PREFIX.length) : '';
    const [, account = '', , zone = '', , subject = ''] = resourceName.split('/');
    const bare: Signal = { kind: `gce.${method}`, subject, urgency: 'soon', at, clusters: [] };
    if (TOUCHES.has(method)) return { signals: [bare] };
    const action = Object.hasOwn(ENDS, method) ? ENDS[method] : undefined;
    if (action === undefined) return { signals: [], ignored: `Nothing is done on ${methodName}.` };
    const fact = {
      scope: { kind: 'cloud', cloud: 'gce', account, region: zone.replace(/-[a-z]$/, '') },
      subject,
      dedupeKey: method,
      at,
      expiresAt: at + 10 * MINUTE_MS,
      body: { kind: 'interruption', action, deadline: at },
    } as const;
    return { signals: [{ ...bare, urgency: 'now', fact }] };
  }),
};
