// Where a trace is replayed: the emulated world that a muster.yaml describes, and the real engine on its ports. The
// store is in memory, the clock is the world's own, and a turn takes no virtual time.
import { render } from '../../bootstrap/render';
import { shippedCatalogue } from '../../catalogue/shipped';
import { calendar } from '../../config/calendar';
import { TURN_WORK } from '../../core/plan';
import type { Spec } from '../../core/model/spec';
import { portsFace } from '../../emulator/ports-face';
import { createWorld, type EmulatedWorld } from '../../emulator/world';
import { type Engine, scopesOf } from '../../engine/engine';
import type { LaunchTemplate, Sender } from '../../engine/ports';
import { createReplayStore, type ReplayStore } from '../../wiring/replay-store';

/** Monday 5 January 2026, midnight UTC: the trace's second 0. Schedules and windows of the file are held against it. */
export const BEGIN = Date.UTC(2026, 0, 5);
/** Nobody believes a master that has just been elected and lists no agent; a minute later it is believed. */
const SETTLED_MS = 61_000;
/** That of `serve`; a turn takes no virtual time here. */
const LEASE_MS = 130_000;
const IMAGE = 'ami-0123456789abcdef0';
/** Every waiting app is a deployment under way here; a trace's tasks are not rolled out, they just come. */
const DEPLOYMENTS = 1_000_000;

export type Stage = {
  readonly world: EmulatedWorld;
  readonly engine: Engine;
  readonly store: ReplayStore;
  /** What the reader of any figure has to know about the prices. */
  readonly notes: readonly string[];
};

/** Why the emulated world cannot stand for this file, one sentence each; none when it can. */
export const missingFor = (spec: Spec): readonly string[] => {
  const foreign = spec.pools
    .filter(({ cloud }) => cloud !== 'aws')
    .map(
      ({ name, cloud }) =>
        `pools.${name}.cloud: the emulated world has no ${cloud}, so nothing could be bought for this pool. Leave it out, or simulate its tasks on a pool of aws.`,
    );
  const places = new Set(
    scopesOf(spec.pools.filter(({ cloud }) => cloud === 'aws')).map(
      ({ account, region }) => `${region} (account ${account})`,
    ),
  );
  if (places.size < 2) return foreign;
  return [
    ...foreign,
    `pools: the emulated EC2 is one region of one account, and the pools are in ${[...places].join(' and ')}. Simulate them one file at a time.`,
  ];
};

/** @param wake where the engine's wakes go. Throws Error when nothing that the pools allow is in the catalogue. */
export const openStage = async (written: Spec, seed: number, wake: Sender): Promise<Stage> => {
  const spec: Spec = { ...written, mesos: { zk: 'zk://10.0.0.10:2181/mesos', ...written.mesos } };
  const goods = await shippedCatalogue().offerings(spec.pools);
  if (goods.offerings.value.length === 0)
    throw new Error(
      'The catalogue has no shape that a pool of this file allows, so nothing can be simulated.',
    );
  const zones = spec.pools.flatMap((pool) => pool.zones);
  const world = createWorld({
    seed,
    startAt: BEGIN - SETTLED_MS,
    shapes: goods.shapes.value,
    prices: goods.offerings.value,
    subnets: [...new Map(zones.map(({ name, subnet }) => [subnet ?? name, name]))].map(([id, zone]) => ({
      id,
      zone,
    })),
    region: spec.pools[0]?.region ?? 'us-east-1',
    clusterName: spec.cluster,
    marathonVersion: spec.marathon.groupBy,
    settings: { marathon: { maxDeployments: DEPLOYMENTS } },
  });
  world.advanceTo(BEGIN);
  const { cloud, ...face } = portsFace(world);
  const store = createReplayStore();
  const engine: Engine = {
    spec,
    store,
    wake,
    clouds: { aws: cloud },
    ...face,
    calendar,
    notifiers: [],
    clock: { now: () => world.now(), sleep: async () => undefined },
    log: SILENT_LOG,
    meter: { count: () => undefined, time: () => undefined },
    templates: templatesOf(world, spec),
    leaseMs: LEASE_MS,
    work: TURN_WORK,
  };
  return { world, engine, store, notes: goods.offerings.faults };
};

const SILENT_LOG: Engine['log'] = {
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/** As `serve` makes them of the pools, with one image for all: what is in it does not matter here. */
const templatesOf = (world: EmulatedWorld, spec: Spec): Readonly<Record<string, LaunchTemplate>> =>
  Object.fromEntries(
    spec.pools.map((pool) => {
      const { userData, version } = render({ pool, spec, image: IMAGE });
      const made = world.ec2.CreateLaunchTemplate({
        LaunchTemplateName: `${spec.cluster}-${pool.name}-${version}`,
        LaunchTemplateData: { ImageId: IMAGE, UserData: Buffer.from(userData).toString('base64') },
      });
      const id = made.LaunchTemplate.LaunchTemplateId;
      return [pool.name, { id, version: '1', bootstrap: version, image: IMAGE }];
    }),
  );
