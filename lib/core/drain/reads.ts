// What a turn has to read of Marathon beyond its queue, so that what is on an agent can be moved: which run specs have
// tasks there, asked once an agent is offered no more, and then how those run specs stand, at every look. Of a large fleet
// that is a handful.
import type { Agent } from '../model/agent';
import { attribute } from '../join';
import type { Hosted, RunSpec } from '../model/app';
import { isDead, isLive, type Machine, type Millis } from '../model/machine';
import type { Memory } from '../model/memory';
import type { Fact } from '../model/signal';
import type { Pool } from '../model/spec';
import { candidates } from './candidates';

export type Seen = {
  readonly memory: Memory;
  readonly agents: readonly Agent[];
  readonly machines: readonly Machine[];
  readonly facts: readonly Fact[];
  readonly pools: readonly Pool[];
  readonly now: Millis;
};

/** Agents whose run specs are not known: those that are being emptied, those whose machine is being taken or is dead, and
 *  those that the others may be able to do without. */
export const agentsToAsk = (seen: Seen): readonly string[] => {
  const { memory, agents, machines, facts } = seen;
  const little = candidates(seen).map(({ id }) => id);
  const open = memory.leaving.flatMap(({ agent, drain }) =>
    drain !== undefined && drain.runSpecs === undefined ? [agent] : [],
  );
  const known = new Set(memory.leaving.flatMap(({ agent, drain }) => (drain?.runSpecs ? [agent] : [])));
  const buried = new Set(memory.buried.map(({ agent }) => agent));
  const taken = new Set(facts.filter(takesMachine).map(({ subject }) => subject));
  const byId = new Map(machines.map((machine) => [machine.id, machine]));
  const affected = agents
    .filter((agent) => {
      const machine = byId.get(attribute(agent, 'instance_id') ?? '');
      if (machine?.pool === undefined) return false;
      return isDead(machine) || (isLive(machine) && taken.has(machine.id));
    })
    .map(({ id }) => id);
  return [...new Set([...open, ...affected, ...little])]
    .filter((id) => !known.has(id) && !buried.has(id))
    .sort();
};

/** Its subject is a machine that goes away. */
export const takesMachine = ({ body }: Fact): boolean =>
  body.kind === 'interruption' ||
  body.kind === 'rebalance' ||
  body.kind === 'scheduled-maintenance' ||
  (body.kind === 'lifecycle-hook' && body.transition === 'terminating');

type Named = Pick<RunSpec, 'id' | 'kind'>;

/** The run specs that have to be looked at, each once. */
export const runSpecsToRead = (memory: Memory, hosted: readonly Hosted[]): readonly Named[] => {
  const named = [
    ...memory.leaving.flatMap(({ drain }) => drain?.runSpecs ?? []),
    ...memory.buried.flatMap(({ runSpecs }) => runSpecs),
    ...hosted.flatMap(({ runSpecs }) => runSpecs),
    ...memory.surges.map(({ runSpec }): Named => ({ id: runSpec, kind: 'app' })),
  ];
  const byId = new Map(named.map(({ id, kind }) => [id, { id, kind }]));
  return [...byId.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
};
