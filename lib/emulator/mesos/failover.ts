// The leader is lost and another takes over: it has read the registry and knows no task, no offer and no unreachable
// task until agents and frameworks are back (B8, mesos-observed 20).
import type { Agent, Master } from './master';
import { giveUp, returnAgent } from './registration';
import { awaitRemoval } from './removals';

export const masterFailover = (master: Master): void => {
  const { timeline, scribe, settings } = master.base;
  if (!master.leads) return;
  master.leads = false;
  master.allocation?.cancel();
  master.allocation = undefined;
  master.suppressed = true;
  scribe.write('master-lost', master.leaderId, 'The leading Mesos master is lost; nobody leads.');
  master.events.emit({ type: 'CONNECTION_LOST' });
  for (const agent of master.agents.values()) loseTouch(agent);
  for (const framework of master.frameworks.values()) {
    framework.connected = false;
    framework.scheduler?.disconnected();
  }
  timeline.after(settings.mesos.electionMs, () => elect(master));
};

const loseTouch = (agent: Agent): void => {
  agent.doom?.cancel();
  agent.doom = undefined;
  agent.removal?.cancel();
  agent.removal = undefined;
  agent.filter = undefined;
  agent.inbox.length = 0;
  if (agent.standing === 'registered') agent.standing = 'recovered';
  agent.connected = false;
  // Gone while only recovered: it leaves the list with this failover.
  agent.goneWhileRecovered = false;
};

const elect = (master: Master): void => {
  const { timeline, dice, scribe, settings } = master.base;
  master.leaderId = dice.uuid('master');
  master.leaderIndex = (master.leaderIndex + 1) % master.count;
  master.leads = true;
  master.ledSince = timeline.now();
  master.agentNumber = 0;
  master.offerNumber = 0;
  master.nextRemovalAt = 0;
  master.tasks.clear();
  master.lost.clear();
  master.candidates.clear();
  for (const key of Object.keys(master.counters)) delete master.counters[key];
  scribe.write(
    'master-elected',
    master.leaderId,
    `Mesos master ${master.leaderIndex + 1} of ${master.count} leads now.`,
  );
  for (const agent of master.agents.values()) {
    if (agent.standing !== 'recovered' && agent.standing !== 'unreachable' && agent.standing !== 'gone')
      continue;
    if (!agent.alive || !agent.reachable || agent.dead) continue;
    timeline.after(dice.span('reregister', settings.agent.reregisterMs), () => {
      if (agent.alive && agent.reachable && !agent.dead) returnAgent(master, agent);
    });
  }
  for (const framework of master.frameworks.values()) {
    if (framework.scheduler === undefined) framework.connected = framework.isAway !== true;
    else framework.scheduler.reconnected();
  }
  for (const retry of master.waiting.splice(0)) retry();
  const leader = master.leaderId;
  timeline.after(settings.mesos.agentReregisterTimeoutMs, () => giveUpTheRest(master, leader));
};

const giveUpTheRest = (master: Master, leader: string): void => {
  if (master.leaderId !== leader || !master.leads) return;
  for (const agent of master.agents.values())
    if (agent.standing === 'recovered') awaitRemoval(master, agent, () => giveUp(master, agent));
};
