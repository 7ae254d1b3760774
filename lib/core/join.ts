// Which machine is which agent. The attribute `instance_id` is the key; an agent without it is matched by hostname,
// then by ip, and only where exactly one machine can be meant. Whatever does not pair gets a name, because each such
// name asks for something else: a launching machine is supply, a ghost is an agent whose machine the cloud does not
// list, a foreign agent is somebody else's and is only counted.
import type { Agent } from './model/agent';
import { attributeText } from './model/attributes';
import { isDead, isLive, type Machine, type Millis } from './model/machine';

/** - `ready`: machine and agent belong together and the agent is registered.
 *  - `launching`: the cloud has not started it yet. `booting`: started, no agent yet, deadline not passed.
 *  - `never-joined`: deadline passed without an agent of the right pool.
 *  - `ending`: the cloud is stopping it or has. */
export type Standing = 'ready' | 'launching' | 'booting' | 'never-joined' | 'ending';

export type Joined = { readonly machine: Machine; readonly agent?: Agent; readonly standing: Standing };

export type Join = {
  readonly joined: readonly Joined[];
  /** Agents that carry our pool attribute or an instance id, but whose machine no cloud lists. */
  readonly ghosts: readonly Agent[];
  /** Agents that never were ours: neither an instance id nor a pool of ours. */
  readonly foreign: readonly Agent[];
};

/** A machine is judged to have never joined only this long after its deadline. One that is older has had its agent, as far
 *  as anybody can tell, and may run tasks out of the master's reach. */
export const JUDGED_FOR_MS = 30 * 60_000;

export type JoinRules = {
  readonly now: Millis;
  readonly pools: ReadonlySet<string>;
  /** Milliseconds from launch to registration, by pool. */
  readonly registerWithinMs: (pool: string | undefined) => number;
};

/** The text of an attribute of an agent. */
export const attribute = (agent: Agent, name: string): string | undefined => {
  const value = Object.hasOwn(agent.attributes, name) ? agent.attributes[name] : undefined;
  return value === undefined ? undefined : attributeText(value);
};

/** The pool that an agent announces. */
export const agentPool = (agent: Agent): string | undefined => attribute(agent, 'pool');

/** Sorts nothing of its own: the order of the result is that of machine and agent ids. */
export const join = (machines: readonly Machine[], agents: readonly Agent[], rules: JoinRules): Join => {
  const sorted = [...machines].sort((a, b) => (a.id < b.id ? -1 : 1));
  const owner = matchAgents(sorted, agents);
  const agentOf = new Map<string, Agent>();
  const ghosts: Agent[] = [];
  const foreign: Agent[] = [];
  for (const agent of [...agents].sort((a, b) => (a.id < b.id ? -1 : 1))) {
    const machine = owner.get(agent.id);
    if (machine !== undefined) agentOf.set(machine, better(agentOf.get(machine), agent));
    else if (isOurs(agent, rules.pools)) ghosts.push(agent);
    else foreign.push(agent);
  }
  const joined = sorted.map((machine): Joined => {
    const agent = agentOf.get(machine.id);
    const standing = standingOf(machine, agent, rules);
    return agent === undefined ? { machine, standing } : { machine, agent, standing };
  });
  return { joined, ghosts, foreign };
};

const isOurs = (agent: Agent, pools: ReadonlySet<string>): boolean =>
  attribute(agent, 'instance_id') !== undefined || pools.has(agentPool(agent) ?? '');

/** Two agents of one machine (a new work directory): the registered one, then the later one, is meant. */
const better = (before: Agent | undefined, now: Agent): Agent => {
  if (before === undefined) return now;
  if (before.recovered !== now.recovered) return before.recovered ? now : before;
  return (before.registeredAt ?? 0) > (now.registeredAt ?? 0) ? before : now;
};

const matchAgents = (machines: readonly Machine[], agents: readonly Agent[]): ReadonlyMap<string, string> => {
  const ids = new Set(machines.map((machine) => machine.id));
  const byHostname = unique(machines, (machine) => machine.hostname);
  const byIp = unique(machines, (machine) => machine.privateIp);
  const found = new Map<string, string>();
  for (const agent of agents) {
    const announced = attribute(agent, 'instance_id');
    const id = announced ?? byHostname.get(agent.hostname) ?? byIp.get(agent.ip ?? '');
    if (id !== undefined && ids.has(id)) found.set(agent.id, id);
  }
  return found;
};

/** Names that exactly one machine that still exists bears: addresses are used again. */
const unique = (
  machines: readonly Machine[],
  name: (machine: Machine) => string | undefined,
): ReadonlyMap<string, string> => {
  const found = new Map<string, string>();
  const twice = new Set<string>();
  for (const machine of machines) {
    const value = name(machine);
    if (value === undefined || isDead(machine)) continue;
    if (found.has(value)) twice.add(value);
    found.set(value, machine.id);
  }
  for (const value of twice) found.delete(value);
  return found;
};

const standingOf = (machine: Machine, agent: Agent | undefined, rules: JoinRules): Standing => {
  if (!isLive(machine)) return 'ending';
  const rightPool = agent !== undefined && (machine.pool === undefined || agentPool(agent) === machine.pool);
  if (rightPool) return 'ready';
  if (rules.now - machine.launchedAt > rules.registerWithinMs(machine.pool)) return 'never-joined';
  return machine.state === 'pending' ? 'launching' : 'booting';
};
