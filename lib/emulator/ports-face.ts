// The engine's ports over the emulated world, without wire, sockets or timers: every promise is resolved at once, at the
// world's own instant. This is the face for simulations.
import type { Agent } from '../core/model/agent';
import type { Offering, Shape } from '../core/model/offering';
import type { Resources } from '../core/model/resources';
import { add, NOTHING } from '../core/model/resources';
import type { Bounds, Pool, ShapeFilter } from '../core/model/spec';
import type { Source } from '../core/model/world';
import type { Catalogue, Cloud, Marathon, Mesos } from '../engine/ports';
import type { AgentRow, RecoveredAgentRow, RoleResources } from './mesos/api';
import { attempt, complete } from './ports-answers';
import { cloudPort } from './ports-cloud';
import { marathonPort } from './ports-marathon';
import type { EmulatedWorld } from './world';

export type PortsFace = {
  readonly cloud: Cloud;
  readonly catalogue: Catalogue;
  readonly mesos: Mesos;
  readonly marathon: Marathon;
};

export const portsFace = (world: EmulatedWorld): PortsFace => ({
  cloud: cloudPort(world),
  catalogue: { offerings: async (pools) => offeringsOf(world, pools) },
  mesos: {
    agents: async () => attempt(() => agentsOf(world)),
    deactivate: async (agent) => attempt(() => world.mesos.deactivateAgent(agent)),
    reactivate: async (agent) => attempt(() => world.mesos.reactivateAgent(agent)),
    drain: async (agent, graceMs) =>
      attempt(() => world.mesos.drainAgent(agent, { maxGracePeriodNs: graceMs * 1e6, markGone: false })),
    markGone: async (agent) => attempt(() => world.mesos.markAgentGone(agent)),
  },
  marathon: marathonPort(world),
});

/** How long after an election a list that lacks agents says little (mesos-observed 20). */
const SETTLE_MS = 60_000;

const agentsOf = (world: EmulatedWorld): Source<readonly Agent[]> => {
  const { region } = world.settings.mesos;
  const registered = world.mesos
    .agents()
    .map((row) => registeredAgent(row, region))
    .sort(byId);
  const known = new Set(registered.map(({ id }) => id));
  const recovered = world.mesos
    .recoveredAgents()
    .map(recoveredAgent)
    .filter(({ id }) => !known.has(id))
    .sort(byId);
  const faults = doubts(world, registered.length, recovered.length);
  return { at: world.now(), complete: faults.length === 0, faults, value: [...registered, ...recovered] };
};

const byId = (a: Agent, b: Agent): number => (a.id < b.id ? -1 : 1);

const doubts = (world: EmulatedWorld, registered: number, recovered: number): string[] => {
  if (registered > 0 && recovered === 0) return [];
  if (registered === 0 && recovered > 0)
    return [`All ${recovered} agents that the master knows have yet to register.`];
  const leader = world.mesos.leader();
  const isSettled = leader.kind === 'leading' && world.now() - leader.since >= SETTLE_MS;
  if (isSettled) return [];
  return recovered > 0
    ? [`${recovered} of ${registered + recovered} agents have yet to register with the new master.`]
    : ['No agent is listed, but the master has only just been elected.'];
};

const registeredAgent = (row: AgentRow, region: string | undefined): Agent => ({
  ...identity(row),
  active: row.active,
  deactivated: row.deactivated,
  recovered: false,
  used: sum(row.allocated),
  registeredAt: row.registeredAt,
  ...(row.domain === undefined || row.domain.region === region ? {} : { isRemote: true as const }),
  ...(row.drain === undefined ? {} : { draining: row.drain.state }),
});

const recoveredAgent = (row: RecoveredAgentRow): Agent => ({
  ...identity(row),
  active: false,
  deactivated: false,
  recovered: true,
  used: NOTHING,
});

const identity = (row: RecoveredAgentRow) => ({
  id: row.id,
  hostname: row.hostname,
  ip: row.ip,
  attributes: row.attributes,
  total: sum(row.total),
  reserved: Object.fromEntries(
    row.total
      .filter(({ role }) => role !== '*')
      .map(({ role, resources }): [string, Resources] => [role, resources]),
  ),
  ...(row.domain === undefined ? {} : { region: row.domain.region, zone: row.domain.zone }),
});

const sum = (parts: readonly RoleResources[]): Resources =>
  parts.map(({ resources }) => resources).reduce(add, NOTHING);

const offeringsOf = (world: EmulatedWorld, pools: readonly Pool[]) => {
  const { shapes, prices } = world.options;
  const byName = new Map(shapes.map((shape) => [shape.name, shape]));
  const isWanted = (offering: Offering): boolean => {
    const shape = byName.get(offering.shape);
    return (
      shape !== undefined && pools.some((pool) => isOffered(pool, offering) && allows(pool.shapes, shape))
    );
  };
  return {
    shapes: complete(
      world,
      shapes.filter((shape) => pools.some((pool) => allows(pool.shapes, shape))),
    ),
    offerings: complete(world, prices.filter(isWanted)),
  };
};

const isOffered = (pool: Pool, offering: Offering): boolean =>
  pool.cloud === offering.cloud &&
  pool.region === offering.region &&
  pool.markets.includes(offering.market) &&
  pool.zones.some((zone) => zone.name === offering.zone);

const allows = (filter: ShapeFilter, shape: Shape): boolean => {
  const [family = ''] = shape.name.split('.');
  const isNamed = filter.names.includes(shape.name) || filter.families.includes(family);
  const isAnyName = filter.names.length === 0 && filter.families.length === 0;
  return (
    (isNamed || isAnyName) &&
    !filter.excluded.includes(shape.name) &&
    filter.arch === shape.arch &&
    within(shape.total.cpuMilli, filter.cpuMilli) &&
    within(shape.total.memMib, filter.memMib) &&
    within(shape.total.gpus, filter.gpus)
  );
};

const within = (value: number, bounds: Bounds): boolean => value >= bounds.min && value <= bounds.max;
