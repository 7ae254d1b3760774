// One fleet with all that surrounds it: the emulated world, the real engine on its ports, two queues, a store.
import { calendar } from '../../lib/config/calendar';
import { text } from '../../lib/core/model/attributes';
import type { Spec } from '../../lib/core/model/spec';
import { createDice, type Dice } from '../../lib/emulator/dice';
import { portsFace } from '../../lib/emulator/ports-face';
import type { SettingsChange, Span } from '../../lib/emulator/settings';
import { createWorld, type EmulatedWorld } from '../../lib/emulator/world';
import type { Engine } from '../../lib/engine/engine';
import type { Failure } from '../../lib/engine/failure';
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
  /** Prefixes of calls that nobody answers now, and what they are told. */
  readonly outages: Map<string, Failure>;
  /** How often the table was put back to an earlier moment: what was learned from its writes is void then. */
  readonly restores: () => number;
  readonly restore: (writes: number) => Promise<void>;
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

/** Limits are drawn, so that in some seeds they bind. */
export const simSpec = (dice: Dice): Spec => {
  const { shapes } = aPool();
  const named = (...names: string[]) => ({ ...shapes, families: [], names });
  return aSpec({
    mesos: { zk: 'zk://10.0.0.10:2181/mesos', masters: ['http://10.0.0.10:5050'], source: { kind: 'baked' } },
    limits: {
      machines: dice.int('most machines', 45, 90),
      usdPerHour: dice.int('most dollars', 15, 90) / 10,
    },
    pools: [
      aPool({
        name: 'web',
        shapes: named('m7i.xlarge', 'c7i.xlarge', 'm7i.2xlarge'),
        markets: ['spot', 'on-demand'],
        size: { min: 6, max: dice.int('most of web', 20, 50) },
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

/** A third of the seeds has each of these, between its two ends; the others have undefined. */
const drawn = (dice: Dice, kind: string, [least, most]: Span): number | undefined =>
  dice.int(`on ${kind}`, 1, 3) === 1 ? dice.int(kind, least, most) : undefined;

/** F27: the cloud shows new machines late. F29: ended machines linger. F49, F50: tasks take long to start or to end.
 *  F55: Marathon launches few tasks at a time. */
const drawnSettings = (dice: Dice): SettingsChange => ({
  ec2: {
    consistencyMs: drawn(dice, 'F27', [1000, 110_000]) ?? 0,
    shuttingDownMs: [5000, drawn(dice, 'F29', [60_000, 900_000]) ?? 30_000],
    bootMs: [10_000, drawn(dice, 'slow boot', [60_000, 600_000]) ?? 40_000],
  },
  marathon: {
    taskStartMs: [300, drawn(dice, 'F49', [10_000, 300_000]) ?? 2000],
    taskStopMs: [100, drawn(dice, 'F50', [10_000, 120_000]) ?? 2000],
    launchTokens: drawn(dice, 'F55', [3, 20]) ?? 100,
  },
});

export const createScene = (seed: number): Scene => {
  const dice = createDice(seed ^ 0x5bd1e995);
  const spec = simSpec(dice);
  const startAt = NOW - MINUTE - 1000;
  const world = createWorld({
    seed,
    startAt,
    shapes: SHAPES,
    prices: offeringsOf(),
    marathonVersion: '1.11',
    settings: drawnSettings(dice),
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
  let restores = 0;
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
    // Of the packing itself nothing is asked here, and more work than this takes half of the time.
    work: 1,
  };
  const truth = truthOf(world, spec.cluster);
  strangers(world);
  return {
    seed,
    heap,
    journal: createJournal(),
    dice,
    world,
    spec,
    engine,
    store,
    truth,
    outages: new Map(),
    restores: () => restores,
    restore: async (writes) => {
      restores += 1;
      await store.restore(writes);
    },
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
