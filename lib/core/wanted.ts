// What asks for room, and what room there is: the queue's demand and the headroom that is kept on purpose, against the
// hosts as they will be once the actions decided so far are done. Buying and giving back ask the same question of both.
import { breakerState } from './breaker';
import { market, type Market, namesShapes } from './buyable';
import { type Classified, classify, isDemand, lacksResources } from './demand';
import { referenceShape } from './floors';
import { trialOf } from './futile';
import { isMovable } from './drain/moves';
import { emptied, standingOf } from './drain/standing';
import { headroomWants } from './headroom';
import { agentHosts } from './hosts';
import type { Agent } from './model/agent';
import type { QueueItem } from './model/app';
import type { Leaving } from './model/memory';
import type { Action } from './model/plan';
import { exclusionsOf, heldApps } from './overrides';
import type { Want } from './place';
import type { Host } from './supply';
import { type Tally, tallyTasks } from './tally';
import type { View } from './view';

export type Demand = {
  /** Every row of the queue, the oldest first. */
  readonly queue: readonly Classified[];
  readonly futile: readonly Classified[];
  /** What is to be placed or bought for. */
  readonly wanted: readonly Classified[];
};

export const demandOf = (view: View): Demand => {
  const queue = [...view.world.queue.value].sort(byAge).map((item) => classify(item, view.now));
  const futile = queue.filter(({ item, verdict }) => isDemand(verdict) && trialOf(view, item) === 'futile');
  const wanted = queue.filter(
    (entry) => isDemand(entry.verdict) && !futile.includes(entry) && isBelieved(entry, view),
  );
  return { queue, futile, wanted };
};

const byAge = (a: QueueItem, b: QueueItem): number =>
  a.since - b.since ||
  (a.runSpec.id < b.runSpec.id
    ? -1
    : a.runSpec.id > b.runSpec.id
      ? 1
      : a.runSpec.role < b.runSpec.role
        ? -1
        : 1);

/** With an incomplete view of the agents only Marathon's own word that they lack resources is believed. */
const isBelieved = ({ item }: Classified, view: View): boolean =>
  view.world.agents.complete || lacksResources(item);

export const wantsOf = (view: View, wanted: readonly Classified[], open: Market): readonly Want[] => [
  ...wanted.map(({ item }): Want => {
    const { runSpec, count } = item;
    return trialOf(view, item) === 'trial' ? { runSpec, count, onTrial: true } : { runSpec, count };
  }),
  ...movingWants(view),
  ...[...view.pools.values()].flatMap((pool) => headroomWants(view, pool, referenceShape(view, pool, open))),
];

/** What has to move and has no copy yet wants room, so that what it lacks is bought before anything of it is killed; and so
 *  does what ran on a machine that has just died, before it shows in the queue. */
const movingWants = (view: View): readonly Want[] => {
  // What leaves because the others can take its tasks is not replaced.
  const open = emptied(view.memory.leaving).filter(({ drain }) => drain?.cause !== 'consolidation');
  const dead = new Set(view.memory.buried.flatMap(({ agent, at }) => (at === view.now ? [agent] : [])));
  if (open.length === 0 && dead.size === 0) return [];
  const surges = new Map(view.memory.surges.map((surge) => [surge.runSpec, surge]));
  const around = { open, dying: dead, surges, now: view.now, heldApp: heldApps(view) };
  return view.world.apps.value.flatMap((app): readonly Want[] => {
    const standing = standingOf(app, around);
    const lost = app.runSpec.resident ? 0 : app.tasks.filter(({ agentId }) => dead.has(agentId)).length;
    const moving = isMovable(standing, view.now) ? Math.max(0, standing.moving.length - standing.extra) : 0;
    return moving + lost > 0 ? [{ runSpec: app.runSpec, count: moving + lost }] : [];
  });
};

/** Everything that may be bought now. A pool with an open breaker buys nothing, and what somebody excludes is not there. */
export const openMarket = (view: View): Market => {
  const excluded = exclusionsOf(view);
  return market({
    pools: [...view.pools.values()]
      .filter((pool) => breakerState(view.memory, view, pool.name) !== 'open')
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
    offerings: [...view.world.offerings.value].sort(
      (a, b) => a.usdPerHour - b.usdPerHour || (key(a) < key(b) ? -1 : 1),
    ),
    shapes: view.shapes,
    cold: view.memory.cold,
    now: view.now,
    byShape: namesShapes(view.world.queue.value),
    isExcluded: (pool, offering) => excluded(pool, offering) !== undefined,
  });
};

const key = (o: { readonly zone: string; readonly shape: string; readonly market: string }): string =>
  `${o.shape}/${o.zone}/${o.market}`;

/** Hosts once these actions are done. What agents have free counts only while the master's list is complete; machines on
 *  their way always count. An agent that is given back, or whose machine is ending, is listed for a while and has no room
 *  any more; one that is taken back has its room again. */
export const hostsAfter = (view: View, actions: readonly Action[]): readonly Host[] => {
  if (!view.world.agents.complete) return view.coming;
  const ending = new Set(actions.flatMap((action) => (action.kind === 'terminate' ? action.machines : [])));
  const inPhase = (wanted: Leaving['phase']): Set<string> =>
    new Set(view.memory.leaving.flatMap(({ agent, phase }) => (phase === wanted ? [agent] : [])));
  const closed = inPhase('closing');
  const taken = inPhase('returning');
  for (const { agent, machine, standing } of view.join.joined)
    if (agent !== undefined && (standing === 'ending' || ending.has(machine.id))) closed.add(agent.id);
  return [
    ...view.world.agents.value
      .filter(({ id }) => !closed.has(id))
      .map((agent) => (taken.has(agent.id) ? reactivated(agent) : agent))
      .flatMap(agentHosts),
    ...view.coming,
  ];
};

/** As the master will list it again. */
export const reactivated = (agent: Agent): Agent => ({ ...agent, active: true, deactivated: false });

/** Where the instances of these wants are now. */
export const tallyOf = (view: View, wants: readonly Want[]): Tally => {
  const agents = view.world.agents.value;
  const byHost = new Map(agents.map((agent) => [agent.hostname, agent]));
  const byId = new Map(agents.map((agent) => [agent.id, agent]));
  return tallyTasks(
    wants.map(({ runSpec }) => runSpec),
    view.world.tasks.value,
    (task) =>
      byId.get(task.agentId ?? '') ?? byHost.get(task.host) ?? { hostname: task.host, attributes: {} },
  );
};
