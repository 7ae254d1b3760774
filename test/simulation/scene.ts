// One fleet with all that surrounds it: the emulated world, the real engine on its ports, two queues, a store.
import { calendar } from '../../lib/config/calendar';
import { text } from '../../lib/core/model/attributes';
import type { Spec } from '../../lib/core/model/spec';
import { createDice, type Dice } from '../../lib/emulator/dice';
import { portsFace } from '../../lib/emulator/ports-face';
import { createWorld, type EmulatedWorld } from '../../lib/emulator/world';
import type { Engine } from '../../lib/engine/engine';
import type { Meter, Notice } from '../../lib/engine/ports';
import { LEASE_MS, templatesOf } from '../builders/emulated-fleet';
import { aPool, aSpec, MINUTE, NOW, offeringsOf, SHAPES, some } from '../builders/fleet';
import { type RestorableStore, restorableStore } from '../builders/restorable-store';
import { createHeap, type Heap } from './heap';
import { createJournal, type Journal } from './journal';
import { type Truth, truthOf } from './truth';

export type Scene = {
  readonly seed: number;
  readonly heap: Heap;
  readonly journal: Journal;
  readonly dice: Dice;
  readonly world: EmulatedWorld;
  /** What the operator wants, which the engine of a mutant may have been told otherwise. */
  readonly spec: Spec;
  readonly engine: Engine;
  readonly store: RestorableStore;
  readonly truth: Truth;
  readonly notices: readonly Notice[];
  readonly counts: ReadonlyMap<string, number>;
  /** What EventBridge and the doors put on the events queue. */
  readonly publish: (body: string) => void;
  readonly onPublish: (listener: (body: string) => void) => void;
  /** What the engine says loudly. */
  readonly onError: (listener: (message: string, why: string) => void) => void;
  /** Faults strike and the load moves; afterwards everything is to come to rest. */
  readonly isCalm: () => boolean;
  readonly calmDown: () => void;
};

/** One in a thousand is 1. */
export const chance = ({ dice }: Pick<Scene, 'dice'>, kind: string, permille: number): boolean =>
  dice.int(kind, 1, 1000) <= permille;

export const simSpec = (): Spec => {
  const { shapes } = aPool();
  const named = (...names: string[]) => ({ ...shapes, families: [], names });
  return aSpec({
    mesos: { zk: 'zk://10.0.0.10:2181/mesos', masters: ['http://10.0.0.10:5050'], source: { kind: 'baked' } },
    limits: { machines: 90, usdPerHour: 20 },
    pools: [
      aPool({
        name: 'web',
        shapes: named('m7i.xlarge', 'c7i.xlarge', 'm7i.2xlarge'),
        markets: ['spot', 'on-demand'],
        size: { min: 6, max: 50 },
        headroom: { agents: 1, percent: 0, shapes: [] },
        disruption: { budget: { percent: 10 }, windows: [], emptyForMs: 5 * MINUTE },
      }),
      aPool({
        name: 'batch',
        shapes: named('m7i.large', 'm7i.xlarge'),
        markets: ['spot'],
        size: { min: 0, max: 30 },
        disruption: { budget: { agents: 2 }, windows: [], emptyForMs: 3 * MINUTE },
      }),
      aPool({
        name: 'data',
        shapes: named('r7i.xlarge'),
        size: { min: 3, max: 12 },
        disruption: { budget: { agents: 1 }, windows: [], emptyForMs: 10 * MINUTE },
      }),
    ],
  });
};

export const createScene = (seed: number): Scene => {
  const spec = simSpec();
  const startAt = NOW - MINUTE - 1000;
  const world = createWorld({
    seed,
    startAt,
    shapes: SHAPES,
    prices: offeringsOf(),
    marathonVersion: '1.11',
  });
  world.advanceTo(NOW);
  const heap = createHeap(NOW);
  const store = restorableStore({ now: heap.now });
  const { cloud, ...face } = portsFace(world);
  const notices: Notice[] = [];
  const counts = new Map<string, number>();
  const listeners: ((body: string) => void)[] = [];
  const critics: ((message: string, why: string) => void)[] = [];
  let calm = false;
  const quiet = (): void => undefined;
  const engine: Engine = {
    spec,
    store,
    wake: { send: async () => undefined },
    clouds: { aws: cloud },
    ...face,
    calendar,
    notifiers: [{ tell: async (notice) => void notices.push(notice) }],
    clock: { now: heap.now, sleep: async () => undefined },
    log: { info: quiet, warn: quiet, error: (message, fields) => tell(critics, message, fields?.why ?? '') },
    meter: meterOf(counts),
    templates: templatesOf(world, spec),
    leaseMs: LEASE_MS,
    work: 20,
  };
  const truth = truthOf(world, spec.cluster);
  strangers(world);
  return {
    seed,
    heap,
    journal: createJournal(),
    dice: createDice(seed ^ 0x5bd1e995),
    world,
    spec,
    engine,
    store,
    truth,
    notices,
    counts,
    publish: (body) => tell(listeners, body),
    onPublish: (listener) => void listeners.push(listener),
    onError: (listener) => void critics.push(listener),
    isCalm: () => calm,
    calmDown: () => {
      calm = true;
    },
  };
};

const tell = <A extends readonly unknown[]>(
  listeners: readonly ((...given: A) => void)[],
  ...given: A
): void => {
  for (const listener of listeners) listener(...given);
};

const meterOf = (counts: Map<string, number>): Meter => ({
  count: (name, value = 1) => void counts.set(name, (counts.get(name) ?? 0) + value),
  time: () => undefined,
});

/** The masters' own nodes, and a machine of somebody else's: nothing of this is ours to touch. */
const strangers = (world: EmulatedWorld): void => {
  for (const nth of [1, 2, 3])
    world.mesos.addAgent({
      hostname: `control-${nth}`,
      ip: `10.9.0.${nth}`,
      attributes: { role: text('control') },
      total: some(2, 4096, { diskMib: 10_000, ports: 100 }),
      role: 'control',
    });
  const { LaunchTemplate } = world.ec2.CreateLaunchTemplate({
    LaunchTemplateName: 'stranger',
    LaunchTemplateData: { ImageId: 'ami-0123456789abcdef0', InstanceType: 'm7i.large' },
  });
  const tagged = (tags: Readonly<Record<string, string>>): void => {
    world.ec2.CreateFleet({
      Type: 'instant',
      LaunchTemplateConfigs: [
        { LaunchTemplateSpecification: { LaunchTemplateId: LaunchTemplate.LaunchTemplateId, Version: '1' } },
      ],
      TargetCapacitySpecification: { TotalTargetCapacity: 1, DefaultTargetCapacityType: 'on-demand' },
      TagSpecifications: [
        { ResourceType: 'instance', Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) },
      ],
    });
  };
  tagged({ Name: 'somebody-else' });
  tagged({ 'muster:cluster': 'other', 'muster:pool': 'web' });
  tagged({ 'muster:cluster': 'prod', Name: 'master-1' });
};
