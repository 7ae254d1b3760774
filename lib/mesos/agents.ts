// GET_AGENTS, one agent at a time.
import type { Agent } from '../core/model/agent';
import { Failure, messageOf } from '../engine/failure';
import { parseJson } from '../transport/body';
import { createPeeler } from '../transport/peel';
import { agentInfoSchema, agentSchema, agentsShellSchema } from './schema';
import { agentOf, recoveredAgentOf } from './translate';

export type AgentList = {
  /** Registered, in the order of their ids: the master's own order is not stable (mesos-observed 23). */
  readonly registered: readonly Agent[];
  /** In the registry only, without those that have registered since. */
  readonly recovered: readonly Agent[];
  /** Sentences about entries that could not be read. */
  readonly faults: readonly string[];
};

/** Throws `transient` when the answer is not whole. */
export const readAgents = async (body: AsyncIterable<Uint8Array>): Promise<AgentList> => {
  const registered: Agent[] = [];
  const recovered: Agent[] = [];
  const faults: string[] = [];
  const peeler = createPeeler({
    lists: ['agents', 'recovered_agents'],
    onElement: (list, text) => {
      const agent = list === 'agents' ? registeredIn(text) : recoveredIn(text);
      if (typeof agent === 'string') faults.push(agent);
      else (list === 'agents' ? registered : recovered).push(agent);
    },
  });
  for await (const chunk of body) peeler.write(chunk);
  checkWhole(peeler.end(), registered.length + recovered.length + faults.length);
  const known = new Set(registered.map((agent) => agent.id));
  return {
    registered: registered.sort(byId),
    recovered: recovered.filter((agent) => !known.has(agent.id)).sort(byId),
    faults,
  };
};

const byId = (a: Agent, b: Agent): number => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);

const registeredIn = (text: string): Agent | string => {
  const parsed = agentSchema.safeParse(parseJson(text, 'An agent in GET_AGENTS'));
  return parsed.success ? agentOf(parsed.data) : unreadable(parsed.error.issues[0]?.path);
};

const recoveredIn = (text: string): Agent | string => {
  const parsed = agentInfoSchema.safeParse(parseJson(text, 'An agent in GET_AGENTS'));
  return parsed.success ? recoveredAgentOf(parsed.data) : unreadable(parsed.error.issues[0]?.path);
};

const unreadable = (path: readonly PropertyKey[] | undefined): string =>
  `Mesos listed an agent that cannot be read (at ${path?.map(String).join('.') ?? 'its top'}).`;

const checkWhole = (shell: string, count: number): void => {
  const parsed = agentsShellSchema.safeParse(parseJson(shell, 'GET_AGENTS'));
  const lists = parsed.success ? parsed.data.get_agents : undefined;
  const listed = (lists?.agents?.length ?? 0) + (lists?.recovered_agents?.length ?? 0);
  if (parsed.success && listed === count) return;
  const why = parsed.success
    ? `${listed} agents listed, ${count} read`
    : messageOf(parsed.error.issues[0]?.message);
  throw new Failure('transient', `The answer to GET_AGENTS is not one (${why}).`, {
    code: 'not-json',
    advice: 'Check that the address in mesos.masters is a Mesos master.',
  });
};
