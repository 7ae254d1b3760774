import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { type Memory, NO_MEMORY } from '../../lib/core/model/memory';
import { act } from '../../lib/engine/act';
import { createMemoryStore } from '../../lib/embedded/memory-store';
import { isFailure } from '../../lib/engine/failure';
import { claim, listIntents, readHead } from '../../lib/engine/head';
import { commit, tokenOf } from '../../lib/engine/intents';
import { intentKey } from '../../lib/engine/keys';
import { recall, remember } from '../../lib/engine/recall';
import { reconcile } from '../../lib/engine/reconcile';
import { aroundPorts, counting, type Mode, MODES, pauseAt } from '../builders/around-ports';
import { type EmulatedFleet, LEASE_MS } from '../builders/emulated-fleet';
import { MINUTE, NOW, offeringsOf } from '../builders/fleet';
import { growth, outcome, replacement } from '../builders/scenes';

const SCENES = { growth, replacement } as const;
type Scene = (typeof SCENES)['growth'];
const TO_THE_END = 6;

const undisturbed = async (scene: Scene) => {
  const fleet = await scene();
  const calls = counting();
  await reconcile(aroundPorts(fleet.engine, calls));
  await fleet.minutes(TO_THE_END);
  const count = [...calls.counts.values()].reduce((sum, one) => sum + one, 0);
  return { count, wanted: await outcome(fleet) };
};

/** One turn stands still at its nth call while `meanwhile` happens, then goes on as if nothing had. */
const overlapped = async (
  fleet: EmulatedFleet,
  [nth, mode]: readonly [number, Mode],
  meanwhile: () => Promise<void>,
): Promise<string | undefined> => {
  const pause = pauseAt(nth, mode);
  const first = reconcile(aroundPorts(fleet.engine, pause)).catch((error: unknown) => error);
  await setImmediate();
  expect(pause.at()).toBeDefined();
  await meanwhile();
  pause.goOn();
  const ended = await first;
  if (ended instanceof Error && !isFailure(ended, 'conflict')) throw ended;
  return pause.at();
};

/** Intents that nobody will ever read or drop: not listed, and without an end. */
const leftForEver = async ({ engine }: EmulatedFleet): Promise<readonly string[]> => {
  const { pk, sk } = intentKey('prod', '');
  const items = await engine.store.list(pk, { prefix: sk });
  return items.filter(({ expiresAt }) => expiresAt === undefined).map((item) => item.sk);
};

describe.each(Object.entries(SCENES))('while a turn of %s stands still at any await', (_name, scene) => {
  test('a second turn takes the lease over, and together they buy what one would have bought', async () => {
    const { count, wanted } = await undisturbed(scene);
    for (let nth = 1; nth <= count; nth += 1)
      for (const mode of MODES) {
        const fleet = await scene();
        const at = await overlapped(fleet, [nth, mode], async () => {
          fleet.world.advance(LEASE_MS + 1);
          await reconcile(fleet.engine);
        });
        await fleet.minutes(TO_THE_END);
        expect({ at, ...(await outcome(fleet)) }).toEqual({ at, ...wanted });
        expect({ at, left: await leftForEver(fleet) }).toEqual({ at, left: [] });
      }
  });
});

describe('a deposed turn', () => {
  test('lists no intent, whatever it has written before', async () => {
    const store = createMemoryStore();
    const [old, young] = [await claim(store, 'prod', NOW, 0), await claim(store, 'prod', NOW + 1, LEASE_MS)];
    if (old === undefined || young === undefined) throw new Error('both turns should have had the head');
    const scope = { cloud: 'aws', account: 'default', region: 'us-east-1' } as const;
    const effect = { kind: 'terminate', request: { cluster: 'prod', scope, machines: ['i-1'] } } as const;
    const intent = { id: 'a', at: NOW, notAfter: NOW + MINUTE, effect };
    await expect(commit(store, old, [intent], NOW)).rejects.toMatchObject({ code: 'deposed' });
    await expect(listIntents(store, old, [])).rejects.toMatchObject({ code: 'deposed' });
    expect((await readHead(store, 'prod')).intents).toEqual([]);
  });

  test('writes no memory over that of a later one', async () => {
    const store = createMemoryStore();
    const before = await recall(store, 'prod');
    const pause = (by: string): Memory => ({ ...NO_MEMORY, pause: { since: NOW, by, reason: 'a look' } });
    await remember(store, { cluster: 'prod', epoch: NOW + 1 }, before, pause('young'));
    await expect(
      remember(store, { cluster: 'prod', epoch: NOW }, before, pause('old')),
    ).rejects.toMatchObject({ kind: 'conflict', code: 'deposed' });
    expect((await recall(store, 'prod')).memory.pause?.by).toBe('young');
  });

  test('sends nothing whose time is over, and leaves it to be read back', async () => {
    const fleet = await growth();
    const pool = fleet.engine.spec.pools[0];
    const template = fleet.engine.templates['web'];
    if (pool === undefined || template === undefined) throw new Error('the scene has a pool');
    const scope = { cloud: 'aws', account: pool.account, region: pool.region } as const;
    const offerings = offeringsOf().slice(0, 1);
    const request = { cluster: 'prod', scope, pool: 'web', launch: 'x', template, offerings, count: 1 };
    const now = fleet.world.now();
    const effect = { kind: 'launch', request: { ...request, token: tokenOf(request) } } as const;
    const late = await act(fleet.engine, { id: 'x', at: now - 1, notAfter: now, effect });
    expect(late).toMatchObject({ kind: 'unknown', action: 'x', launch: { count: 1 } });
    expect(fleet.machines()).toEqual([]);
  });

  test('that slept longer than its intents may be sent sends nothing, though a later turn has closed them', async () => {
    const { wanted } = await undisturbed(growth);
    const calm = await growth();
    const names: string[] = [];
    await reconcile(
      aroundPorts(calm.engine, (name, call) => {
        names.push(name);
        return call();
      }),
    );
    const firstLaunch = names.indexOf('cloud.launch');
    const fleet = await growth();
    // The answer to the last write of the commit is late by more than the five minutes.
    await overlapped(fleet, [firstLaunch, 'after'], async () => {
      fleet.world.advance(6 * MINUTE);
      await reconcile(fleet.engine);
    });
    await fleet.minutes(TO_THE_END);
    expect(await outcome(fleet)).toEqual(wanted);
  });
});
