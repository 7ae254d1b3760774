// What the leader decides about an agent is done once the registry has it, and nothing else may be decided meanwhile
// (semantics §1.4; emulator-checklist A8, A9).
import type { Agent, Master } from './master';

/** How long a write takes now. */
export const registryMs = (master: Master): number =>
  Math.max(master.base.settings.mesos.registryMs, master.stalledUntil - master.base.timeline.now());

/** Lost with the leader, when it is lost before the write is done. */
export const writeRegistry = (
  master: Master,
  agent: Agent,
  write: { readonly transition: Agent['transition']; readonly done: () => void },
): void => {
  const ms = registryMs(master);
  if (ms <= 0) {
    write.done();
    return;
  }
  const leader = master.leaderId;
  agent.transition = write.transition ?? agent.transition;
  master.base.timeline.after(ms, () => {
    if (write.transition !== undefined) agent.transition = undefined;
    if (master.leads && master.leaderId === leader) write.done();
  });
};
