// Whether the masters reach an agent.
import { type Joined, JUDGED_FOR_MS } from './join';
import { isLive } from './model/machine';
import type { View } from './view';

/** Listed no more, or its connection has ended; not one that we, or an operator, deactivated (mesos-observed 13). */
export const isOutOfReach = ({ agent }: Pick<Joined, 'agent'>): boolean =>
  agent === undefined || (!agent.active && !agent.deactivated && !agent.recovered);

/** Machines of our pools that live and have had their agent, as far as anybody can tell: one that never joined is judged by
 *  its image. */
export const hasHadAgent = ({ machine, standing }: Joined, view: View): boolean => {
  const pool = view.pools.get(machine.pool ?? '');
  if (pool === undefined || !isLive(machine)) return false;
  const isOld = view.now - machine.launchedAt > pool.registerWithinMs + JUDGED_FOR_MS;
  return standing === 'ready' || view.memory.joined.includes(machine.id) || isOld;
};
