import { describe, expect, test } from '@jest/globals';
import type { Source } from '../../lib/core/model/world';
import type { Cloud, Marathon } from '../../lib/engine/ports';
import type { Engine } from '../../lib/engine/engine';
import { Failure } from '../../lib/engine/failure';
import { reconcile, type TurnReport } from '../../lib/engine/reconcile';
import { recall } from '../../lib/engine/recall';
import { aroundPorts, failing } from '../builders/around-ports';
import { appIn, type EmulatedFleet, emulatedFleet, running } from '../builders/emulated-fleet';
import { aPool, aSpec, MINUTE } from '../builders/fleet';
import { countingMeter } from '../../lib/telemetry/meter';
import { METRICS } from '../../lib/telemetry/names';

const refused = (): Failure => new Failure('transient', 'connect ECONNREFUSED 10.0.0.10:5050');
const SETTINGS = { ec2: { pendingMs: [5_000, 5_000], bootMs: [20_000, 20_000] } } as const;

/** Two agents run tasks, a third machine never registers and is past its deadline, and more tasks wait. */
const troubled = async (): Promise<EmulatedFleet> => {
  const pools = [aPool({ registerWithinMs: 5 * MINUTE, size: { min: 1, max: 20 } })];
  const fleet = emulatedFleet({ spec: aSpec({ pools }), settings: SETTINGS });
  fleet.world.marathon.createApp(appIn('web', '/shop', 6));
  fleet.world.advance(30_000);
  await reconcile(fleet.engine);
  await fleet.minutes(3);
  expect(running(fleet.world, '/shop')).toBe(6);
  fleet.world.troubles.neverRegister({ nth: 1 });
  fleet.world.marathon.createApp(appIn('web', '/first', 3));
  await fleet.minutes(1);
  await fleet.minutes(5);
  fleet.world.marathon.createApp(appIn('web', '/second', 3));
  fleet.world.advance(30_000);
  return fleet;
};

const actionsOf = (report: TurnReport | undefined, kind: 'launch' | 'terminate') =>
  report?.kind === 'done'
    ? report.plans.flatMap(({ actions }) => actions).filter((action) => action.kind === kind)
    : [];
const blockedOf = (report: TurnReport | undefined): readonly string[] =>
  report?.kind === 'done' ? report.plans.flatMap(({ blocked }) => blocked.map(({ code }) => code)) : [];

const part = <T>(source: Source<readonly T[]>, keep: (one: T) => boolean): Source<readonly T[]> => ({
  ...source,
  complete: false,
  faults: ['page 2 did not come'],
  value: source.value.filter(keep),
});

const inner = (engine: Engine): Cloud => {
  const cloud = engine.clouds.aws;
  if (cloud === undefined) throw new Error('the emulated fleet has a cloud');
  return cloud;
};

/** The first half of what the cloud lists, and that it is not all. */
const halfListing = (engine: Engine): Engine => {
  const cloud = inner(engine);
  const machines: Cloud['machines'] = async (scope, cluster) => {
    const source = await cloud.machines(scope, cluster);
    const first = new Set(source.value.slice(0, Math.ceil(source.value.length / 2)).map(({ id }) => id));
    return part(source, ({ id }) => first.has(id));
  };
  const whole: Cloud = {
    machines,
    launched: (scope, name, launch) => cloud.launched(scope, name, launch),
    launch: (request) => cloud.launch(request),
    terminate: (request) => cloud.terminate(request),
    mark: (request) => cloud.mark(request),
  };
  return { ...engine, clouds: { aws: whole } };
};

const UNKNOWNS: readonly (readonly [string, (engine: Engine) => Engine])[] = [
  [
    'the master knows its agents from the registry only',
    (engine) => ({
      ...engine,
      mesos: {
        ...engine.mesos,
        agents: async () => {
          const source = await engine.mesos.agents();
          const value = source.value.map((agent) => ({ ...agent, active: false, recovered: true }));
          return { ...source, complete: false, faults: ['no agent has registered yet'], value };
        },
      },
    }),
  ],
  ['the listing of machines is incomplete', halfListing],
  ['the cloud does not answer', (engine) => aroundPorts(engine, failing('cloud.machines', [refused()]))],
];

describe('what is unknown is not empty', () => {
  test('a machine is ended once all sources are known', async () => {
    const fleet = await troubled();
    const report = await reconcile(fleet.engine);
    expect(actionsOf(report, 'terminate').length).toBe(1);
  });

  test.each(UNKNOWNS)(
    'while %s nothing is ended, and what is known to be short is bought',
    async (_why, dim) => {
      const fleet = await troubled();
      const report = await reconcile(dim(fleet.engine));
      expect(actionsOf(report, 'terminate')).toEqual([]);
      expect(fleet.machines().filter(({ state }) => state === 'shutting-down')).toEqual([]);
      expect(report).toMatchObject({ kind: 'done' });
      expect(actionsOf(report, 'launch').length).toBeGreaterThan(0);
      expect(running(fleet.world, '/shop')).toBe(6);
    },
  );

  test('while the masters cannot be reached no machine is taken for one that never registered', async () => {
    const fleet = await troubled();
    const report = await reconcile(aroundPorts(fleet.engine, failing('mesos.agents', [refused()])));
    expect(actionsOf(report, 'terminate')).toEqual([]);
    expect(fleet.notices).toEqual([]);
    expect((await recall(fleet.engine.store, 'prod')).memory.strikes).toEqual([]);
    expect(actionsOf(report, 'launch').length).toBeGreaterThan(0);
  });

  test('while Marathon answers its queue and not its tasks, the queue is still served', async () => {
    const fleet = emulatedFleet();
    const constraints = [['hostname', 'UNIQUE']];
    fleet.world.marathon.createApp(appIn('web', '/spread', 2, { constraints }));
    fleet.world.advance(30_000);
    const half = aroundPorts(fleet.engine, failing('marathon.tasks', [refused()]));
    const report = await reconcile(half);
    expect(actionsOf(report, 'launch').length).toBeGreaterThan(0);
    expect(report).toMatchObject({
      plans: [{ oddities: [expect.stringContaining("Marathon's tasks could not be read")] }],
    });
  });

  test('while Marathon does not answer at all, floors are still held and nothing is ended', async () => {
    const pools = [aPool({ size: { min: 2, max: 20 } })];
    const fleet = emulatedFleet({ spec: aSpec({ pools }) });
    const dark = aroundPorts(fleet.engine, failing('marathon.queue', [refused()]));
    const report = await reconcile(dark);
    expect(fleet.machines().length).toBe(2);
    expect(actionsOf(report, 'terminate')).toEqual([]);
    expect(fleet.lines).toContainEqual({
      level: 'warn',
      text: expect.stringContaining('source unknown'),
    });
  });

  test('half of a queue buys for that half', async () => {
    const fleet = emulatedFleet();
    fleet.world.marathon.createApp(appIn('web', '/a', 2));
    fleet.world.marathon.createApp(appIn('web', '/b', 2));
    fleet.world.advance(30_000);
    const marathon: Marathon = {
      ...fleet.engine.marathon,
      queue: async () => part(await fleet.engine.marathon.queue(), ({ runSpec }) => runSpec.id === '/a'),
    };
    const report = await reconcile({ ...fleet.engine, marathon });
    expect(report).toMatchObject({ plans: [{ demand: [{ runSpec: '/a', onBought: 2, unplaced: 0 }] }] });
  });

  test('an empty catalogue buys nothing and says so', async () => {
    const fleet = emulatedFleet();
    fleet.world.marathon.createApp(appIn('web', '/a', 2));
    fleet.world.advance(30_000);
    const meter = countingMeter();
    const bare = { ...aroundPorts(fleet.engine, failing('catalogue.offerings', [refused()])), meter };
    const report = await reconcile(bare);
    expect(meter.counts.get(METRICS.sourcesUnknown)).toBeGreaterThan(0);
    expect(fleet.machines()).toEqual([]);
    expect(blockedOf(report)).toContain('no-offering');
    expect(report).toMatchObject({
      plans: [{ oddities: [expect.stringContaining('the catalogue of shapes could not be read')] }],
    });
  });
});
