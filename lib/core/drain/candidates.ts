// Agents that the others could do without: little runs there, for long enough. What exactly runs there is read of at most one
// a pool, and not at every look, since it costs a read of all of Marathon's tasks.
import { takesTasks } from '../hosts';
import { agentPool, attribute } from '../join';
import { holdsReserved, isEmpty } from '../leaving';
import type { Agent } from '../model/agent';
import { isLive, type Machine, type Millis } from '../model/machine';
import type { Memory } from '../model/memory';
import type { Pool } from '../model/spec';

/** A machine is left alone for so long after its launch, and a pool after its last launch (facts/pains 1). */
const LEAST_AGE_MS = 30 * 60_000;
const STEADY_MS = 10 * 60_000;
/** Of cpu or memory, whichever is used more: an agent that is fuller is not worth the moves. */
const LITTLE = 0.5;
/** How often they are looked for: in the first minute of each of these. */
const EVERY_MS = 5 * 60_000;
/** When they are looked for next, in milliseconds since the epoch. */
export const nextSearch = (now: Millis): Millis => (Math.floor(now / EVERY_MS) + 1) * EVERY_MS;

/** A machine whose drain failed is not tried again for so long. */
const AGAIN_MS = 60 * 60_000;

export type Fleet = {
  readonly pools: readonly Pool[];
  readonly agents: readonly Agent[];
  readonly machines: readonly Machine[];
  readonly memory: Memory;
  readonly now: Millis;
};

export const usedShare = ({ used, total }: Agent): number =>
  Math.max(
    total.cpuMilli === 0 ? 0 : used.cpuMilli / total.cpuMilli,
    total.memMib === 0 ? 0 : used.memMib / total.memMib,
  );

/** The least used agent of each steady pool, of those that may go; none in most minutes. */
export const candidates = (fleet: Fleet): readonly Agent[] => {
  const { now, memory, pools } = fleet;
  if (now % EVERY_MS >= 60_000 || memory.pause !== undefined) return [];
  const machines = new Map(fleet.machines.filter(isLive).map((machine) => [machine.id, machine]));
  return pools.flatMap((pool): readonly Agent[] => {
    const own = [...machines.values()].filter((machine) => machine.pool === pool.name);
    if (own.some(({ launchedAt }) => now - launchedAt < STEADY_MS) || isBusy(pool, memory)) return [];
    const found = fleet.agents.filter((agent) => {
      const machine = machines.get(attribute(agent, 'instance_id') ?? '');
      return (
        machine !== undefined &&
        machine.pool === pool.name &&
        agentPool(agent) === pool.name &&
        now - machine.launchedAt >= LEAST_AGE_MS &&
        isLittleUsed(agent, pool) &&
        mayTryAgain(machine.id, memory, now)
      );
    });
    return found.sort((a, b) => usedShare(a) - usedShare(b) || (a.id < b.id ? -1 : 1)).slice(0, 1);
  });
};

/** One at a time. */
const isBusy = (pool: Pool, { leaving }: Memory): boolean =>
  leaving.some((entry) => entry.pool === pool.name && entry.phase !== 'idle');

const isLittleUsed = (agent: Agent, pool: Pool): boolean =>
  takesTasks(agent) && !isEmpty(agent) && !holdsReserved(agent, pool) && usedShare(agent) <= LITTLE;

export const mayTryAgain = (machine: string, { drained }: Memory, now: Millis): boolean =>
  !drained.some((entry) => entry.machine === machine && entry.end !== 'done' && now - entry.at < AGAIN_MS);
