// The master's face: reads as rows, the operator's writes, and hands for tests.
import type { LeaderState, MesosMaster, NewAgent } from './api';
import { MesosFailure } from './api';
import { checkDrained } from './drain';
import {
  disconnectFramework,
  occupy,
  reconnectFramework,
  release,
  removeFramework,
  teardown,
} from './frameworks';
import { maintenanceStatus, replaceSchedule, startMaintenance, stopMaintenance } from './maintenance';
import type { Master } from './master';
import { deactivateAgent, drainAgent, markAgentGone, reactivateAgent } from './operator';
import { registerAgent } from './registration';
import { registryMs } from './registry';
import { agentRow, frameworkRow, listed, listedRecovered, metricsOf, recoveredRow, versionOf } from './rows';
import { taskRow } from './tasks';

export const operationsOf = (master: Master): MesosMaster => {
  master.hooks = {
    taskEnded: (agent) => checkDrained(master, agent),
    frameworkEnded: (framework) => removeFramework(master, framework),
  };
  const led =
    <A extends readonly unknown[], R>(run: (...given: A) => R) =>
    (...given: A): R => {
      if (!master.leads) throw new MesosFailure(503, 'No leader elected');
      return run(...given);
    };
  return {
    clusterName: master.clusterName,
    masters: master.count,
    version: versionOf(master),
    canDrain: master.version !== '1.8',
    leader: () => leaderOf(master),
    agents: led(() => listed(master).map((agent) => agentRow(master, agent))),
    recoveredAgents: led(() => listedRecovered(master).map(recoveredRow)),
    unreachableCount: led(
      () => [...master.agents.values()].filter((agent) => agent.standing === 'unreachable').length,
    ),
    tasks: led(() => [...master.tasks.values()].map(taskRow)),
    agentTasks: led((agentId: string) =>
      [...(master.agents.get(agentId)?.tasks.values() ?? [])].map(taskRow),
    ),
    unreachableTasks: led(() => [...master.lost.values()].map(taskRow)),
    completedTasks: led(() => [...master.completed.values()].flat()),
    frameworks: led(() => [...master.frameworks.values()].map(frameworkRow)),
    metrics: () => metricsOf(master),
    subscribe: master.events.subscribe,
    markAgentGone: led((agentId: string) => markAgentGone(master, agentId)),
    deactivateAgent: led((agentId: string) => deactivateAgent(master, agentId)),
    reactivateAgent: led((agentId: string) => reactivateAgent(master, agentId)),
    drainAgent: led((agentId, options = {}) => drainAgent(master, agentId, options)),
    maintenanceSchedule: led(() => master.schedule),
    maintenanceStatus: led(() => maintenanceStatus(master)),
    updateMaintenanceSchedule: led((windows) => replaceSchedule(master, windows)),
    startMaintenance: led((machines) => startMaintenance(master, machines)),
    stopMaintenance: led((machines) => stopMaintenance(master, machines)),
    teardown: led((id: string) => teardown(master, id)),
    occupy: led((agentId, resources, name, options) =>
      occupy(master, agentId, resources, { ...options, name }),
    ),
    disconnectFramework: led((name, options) => disconnectFramework(master, name, options)),
    reconnectFramework: led((name: string) => reconnectFramework(master, name)),
    registryMs: () => registryMs(master),
    release: led((taskId: string) => release(master, taskId)),
    addAgent: led((agent: NewAgent) => addAgent(master, agent)),
  };
};

const leaderOf = (master: Master): LeaderState =>
  master.leads
    ? { kind: 'leading', masterId: master.leaderId, index: master.leaderIndex, since: master.ledSince }
    : { kind: 'no-leader' };

const addAgent = (master: Master, wanted: NewAgent): string => {
  const agent = registerAgent(master, {
    hostname: wanted.hostname,
    ip: wanted.ip,
    attributes: wanted.attributes,
    byRole: new Map([[wanted.role ?? '*', wanted.total]]),
    ...(wanted.machine === undefined ? {} : { machine: wanted.machine }),
    ...(wanted.domain === undefined ? {} : { domain: wanted.domain }),
  });
  if (agent !== undefined) return agent.id;
  throw new MesosFailure(409, `An agent is registered from ${wanted.ip} already`);
};
