import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import type { Engine } from '../../lib/engine/engine';
import { Failure } from '../../lib/engine/failure';
import { readHead } from '../../lib/engine/head';
import { openIntents } from '../../lib/engine/intents';
import type { Cloud, LaunchRequest } from '../../lib/engine/ports';
import { reconcile } from '../../lib/engine/reconcile';
import { recall } from '../../lib/engine/recall';
import { aroundPorts, failing, type Mode, timedOut } from '../builders/around-ports';
import { ask, appIn, type EmulatedFleet, emulatedFleet, running } from '../builders/emulated-fleet';
import { aPool, aSpec } from '../builders/fleet';

/** Six tasks that no agent takes, and what is launched for them. */
const short = (settings: { readonly consistencyMs?: number } = {}): EmulatedFleet => {
  const fleet = emulatedFleet({
    // One zone: a single launch of several machines.
    spec: aSpec({ pools: [aPool({ zones: [{ name: 'us-east-1a' }] })] }),
    settings: { ec2: { pendingMs: [5_000, 5_000], bootMs: [20_000, 20_000], ...settings } },
  });
  fleet.world.marathon.createApp(appIn('web', '/shop', 6));
  fleet.world.advance(30_000);
  return fleet;
};

/** The engine, and every launch request that it sends. */
const watched = (engine: Engine): { readonly engine: Engine; readonly sent: LaunchRequest[] } => {
  const sent: LaunchRequest[] = [];
  const inner = engine.clouds.aws;
  if (inner === undefined) throw new Error('the emulated fleet has a cloud');
  const aws: Cloud = {
    machines: (scope, cluster) => inner.machines(scope, cluster),
    launched: (scope, cluster, launch) => inner.launched(scope, cluster, launch),
    launch: (request) => {
      sent.push(request);
      return inner.launch(request);
    },
    terminate: (request) => inner.terminate(request),
    mark: (request) => inner.mark(request),
  };
  return { engine: { ...engine, clouds: { aws } }, sent };
};

const losing = (engine: Engine, losses: readonly (Failure | undefined)[], mode: Mode): Engine =>
  aroundPorts(engine, failing('cloud.launch', losses, mode));

const stateOf = async ({ engine }: EmulatedFleet) => {
  const [{ intents }, { memory }] = await Promise.all([
    readHead(engine.store, 'prod'),
    recall(engine.store, 'prod'),
  ]);
  return { intents, expected: memory.expected };
};

/** Machines that the same demand gets when nothing goes wrong. */
const enough = async (): Promise<number> => {
  const fleet = short();
  await reconcile(fleet.engine);
  await fleet.minutes(4);
  expect(running(fleet.world, '/shop')).toBe(6);
  return fleet.machines().length;
};

const run = async (fleet: EmulatedFleet, engine: Engine, minutes: number): Promise<void> => {
  await reconcile(engine);
  for (let nth = 0; nth < minutes; nth += 1) await fleet.minute(engine);
  expect(fleet.failures).toEqual([]);
};

describe('a launch whose answer never came', () => {
  test('is read back by its tag and not repeated when it took effect', async () => {
    const fleet = short();
    const { engine, sent } = watched(fleet.engine);
    await run(fleet, losing(engine, [timedOut()], 'after'), 4);
    expect(sent.length).toBe(1);
    expect(fleet.machines().length).toBe(await enough());
    expect(await stateOf(fleet)).toEqual({ intents: [], expected: [] });
    expect(running(fleet.world, '/shop')).toBe(6);
  });

  test('counts as supply until it is known what became of it', async () => {
    const fleet = short();
    const { engine, sent } = watched(fleet.engine);
    const blind = losing(engine, [timedOut()], 'before');
    await reconcile(blind);
    const before = await stateOf(fleet);
    expect(before).toMatchObject({ intents: [expect.any(String)], expected: [{ machines: [] }] });
    fleet.world.advance(30_000);
    await reconcile(blind);
    expect(sent.length).toBe(0);
    expect((await stateOf(fleet)).intents).toEqual(before.intents);
  });

  test('is sent again with the same token after a minute when it never took effect, and closes', async () => {
    const fleet = short();
    const { engine, sent } = watched(fleet.engine);
    const requests: LaunchRequest[] = [];
    const first = aroundPorts(engine, async (name, call) => {
      if (name !== 'cloud.launch' || requests.length > 0) return call();
      requests.push(...(await openRequests(fleet)));
      throw timedOut();
    });
    await run(fleet, first, 5);
    expect(requests.length).toBe(1);
    expect(sent).toEqual(requests);
    expect(fleet.machines().length).toBe(await enough());
    expect(await stateOf(fleet)).toEqual({ intents: [], expected: [] });
  });

  test('is closed as never done a minute after its time, and what it was for is bought anew', async () => {
    const fleet = short();
    const always = Array.from({ length: 6 }, timedOut);
    const lost = losing(fleet.engine, always, 'before');
    await run(fleet, lost, 4);
    const [id] = (await stateOf(fleet)).intents;
    expect(id).toBeDefined();
    expect(fleet.machines()).toEqual([]);
    for (let nth = 0; nth < 2; nth += 1) await fleet.minute(lost);
    expect((await stateOf(fleet)).intents).not.toContain(id);
    await fleet.minutes(6);
    expect(fleet.machines().length).toBe(await enough());
    expect(await stateOf(fleet)).toEqual({ intents: [], expected: [] });
  });

  test('is not taken for never done because a repeat was throttled or refused', async () => {
    for (const kind of ['throttled', 'transient', 'permanent'] as const) {
      const fleet = short({ consistencyMs: 100_000 });
      const { engine } = watched(fleet.engine);
      // Takes effect unseen; the repeat a minute later is refused while the machines are still invisible.
      const first = losing(engine, [timedOut()], 'after');
      await reconcile(first);
      await fleet.minute(losing(engine, [new Failure(kind, 'not now')], 'before'));
      expect((await stateOf(fleet)).intents.length).toBe(1);
      await fleet.minutes(5);
      expect({ kind, machines: fleet.machines().length }).toEqual({ kind, machines: await enough() });
      expect(await stateOf(fleet)).toEqual({ intents: [], expected: [] });
    }
  });

  test('is waited for after its last repeat too: the cloud may show that one late as well', async () => {
    const fleet = short({ consistencyMs: 50_000 });
    const { engine } = watched(fleet.engine);
    const nothing = losing(engine, Array.from({ length: 9 }, timedOut), 'before');
    await reconcile(nothing);
    for (let nth = 0; nth < 4; nth += 1) await fleet.minute(nothing);
    // The last attempt, seconds before the end of its time, takes effect and loses its answer.
    fleet.world.advance(55_000);
    await reconcile(losing(engine, [timedOut()], 'after'));
    fleet.world.advance(6_000);
    await reconcile(engine);
    await fleet.minutes(5);
    expect(fleet.machines().length).toBe(await enough());
    expect(await stateOf(fleet)).toEqual({ intents: [], expected: [] });
  });

  test('is not repeated while Muster is paused, and is when it goes on', async () => {
    const fleet = short();
    const { engine, sent } = watched(fleet.engine);
    await reconcile(losing(engine, [timedOut()], 'before'));
    fleet.world.advance(1000);
    await ask(fleet, 'pause');
    await fleet.minute(engine);
    await fleet.minute(engine);
    expect(sent).toEqual([]);
    fleet.world.advance(1000);
    await ask(fleet, 'resume');
    await fleet.minute(engine);
    expect(sent.length).toBe(1);
  });
});

const openRequests = async ({ engine }: EmulatedFleet): Promise<readonly LaunchRequest[]> => {
  const { intents } = await openIntents(engine.store, await readHead(engine.store, 'prod'));
  return intents.flatMap(({ effect }) => (effect.kind === 'launch' ? [effect.request] : []));
};

describe('machines that the cloud shows late or in part', () => {
  test('are bought once, whatever part of them each listing shows and whether the answer was lost', async () => {
    const wanted = await enough();
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 55_000 }), { minLength: 8, maxLength: 8 }),
        fc.boolean(),
        async (lags, isLost) => {
          const fleet = short();
          const late = showingLate(fleet, lags);
          await reconcile(isLost ? losing(late, [timedOut()], 'after') : late);
          for (let nth = 0; nth < 12; nth += 1) {
            fleet.world.advance(20_000);
            await reconcile(late);
          }
          expect(fleet.machines().length).toBe(wanted);
          expect(await stateOf(fleet)).toEqual({ intents: [], expected: [] });
        },
      ),
      { numRuns: 25 },
    );
  });
});

/** Each machine is listed only once its own lag has passed since its launch. */
const showingLate = ({ engine, machines, world }: EmulatedFleet, lags: readonly number[]): Engine => {
  const inner = engine.clouds.aws;
  if (inner === undefined) throw new Error('the emulated fleet has a cloud');
  const visible = (id: string, launchedAt: number): boolean => {
    const nth = machines().findIndex((machine) => machine.id === id);
    return world.now() - launchedAt >= (lags[nth % lags.length] ?? 0);
  };
  const shown: Cloud['machines'] = async (scope, cluster) => {
    const source = await inner.machines(scope, cluster);
    return { ...source, value: source.value.filter(({ id, launchedAt }) => visible(id, launchedAt)) };
  };
  return {
    ...engine,
    clouds: {
      aws: {
        machines: shown,
        launched: async (scope, cluster, launch) => {
          const source = await shown(scope, cluster);
          return { ...source, value: source.value.filter((machine) => machine.launch === launch) };
        },
        launch: (request) => inner.launch(request),
        terminate: (request) => inner.terminate(request),
        mark: (request) => inner.mark(request),
      },
    },
  };
};
