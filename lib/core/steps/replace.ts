// Machines that run something and should go all the same: those that are not what the pool would start today (bootstrap,
// shape, zone, market), those that are too old, and those whose tasks the others can take. All of it by drains, within the
// pool's budget, windows and floor; each skip has its reason (facts/pains 1).
import { poolAllowsShape } from '../buyable';
import { begin, graceFor, isFixed, restraint } from '../drain/terms';
import { candidates, mayTryAgain } from '../drain/candidates';
import { isMovable } from '../drain/moves';
import { standingOf } from '../drain/standing';
import { floorOf } from '../floors';
import { agentHosts } from '../hosts';
import type { Joined } from '../join';
import { closingIn, holdsReserved } from '../leaving';
import type { Agent } from '../model/agent';
import type { AppState } from '../model/app';
import { isLive, type Machine } from '../model/machine';
import type { Drain, Leaving } from '../model/memory';
import type { Blocked, BlockedCode } from '../model/plan';
import { add, NOTHING, times } from '../model/resources';
import type { Pool } from '../model/spec';
import { heldApps, protectedUntil } from '../overrides';
import { placeAll, type Want } from '../place';
import type { Step } from '../step';
import { Supply } from '../supply';
import { copyTally, tallyTasks } from '../tally';
import { machinePrice, poolScope, poolSize, standingIn, type View } from '../view';
import { demandOf, hostsAfter, openMarket, tallyOf, wantsOf } from '../wanted';

/** A drain of this kind that has not ended by then is undone, and tried again later. */
const WITHIN_MS = 60 * 60_000;

export const replace: Step = (view, before) => {
  const unchanged = { actions: [], blocked: [], memory: view.memory };
  if (view.round > 1 || !isSeenWhole(view)) return unchanged;
  let leaving = view.memory.leaving;
  const blocked: Blocked[] = [];
  for (const pool of view.pools.values()) {
    const found = outdated(pool, view) ?? dispensable(pool, view, before);
    if (found === undefined) continue;
    const { entry, held = hindranceOf(found, pool, leaving, view) } = found;
    if (held !== undefined) blocked.push({ step: 'replace', subject: entry.machine.id, count: 1, ...held });
    else leaving = [...leaving.filter(({ machine }) => machine !== entry.machine.id), begun(found, view)];
  }
  return { ...unchanged, blocked, memory: { ...view.memory, leaving } };
};

type Held = { readonly code: BlockedCode; readonly why: string; readonly until?: number };
type Found = {
  readonly entry: Joined & { readonly agent: Agent };
  readonly drain: Drain;
  readonly held?: Held;
};

const isSeenWhole = ({ world }: View): boolean => world.agents.complete && world.queue.complete;

const begun = ({ entry, drain }: Found, view: View): Leaving => ({
  agent: entry.agent.id,
  machine: entry.machine.id,
  pool: entry.machine.pool ?? '',
  ...begin(view),
  drain,
});

const drainFor = (cause: Drain['cause'], reason: string, pool: Pool, view: View): Drain => ({
  cause,
  by: 'Muster',
  reason,
  deadline: view.now + WITHIN_MS,
  graceMs: graceFor(pool, view.now, view.now + WITHIN_MS),
  force: pool.drain === 'kill',
  condemned: false,
});

/** Every name by which somebody may have protected it. */
const namesOf = ({ machine, agent }: Found['entry']) => ({
  machine: machine.id,
  agent: agent.id,
  hostname: agent.hostname,
});

const hindranceOf = (
  { entry, drain }: Found,
  pool: Pool,
  leaving: readonly Leaving[],
  view: View,
): Held | undefined => {
  const word = protectedUntil(view, namesOf(entry));
  if (word !== undefined) return { code: 'protected', ...word };
  if (poolScope(view, pool)?.complete !== true)
    return { code: 'stale-view', why: 'its machines cannot be seen whole' };
  if (demandOf(view).queue.some(({ verdict }) => verdict === 'waiting'))
    return { code: 'unsteady', why: `it stays for now: tasks have just begun to wait` };
  if (drain.cause === 'drift' && isFixed(pool, leaving, view))
    return { code: 'pool-limit', why: `${drain.reason}, but the pool may have no machine in its place` };
  const left = poolSize(view, pool) - closingIn(leaving, pool.name).length - 1;
  if (drain.cause === 'consolidation' && left < floorOf(view, pool))
    return { code: 'floor', why: `the pool is held at ${floorOf(view, pool)} machines` };
  const held = restraint(pool, leaving, view);
  return held === undefined ? undefined : { ...held, why: `${drain.reason}, but ${held.why}` };
};

// ---- not what would be started today ----------------------------------------------------------------------------

/** The oldest machine that differs, while none of the pool is replaced already. */
const outdated = (pool: Pool, view: View): Found | undefined => {
  if (closingIn(view.memory.leaving, pool.name).some(({ drain }) => drain?.cause === 'drift'))
    return undefined;
  const found = standingIn(view, pool.name)
    .flatMap((entry) => {
      const reason = mayGo(entry, pool, view) ? difference(entry.machine, pool, view) : undefined;
      return reason === undefined || entry.agent === undefined
        ? []
        : [{ ...entry, agent: entry.agent, reason }];
    })
    .sort((a, b) => a.machine.launchedAt - b.machine.launchedAt || (a.machine.id < b.machine.id ? -1 : 1));
  const [entry] = found;
  return entry === undefined ? undefined : { entry, drain: drainFor('drift', entry.reason, pool, view) };
};

/** An agent that runs nothing is given back rather, and one that leaves does so already. */
const mayGo = ({ agent, machine, standing }: Joined, pool: Pool, view: View): boolean =>
  agent !== undefined &&
  standing === 'ready' &&
  isLive(machine) &&
  agent.active &&
  !agent.deactivated &&
  !holdsReserved(agent, pool) &&
  mayTryAgain(machine.id, view.memory, view.now) &&
  !view.memory.leaving.some((entry) => entry.machine === machine.id && entry.phase !== 'idle');

const difference = (machine: Machine, pool: Pool, view: View): string | undefined => {
  const template = view.world.templates.find((entry) => entry.pool === pool.name);
  const shape = view.shapes.get(machine.shape);
  const { expireAfterMs } = pool.disruption;
  if (template !== undefined && machine.bootstrap !== undefined && machine.bootstrap !== template.bootstrap)
    return `it was started with bootstrap ${machine.bootstrap} and the pool's is ${template.bootstrap}`;
  if (shape !== undefined && !poolAllowsShape(pool, shape)) return `the pool allows ${machine.shape} no more`;
  if (!pool.zones.some(({ name }) => name === machine.zone)) return `the pool is in ${machine.zone} no more`;
  if (!pool.markets.includes(machine.market)) return `the pool takes ${machine.market} machines no more`;
  if (expireAfterMs !== undefined && view.now - machine.launchedAt > expireAfterMs)
    return `it is older than ${Math.round(expireAfterMs / 3_600_000)} h`;
  return undefined;
};

// ---- the others can take what runs there -------------------------------------------------------------------------

const dispensable = (pool: Pool, view: View, before: Parameters<Step>[1]): Found | undefined => {
  const agent = candidatesOf(view).find((one) => poolOf(one, view) === pool.name);
  const entry = standingIn(view, pool.name).find((one) => one.agent?.id === agent?.id);
  const row = view.world.hosted.value.find((one) => one.agent === agent?.id);
  if (agent === undefined || entry === undefined || row === undefined) return undefined;
  const apps = view.world.apps.value.filter(({ runSpec }) =>
    row.runSpecs.some(({ id }) => id === runSpec.id),
  );
  const reason = `the others can take what runs there, which saves $${machinePrice(view, entry.machine).toFixed(3)} an hour`;
  const drain = drainFor('consolidation', reason, pool, view);
  const found = { entry: { ...entry, agent }, drain };
  const held = worth(entry, agent, pool, view) ?? unabsorbed(agent, apps, view, before);
  return held === undefined ? found : { ...found, held };
};

const candidatesOf = (view: View): readonly Agent[] =>
  candidates({
    pools: view.spec.pools,
    agents: view.world.agents.value,
    machines: view.join.joined.map(({ machine }) => machine),
    memory: view.memory,
    now: view.world.agents.at,
  });

const poolOf = (agent: Agent, view: View): string | undefined =>
  view.join.joined.find((entry) => entry.agent?.id === agent.id)?.machine.pool;

/** Its share of what the pool costs against its share of what runs there. */
const worth = (entry: Joined, agent: Agent, pool: Pool, view: View): Held | undefined => {
  const own = standingIn(view, pool.name).filter(({ machine }) => isLive(machine));
  const price = own.reduce((sum, { machine }) => sum + machinePrice(view, machine), 0);
  const used = own.reduce((sum, one) => sum + (one.agent?.used.cpuMilli ?? 0), 0);
  const savings = price === 0 ? 0 : machinePrice(view, entry.machine) / price;
  const disruption = used === 0 ? 0 : agent.used.cpuMilli / used;
  return savings >= disruption
    ? undefined
    : {
        code: 'unsteady',
        why: `ending it would save ${percent(savings)} of the pool's price and move ${percent(disruption)} of what runs there`,
      };
};

const percent = (share: number): string => `${Math.round(share * 100)} %`;

/** Why the others cannot take all that runs there: the same placement, asked without it. */
const unabsorbed = (
  agent: Agent,
  apps: readonly AppState[],
  view: View,
  before: Parameters<Step>[1],
): Held | undefined => {
  const around = {
    open: [],
    dying: new Set<string>(),
    surges: new Map(),
    now: view.now,
    heldApp: heldApps(view),
  };
  const moving = apps.map((app) => ({
    app,
    count: app.tasks.filter(({ agentId }) => agentId === agent.id).length,
  }));
  const stuck = moving.find(({ app }) => !isMovable(standingOf(app, around), view.now));
  if (stuck !== undefined)
    return { code: 'protected', why: `${stuck.app.runSpec.id} on it may not be moved` };
  const known = moving.reduce((sum, { app, count }) => add(sum, times(app.runSpec.each, count)), NOTHING);
  if (known.cpuMilli < agent.used.cpuMilli || known.memMib < agent.used.memMib)
    return { code: 'waiting', why: 'tasks of other frameworks run on it' };
  const hosts = hostsAfter(view, before).filter(({ kind, id }) => kind === 'agent' && id !== agent.id);
  const wants = wantsOf(view, demandOf(view).wanted, openMarket(view));
  const context = { groupBy: view.spec.marathon.groupBy, tally: copyTally(tallyOf(view, wants)) };
  const alone = unplaced(new Supply([...hosts, ...agentHosts(agent)]), wants, context);
  const supply = new Supply(hosts);
  const short = unplaced(supply, wants, { ...context, tally: copyTally(tallyOf(view, wants)) }) > alone;
  const left = moving.reduce((sum, one) => sum + unplacedOf(one, supply, agent, view), 0);
  return short || left > 0
    ? { code: 'room', why: 'the others have no room for what runs there and for what is kept free' }
    : undefined;
};

const unplaced = (supply: Supply, wants: readonly Want[], context: Parameters<typeof placeAll>[2]): number =>
  placeAll(supply, wants, context).reduce((sum, line) => sum + line.unplaced, 0);

type Moving = { readonly app: AppState; readonly count: number };

const unplacedOf = ({ app, count }: Moving, supply: Supply, agent: Agent, view: View): number => {
  const agents = new Map(view.world.agents.value.map((one) => [one.id, one]));
  const tally = tallyTasks(
    [app.runSpec],
    app.tasks.filter(({ agentId }) => agentId !== agent.id),
    (task) => agents.get(task.agentId ?? '') ?? { hostname: task.host, attributes: {} },
  );
  return unplaced(supply, [{ runSpec: app.runSpec, count }], { groupBy: view.spec.marathon.groupBy, tally });
};
