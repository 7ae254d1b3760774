// The real engine on the emulated world: the ports face for clouds and schedulers, the store in memory, the world's own
// clock. Time stands still while a turn runs unless a test says otherwise.
import { setImmediate } from 'node:timers/promises';
import { render } from '../../lib/bootstrap/render';
import { calendar } from '../../lib/config/calendar';
import { isLive, type Machine } from '../../lib/core/model/machine';
import type { Spec } from '../../lib/core/model/spec';
import { createMemoryStore } from '../../lib/embedded/memory-store';
import { portsFace } from '../../lib/emulator/ports-face';
import type { SettingsChange } from '../../lib/emulator/settings';
import { createWorld, type EmulatedWorld } from '../../lib/emulator/world';
import type { Engine } from '../../lib/engine/engine';
import { storeFact } from '../../lib/engine/facts';
import type { Clock, LaunchTemplate, Log, Notice, Sender, Store } from '../../lib/engine/ports';
import { reconcile, type TurnReport } from '../../lib/engine/reconcile';
import { countingMeter } from '../../lib/telemetry/meter';
import { aSpec, MINUTE, NOW, offeringsOf, SHAPES } from './fleet';

export const LEASE_MS = 130_000;
export const SCOPE = { cloud: 'aws', account: 'default', region: 'us-east-1' } as const;

export type FleetOptions = {
  readonly spec?: Spec;
  readonly store?: Store;
  readonly settings?: SettingsChange;
  readonly seed?: number;
  readonly leaseMs?: number;
};

export type Line = { readonly level: 'info' | 'warn' | 'error'; readonly text: string };

export type EmulatedFleet = {
  readonly world: EmulatedWorld;
  readonly engine: Engine;
  readonly clock: WorldClock;
  readonly wakes: string[];
  readonly notices: Notice[];
  readonly lines: Line[];
  /** Moves on to the next tick and runs its turn; a turn that fails is told in `failures`. */
  readonly minute: (engine?: Engine) => Promise<TurnReport | undefined>;
  readonly minutes: (count: number) => Promise<void>;
  readonly failures: unknown[];
  /** What the cloud really has, whatever the ports show. */
  readonly machines: () => readonly Machine[];
};

/** With the cluster's templates made and a master that has led for a minute, so that its lists are believed. */
export const emulatedFleet = (options: FleetOptions = {}): EmulatedFleet => {
  const spec = bootable(options.spec ?? aSpec());
  const world = createWorld({
    seed: options.seed ?? 1,
    startAt: NOW - MINUTE - 1000,
    shapes: SHAPES,
    prices: offeringsOf(),
    marathonVersion: '1.11',
    ...(options.settings === undefined ? {} : { settings: options.settings }),
  });
  world.advanceTo(NOW);
  const { cloud, ...face } = portsFace(world);
  const [wakes, notices, lines, failures]: [string[], Notice[], Line[], unknown[]] = [[], [], [], []];
  const clock = worldClock(world);
  const engine: Engine = {
    spec,
    store: options.store ?? createMemoryStore(),
    wake: collecting(wakes),
    clouds: { aws: cloud },
    ...face,
    calendar,
    notifiers: [{ tell: async (notice) => void notices.push(notice) }],
    clock,
    log: collectingLog(lines),
    meter: countingMeter(),
    templates: templatesOf(world, spec),
    leaseMs: options.leaseMs ?? LEASE_MS,
    work: 20,
  };
  const minute = async (by: Engine = engine): Promise<TurnReport | undefined> => {
    world.advance(MINUTE);
    try {
      return await reconcile(by);
    } catch (error) {
      failures.push(error);
      return undefined;
    }
  };
  return {
    world,
    engine,
    clock,
    wakes,
    notices,
    lines,
    failures,
    minute,
    minutes: async (count) => {
      for (let nth = 0; nth < count; nth += 1) await minute();
    },
    machines: () => machinesOf(world, spec.cluster),
  };
};

/** What a bootstrap can be rendered for. */
const bootable = (spec: Spec): Spec => ({
  ...spec,
  mesos: { zk: 'zk://10.0.0.10:2181/mesos', ...spec.mesos },
});

export const templatesOf = (
  world: EmulatedWorld,
  spec: Spec,
  image = 'ami-0123456789abcdef0',
): Readonly<Record<string, LaunchTemplate>> =>
  Object.fromEntries(
    spec.pools.map((pool) => {
      const { userData, version } = render({ pool, spec, image });
      const made = world.ec2.CreateLaunchTemplate({
        LaunchTemplateName: `${spec.cluster}-${pool.name}-${version}`,
        LaunchTemplateData: { ImageId: image, UserData: Buffer.from(userData).toString('base64') },
      });
      const id = made.LaunchTemplate.LaunchTemplateId;
      return [pool.name, { id, version: '1', bootstrap: version, image }];
    }),
  );

export const collecting = (bodies: string[]): Sender => ({
  send: async (body) => void bodies.push(body),
});

const collectingLog = (lines: Line[]): Log => {
  const write =
    (level: Line['level']): Log['info'] =>
    (message, { why, action } = {}) =>
      void lines.push({
        level,
        text: [message, action, why].filter((part) => part !== undefined).join(': '),
      });
  return { info: write('info'), warn: write('warn'), error: write('error') };
};

const machinesOf = (world: EmulatedWorld, cluster: string): readonly Machine[] =>
  world.ec2.DescribeInstances({}).Reservations.flatMap(({ Instances }) =>
    Instances.flatMap((one): readonly Machine[] => {
      const tag = (name: string): string => one.Tags.find(({ Key }) => Key === `muster:${name}`)?.Value ?? '';
      if (tag('cluster') !== cluster) return [];
      return [
        {
          id: one.InstanceId,
          ...SCOPE,
          zone: one.Placement.AvailabilityZone,
          shape: one.InstanceType,
          market: one.InstanceLifecycle === 'spot' ? 'spot' : 'on-demand',
          state: one.State.Name,
          launchedAt: Date.parse(one.LaunchTime),
          image: one.ImageId,
          pool: tag('pool'),
          launch: tag('launch'),
        },
      ];
    }),
  );

/** Live machines by pool, `web 3 x m7i.xlarge`, and all that were ever launched and are still listed. */
export const census = (
  machines: readonly Machine[],
): { readonly live: readonly string[]; readonly launched: readonly string[] } => ({
  live: counted(machines.filter(isLive)),
  launched: counted(machines),
});

const counted = (machines: readonly Machine[]): readonly string[] => {
  const counts = new Map<string, number>();
  for (const { pool, shape } of machines) {
    const name = `${pool ?? ''} ${shape}`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts].map(([name, count]) => `${name} x ${count}`).sort();
};

/** The world's clock, on which ports may sleep too. */
export type WorldClock = Clock & {
  /** Moves on, waking sleepers in the order of their times. */
  readonly pass: (ms: number) => Promise<void>;
};

const worldClock = (world: EmulatedWorld): WorldClock => {
  let sleepers: { readonly at: number; readonly wake: () => void }[] = [];
  return {
    now: () => world.now(),
    sleep: (ms) =>
      new Promise((wake) => {
        sleepers.push({ at: world.now() + ms, wake });
      }),
    pass: async (ms) => {
      const end = world.now() + ms;
      for (;;) {
        await setImmediate();
        sleepers.sort((a, b) => a.at - b.at);
        const [first] = sleepers;
        if (first === undefined || first.at > end) break;
        sleepers = sleepers.slice(1);
        world.advanceTo(Math.max(world.now(), first.at));
        first.wake();
      }
      world.advanceTo(end);
      await setImmediate();
    },
  };
};

/** An app of Marathon's whose instances go to one pool. */
export const appIn = (pool: string, id: string, instances: number, more: Record<string, unknown> = {}) => ({
  id,
  instances,
  cpus: 1,
  mem: 2048,
  portDefinitions: [],
  constraints: [['pool', 'LIKE', pool]],
  ...more,
});

/** How many instances of the app run. */
export const running = (world: EmulatedWorld, id: string): number =>
  world.marathon.instances(id).filter(({ condition }) => condition === 'Running').length;

/** A request for a pause of an hour, or for its end, as ingest stores it. */
export const ask = async (fleet: EmulatedFleet, kind: 'pause' | 'resume'): Promise<void> => {
  const at = fleet.world.now();
  const { cluster } = fleet.engine.spec;
  await storeFact(fleet.engine.store, {
    scope: { kind: 'cluster', cluster },
    subject: cluster,
    dedupeKey: 'last',
    at,
    expiresAt: at + 60 * MINUTE,
    body: { kind, by: 'ada', reason: 'a look at the network' },
  });
};
