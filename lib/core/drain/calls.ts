// What is said to the master and to the clouds about agents that are given back or return. The machine is tagged before its
// agent is offered no more, so that a table restored to an earlier moment can tell our agents from the operator's (DESIGN §5).
import { closingIn, isEmpty, isProven } from '../leaving';
import type { Agent } from '../model/agent';
import type { Machine } from '../model/machine';
import type { Leaving } from '../model/memory';
import type { AgentAction, Mark, StepName, Terminate } from '../model/plan';
import type { Pool } from '../model/spec';
import type { View } from '../view';

export const LEAVING = 'leaving';

/** Reasons by agent, in the plan's words. */
export type Reasons = {
  readonly deactivate: (entry: Leaving) => string;
  readonly reactivate: (entry: Leaving) => string;
};

/** The next word about each entry, and the tags before it. Ids begin with `prefix`. */
export const callsFor = (
  entries: readonly Leaving[],
  view: View,
  { step, prefix, reasons }: { readonly step: StepName; readonly prefix: string; readonly reasons: Reasons },
): readonly (Mark | AgentAction)[] => {
  const agents = new Map(view.world.agents.value.map((agent) => [agent.id, agent]));
  const machines = new Map(view.join.joined.map(({ machine }) => [machine.id, machine]));
  const asks = entries.flatMap((entry) => {
    const next = nextCall(entry, agents.get(entry.agent), reasons);
    return next === undefined ? [] : [{ entry, next }];
  });
  const untagged = asks.flatMap(({ entry, next }) => {
    const machine = machines.get(entry.machine);
    return next.kind === 'deactivate' && machine !== undefined && machine.mark !== LEAVING ? [machine] : [];
  });
  const marks = marksOf(untagged, view, {
    step,
    prefix,
    mark: LEAVING,
    why: 'its agent is to be offered no more',
  });
  const markOf = new Map(marks.flatMap(({ id, machines: tagged }) => tagged.map((machine) => [machine, id])));
  const calls = asks.map(({ entry, next }, nth): AgentAction => {
    const { agent, machine, pool } = entry;
    const after = next.kind === 'deactivate' ? markOf.get(machine) : undefined;
    const order = after === undefined ? {} : { after };
    return { ...next, id: `${prefix}${nth}`, step, pool, agent, machine, ...order };
  });
  return [...marks, ...calls];
};

const nextCall = (
  entry: Leaving,
  agent: Agent | undefined,
  reasons: Reasons,
): Pick<AgentAction, 'kind' | 'why'> | undefined => {
  if (agent === undefined || agent.recovered || entry.phase === 'idle') return undefined;
  if (entry.phase === 'returning')
    return agent.deactivated ? { kind: 'reactivate', why: reasons.reactivate(entry) } : undefined;
  if (isProven(entry) && agent.deactivated && isEmpty(agent))
    return { kind: 'mark-gone', why: 'it was deactivated and read empty twice' };
  return agent.deactivated ? undefined : { kind: 'deactivate', why: reasons.deactivate(entry) };
};

type Marking = Pick<Mark, 'step' | 'mark' | 'why'> & { readonly prefix: string };

/** One call for each pool. */
export const marksOf = (
  machines: readonly Machine[],
  view: View,
  { step, prefix, mark, why }: Marking,
): readonly Mark[] =>
  [...view.pools.values()].flatMap((pool): readonly Mark[] => {
    const own = machines.filter((machine) => machine.pool === pool.name).map(({ id }) => id);
    if (own.length === 0) return [];
    const id = `${prefix}m${mark === '' ? 'x' : ''}${pool.name}`;
    return [{ kind: 'mark', id, step, ...placeOf(pool), machines: own.sort(), mark, why }];
  });

const placeOf = ({ name, cloud, account, region }: Pool) => ({ pool: name, cloud, account, region });

/** Machines whose agents were proven empty and are gone: one call for each pool. */
export const endsFor = (
  entries: readonly Leaving[],
  view: View,
  { step, prefix, why }: { readonly step: StepName; readonly prefix: string; readonly why: string },
): readonly Terminate[] => {
  if (!view.world.agents.complete) return [];
  const listed = new Set(view.world.agents.value.map(({ id }) => id));
  return [...view.pools.values()].flatMap((pool): readonly Terminate[] => {
    const machines = closingIn(entries, pool.name)
      .filter((entry) => isProven(entry) && !listed.has(entry.agent))
      .map(({ machine }) => machine)
      .sort();
    if (machines.length === 0) return [];
    return [{ kind: 'terminate', id: `${prefix}t${pool.name}`, step, ...placeOf(pool), machines, why }];
  });
};
