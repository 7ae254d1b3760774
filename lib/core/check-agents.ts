// The invariants of what a plan says about agents and their tasks (facts/invariants: S1, S3, S7, S8, S9, S16).
import { healthyFloor } from './labels';
import { closingIn, isEmpty, READ_APART_MS } from './leaving';
import type { Agent } from './model/agent';
import { isDead } from './model/machine';
import type { Drain, Leaving } from './model/memory';
import type { AgentAction, AppAction, Plan } from './model/plan';
import type { Pool } from './model/spec';
import { budgetOf, poolSize, type View } from './view';

export const agentFaults = (plan: Plan, view: View): readonly string[] => [
  ...plan.actions.flatMap((action) => (isAboutAgent(action) ? faultsOf(action, plan, view) : [])),
  ...plan.actions.flatMap((action) => (action.kind === 'app' ? killFaults(action, plan, view) : [])),
  ...[...view.pools.values()].flatMap((pool) => leavingFaults(pool, plan, view)),
];

const isAboutAgent = (action: Plan['actions'][number]): action is AgentAction =>
  action.kind === 'deactivate' || action.kind === 'mark-gone' || action.kind === 'drain';

const faultsOf = (action: AgentAction, plan: Plan, view: View): readonly string[] => {
  const entry = plan.memory.leaving.find(({ agent }) => agent === action.agent);
  const machine = view.join.joined.find((joined) => joined.machine.id === action.machine)?.machine;
  if (action.kind === 'mark-gone' && machine !== undefined && isDead(machine)) return [];
  const agent = view.world.agents.value.find(({ id }) => id === action.agent);
  if (entry?.drain !== undefined) return drainFaults(action, { ...entry, drain: entry.drain }, agent, view);
  return idleFaults(action, entry, agent);
};

const idleFaults = (
  action: AgentAction,
  entry: Leaving | undefined,
  agent: Agent | undefined,
): readonly string[] => {
  if (action.kind === 'drain')
    return [`S8: ${action.id} kills what runs on ${action.agent}, which is not drained`];
  if (agent === undefined || !isEmpty(agent))
    return [`S1: ${action.id} gives back ${action.agent}, which runs tasks or is not listed`];
  if (entry?.phase !== 'closing')
    return [`S9: ${action.id} is about ${action.agent}, which is not remembered`];
  return action.kind === 'deactivate' || (agent.deactivated && wasReadTwice(entry)) ? [] : [notEmpty(action)];
};

const notEmpty = ({ id, agent }: AgentAction): string =>
  `S9: ${id} marks ${agent} gone, which was not read empty twice`;

const wasReadTwice = ({ emptyAt: [first = 0, second = -Infinity] }: Leaving): boolean =>
  second - first >= READ_APART_MS;

/** What is left on a drained agent is killed only near its deadline, and no service's tasks are unless that was allowed. It
 *  is marked gone when it was read empty twice, or when the cloud has condemned its machine and the deadline has come. */
const drainFaults = (
  action: AgentAction,
  entry: Leaving & { readonly drain: Drain },
  agent: Agent | undefined,
  view: View,
): readonly string[] => {
  const { drain } = entry;
  if (action.kind === 'drain') return killFaultsOf(action, drain, view);
  if (action.kind !== 'mark-gone' || (drain.condemned && view.now >= drain.deadline)) return [];
  const isEmptied = agent?.deactivated === true && isEmpty(agent) && wasReadTwice(entry);
  return isEmptied ? [] : [notEmpty(action)];
};

const killFaultsOf = ({ id, agent }: AgentAction, drain: Drain, view: View): readonly string[] => {
  if (view.now < drain.deadline - drain.graceMs)
    return [`S8: ${id} kills what runs on ${agent} before its time`];
  // The same order again frees a drain that is stuck (mesos-observed 1).
  const isRepeat = drain.killedAt !== undefined && drain.killedAt < view.now;
  const isAllowed = drain.force || drain.condemned || isRepeat || !hasTasks(agent, view);
  return isAllowed ? [] : [`S8: ${id} kills tasks of services on ${agent}`];
};

const hasTasks = (agent: string, view: View): boolean =>
  view.world.apps.value.some(({ tasks }) => tasks.some((task) => task.agentId === agent));

/** A kill for a drain leaves the target healthy where copies were started, and the floor elsewhere; nothing with a volume is
 *  killed. */
const killFaults = ({ id, step, request }: AppAction, plan: Plan, view: View): readonly string[] => {
  if (request.call !== 'kill') return [];
  const app = view.world.apps.value.find(({ runSpec }) => runSpec.id === request.runSpec);
  if (app === undefined) return [`S8: ${id} kills tasks of ${request.runSpec}, which was not read`];
  if (app.runSpec.resident) return [`S16: ${id} kills tasks of ${request.runSpec}, which have volumes`];
  if (step !== 'drain') return [];
  const ending = new Set(request.tasks);
  const isHit = app.tasks.some((task) => task.healthy && ending.has(task.id));
  const left = app.tasks.filter((task) => task.healthy && !ending.has(task.id)).length;
  const base =
    plan.memory.surges.find(({ runSpec }) => runSpec === request.runSpec)?.base ?? app.runSpec.instances;
  const least = request.how === 'lower' ? base : healthyFloor(app.runSpec, base);
  return isHit && left < least
    ? [`S8: ${id} leaves ${left} healthy tasks of ${request.runSpec}, and ${least} is the least`]
    : [];
};

const leavingFaults = (pool: Pool, plan: Plan, view: View): readonly string[] => {
  const before = new Set(closingIn(view.memory.leaving, pool.name).map(({ agent }) => agent));
  const closing = closingIn(plan.memory.leaving, pool.name);
  if (!closing.some((entry) => !before.has(entry.agent) && isVoluntary(entry))) return [];
  const size = poolSize(view, pool);
  // What is drained is replaced first.
  const given = closing.filter(({ drain }) => drain === undefined).length;
  const least =
    given > 0 && size - given < pool.size.min
      ? [`S3: pool ${pool.name} would be left with ${size - given} machines of ${pool.size.min}`]
      : [];
  return closing.length > budgetOf(pool, size)
    ? [...least, `S7: ${closing.length} machines of pool ${pool.name} would leave, more than its budget`]
    : least;
};

const isVoluntary = ({ drain }: Leaving): boolean => drain?.condemned !== true && drain?.force !== true;
