// Fleets from which machines are taken, and what becomes of the services meanwhile.
import { reconcile } from '../../lib/engine/reconcile';
import { storeFact } from '../../lib/engine/facts';
import type { FactBody } from '../../lib/core/model/signal';
import { emulatedFleet, type EmulatedFleet, type FleetOptions } from './emulated-fleet';
import { aPool, aSpec, MINUTE } from './fleet';

const CALM = { budget: { percent: 100 }, windows: [], emptyForMs: 24 * 60 * MINUTE } as const;

/** A fleet that has grown for these apps, all of whose instances run. Idle machines stay, so that what happens is the
 *  drain's doing. */
export const busyFleet = async (
  apps: readonly Record<string, unknown>[],
  options: FleetOptions = {},
): Promise<EmulatedFleet> => {
  const spec = options.spec ?? aSpec({ pools: [aPool({ disruption: CALM })] });
  const fleet = emulatedFleet({ ...options, spec });
  for (const app of apps) fleet.world.marathon.createApp(app);
  await fleet.minutes(8);
  return fleet;
};

/** Turns 6 s apart, as the plan asks for them while something moves. */
export const turns = async (fleet: EmulatedFleet, count: number): Promise<void> => {
  for (let nth = 0; nth < count; nth += 1) {
    for (let second = 0; second < 6; second += 1) {
      fleet.world.advance(1000);
    }
    try {
      await reconcile(fleet.engine);
    } catch (error) {
      fleet.failures.push(error);
    }
  }
};

export const tell = async (fleet: EmulatedFleet, subject: string, body: FactBody, lastsMs = 60 * MINUTE) => {
  const at = fleet.world.now();
  await storeFact(fleet.engine.store, {
    scope: { kind: 'cluster', cluster: fleet.engine.spec.cluster },
    subject,
    dedupeKey: 'last',
    at,
    expiresAt: at + lastsMs,
    body,
  });
};

/** An operator's wish, with an hour for it unless told. */
export const requestDrain = async (
  fleet: EmulatedFleet,
  subject: string,
  more: { readonly withinMs?: number; readonly force?: boolean } = {},
): Promise<void> => {
  const deadline = fleet.world.now() + (more.withinMs ?? 60 * MINUTE);
  await tell(fleet, subject, {
    kind: 'drain',
    by: 'ada',
    reason: 'a new kernel',
    deadline,
    force: more.force ?? false,
  });
};

/** The least number of healthy instances of each app, seen at every happening of the world. */
export type Health = ReadonlyMap<string, number>;

export const watchHealth = (fleet: EmulatedFleet): Health => {
  const least = new Map<string, number>();
  const look = (): void => {
    if (!fleet.world.marathon.isUp()) return;
    const healthy = new Map<string, number>();
    for (const { runSpecId, condition, healthy: passes } of fleet.world.marathon.instances())
      if (condition === 'Running' && passes !== false)
        healthy.set(runSpecId, (healthy.get(runSpecId) ?? 0) + 1);
    for (const { id } of fleet.world.marathon.apps())
      least.set(id, Math.min(least.get(id) ?? Infinity, healthy.get(id) ?? 0));
  };
  look();
  fleet.world.marathon.subscribe(look);
  fleet.world.chronicle.subscribe(look);
  return least;
};

export const lowest = (health: Health, app: string): number => health.get(app) ?? Number.NaN;
