// DRAIN_AGENT kills every task at once and cannot be taken back; DRAINED comes only while the leader handles an
// acknowledgement, a registration or the call itself (mesos-observed 1 to 12).
import { goneAgent } from './gone';
import type { Agent, Master, Task } from './master';
import { isTalking } from './master';
import { killTask } from './tasks';

/** Kills what runs there, now or when the agent can be told. */
export const carryOutDrain = (master: Master, agent: Agent): void => {
  for (const task of agent.tasks.values()) {
    killTask(master, task, {
      graceMs: graceOf(master, agent, task),
      reason: 'REASON_AGENT_DRAINING',
      rewrite: agent.drain?.markGone === true ? 'TASK_GONE_BY_OPERATOR' : 'TASK_KILLED',
    });
  }
};

/** The smaller of the task's own grace and the drain's; the executor's default when there is neither. The command
 *  executor on the old driver never hears of the drain's. */
const graceOf = (master: Master, agent: Agent, task: Task): number | undefined => {
  const most = agent.drain?.maxGracePeriodNs;
  if (most === undefined || !master.base.settings.agent.httpCommandExecutor) return task.graceMs;
  return Math.min(task.graceMs ?? Number.POSITIVE_INFINITY, most / 1_000_000);
};

/** After a registration: a drain that was ordered meanwhile, or before a failover, goes on. */
export const resumeDrain = (master: Master, agent: Agent): void => {
  if (agent.drain?.state === 'DRAINING' && isTalking(master, agent)) carryOutDrain(master, agent);
};

/** DRAINED when the leader knows no task on it: also of an agent that is dead and not missed yet (9). */
export const checkDrained = (master: Master, agent: Agent): void => {
  if (agent.drain?.state !== 'DRAINING' || agent.standing !== 'registered' || agent.tasks.size > 0) return;
  if (agent.drain.markGone) {
    goneAgent(master, agent);
    return;
  }
  agent.drain = { ...agent.drain, state: 'DRAINED' };
  master.base.scribe.write('agent-drained', agent.id, `Agent ${agent.hostname} is drained.`);
};
