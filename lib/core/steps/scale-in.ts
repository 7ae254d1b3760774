// Machines whose agents have run nothing for a while are given back, when everything that wants room has it without them.
// Room that is wanted again is taken back before anything is bought, and so is an agent on which a task has landed after
// all, until it is marked gone.
import { agentHosts } from '../hosts';
import { floorOf } from '../floors';
import { restraint } from '../drain/terms';
import { callsFor, endsFor, LEAVING, marksOf } from '../drain/calls';
import { closingIn, isEmpty, isProven, lookedAt } from '../leaving';
import type { Agent } from '../model/agent';
import { protectedUntil } from '../overrides';
import type { Leaving } from '../model/memory';
import { isLive } from '../model/machine';
import type { Action, Blocked, BlockedCode } from '../model/plan';
import type { Pool } from '../model/spec';
import { once } from '../once';
import { placeAll, type Want } from '../place';
import type { Step } from '../step';
import { type Host, Supply } from '../supply';
import { copyTally, type Tally } from '../tally';
import {
  budgetOf,
  expectedOf,
  machinePrice,
  poolScope,
  poolSize,
  standingIn,
  type View,
  withMemory,
} from '../view';
import { demandOf, hostsAfter, openMarket, reactivated, tallyOf, wantsOf } from '../wanted';

/** Of a pool at most this share, or this many where it is more, begins to leave in one plan (facts/invariants, S12). */
const MOST_SHARE = 0.1;
const MOST_MACHINES = 10;

export const scaleIn: Step = (view, before) => {
  // Later rounds of a turn look at the same world, in which nothing that the first asked for is done yet.
  if (view.round > 1) return { actions: [], blocked: [], memory: view.memory };
  const drains = view.memory.leaving.filter(({ drain }) => drain !== undefined);
  const known = lookedAt(view);
  const room = once(() => roomOf(view, [...drains, ...known], before));
  const back = takenBack(known, room, view);
  const returning = known.map((entry) =>
    back.has(entry.agent) ? { ...entry, phase: 'returning' as const, emptyAt: [] } : entry,
  );
  const pools = begunIn(view, [...drains, ...returning], room);
  const begins = new Set(pools.flatMap(({ agents }) => agents));
  const leaving = returning.map((entry) =>
    begins.has(entry.agent) ? { ...entry, phase: 'closing' as const, since: view.now } : entry,
  );
  const all = [...drains, ...leaving, ...forgotten(view, leaving)];
  return {
    actions: said(leaving, all, back, view),
    blocked: pools.flatMap(({ blocked }) => blocked),
    memory: { ...view.memory, leaving: all.sort((a, b) => (a.agent < b.agent ? -1 : 1)) },
  };
};

/** What the master and the clouds are told, and the tags of machines that stay after all are taken away. */
const said = (
  leaving: readonly Leaving[],
  all: readonly Leaving[],
  back: ReadonlyMap<string, string>,
  view: View,
): readonly Action[] => {
  const reasons = {
    deactivate: () => 'it runs nothing and nothing needs it',
    reactivate: ({ agent }: Leaving) =>
      back.get(agent) ?? 'its machine is tagged as leaving, and nothing is remembered of why',
  };
  const prefix = `${view.turn}.${view.round}.s`;
  const why = 'nothing ran there and the agent is gone';
  const known = new Set(all.flatMap(({ machine, phase }) => (phase === 'idle' ? [] : [machine])));
  const staying = view.join.joined.filter(
    ({ machine, agent }) =>
      machine.mark === LEAVING && agent?.deactivated === false && !known.has(machine.id) && isLive(machine),
  );
  const unmarked = staying.map(({ machine }) => machine);
  return [
    ...callsFor(leaving, view, { step: 'scale-in', prefix, reasons }),
    ...endsFor(leaving, view, { step: 'scale-in', prefix, why }),
    ...marksOf(unmarked, view, { step: 'scale-in', prefix, mark: '', why: 'its agent is offered again' }),
  ];
};

/** Agents that we had begun to give back and do not remember (a table restored to an earlier moment): the machine's tag
 *  tells them from those that an operator deactivated. They are offered again, and judged anew. */
const forgotten = (view: View, known: readonly Leaving[]): readonly Leaving[] => {
  if (!view.world.agents.complete) return [];
  const names = new Set([...known, ...view.memory.leaving].map(({ agent }) => agent));
  return view.join.joined.flatMap(({ agent, machine, standing }): readonly Leaving[] => {
    if (agent === undefined || standing !== 'ready' || machine.mark !== LEAVING) return [];
    if (!agent.deactivated || agent.recovered || names.has(agent.id) || !view.pools.has(machine.pool ?? ''))
      return [];
    const base = { agent: agent.id, machine: machine.id, pool: machine.pool ?? '' };
    return [{ ...base, phase: 'returning', since: view.now, emptyAt: [] }];
  });
};

// ---- is there room without them? -----------------------------------------------------------------------------

type Room = {
  readonly wants: readonly Want[];
  readonly tally: Tally;
  /** Without the agents that are closing. */
  readonly hosts: readonly Host[];
  readonly unplaced: number;
};

const roomOf = (view: View, leaving: readonly Leaving[], before: readonly Action[]): Room => {
  const market = openMarket(view);
  const wants = wantsOf(view, demandOf(view).wanted, market);
  const tally = tallyOf(view, wants);
  const hosts = hostsAfter(withMemory(view, { ...view.memory, leaving }), before);
  return { wants, tally, hosts, unplaced: unplacedOn(hosts, { wants, tally }, view) };
};

const unplacedOn = (
  hosts: readonly Host[],
  { wants, tally }: Pick<Room, 'wants' | 'tally'>,
  view: View,
): number => {
  const context = { groupBy: view.spec.marathon.groupBy, tally: copyTally(tally) };
  return placeAll(new Supply(hosts), wants, context).reduce((sum, line) => sum + line.unplaced, 0);
};

// ---- back ------------------------------------------------------------------------------------------------------

/** Agents that return, with the reason. What may have been marked gone already does not. */
const takenBack = (known: readonly Leaving[], room: () => Room, view: View): ReadonlyMap<string, string> => {
  const agents = agentsById(view);
  const sent = new Set(view.memory.leaving.filter(isProven).map(({ agent }) => agent));
  const open = known.flatMap((entry) => {
    const agent = agents.get(entry.agent);
    return entry.phase !== 'closing' || agent === undefined || sent.has(entry.agent)
      ? []
      : [{ entry, agent }];
  });
  const back = new Map<string, string>();
  for (const { agent } of open) if (!isEmpty(agent)) back.set(agent.id, 'a task runs on it after all');
  for (const agent of wantedBack(
    open.flatMap(({ agent }) => (back.has(agent.id) ? [] : [agent])),
    room,
    view,
  ))
    back.set(agent.id, 'its room is wanted again');
  for (const pool of view.pools.values()) {
    const closing = open.filter(({ entry }) => entry.pool === pool.name && !back.has(entry.agent));
    const leaves = closingIn(known, pool.name).filter(({ agent }) => !back.has(agent)).length;
    const short = floorOf(view, pool) - (poolSize(view, pool) - leaves);
    for (const { entry } of closing.slice(0, Math.max(0, short)))
      back.set(entry.agent, `the pool is held at ${floorOf(view, pool)} machines again`);
  }
  return back;
};

/** The fewest of these agents, in their order, with which as much finds room as with all of them. */
const wantedBack = (agents: readonly Agent[], roomNow: () => Room, view: View): readonly Agent[] => {
  if (agents.length === 0) return [];
  const room = roomNow();
  if (room.unplaced === 0) return [];
  const left = (count: number): number => {
    const hosts = agents.slice(0, count).flatMap((agent) => agentHosts(reactivated(agent)));
    return unplacedOn([...room.hosts, ...hosts], room, view);
  };
  const best = left(agents.length);
  return agents.slice(
    0,
    firstThat(agents.length, (count) => left(count) <= best || best >= room.unplaced),
  );
};

/** The least number from 0 to `most` that holds, where every larger one holds too; `most` is taken to hold. */
const firstThat = (most: number, holds: (count: number) => boolean): number => {
  let [low, high] = [0, most];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
};

// ---- which begin to leave ------------------------------------------------------------------------------------

/** Pool after pool, because what leaves one makes less room for all. */
const begunIn = (view: View, leaving: readonly Leaving[], first: () => Room): readonly Begun[] => {
  let room = first;
  return [...view.pools.values()].map((pool) => {
    const found = begun(pool, leaving, room, view);
    if (found.agents.length > 0) {
      const before = room();
      room = () => ({ ...before, hosts: without(before.hosts, found.agents) });
    }
    return found;
  });
};

const without = (hosts: readonly Host[], agents: readonly string[]): readonly Host[] => {
  const gone = new Set(agents);
  return hosts.filter(({ kind, id }) => kind !== 'agent' || !gone.has(id));
};

type Begun = { readonly agents: readonly string[]; readonly blocked: readonly Blocked[] };

const begun = (pool: Pool, leaving: readonly Leaving[], room: () => Room, view: View): Begun => {
  const hostnames = new Map(view.world.agents.value.map(({ id, hostname }) => [id, hostname]));
  const due = leaving.filter(
    ({ phase, pool: name, since, machine, agent }) =>
      phase === 'idle' &&
      name === pool.name &&
      view.now - since >= pool.disruption.emptyForMs &&
      protectedUntil(view, { machine, agent, hostname: hostnames.get(agent) ?? agent }) === undefined,
  );
  const closing = closingIn(leaving, pool.name).length;
  const spare = Math.min(due.length, poolSize(view, pool) - closing - floorOf(view, pool));
  if (spare <= 0) return { agents: [], blocked: [] };
  const held = hindrance(pool, leaving, view);
  if (held !== undefined) return { agents: [], blocked: [{ ...held, count: spare }] };
  const size = poolSize(view, pool);
  const most = Math.min(
    spare,
    budgetOf(pool, size) - closing,
    Math.max(MOST_MACHINES, Math.floor(size * MOST_SHARE)),
  );
  const order = [...due].sort(byPrice(view)).map(({ agent }) => agent);
  return { agents: order.slice(0, dispensable(order, most, room(), view)), blocked: [] };
};

/** How many of the first agents of `order`, at most `most`, nobody would miss: the more leave, the less room there is. */
const dispensable = (order: readonly string[], most: number, room: Room, view: View): number => {
  const fails = (count: number): boolean => {
    return unplacedOn(without(room.hosts, order.slice(0, count)), room, view) > room.unplaced;
  };
  return firstThat(most + 1, fails) - 1;
};

const hindrance = (pool: Pool, leaving: readonly Leaving[], view: View): Blocked | undefined => {
  const held = (code: BlockedCode, why: string, until?: number): Blocked => ({
    step: 'scale-in',
    code,
    subject: pool.name,
    count: 1,
    why: `idle machines stay: ${why}`,
    ...(until === undefined ? {} : { until }),
  });
  const { agents, queue } = view.world;
  if (!agents.complete || !queue.complete || poolScope(view, pool)?.complete !== true)
    return held('unsteady', 'the agents, the queue or the machines cannot be seen whole');
  if (demandOf(view).queue.some(({ verdict }) => verdict === 'waiting'))
    return held('unsteady', 'tasks have just begun to wait');
  if (isGrowing(pool, view)) return held('unsteady', 'machines are on their way to the pool');
  const restrained = restraint(pool, leaving, view);
  return restrained === undefined ? undefined : held(restrained.code, restrained.why, restrained.until);
};

const isGrowing = (pool: Pool, view: View): boolean =>
  expectedOf(view, pool.name) > 0 ||
  standingIn(view, pool.name).some(({ standing }) => standing === 'launching' || standing === 'booting');

/** The dearest first; of equals those in the zone with the most machines. */
const byPrice = (view: View): ((a: Leaving, b: Leaving) => number) => {
  const machines = new Map(view.join.joined.map(({ machine }) => [machine.id, machine]));
  const inZone = new Map<string, number>();
  for (const { pool, zone } of machines.values())
    inZone.set(`${pool ?? ''}|${zone}`, (inZone.get(`${pool ?? ''}|${zone}`) ?? 0) + 1);
  const price = ({ machine }: Leaving): number => {
    const found = machines.get(machine);
    return found === undefined ? 0 : machinePrice(view, found);
  };
  const load = ({ machine, pool }: Leaving): number =>
    inZone.get(`${pool}|${machines.get(machine)?.zone ?? ''}`) ?? 0;
  return (a, b) => price(b) - price(a) || load(b) - load(a) || (a.agent < b.agent ? -1 : 1);
};

const agentsById = (view: View): ReadonlyMap<string, Agent> =>
  new Map(view.world.agents.value.map((agent) => [agent.id, agent]));
