// What happens when a drain's time is over. What is left of other frameworks is killed by DRAIN_AGENT; tasks of Marathon are
// only where the drain was forced or the cloud takes the machine anyway, because a service would fall below its floor;
// else the drain has failed and is undone.
import { isEmpty, isProven } from '../leaving';
import type { Agent } from '../model/agent';
import type { AgentAction, Terminate } from '../model/plan';
import type { View } from '../view';
import type { Draining } from './entries';
import { GRACE_MS } from './terms';

export type Settled = {
  readonly entries: readonly Draining[];
  readonly actions: readonly (AgentAction | Terminate)[];
};

/** `blockedBy` says why the tasks of a run spec cannot move now. */
export const settleDeadlines = (
  entries: readonly Draining[],
  blockedBy: ReadonlyMap<string, string>,
  view: View,
): Settled => {
  const agents = new Map(view.world.agents.value.map((agent) => [agent.id, agent]));
  const settled = entries.map((entry) => settle(entry, agents.get(entry.agent), blockedBy, view));
  return {
    entries: settled.map(({ entry }) => entry),
    actions: settled.flatMap(({ action }) => action ?? []),
  };
};

type One = { readonly entry: Draining; readonly action?: AgentAction | Terminate | undefined };

const settle = (
  entry: Draining,
  agent: Agent | undefined,
  blockedBy: ReadonlyMap<string, string>,
  view: View,
): One => {
  const { drain } = entry;
  if (!isDue(entry, view)) return { entry };
  if (agent === undefined)
    return drain.condemned && view.now >= drain.deadline ? { entry, action: gone(entry, view) } : { entry };
  if (agent.recovered || (agent.deactivated && isEmpty(agent))) return { entry };
  if (drain.killedAt !== undefined) return overdue(entry, agent, view);
  // Before its very last moments it is offered no more first, with its tag written.
  if (!agent.deactivated && view.now < drain.deadline - GRACE_MS) return { entry };
  return killOrUndo(entry, leftOn(entry, blockedBy, view), view);
};

const isDue = ({ phase, emptyAt, drain }: Draining, view: View): boolean =>
  phase !== 'returning' &&
  !isProven({ emptyAt }) &&
  view.now >= drain.deadline - drain.graceMs &&
  view.world.agents.complete;

const killOrUndo = (entry: Draining, left: string, view: View): One => {
  const { drain } = entry;
  if (left === '' || drain.force || drain.condemned) {
    // Where the pool says so, killing is how it is drained and nothing that was left over.
    const isMeant = left === '' || view.pools.get(entry.pool)?.drain === 'kill';
    const killed = { ...drain, killedAt: view.now, ...(isMeant ? {} : { left }) };
    return { entry: { ...entry, emptyAt: [], drain: killed }, action: killing(entry, view) };
  }
  const undone = { end: 'failed', why: `in time it could not move ${left}` } as const;
  return { entry: { ...entry, phase: 'returning', emptyAt: [], drain: { ...drain, undone } } };
};

/** Tasks of Marathon that are still there, and what stopped them. */
const leftOn = ({ agent, drain }: Draining, blockedBy: ReadonlyMap<string, string>, view: View): string => {
  if (drain.runSpecs === undefined) return 'what runs there, which could not be read';
  const known = new Map(view.world.apps.value.map((app) => [app.runSpec.id, app]));
  return drain.runSpecs
    .flatMap(({ id }) => {
      const app = known.get(id);
      if (app === undefined) return view.world.apps.complete ? [] : [`${id}, which could not be read`];
      const tasks = app.tasks.filter((task) => task.agentId === agent).length;
      const why = blockedBy.get(id);
      return tasks === 0 ? [] : [`${tasks} of ${id}${why === undefined ? '' : ` (${why})`}`];
    })
    .join(', ');
};

const killing = (entry: Draining, view: View): AgentAction => ({
  kind: 'drain',
  id: `${view.turn}.${view.round}.dk.${entry.agent}`,
  step: 'drain',
  pool: entry.pool,
  agent: entry.agent,
  machine: entry.machine,
  why:
    view.pools.get(entry.pool)?.drain === 'kill'
      ? 'its pool is drained by killing'
      : 'its time is nearly over, and what is left there is killed',
  graceMs: Math.min(GRACE_MS, entry.drain.graceMs),
});

const gone = (entry: Draining, view: View): AgentAction => ({
  kind: 'mark-gone',
  id: `${view.turn}.${view.round}.dg.${entry.agent}`,
  step: 'drain',
  pool: entry.pool,
  agent: entry.agent,
  machine: entry.machine,
  why: 'its cloud takes the machine now',
});

/** Milliseconds after which the order to kill is given again: it was lost, or the drain is stuck (mesos-observed 1). */
const AGAIN_MS = 60_000;

/** Its deadline has come and something runs there still. */
const overdue = (entry: Draining, agent: Agent, view: View): One => {
  const { drain } = entry;
  if (view.now < drain.deadline) {
    const isLost = agent.draining === undefined || view.now - (drain.killedAt ?? 0) >= AGAIN_MS;
    return isLost && agent.draining !== 'DRAINED' ? { entry, action: killing(entry, view) } : { entry };
  }
  const left = drain.left ?? 'tasks of other frameworks did not end in time';
  const overrun = { ...entry, drain: { ...drain, left } };
  return { entry: overrun, action: drain.condemned ? gone(entry, view) : ending(entry, view) };
};

const ending = (entry: Draining, view: View): Terminate | undefined => {
  const pool = view.pools.get(entry.pool);
  if (pool === undefined) return undefined;
  const { cloud, account, region } = pool;
  return {
    kind: 'terminate',
    id: `${view.turn}.${view.round}.de.${entry.agent}`,
    step: 'drain',
    pool: pool.name,
    cloud,
    account,
    region,
    machines: [entry.machine],
    why: 'its deadline has passed',
  };
};
