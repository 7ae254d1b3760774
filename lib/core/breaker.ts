// The registration contract's memory: machines of one image and bootstrap that never registered. Three of them open the
// pool's breaker, so that a broken image neither loops nor leaks; a success closes it, another image starts afresh, and
// after an hour one machine may try.
import type { Memory, Strikes } from './model/memory';
import type { Millis } from './model/machine';
import { machineImage, templateKey, type View } from './view';

export const STRIKES_TO_OPEN = 3;
const PROBE_AFTER_MS = 60 * 60_000;
/** A deadline is noticed by the first turn after it, a tick later at most. */
const TURN_SLACK_MS = 2 * 60_000;

export type BreakerState = 'closed' | 'open' | 'probing';

/** The strikes against what the pool's new machines would be started with today. */
export const strikesOf = (memory: Memory, view: View, pool: string): Strikes | undefined => {
  const template = view.world.templates.find((entry) => entry.pool === pool);
  return memory.strikes.find(
    (entry) => entry.pool === pool && (template === undefined || entry.image === templateKey(template)),
  );
};

export const breakerState = (memory: Memory, view: View, pool: string): BreakerState => {
  const openedAt = strikesOf(memory, view, pool)?.openedAt;
  if (openedAt === undefined) return 'closed';
  return view.now - openedAt < PROBE_AFTER_MS ? 'open' : 'probing';
};

/** When the breaker of the pool lets one machine try again. */
export const probeAt = (strikes: Strikes): Millis => (strikes.openedAt ?? 0) + PROBE_AFTER_MS;

export type Failed = {
  readonly pool: string;
  readonly image: string;
  readonly machine: string;
  readonly launchedAt: Millis;
};

/** Adds failed machines, each counted once. Once it is open only a machine that was launched since, which is one that
 *  tried again, opens it anew: the rest of a large batch says nothing new. */
export const strike = (
  strikes: readonly Strikes[],
  failed: readonly Failed[],
  now: Millis,
): readonly Strikes[] => {
  const all = new Map(strikes.map((entry) => [`${entry.pool}|${entry.image}`, entry]));
  const openedAt = new Map([...all].map(([key, entry]) => [key, entry.openedAt ?? 0]));
  for (const { pool, image, machine, launchedAt } of failed) {
    const key = `${pool}|${image}`;
    if (launchedAt <= (openedAt.get(key) ?? 0)) continue;
    const entry = all.get(key) ?? { pool, image, machines: [] };
    if (entry.machines.some(({ id }) => id === machine)) continue;
    const machines = [...entry.machines, { id: machine, at: now }].slice(-20);
    const opens = machines.length >= STRIKES_TO_OPEN;
    all.set(key, { ...entry, machines, ...(opens ? { openedAt: now } : {}) });
  }
  return [...all.keys()].sort().flatMap((key) => all.get(key) ?? []);
};

/** A machine that was launched together with the failed ones, or later, and has registered: the image is sound and
 *  its strikes are forgiven. Failed machines were launched a deadline before they were struck. */
export const forgive = (strikes: readonly Strikes[], view: View): readonly Strikes[] =>
  strikes.filter((entry) => {
    const deadline = view.pools.get(entry.pool)?.registerWithinMs ?? 0;
    const launched = (entry.machines.at(-1)?.at ?? 0) - deadline - TURN_SLACK_MS;
    return !view.join.joined.some(
      ({ machine, standing }) =>
        standing === 'ready' &&
        machine.pool === entry.pool &&
        machineImage(view, machine) === entry.image &&
        machine.launchedAt > launched,
    );
  });
