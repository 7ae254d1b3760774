// What every step looks at, worked out once a plan: who is who, how large each pool is, what things cost. Nothing here
// decides.
import { agentPool, attribute, join, type Join, type Joined } from './join';
import { comingHosts, type Listed, listedIn, missingOf } from './hosts';
import type { Agent } from './model/agent';
import type { Expected, Memory, Sighting } from './model/memory';
import { isLive, type Machine, type Millis } from './model/machine';
import { type Offering, offeringKey, type Shape } from './model/offering';
import type { Pool, Spec } from './model/spec';
import type { CloudView, PoolTemplate, World } from './model/world';
import type { Host } from './supply';

export type PlanInput = {
  readonly spec: Spec;
  readonly world: World;
  readonly memory: Memory;
  readonly now: Millis;
  /** Names the turn; action ids begin with it. */
  readonly turn: string;
  /** 1 to 4. */
  readonly round: number;
  /** Work units for the packing. */
  readonly work: number;
};

export type View = PlanInput & {
  readonly pools: ReadonlyMap<string, Pool>;
  readonly shapes: ReadonlyMap<string, Shape>;
  readonly join: Join;
  readonly byPool: ReadonlyMap<string, readonly Joined[]>;
  /** By the launch that brought the machine. */
  readonly byLaunch: ReadonlyMap<string, readonly Joined[]>;
  readonly listed: Listed;
  /** Hosts of machines and launches that have not registered yet. */
  readonly coming: readonly Host[];
  /** US dollars an hour by offeringKey. */
  readonly prices: ReadonlyMap<string, number>;
};

export const viewOf = (input: PlanInput): View => {
  const pools = new Map(input.spec.pools.map((pool) => [pool.name, pool]));
  const machines = input.world.clouds.flatMap((cloud) => cloud.value);
  const joined = join(machines, input.world.agents.value, {
    now: input.now,
    pools: new Set(pools.keys()),
    registerWithinMs: (pool) => pools.get(pool ?? '')?.registerWithinMs ?? DEFAULT_REGISTER_MS,
  });
  const shapes = learned(input.world.shapes.value, joined.joined);
  const listed = listedIn(joined.joined);
  const coming = comingHosts({
    joined: joined.joined,
    expected: input.memory.expected,
    pools,
    shapes,
    listed,
  });
  const prices = new Map(
    input.world.offerings.value.map((offering) => [offeringKey(offering), offering.usdPerHour]),
  );
  return {
    ...input,
    pools,
    shapes,
    join: joined,
    byPool: groupedBy(joined.joined, ({ machine }) => machine.pool),
    byLaunch: groupedBy(joined.joined, ({ machine }) => machine.launch),
    listed,
    coming,
    prices,
  };
};

/** Shapes as their agents know them: what an agent announces is what there is, whatever the catalogue says of the shape.
 *  The most that any of a shape announces counts, so that one odd agent does not speak for all. */
const learned = (shapes: readonly Shape[], joined: readonly Joined[]): ReadonlyMap<string, Shape> => {
  const most = new Map<string, { cpuMilli: number; memMib: number }>();
  for (const { agent, machine, standing } of joined) {
    if (agent === undefined || standing !== 'ready') continue;
    const { cpuMilli, memMib } = most.get(machine.shape) ?? { cpuMilli: 0, memMib: 0 };
    most.set(machine.shape, {
      cpuMilli: Math.max(cpuMilli, agent.total.cpuMilli),
      memMib: Math.max(memMib, agent.total.memMib),
    });
  }
  return new Map(
    shapes.map((shape) => {
      const seen = most.get(shape.name);
      if (seen === undefined) return [shape.name, shape];
      const { allocatable } = shape;
      return [
        shape.name,
        {
          ...shape,
          allocatable: {
            ...allocatable,
            cpuMilli: Math.min(allocatable.cpuMilli, seen.cpuMilli),
            memMib: Math.min(allocatable.memMib, seen.memMib),
          },
        },
      ];
    }),
  );
};

const groupedBy = (
  joined: readonly Joined[],
  name: (entry: Joined) => string | undefined,
): ReadonlyMap<string, readonly Joined[]> => {
  const found = new Map<string, Joined[]>();
  for (const entry of joined) {
    const key = name(entry);
    if (key === undefined) continue;
    const known = found.get(key);
    if (known === undefined) found.set(key, [entry]);
    else known.push(entry);
  }
  return found;
};

/** The same view with another memory: who is who does not depend on it. */
export const withMemory = (view: View, memory: Memory): View => {
  if (memory.expected === view.memory.expected) return { ...view, memory };
  const { join: found, pools, shapes, listed } = view;
  return {
    ...view,
    memory,
    coming: comingHosts({ joined: found.joined, expected: memory.expected, pools, shapes, listed }),
  };
};

/** Milliseconds for a machine that names no pool of the spec. */
const DEFAULT_REGISTER_MS = 15 * 60_000;

export const poolScope = (view: View, pool: Pool): CloudView | undefined =>
  view.world.clouds.find(
    ({ scope }) =>
      scope.cloud === pool.cloud && scope.region === pool.region && scope.account === pool.account,
  );

/** Machines of the pool that cost money: live ones and those still expected. Where the cloud's listing is incomplete,
 *  agents that announce the pool stand in for the machines it left out, and it has at least as many as when it was last
 *  seen whole. */
export const poolSize = (view: View, pool: Pool): number => {
  const listed = standingIn(view, pool.name).filter(({ machine }) => isLive(machine)).length;
  const known = listed + unlisted(view, pool).length + expectedOf(view, pool.name);
  return Math.max(known, lastSeen(view, pool)?.machines ?? 0);
};

/** Nothing while the listing is complete: then what is listed counts. */
const lastSeen = (view: View, pool: Pool): Sighting | undefined =>
  poolScope(view, pool)?.complete === true
    ? undefined
    : view.memory.seen.find((sighting) => sighting.pool === pool.name);

/** How large each pool is now, as far as its machines are seen whole; else as it was. */
export const sightings = (view: View): readonly Sighting[] =>
  [...view.pools.values()].flatMap((pool): readonly Sighting[] => {
    if (poolScope(view, pool)?.complete !== true)
      return view.memory.seen.filter((sighting) => sighting.pool === pool.name);
    return [{ pool: pool.name, machines: poolSize(view, pool), usdPerHour: poolSpend(view, pool) }];
  });

/** US dollars an hour of the pool's live and expected machines, and of agents whose machine a listing left out. */
const poolSpend = (view: View, pool: Pool): number => {
  const listed = standingIn(view, pool.name)
    .filter(({ machine }) => isLive(machine))
    .reduce((sum, { machine }) => sum + machinePrice(view, machine), 0);
  const ghosts = unlisted(view, pool).reduce(
    (sum, agent) => sum + machinePrice(view, announced(agent, pool)),
    0,
  );
  const expected = view.memory.expected
    .filter((launch) => launch.pool === pool.name)
    .reduce((sum, launch) => sum + missing(view, launch) * launch.offering.usdPerHour, 0);
  return Math.max(listed + ghosts + expected, lastSeen(view, pool)?.usdPerHour ?? 0);
};

const unlisted = (view: View, pool: Pool): readonly Agent[] =>
  poolScope(view, pool)?.complete === true
    ? []
    : view.join.ghosts.filter((agent) => agentPool(agent) === pool.name);

export const expectedOf = (view: View, pool: string): number =>
  view.memory.expected
    .filter((launch) => launch.pool === pool)
    .reduce((sum, launch) => sum + missing(view, launch), 0);

const missing = (view: View, launch: Expected): number => missingOf(launch, view.listed).length;

/** How many machines of a pool of this size may be disrupted at once by our own wish. A share is rounded up, so that a
 *  small pool can be served at all; zero means zero. */
export const budgetOf = ({ disruption: { budget } }: Pool, size: number): number =>
  'agents' in budget ? budget.agents : Math.ceil((size * budget.percent) / 100);

export const standingIn = (view: View, pool: string): readonly Joined[] => view.byPool.get(pool) ?? [];

/** US dollars an hour of one machine; the on-demand price of its shape where its own offering is not listed. */
export const machinePrice = (
  view: View,
  machine: Pick<Machine, 'cloud' | 'region' | 'zone' | 'shape' | 'market'>,
): number =>
  view.prices.get(offeringKey(machine)) ??
  view.prices.get(offeringKey({ ...machine, market: 'on-demand' })) ??
  0;

/** US dollars an hour of all machines of the cluster: those of its pools, and those that name none. */
export const spendNow = (view: View): number => {
  const pools = [...view.pools.values()];
  const others = view.join.joined.filter(
    ({ machine }) => isLive(machine) && !view.pools.has(machine.pool ?? ''),
  );
  const lost = view.memory.expected.filter(({ pool }) => !view.pools.has(pool));
  return (
    pools.reduce((sum, pool) => sum + poolSpend(view, pool), 0) +
    others.reduce((sum, { machine }) => sum + machinePrice(view, machine), 0) +
    lost.reduce((sum, launch) => sum + missing(view, launch) * launch.offering.usdPerHour, 0)
  );
};

/** What an agent says its machine is (DESIGN: the attributes of the bootstrap); on demand where it says nothing. */
const announced = (agent: Agent, pool: Pool): Omit<Offering, 'usdPerHour'> => ({
  cloud: pool.cloud,
  region: pool.region,
  zone: attribute(agent, 'zone') ?? '',
  shape: attribute(agent, 'instance_type') ?? '',
  market: attribute(agent, 'lifecycle') === 'spot' ? 'spot' : 'on-demand',
});

export const templateKey = (template: Pick<PoolTemplate, 'image' | 'bootstrap'>): string =>
  `${template.image}@${template.bootstrap}`;

/** The image and bootstrap a machine was started with, in the form under which strikes are counted. */
export const machineImage = (view: View, machine: Machine): string =>
  templateKey({
    image: machine.image ?? view.pools.get(machine.pool ?? '')?.image ?? 'unknown',
    bootstrap: machine.bootstrap ?? 'unknown',
  });

export const offeringName = (offering: Omit<Offering, 'usdPerHour'>): string =>
  `${offering.shape} ${offering.market} in ${offering.zone}`;
