// The port Mesos: what the leading master knows, and whether that is to be trusted yet.
import type { Agent } from '../core/model/agent';
import type { Millis } from '../core/model/machine';
import type { Source } from '../core/model/world';
import type { Mesos } from '../engine/ports';
import type { AgentList } from './agents';
import { createMesosClient } from './client';
import type { MesosClient, MesosOptions } from './client';

/** Throws `permanent` for credentials or addresses that a person must correct, else `transient` when no master led. */
export const createMesos = (options: MesosOptions): Mesos =>
  createMesosFrom(createMesosClient(options), options);

export const createMesosFrom = (client: MesosClient, { clock }: Pick<MesosOptions, 'clock'>): Mesos => ({
  agents: async () => {
    const at = clock.now();
    const list = await client.agents();
    const faults = [...list.faults, ...(await doubtsOf(list, client, at))];
    return agentsSource(at, await inRegions(list, client), faults);
  },
  deactivate: async (agent) => client.deactivateAgent(agent),
  reactivate: async (agent) => client.reactivateAgent(agent),
  drain: async (agentId, graceMs) =>
    client.drainAgent({ agentId, graceSeconds: Math.floor(graceMs / 1000), afterwards: 'stay' }),
  markGone: async (agent) => client.markAgentGone(agent),
});

/** Marks the agents of other regions. The masters' own region is only asked for where agents have one. */
const inRegions = async (list: AgentList, client: MesosClient): Promise<AgentList> => {
  if (list.registered.every(({ region }) => region === undefined)) return list;
  const { region: own } = await client.master();
  const registered = list.registered.map((agent) =>
    agent.region === undefined || agent.region === own ? agent : { ...agent, isRemote: true as const },
  );
  return { ...list, registered };
};

const agentsSource = (at: Millis, list: AgentList, faults: readonly string[]): Source<readonly Agent[]> => ({
  at,
  complete: faults.length === 0,
  faults,
  value: [...list.registered, ...list.recovered],
});

/** How long after an election agents that have not registered yet make the whole list doubtful: they come back within
 *  seconds (2.3 to 2.7 s seen, mesos-observed 20), a large fleet's registrations queue behind each other. A recovered
 *  agent that is still missing then is that agent's own trouble, and is listed as recovered. */
const SETTLE_MS = 60_000;

/**
 * Right after a failover an empty list means nothing (mesos-observed 20), and with an in-memory registry not even
 * the recovered ones are listed. So: nobody registered but some recovered is never complete; some of each, or nobody at
 * all, is complete once the master has been leading for a minute. The election time is only asked for then.
 */
const doubtsOf = async (list: AgentList, client: MesosClient, at: Millis): Promise<readonly string[]> => {
  const registered = list.registered.length;
  const recovered = list.recovered.length;
  if (registered > 0 && recovered === 0) return [];
  if (registered === 0 && recovered > 0) {
    return [
      `All ${recovered} agents that the Mesos master knows have yet to register with it after its election.`,
    ];
  }
  const { electedAt } = await client.master();
  if (electedAt === undefined) {
    return registered > 0 ? [] : ['The Mesos master lists no agent and does not say since when it leads.'];
  }
  if (at - electedAt >= SETTLE_MS) return [];
  const since = `the Mesos master was elected ${Math.max(0, Math.round((at - electedAt) / 1_000))} s ago`;
  return recovered > 0
    ? [`${recovered} of ${registered + recovered} agents have yet to register: ${since}.`]
    : [`No agent is listed, but ${since}.`];
};
