// Who is told: the log always, and the webhooks of muster.yaml. Every notice ends with its runbook.
import type { Spec } from '../core/model/spec';
import type { Log, Notifier, Secrets, Transport } from '../engine/ports';
import { logNotifier } from '../notify/log';
import { WebhookNotifier } from '../notify/webhook';
import { NOTICES } from '../telemetry/names';

/** People are told over the open internet, whatever way the masters are reached. */
export const notifiersOf = (
  spec: Spec,
  log: Log,
  by: { readonly secrets: Secrets; readonly transport: Transport },
): readonly Notifier[] =>
  [logNotifier(log), ...spec.notify.map(({ url }) => new WebhookNotifier({ url, ...by }))].map(withRunbook);

const withRunbook = (notifier: Notifier): Notifier => ({
  tell: (notice) => notifier.tell({ ...notice, text: `${notice.text}${runbookOf(notice.alarm)}` }),
});

const runbookOf = (alarm: string): string => {
  const notice = Object.entries(NOTICES).find(([name]) => name === alarm)?.[1];
  return notice === undefined ? '' : ` See docs/operations/${notice.runbook}.md.`;
};
