// Agents come, fall silent, are given up and come back (semantics §1.1, mesos-observed 19 to 26).
import { attributeText } from '../../core/model/attributes';
import type { Attributes } from '../../core/model/attributes';
import type { Resources } from '../../core/model/resources';
import { add, NOTHING } from '../../core/model/resources';
import { checkDrained, resumeDrain } from './drain';
import type { Machine } from './machines';
import { keyOf } from './machines';
import type { Agent, Master, Standing, Task } from './master';
import { shutDown } from './gone';
import { bump } from './master';
import { considerAgentNow } from './offers';
import { createPortBook } from './ports';
import { writeRegistry } from './registry';
import { awaitRemoval, cancelRemoval } from './removals';
import { unreserveOrphans } from './reservations';
import { flushOutbox, forgetTask, masterUpdate, statusOf } from './tasks';

export type Registration = {
  readonly hostname: string;
  readonly ip: string;
  readonly machine?: string;
  readonly attributes: Attributes;
  readonly domain?: { readonly region: string; readonly zone: string };
  readonly byRole: ReadonlyMap<string, Resources>;
};

const RETRY_MS = 1_000;

/** A first registration. Without a leader, or while the leader still believes in an agent at the same address, it is
 *  tried again. @returns the agent, when it registered at once. */
export const registerAgent = (master: Master, from: Registration): Agent | undefined => {
  const down = downMachine(master, from);
  if (!master.leads || down !== undefined) {
    (down?.waiting ?? master.waiting).push(() => registerAgent(master, from));
    return undefined;
  }
  const old = [...master.agents.values()].find(
    (agent) => agent.standing === 'registered' && agent.ip === from.ip,
  );
  if (old !== undefined && old.connected) {
    master.base.timeline.after(RETRY_MS, () => registerAgent(master, from));
    return undefined;
  }
  if (old !== undefined)
    removeAgent(master, old, {
      text: 'a new agent registered at the same address',
      reason: 'registered',
    });
  const agent = admitted(master, from);
  master.agents.set(agent.id, agent);
  bump(master, 'slave_registrations');
  master.base.scribe.write('agent-registered', agent.id, registrationText(agent));
  master.events.emit({ type: 'AGENT_ADDED', agentId: agent.id });
  considerAgentNow(master, agent);
  return agent;
};

/** An agent of such a machine is told to end, and again at every start. */
const downMachine = (master: Master, from: Registration): Machine | undefined => {
  const machine = master.machines.get(keyOf(from));
  return machine?.mode === 'DOWN' ? machine : undefined;
};

const admitted = (master: Master, from: Registration): Agent => {
  const { begin } = master.base.settings.agent.ports;
  const ports = [...from.byRole.values()].reduce(add, NOTHING).ports;
  return {
    id: `${master.leaderId}-S${master.agentNumber++}`,
    number: master.agentNumber,
    hostname: from.hostname,
    ip: from.ip,
    attributes: from.attributes,
    total: new Map(from.byRole),
    reservations: new Map(),
    used: new Map(),
    ports: createPortBook(begin, ports),
    tasks: new Map(),
    standing: 'registered',
    connected: true,
    alive: true,
    reachable: true,
    dead: false,
    goneWhileRecovered: false,
    deactivated: false,
    registeredAt: master.base.timeline.now(),
    inbox: [],
    outbox: [],
    ...(from.machine === undefined ? {} : { machine: from.machine }),
    ...(from.domain === undefined ? {} : { domain: from.domain }),
  };
};

const registrationText = (agent: Agent): string => {
  const sum = [...agent.total.values()].reduce(add, NOTHING);
  const size = `${sum.cpuMilli / 1000} cpus and ${sum.memMib} MiB`;
  const pool = agent.attributes['pool'];
  return `Agent ${agent.hostname} registered with ${size}, ${pool === undefined ? 'without a pool' : `pool ${attributeText(pool)}`}.`;
};

/** The process ended and its connection closed: the leader knows at once, and nothing is sent to frameworks. */
export const disconnectAgent = (master: Master, agent: Agent): void => {
  agent.alive = false;
  if (agent.standing !== 'registered' || !agent.connected || !agent.reachable) {
    missAgent(master, agent);
    return;
  }
  agent.connected = false;
  master.base.scribe.write(
    'agent-disconnected',
    agent.id,
    `The master lost its connection to ${agent.hostname}.`,
  );
  missAgent(master, agent);
};

/** The machine is gone. After a clean end the connection was closed first; else the leader notices nothing yet. */
export const agentDied = (master: Master, agent: Agent, how: 'clean' | 'hard'): void => {
  for (const task of agent.tasks.values()) task.next?.cancel();
  if (how === 'clean') disconnectAgent(master, agent);
  agent.alive = false;
  agent.dead = true;
  agent.inbox.length = 0;
  agent.outbox.length = 0;
  missAgent(master, agent);
};

/** The pings after this moment go unanswered: given up after five of them, 75 to 90 s from now (B4). */
export const missAgent = (master: Master, agent: Agent): void => {
  if (
    agent.doom !== undefined ||
    agent.removal !== undefined ||
    agent.standing !== 'registered' ||
    !master.leads
  )
    return;
  const { timeline, dice, settings } = master.base;
  const { pingTimeoutMs, maxPingTimeouts } = settings.mesos;
  const untilNextPing = dice.int('ping', 0, pingTimeoutMs);
  agent.doom = timeline.after(untilNextPing + pingTimeoutMs * maxPingTimeouts, () => {
    agent.doom = undefined;
    awaitRemoval(master, agent, () => giveUp(master, agent));
  });
};

/** Once the registry has it. */
export const giveUp = (master: Master, agent: Agent): void =>
  writeRegistry(master, agent, { transition: 'unreachable', done: () => markUnreachable(master, agent) });

/** Its tasks are unreachable, not ended; no event names the agent (B5, B6). */
const markUnreachable = (master: Master, agent: Agent): void => {
  const wasRegistered = agent.standing === 'registered';
  if (!wasRegistered && agent.standing !== 'recovered') return;
  agent.standing = 'unreachable';
  agent.connected = false;
  agent.inbox.length = 0;
  bump(master, 'slave_removals');
  bump(master, 'slave_removals/reason_unhealthy');
  master.base.scribe.write(
    'agent-unreachable',
    agent.id,
    `Agent ${agent.hostname} is unreachable for the master.`,
  );
  // A leader that has only read of an agent knows none of its tasks (B8).
  if (!wasRegistered) return;
  for (const task of agent.tasks.values()) {
    master.tasks.delete(task.id);
    master.lost.set(task.id, task);
    masterUpdate(
      master,
      task,
      statusOf(master, 'TASK_UNREACHABLE', {
        source: 'SOURCE_MASTER',
        reason: 'REASON_AGENT_REMOVED',
        message: 'Agent became unreachable',
      }),
    );
  }
};

/** The process is back, or the network is: same id, and what it still runs. */
export const returnAgent = (master: Master, agent: Agent): void => {
  agent.alive = true;
  agent.reachable = true;
  agent.doom?.cancel();
  agent.doom = undefined;
  cancelRemoval(master, agent);
  if (!master.leads) {
    master.waiting.push(() => returnAgent(master, agent));
    return;
  }
  if (agent.dead || agent.standing === 'removed') return;
  if (agent.standing === 'gone') {
    shutDown(master, agent, 'it was marked gone');
    return;
  }
  if (agent.standing === 'registered' && agent.connected) {
    exchange(master, agent);
    return;
  }
  reregister(master, agent);
};

const reregister = (master: Master, agent: Agent): void => {
  const now = master.base.timeline.now();
  const was = agent.standing;
  agent.standing = 'registered';
  agent.connected = true;
  agent.reregisteredAt = now;
  if (was === 'unreachable') agent.registeredAt = now;
  bump(master, 'slave_reregistrations');
  master.base.scribe.write('agent-returned', agent.id, `Agent ${agent.hostname} is back.`);
  for (const task of agent.tasks.values()) readmitTask(master, task, was);
  if (was === 'unreachable') master.events.emit({ type: 'AGENT_ADDED', agentId: agent.id });
  exchange(master, agent);
  unreserveOrphans(agent);
  resumeDrain(master, agent);
  checkDrained(master, agent);
  considerAgentNow(master, agent);
};

/** The agent reports what it runs. A task that never reached it is dropped, if this leader knows of it at all. */
const readmitTask = (master: Master, task: Task, was: Standing): void => {
  const isKnown = master.tasks.has(task.id) || master.lost.has(task.id);
  if (!task.arrived) {
    const dropped = statusOf(master, 'TASK_DROPPED', {
      source: 'SOURCE_MASTER',
      reason: 'REASON_RECONCILIATION',
      message: 'Task is unknown to the agent',
    });
    if (isKnown) masterUpdate(master, task, dropped);
    else forgetTask(task);
    return;
  }
  master.tasks.set(task.id, task);
  master.lost.delete(task.id);
  if (was !== 'unreachable') return;
  const state = task.running ? 'TASK_RUNNING' : 'TASK_STAGING';
  masterUpdate(
    master,
    task,
    statusOf(master, state, {
      source: 'SOURCE_MASTER',
      reason: 'REASON_AGENT_REREGISTERED',
      message: 'Unreachable agent re-reregistered',
    }),
  );
};

/** A removed agent is started again on what it left: it registers anew under its own id. */
export const readmitAgent = (master: Master, agent: Agent): void => {
  if (agent.dead || agent.standing !== 'removed') return;
  if (!master.leads) {
    master.waiting.push(() => readmitAgent(master, agent));
    return;
  }
  agent.standing = 'registered';
  agent.alive = true;
  agent.connected = true;
  agent.registeredAt = master.base.timeline.now();
  agent.reregisteredAt = undefined;
  agent.filter = undefined;
  bump(master, 'slave_registrations');
  master.base.scribe.write('agent-registered', agent.id, registrationText(agent));
  master.events.emit({ type: 'AGENT_ADDED', agentId: agent.id });
  considerAgentNow(master, agent);
};

/** What waited on both sides. */
const exchange = (master: Master, agent: Agent): void => {
  for (const deliver of agent.inbox.splice(0)) deliver();
  flushOutbox(master, agent);
};

/** Unregistered or replaced: TASK_LOST even to partition-aware frameworks, and the one event about an agent's end. */
export const removeAgent = (
  master: Master,
  agent: Agent,
  why: { readonly text: string; readonly reason: string | undefined },
): void => {
  agent.standing = 'removed';
  agent.connected = false;
  agent.doom?.cancel();
  agent.doom = undefined;
  cancelRemoval(master, agent);
  for (const task of agent.tasks.values()) {
    masterUpdate(
      master,
      task,
      statusOf(master, 'TASK_LOST', {
        source: 'SOURCE_MASTER',
        reason: 'REASON_AGENT_REMOVED',
        message: why.text,
      }),
    );
  }
  bump(master, 'slave_removals');
  if (why.reason !== undefined) bump(master, `slave_removals/reason_${why.reason}`);
  master.base.scribe.write('agent-removed', agent.id, `Agent ${agent.hostname} was removed: ${why.text}.`);
  master.events.emit({ type: 'AGENT_REMOVED', agentId: agent.id });
};
