// Moments at which a turn has much to do, and what is true of a fleet at its end.
import type { Pool } from '../../lib/core/model/spec';
import { readHead } from '../../lib/engine/head';
import { messageOf } from '../../lib/engine/failure';
import { reconcile } from '../../lib/engine/reconcile';
import { recall } from '../../lib/engine/recall';
import {
  appIn,
  census,
  type EmulatedFleet,
  emulatedFleet,
  type FleetOptions,
  running,
} from './emulated-fleet';
import { aPool, aSpec, MINUTE } from './fleet';

/** Few shapes, so that a plan costs little and thousands of turns can be played. */
const small = (name: string, zone: string): Pool => {
  const { shapes } = aPool();
  return aPool({
    name,
    zones: [{ name: zone }],
    shapes: { ...shapes, families: [], names: ['c7i.xlarge', 'm7i.xlarge', 'm7i.2xlarge'] },
    registerWithinMs: 5 * MINUTE,
  });
};

export const TWO_POOLS = aSpec({ pools: [small('web', 'us-east-1a'), small('batch', 'us-east-1b')] });
const SETTINGS = { ec2: { pendingMs: [5_000, 5_000], bootMs: [20_000, 20_000] } } as const;

/** Two pools are short, and what one of them would buy first has no capacity: several launches, a second round. */
export const growth = async (options: FleetOptions = {}): Promise<EmulatedFleet> => {
  const ec2 = { ...SETTINGS.ec2, ...options.settings?.ec2 };
  const fleet = emulatedFleet({ spec: TWO_POOLS, ...options, settings: { ...options.settings, ec2 } });
  fleet.world.marathon.createApp(appIn('web', '/shop', 6));
  fleet.world.marathon.createApp(appIn('batch', '/reports', 2, { cpus: 3, mem: 3000 }));
  for (const shape of ['c7i.xlarge', 'm7i.xlarge']) fleet.world.troubles.capacityError({ shape });
  fleet.world.advance(30_000);
  return fleet;
};

/** The same, where the cloud lists a machine late, and before its agent has registered. */
export const lateGrowth = (options: FleetOptions = {}): Promise<EmulatedFleet> =>
  growth({ ...options, settings: { ec2: { consistencyMs: 70_000, bootMs: [90_000, 90_000] } } });

/** A machine that never registers is past its deadline: the turn ends it and buys another. */
export const replacement = async (options: FleetOptions = {}): Promise<EmulatedFleet> => {
  const fleet = await growth(options);
  fleet.world.troubles.neverRegister({ nth: 1 });
  await reconcile(fleet.engine);
  await fleet.minutes(4);
  fleet.world.advance(MINUTE + 1000);
  return fleet;
};

/** What is left when it is all over. Names of turns and times are not in it: they differ from run to run. */
export const outcome = async (fleet: EmulatedFleet) => {
  const { engine, world } = fleet;
  const head = await readHead(engine.store, engine.spec.cluster);
  const { memory } = await recall(engine.store, engine.spec.cluster);
  return {
    ...census(fleet.machines()),
    tasks: [running(world, '/shop'), running(world, '/reports')],
    open: head.intents,
    expected: memory.expected,
    failures: fleet.failures.map(messageOf),
  };
};
