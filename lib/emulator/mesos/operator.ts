// The operator's writes, with Mesos' own refusals (semantics §1.3, §1.4; mesos-observed 13, 24, 25).
import { MesosFailure } from './api';
import { carryOutDrain, checkDrained } from './drain';
import type { Agent, Master } from './master';
import { considerAgentNow } from './offers';
import { goneAgent } from './gone';
import { writeRegistry } from './registry';
import { refuseScheduled } from './machines';

export const markAgentGone = (master: Master, agentId: string): void => {
  const agent = master.agents.get(agentId);
  if (agent === undefined || agent.standing === 'removed')
    throw new MesosFailure(404, `Agent '${agentId}' not found`);
  if (agent.standing === 'gone') return;
  if (agent.transition !== undefined)
    throw new MesosFailure(503, `Agent '${agentId}' is already in transition to ${agent.transition}`);
  writeRegistry(master, agent, { transition: 'gone', done: () => goneAgent(master, agent) });
};

/** What a master of before 1.9 says to a call whose type it does not know. */
const requireDraining = (master: Master): void => {
  if (master.version === '1.8')
    throw new MesosFailure(400, "Failed to validate master::Call: Expecting 'type' to be present");
};

export const deactivateAgent = (master: Master, agentId: string): void => {
  requireDraining(master);
  const agent = known(master, agentId);
  writeRegistry(master, agent, {
    transition: undefined,
    done: () => {
      if (!agent.deactivated) {
        master.base.scribe.write(
          'agent-deactivated',
          agent.id,
          `Agent ${agent.hostname} gets no more offers.`,
        );
      }
      agent.deactivated = true;
    },
  });
};

export const reactivateAgent = (master: Master, agentId: string): void => {
  requireDraining(master);
  const agent = master.agents.get(agentId);
  if (agent === undefined || !isKnown(agent) || !agent.deactivated) {
    throw new MesosFailure(400, 'Agent is not deactivated');
  }
  if (agent.drain?.state === 'DRAINING') throw new MesosFailure(400, 'Agent is still in the DRAINING state');
  agent.deactivated = false;
  agent.drain = undefined;
  master.base.scribe.write('agent-reactivated', agent.id, `Agent ${agent.hostname} gets offers again.`);
  if (agent.standing === 'unreachable')
    throw new MesosFailure(409, 'Agent removed while processing the call');
  considerAgentNow(master, agent);
};

export const drainAgent = (
  master: Master,
  agentId: string,
  options: { readonly maxGracePeriodNs?: number; readonly markGone?: boolean },
): void => {
  requireDraining(master);
  const agent = known(master, agentId);
  refuseScheduled(master, agent);
  writeRegistry(master, agent, { transition: undefined, done: () => startDrain(master, agent, options) });
};

const startDrain = (
  master: Master,
  agent: Agent,
  options: { readonly maxGracePeriodNs?: number; readonly markGone?: boolean },
): void => {
  agent.deactivated = true;
  agent.drain = {
    state: 'DRAINING',
    markGone: options.markGone === true,
    startedAt: master.base.timeline.now(),
    ...(options.maxGracePeriodNs === undefined ? {} : { maxGracePeriodNs: options.maxGracePeriodNs }),
  };
  master.base.scribe.write(
    'agent-draining',
    agent.id,
    `Agent ${agent.hostname} is drained: its tasks are killed.`,
  );
  if (agent.standing === 'registered') carryOutDrain(master, agent);
  checkDrained(master, agent);
};

const isKnown = (agent: Agent): boolean =>
  agent.standing === 'registered' || agent.standing === 'recovered' || agent.standing === 'unreachable';

const known = (master: Master, agentId: string): Agent => {
  const agent = master.agents.get(agentId);
  if (agent?.transition === 'gone') throw new MesosFailure(409, 'Agent is currently being marked gone');
  if (agent !== undefined && isKnown(agent)) return agent;
  throw new MesosFailure(400, 'Unknown agent');
};
