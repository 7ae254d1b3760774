// Does an offer suit a run spec, and if not, why: Marathon's reasons in the order of its funnel (semantics §2.4).
import type { Place, RejectReason } from '../../core/model/app';
import { REJECT_REASONS } from '../../core/model/app';
import type { Dimension, Resources } from '../../core/model/resources';
import { add, DIMENSIONS, NOTHING } from '../../core/model/resources';
import type { Agent } from '../mesos/master';
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
  agent: Agent,
  free: ReadonlyMap<string, Resources>,
): Match => {
  if (isRemote(state, service, agent)) return { kind: 'no-match', reasons: [] };
  const accepted = acceptedPart(service, free);
  const instance = instanceFor(service, agent);
  if (accepted.size === 0) return { kind: 'no-match', reasons: ['UnfulfilledRole'] };
  const room = [...accepted.values()].reduce(add, NOTHING);
  const reasons = new Set([
    ...(meetsAll(state, service, agent) ? [] : (['UnfulfilledConstraint'] as const)),
    ...(instance === undefined ? (['NoCorrespondingReservationFound'] as const) : []),
    ...shortages(service, agent, room),
  ]);
  if (instance === undefined || reasons.size > 0)
    return { kind: 'no-match', reasons: inFunnelOrder(reasons) };
  // Ports are looked at only when everything else is there.
  const ports = portsFor(state, service, agent, room);
  if (ports === undefined) return { kind: 'no-match', reasons: ['InsufficientPorts'] };
  return { kind: 'match', instance, taken: take(service.terms.each, accepted), ports };
};

/** Any that waits; one with a volume only on the agent that holds it. */
const instanceFor = (service: Service, agent: Agent): Instance | undefined => {
  for (const instance of service.waiting)
    if (instance.home === undefined || instance.home === agent) return instance;
  return undefined;
};

const shortages = (service: Service, agent: Agent, room: Resources): RejectReason[] => {
  const { each } = service.terms;
  const short = DIMENSIONS.filter((dimension) => dimension !== 'ports' && each[dimension] > room[dimension]);
  const hasGpus = [...agent.total.values()].some((total) => total.gpus > 0);
  const isScarce = hasGpus && each.gpus === 0;
  return [
    ...short.map((dimension) => SHORTAGE[dimension]),
    ...(isScarce ? (['DeclinedScarceResources'] as const) : []),
  ];
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
  const accepted = acceptedRoles.length > 0 ? acceptedRoles : ['*', role];
  return new Map([...free].filter(([name]) => accepted.includes(name)));
};

const meetsAll = (state: MarathonState, service: Service, agent: Agent): boolean => {
  if (service.terms.constraints.length === 0) return true;
  const place = placeOf(agent);
  const rules = { version: state.version, target: service.target };
  return service.terms.constraints.every((constraint) =>
    meetsConstraint(constraint, place, service.placed, rules),
  );
};

const inFunnelOrder = (reasons: ReadonlySet<RejectReason>): RejectReason[] =>
  REJECT_REASONS.filter((reason) => reasons.has(reason));

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
