// From the world to hosts: what registered agents have free, what machines that have not registered yet will have, and
// what an offering would bring. All three look alike to the placement, which is the point.
import type { Joined } from './join';
import type { Agent } from './model/agent';
import type { Place } from './model/app';
import { type Attributes, text } from './model/attributes';
import type { Expected } from './model/memory';
import type { Offering, Shape } from './model/offering';
import { add, atLeastNothing, DIMENSIONS, NOTHING, type Resources, subtract } from './model/resources';
import type { Pool } from './model/spec';
import type { Host } from './supply';

/** An agent that takes new tasks: registered now, not deactivated and not draining. */
export const takesTasks = (agent: Agent): boolean =>
  agent.active && !agent.deactivated && !agent.recovered && agent.draining === undefined;

/** One host for each role in which the agent has room. */
export const agentHosts = (agent: Agent): readonly Host[] => {
  if (!takesTasks(agent)) return [];
  const place: Place = {
    hostname: agent.hostname,
    attributes: agent.attributes,
    ...(agent.region === undefined ? {} : { region: agent.region }),
    ...(agent.zone === undefined ? {} : { zone: agent.zone }),
    ...(agent.isRemote === true ? { isRemote: true } : {}),
  };
  const hasGpus = agent.total.gpus > 0;
  return roomByRole(agent).map(([role, free]) => ({
    id: agent.id,
    kind: 'agent',
    place,
    free,
    role,
    hasGpus,
  }));
};

/** The master tells used resources as one sum over roles. What is used is charged to the reservations first where the
 *  unreserved part could not hold it; with no reservation, or one role, this is exact. */
const roomByRole = (agent: Agent): readonly (readonly [string, Resources])[] => {
  const roles = Object.keys(agent.reserved).sort();
  const reserved = roles.reduce((sum, role) => add(sum, agent.reserved[role] ?? NOTHING), NOTHING);
  const free = atLeastNothing(subtract(agent.total, agent.used));
  const unreserved = atLeastNothing(subtract(agent.total, reserved));
  const open = least(free, unreserved);
  let rest = subtract(free, open);
  const rooms: (readonly [string, Resources])[] = [['*', open]];
  for (const role of roles) {
    const room = least(rest, agent.reserved[role] ?? NOTHING);
    rest = subtract(rest, room);
    rooms.push([role, room]);
  }
  return rooms.filter(([, room]) => DIMENSIONS.some((dimension) => room[dimension] > 0));
};

const least = (a: Resources, b: Resources): Resources => ({
  cpuMilli: Math.min(a.cpuMilli, b.cpuMilli),
  memMib: Math.min(a.memMib, b.memMib),
  diskMib: Math.min(a.diskMib, b.diskMib),
  gpus: Math.min(a.gpus, b.gpus),
  ports: Math.min(a.ports, b.ports),
});

/** The attributes that the bootstrap of a pool gives a new agent (DESIGN: cloud, region, zone, pool, instance_id,
 *  lifecycle, and the pool's own). `id` stands for the instance id, which nobody knows yet. */
export const poolPlace = (pool: Pool, offering: Offering, id: string): Place => {
  const attributes: Attributes = {
    ...pool.attributes,
    cloud: text(offering.cloud),
    region: text(offering.region),
    zone: text(offering.zone),
    pool: text(pool.name),
    instance_id: text(id),
    instance_type: text(offering.shape),
    lifecycle: text(offering.market),
  };
  return { hostname: id, attributes };
};

type NewMachine = {
  readonly pool: Pool;
  readonly offering: Offering;
  readonly shape: Shape;
  readonly id: string;
};

const newHost = (kind: 'coming' | 'bought', { pool, offering, shape, id }: NewMachine): Host => ({
  id,
  kind,
  place: poolPlace(pool, offering, id),
  free: shape.allocatable,
  role: pool.role,
  hasGpus: shape.total.gpus > 0,
});

export const boughtHost = (machine: NewMachine): Host => newHost('bought', machine);

export type ComingInput = {
  readonly joined: readonly Joined[];
  readonly expected: readonly Expected[];
  readonly pools: ReadonlyMap<string, Pool>;
  readonly shapes: ReadonlyMap<string, Shape>;
  readonly listed: Listed;
};

/** Machines that are starting, and launches that no complete read has settled yet: both count as supply. */
export const comingHosts = (input: ComingInput): readonly Host[] => {
  const hosts: Host[] = [];
  for (const { machine, standing } of input.joined) {
    const pool = input.pools.get(machine.pool ?? '');
    const shape = input.shapes.get(machine.shape);
    if ((standing !== 'launching' && standing !== 'booting') || pool === undefined || shape === undefined)
      continue;
    hosts.push(newHost('coming', { pool, offering: { ...machine, usdPerHour: 0 }, shape, id: machine.id }));
  }
  for (const launch of input.expected) {
    const pool = input.pools.get(launch.pool);
    const shape = input.shapes.get(launch.offering.shape);
    if (pool === undefined || shape === undefined) continue;
    for (const id of missingOf(launch, input.listed))
      hosts.push(newHost('coming', { pool, offering: launch.offering, shape, id }));
  }
  return hosts;
};

/** What the clouds list, in the two ways a launch is looked for. */
export type Listed = {
  readonly ids: ReadonlySet<string>;
  /** How many machines carry the tag of a launch. */
  readonly byLaunch: ReadonlyMap<string, number>;
};

export const listedIn = (joined: readonly Joined[]): Listed => {
  const byLaunch = new Map<string, number>();
  for (const { machine } of joined)
    if (machine.launch !== undefined) byLaunch.set(machine.launch, (byLaunch.get(machine.launch) ?? 0) + 1);
  return { ids: new Set(joined.map(({ machine }) => machine.id)), byLaunch };
};

/** Names for the machines of a launch that the cloud does not list yet. While the ids are unknown, those that carry
 *  the launch's tag are taken off its count. */
export const missingOf = (launch: Expected, listed: Listed): readonly string[] => {
  if (launch.machines.length > 0) return launch.machines.filter((id) => !listed.ids.has(id));
  const found = listed.byLaunch.get(launch.launch) ?? 0;
  return Array.from({ length: Math.max(0, launch.count - found) }, (_, nth) => `${launch.launch}#${nth}`);
};
