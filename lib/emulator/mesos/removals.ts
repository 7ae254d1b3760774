// Masters may give up agents only so often (`--agent_removal_rate_limit`): those that miss their pings wait in line, and
// one that answers in time is not given up (semantics §1.1, B4).
import type { Agent, Master } from './master';
import { bump } from './master';

/** Calls back when the agent's turn has come: at once where there is no limit. */
export const awaitRemoval = (master: Master, agent: Agent, give: () => void): void => {
  const { timeline, settings } = master.base;
  bump(master, 'slave_unreachable_scheduled');
  const time = Math.max(timeline.now(), master.nextRemovalAt);
  master.nextRemovalAt = time + settings.mesos.agentRemovalIntervalMs;
  const done = (): void => {
    agent.removal = undefined;
    bump(master, 'slave_unreachable_completed');
    give();
  };
  if (time === timeline.now()) done();
  else agent.removal = timeline.at(time, done);
};

/** It answered, or its end is known otherwise. */
export const cancelRemoval = (master: Master, agent: Agent): void => {
  if (agent.removal === undefined) return;
  agent.removal.cancel();
  agent.removal = undefined;
  bump(master, 'slave_unreachable_canceled');
};
