// Who is told: the log always, and the webhooks of muster.yaml.
import type { Spec } from '../core/model/spec';
import type { Log, Notifier, Secrets, Transport } from '../engine/ports';
import { logNotifier } from '../notify/log';
import { WebhookNotifier } from '../notify/webhook';

/** People are told over the open internet, whatever way the masters are reached. */
export const notifiersOf = (
  spec: Spec,
  log: Log,
  by: { readonly secrets: Secrets; readonly transport: Transport },
): readonly Notifier[] => [
  logNotifier(log),
  ...spec.notify.map(({ url }) => new WebhookNotifier({ url, ...by })),
];
