// Does an offer suit a run spec, and if not, why: Marathon's reasons in the order of its funnel (semantics §2.4).
import type { Place, RejectReason } from '../../core/model/app';
import { REJECT_REASONS } from '../../core/model/app';
import type { Dimension, Resources } from '../../core/model/resources';
import { add, DIMENSIONS, NOTHING } from '../../core/model/resources';
import type { Agent, Offer } from '../mesos/master';
import { choosePorts } from '../mesos/ports';
import { meetsConstraint } from './constraints';
import type { Instance, MarathonState, Service } from './state';

export type Match =
  | {
      readonly kind: 'match';
      readonly instance: Instance;
      readonly taken: ReadonlyMap<string, Resources>;
      readonly ports: readonly number[];
    }
  /** Empty when the offer is refused without a reason. */
  | { readonly kind: 'no-match'; readonly reasons: readonly RejectReason[] };

const SHORTAGE: Readonly<Record<Dimension, RejectReason>> = {
  cpuMilli: 'InsufficientCpus',
  memMib: 'InsufficientMemory',
  diskMib: 'InsufficientDisk',
  gpus: 'InsufficientGpus',
  ports: 'InsufficientPorts',
};

export const placeOf = (agent: Agent): Place => ({
  hostname: agent.hostname,
  attributes: agent.attributes,
  ...(agent.domain === undefined ? {} : { region: agent.domain.region, zone: agent.domain.zone }),
});

export const matchOffer = (
  state: MarathonState,
  service: Service,
  { agent, free, unavailability }: Pick<Offer, 'agent' | 'free' | 'unavailability'>,
): Match => {
  if (isRemote(state, service, agent)) return refusal(0);
  const accepted = acceptedPart(service, free);
  const instance = instanceFor(service, agent);
  if (accepted.size === 0) return refusal(bit('UnfulfilledRole'));
  const held = instance === undefined ? undefined : agent.reservations.get(instance.id);
  const room = held === undefined ? sumOf(accepted) : { ...held.resources, ports: sumOf(accepted).ports };
  const mask =
    (meetsAll(state, service, agent) ? 0 : bit('UnfulfilledConstraint')) |
    (isInWindow(state, unavailability) ? bit('UnfulfilledConstraint') | bit('AgentMaintenance') : 0) |
    (instance === undefined ? bit('NoCorrespondingReservationFound') : 0) |
    shortages(service, agent, room);
  if (instance === undefined || mask !== 0) return refusal(mask);
  // Ports are looked at only when everything else is there.
  const ports = portsFor(state, service, agent, room);
  if (ports === undefined) return refusal(bit('InsufficientPorts'));
  return {
    kind: 'match',
    instance,
    taken: take(held === undefined ? service.terms.each : portsOnly(service.terms.each), accepted),
    ports,
  };
};

/** Inside the window, or a little before it; after it the agent is as good as any, though Mesos still says DRAINING. */
const isInWindow = (state: MarathonState, window: Offer['unavailability']): boolean => {
  if (window === undefined || !state.traits.mindsMaintenance) return false;
  const { timeline, settings } = state.base;
  const now = timeline.now();
  return (
    now >= window.startMs - settings.marathon.drainingMs && now < (window.endMs ?? Number.POSITIVE_INFINITY)
  );
};

/** Any that waits; one with a volume only on the agent that holds it. */
const instanceFor = (service: Service, agent: Agent): Instance | undefined => {
  for (const instance of service.waiting)
    if (instance.home === undefined || instance.home === agent) return instance;
  return undefined;
};

const shortages = (service: Service, agent: Agent, room: Resources): number => {
  const { each } = service.terms;
  let mask = each.gpus === 0 && hasGpus(agent) ? bit('DeclinedScarceResources') : 0;
  for (const dimension of DIMENSIONS) {
    if (dimension !== 'ports' && each[dimension] > room[dimension]) mask |= bit(SHORTAGE[dimension]);
  }
  return mask;
};

const hasGpus = (agent: Agent): boolean => {
  for (const total of agent.total.values()) if (total.gpus > 0) return true;
  return false;
};

// A stuck cluster refuses millions of offers, for few sets of reasons: each set is one answer, made once.
const bit = (reason: RejectReason): number => 1 << REJECT_REASONS.indexOf(reason);
const refusals = new Map<number, Extract<Match, { kind: 'no-match' }>>();
const refusal = (mask: number): Match => {
  const known = refusals.get(mask);
  if (known !== undefined) return known;
  const made = {
    kind: 'no-match' as const,
    reasons: REJECT_REASONS.filter((reason) => (mask & bit(reason)) !== 0),
  };
  refusals.set(mask, made);
  return made;
};

const sumOf = (accepted: ReadonlyMap<string, Resources>): Resources => {
  let sum: Resources | undefined;
  for (const amount of accepted.values()) sum = sum === undefined ? amount : add(sum, amount);
  return sum ?? NOTHING;
};

const portsFor = (
  state: MarathonState,
  service: Service,
  agent: Agent,
  room: Resources,
): readonly number[] | undefined => {
  const { ports } = service.terms;
  if (ports.length === 0) return [];
  if (room.ports < ports.length) return undefined;
  return choosePorts(agent.ports, ports, state.base.dice.int('port', 0, Math.max(0, agent.ports.size - 1)));
};

/** Without a constraint on region or zone only the masters' own region is taken, and nothing says so. */
const isRemote = (state: MarathonState, service: Service, agent: Agent): boolean => {
  if (agent.domain === undefined) return false;
  if (service.terms.constraints.some(({ field }) => field === '@region' || field === '@zone')) return false;
  return agent.domain.region !== state.base.settings.mesos.region;
};

const acceptedPart = (
  service: Service,
  free: ReadonlyMap<string, Resources>,
): ReadonlyMap<string, Resources> => {
  const { acceptedRoles, role } = service.terms;
  const isAccepted = (name: string): boolean =>
    acceptedRoles.length > 0 ? acceptedRoles.includes(name) : name === '*' || name === role;
  for (const name of free.keys()) {
    if (!isAccepted(name)) return new Map([...free].filter(([one]) => isAccepted(one)));
  }
  return free;
};

const meetsAll = (state: MarathonState, service: Service, agent: Agent): boolean => {
  if (service.terms.constraints.length === 0) return true;
  const place = placeOf(agent);
  const rules = { version: state.version, target: service.target };
  return service.terms.constraints.every((constraint) =>
    meetsConstraint(constraint, place, service.placed, rules),
  );
};

const portsOnly = ({ ports }: Resources): Resources => ({ ...NOTHING, ports });

/** Reserved amounts first, then everybody's. */
const take = (each: Resources, accepted: ReadonlyMap<string, Resources>): ReadonlyMap<string, Resources> => {
  const roles = [...accepted].sort(([a], [b]) => Number(a === '*') - Number(b === '*'));
  const left: { -readonly [D in Dimension]: number } = { ...each };
  const taken = new Map<string, Resources>();
  for (const [role, free] of roles) {
    const part: { -readonly [D in Dimension]: number } = { ...NOTHING };
    for (const dimension of DIMENSIONS) {
      part[dimension] = Math.min(left[dimension], free[dimension]);
      left[dimension] -= part[dimension];
    }
    if (DIMENSIONS.some((dimension) => part[dimension] > 0)) taken.set(role, part);
  }
  return taken;
};
