// What a framework has reserved on an agent, with the volumes in it. It stays over the tasks that use it, over a drain
// and over an agent that was unreachable; it is lost with an agent that is gone (semantics §1.2, §2.10).
import type { Resources } from '../../core/model/resources';
import { add, NOTHING, subtract } from '../../core/model/resources';
import type { Reserved } from './api';
import type { Agent } from './master';

export type Reservation = Reserved & {
  /** By role, where it was taken from. */
  readonly from: ReadonlyMap<string, Resources>;
  isInUse: boolean;
  /** Given up while the agent was away: freed when it is offered again. */
  isOrphan: boolean;
};

/** RESERVE and CREATE: from now on nobody else is offered it. */
export const reserve = (
  agent: Agent,
  id: string,
  wanted: Omit<Reserved, 'resources'> & { readonly from: ReadonlyMap<string, Resources> },
): Reservation => {
  for (const [role, part] of wanted.from)
    agent.total.set(role, subtract(agent.total.get(role) ?? NOTHING, part));
  const resources = [...wanted.from.values()].reduce(add, NOTHING);
  const reservation = { ...wanted, resources, isInUse: false, isOrphan: false };
  agent.reservations.set(id, reservation);
  return reservation;
};

/** DESTROY and UNRESERVE. They need an offer of the agent, so that they wait for one that is away. */
export const unreserve = (agent: Agent, id: string): void => {
  const reservation = agent.reservations.get(id);
  if (reservation === undefined) return;
  if (agent.standing !== 'registered' || !agent.connected) {
    reservation.isOrphan = true;
    return;
  }
  agent.reservations.delete(id);
  for (const [role, part] of reservation.from)
    agent.total.set(role, add(agent.total.get(role) ?? NOTHING, part));
};

export const unreserveOrphans = (agent: Agent): void => {
  for (const [id, reservation] of agent.reservations) if (reservation.isOrphan) unreserve(agent, id);
};

/** Reserved and used by no task. */
export const idleReserved = (agent: Agent): Resources => {
  let sum = NOTHING;
  for (const { isInUse, resources } of agent.reservations.values()) if (!isInUse) sum = add(sum, resources);
  return sum;
};
