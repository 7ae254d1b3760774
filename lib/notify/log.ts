// Tells whoever reads the log: the notifier of a cluster that names no other.
import type { Log, Notice, Notifier } from '../engine/ports';

export const logNotifier = (log: Log): Notifier => ({
  tell: async ({ alarm, cluster, subject, text }: Notice) => {
    log.warn(text, { cluster, kind: alarm, subject });
  },
});
