// MARK_AGENT_GONE: irreversible (semantics §1.4).
import type { Agent, Master } from './master';
import { cancelRemoval } from './removals';
import { masterUpdate, statusOf } from './tasks';

/** Of a recovered agent nothing follows: no update, and it stays listed until the next failover. */
export const goneAgent = (master: Master, agent: Agent): void => {
  const was = agent.standing;
  agent.standing = 'gone';
  agent.doom?.cancel();
  agent.doom = undefined;
  cancelRemoval(master, agent);
  master.base.scribe.write('agent-gone', agent.id, `Agent ${agent.hostname} is marked gone.`);
  if (was === 'recovered') {
    agent.goneWhileRecovered = true;
    return;
  }
  const wasReachable = agent.alive && agent.reachable && agent.connected;
  agent.connected = false;
  for (const task of agent.tasks.values()) {
    masterUpdate(
      master,
      task,
      statusOf(master, 'TASK_GONE_BY_OPERATOR', {
        source: 'SOURCE_MASTER',
        reason: 'REASON_AGENT_REMOVED_BY_OPERATOR',
        message: 'Agent has been marked gone',
      }),
    );
  }
  if (wasReachable) shutDown(master, agent, 'it was marked gone');
};

/** Told to end: its executors end with it. */
export const shutDown = (master: Master, agent: Agent, why: string): void => {
  agent.alive = false;
  for (const task of agent.tasks.values()) {
    task.next?.cancel();
    master.lost.delete(task.id);
  }
  agent.tasks.clear();
  master.base.scribe.write(
    'agent-removed',
    agent.id,
    `Agent ${agent.hostname} was told to shut down: ${why}.`,
  );
};
