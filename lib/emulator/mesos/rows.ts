// The master's state as rows.
import type { Resources } from '../../core/model/resources';
import { add, NOTHING } from '../../core/model/resources';
import type { AgentRow, FrameworkRow, RecoveredAgentRow, RoleResources } from './api';
import type { Agent, Framework, Master } from './master';
import { rangesOf, wholeRange } from './ports';
import { withReserved } from './tasks';

const VERSIONS = { '1.8': '1.8.1', '1.11': '1.11.0' } as const;
const AGENT_PORT = 5051;
const FAILOVER_TIMEOUT_MS = 604_800_000;

export const listed = (master: Master): Agent[] =>
  [...master.agents.values()].filter((agent) => agent.standing === 'registered');

export const listedRecovered = (master: Master): Agent[] =>
  [...master.agents.values()].filter((agent) => agent.standing === 'recovered' || agent.goneWhileRecovered);

export const versionOf = (master: Master): string => VERSIONS[master.version];

export const agentRow = (master: Master, agent: Agent): AgentRow => ({
  ...recoveredRow(agent),
  pid: `slave(1)@${agent.ip}:${AGENT_PORT}`,
  version: versionOf(master),
  active: agent.connected && !agent.deactivated,
  connected: agent.connected,
  deactivated: agent.deactivated,
  registeredAt: agent.registeredAt,
  allocated: withReserved(
    [...agent.used]
      .filter(([, amount]) => !isNothing(amount))
      .map(([role, resources]) => ({
        role,
        resources,
        portRanges: resources.ports > 0 ? rangesOf(agent.ports.taken) : [],
      })),
    [...agent.reservations.values()].filter(({ isInUse }) => isInUse),
  ),
  // Offers are answered at the instant they are made, so none is ever outstanding here.
  offered: [],
  ...(agent.reregisteredAt === undefined ? {} : { reregisteredAt: agent.reregisteredAt }),
  ...(agent.drain === undefined ? {} : { drain: agent.drain }),
});

export const recoveredRow = (agent: Agent): RecoveredAgentRow => ({
  id: agent.id,
  hostname: agent.hostname,
  ip: agent.ip,
  port: AGENT_PORT,
  attributes: agent.attributes,
  total: withReserved(
    [...agent.total].map(
      ([role, resources]): RoleResources => ({
        role,
        resources,
        portRanges: wholeRange(agent.ports, resources.ports),
      }),
    ),
    agent.reservations.values(),
  ),
  ...(agent.domain === undefined ? {} : { domain: agent.domain }),
});

export const frameworkRow = (framework: Framework): FrameworkRow => ({
  id: framework.id,
  name: framework.name,
  roles: framework.roles,
  active: framework.connected,
  connected: framework.connected,
  partitionAware: framework.scheduler !== undefined,
  registeredAt: framework.registeredAt,
  failoverTimeoutMs: FAILOVER_TIMEOUT_MS,
});

const isNothing = (amount: Resources): boolean => Object.values(amount).every((value) => value === 0);

/** The gauges and counters by which an autoscaler looks at a master (semantics §1.8). */
export const metricsOf = (master: Master): Readonly<Record<string, number>> => {
  const agents = listed(master);
  const reserved = (agent: Agent): Resources[] =>
    [...agent.reservations.values()].map((one) => one.resources);
  const inUse = (agent: Agent): Resources[] =>
    [...agent.reservations.values()].filter((one) => one.isInUse).map((one) => one.resources);
  const total = agents.flatMap((agent) => [...agent.total.values(), ...reserved(agent)]).reduce(add, NOTHING);
  const used = agents.flatMap((agent) => [...agent.used.values(), ...inUse(agent)]).reduce(add, NOTHING);
  const active = agents.filter((agent) => agent.connected && !agent.deactivated).length;
  const connected = agents.filter((agent) => agent.connected).length;
  const counters = Object.fromEntries(
    Object.entries(master.counters).map(([name, value]) => [`master/${name}`, value]),
  );
  return {
    ...counters,
    ...share('cpus', total.cpuMilli / 1000, used.cpuMilli / 1000),
    ...share('mem', total.memMib, used.memMib),
    ...share('disk', total.diskMib, used.diskMib),
    ...share('gpus', total.gpus, used.gpus),
    'master/elected': master.leads ? 1 : 0,
    'master/uptime_secs': (master.base.timeline.now() - master.ledSince) / 1000,
    'master/slaves_active': active,
    'master/slaves_inactive': agents.length - active,
    'master/slaves_connected': connected,
    'master/slaves_disconnected': agents.length - connected,
    'master/slaves_unreachable': [...master.agents.values()].filter(
      (agent) => agent.standing === 'unreachable',
    ).length,
    'master/frameworks_active': [...master.frameworks.values()].filter((one) => one.connected).length,
    'master/outstanding_offers': 0,
    'master/tasks_staging': countState(master, 'TASK_STAGING'),
    'master/tasks_starting': countState(master, 'TASK_STARTING'),
    'master/tasks_running': countState(master, 'TASK_RUNNING'),
    'master/tasks_unreachable': master.lost.size,
  };
};

const share = (name: string, total: number, used: number): Record<string, number> => ({
  [`master/${name}_total`]: total,
  [`master/${name}_used`]: used,
  [`master/${name}_percent`]: total === 0 ? 0 : used / total,
});

const countState = (master: Master, state: string): number =>
  [...master.tasks.values()].filter((task) => task.state === state).length;
