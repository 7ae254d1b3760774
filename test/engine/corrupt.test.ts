import { describe, expect, test } from '@jest/globals';
import { isFailure, messageOf } from '../../lib/engine/failure';
import { readFacts } from '../../lib/engine/facts';
import { claim, listIntents, readHead } from '../../lib/engine/head';
import { factPartition, headKey, intentKey, memoryKey } from '../../lib/engine/keys';
import type { Item } from '../../lib/engine/ports';
import { reconcile } from '../../lib/engine/reconcile';
import { recall } from '../../lib/engine/recall';
import { aroundPorts, failing, timedOut } from '../builders/around-ports';
import { ask, appIn, type EmulatedFleet, emulatedFleet, LEASE_MS, running } from '../builders/emulated-fleet';
import { MINUTE } from '../builders/fleet';

const short = (): EmulatedFleet => {
  const fleet = emulatedFleet();
  fleet.world.marathon.createApp(appIn('web', '/shop', 6));
  fleet.world.advance(30_000);
  return fleet;
};

const MEMBERS = ['cold', 'expected', 'strikes', 'floors', 'bought', 'pause'] as const;
const GARBAGE = ['not json', '{"a":1}', '[{"pool":7}]', '"text"'] as const;

/** The turn fails with the item's name and what to do about it, and nothing was done. */
const refusesToAct = async (fleet: EmulatedFleet, item: { pk: string; sk: string }): Promise<void> => {
  const error: unknown = await reconcile(fleet.engine).catch((thrown: unknown) => thrown);
  expect(isFailure(error, 'permanent') && error.code).toBe('corrupt-item');
  expect(messageOf(error)).toContain(`${item.pk} / ${item.sk}`);
  expect(messageOf(error)).toContain('removing it');
  expect(fleet.machines()).toEqual([]);
};

describe('what somebody else wrote in the table', () => {
  test('is named and not believed, whichever part of the memory it is', async () => {
    for (const member of MEMBERS)
      for (const value of GARBAGE) {
        const fleet = short();
        const item: Item = { ...memoryKey('prod', member), version: 1, value };
        await fleet.engine.store.put(item);
        await refusesToAct(fleet, item);
      }
  });

  test('as an intent is named, and nothing else is begun while it is open', async () => {
    for (const more of [{}, { at: 1, notAfter: 2 }, { at: 'x', notAfter: 2, effect: '{}' }]) {
      const fleet = short();
      const head = await claim(fleet.engine.store, 'prod', fleet.world.now(), 0);
      if (head === undefined) throw new Error('the lease should be free');
      const item: Item = { ...intentKey('prod', 'x.1.0'), ...more };
      await fleet.engine.store.put(item);
      await listIntents(fleet.engine.store, head, ['x.1.0']);
      await refusesToAct(fleet, item);
    }
  });

  test('as the head is named', async () => {
    const fleet = short();
    const item: Item = { ...headKey('prod'), epoch: 1, intents: 'none' };
    await fleet.engine.store.put(item);
    await refusesToAct(fleet, item);
  });

  test('as one fact is named and hides no other', async () => {
    const fleet = short();
    const scope = { kind: 'cluster', cluster: 'prod' } as const;
    await fleet.engine.store.put({ pk: factPartition(scope), sk: 'broken', at: 1, fact: '{' });
    await ask(fleet, 'pause');
    const facts = await readFacts(fleet.engine.store, [scope], fleet.world.now());
    expect(facts).toMatchObject({ complete: false, value: [{ body: { kind: 'pause' } }] });
    expect(facts.faults[0]).toContain(`${factPartition(scope)} / broken`);
    const report = await reconcile(fleet.engine);
    expect(report).toMatchObject({
      plans: [{ blocked: expect.arrayContaining([expect.objectContaining({ code: 'paused' })]) }],
    });
    expect(fleet.machines()).toEqual([]);
  });

  test('is forgotten once it is removed, as the message says', async () => {
    const fleet = short();
    const key = memoryKey('prod', 'cold');
    await fleet.engine.store.put({ ...key, version: 1, value: '?' });
    await expect(reconcile(fleet.engine)).rejects.toThrow('not what Muster wrote');
    await fleet.engine.store.remove(key);
    await fleet.minutes(8);
    expect(running(fleet.world, '/shop')).toBe(6);
  });
});

describe('a listed intent without its item', () => {
  /** An open launch that took effect unless it was lost before it was sent. */
  const open = async (mode: 'before' | 'after'): Promise<EmulatedFleet> => {
    const fleet = short();
    const lost = Array.from({ length: 9 }, timedOut);
    await reconcile(aroundPorts(fleet.engine, failing('cloud.launch', lost, mode)));
    const { intents } = await readHead(fleet.engine.store, 'prod');
    expect(intents.length).toBeGreaterThan(0);
    for (const id of intents) await fleet.engine.store.remove(intentKey('prod', id));
    return fleet;
  };

  test('is looked for by its tag, closed, and nothing is bought twice or forgotten', async () => {
    const calm = short();
    await reconcile(calm.engine);
    for (const mode of ['before', 'after'] as const) {
      const fleet = await open(mode);
      await fleet.minutes(14);
      expect(fleet.lines.map(({ text }) => text)).toContainEqual(
        expect.stringContaining('a listed intent has no item'),
      );
      expect({ mode, machines: fleet.machines().length }).toEqual({ mode, machines: calm.machines().length });
      expect((await readHead(fleet.engine.store, 'prod')).intents).toEqual([]);
      expect((await recall(fleet.engine.store, 'prod')).memory.expected).toEqual([]);
      expect(running(fleet.world, '/shop')).toBe(6);
    }
  });

  test('stays listed while the cloud cannot be read', async () => {
    const fleet = await open('after');
    const { intents } = await readHead(fleet.engine.store, 'prod');
    const dark = aroundPorts(fleet.engine, (name, call) =>
      name === 'cloud.launched' ? Promise.reject(timedOut()) : call(),
    );
    fleet.world.advance(LEASE_MS + MINUTE);
    await reconcile(dark);
    expect((await readHead(fleet.engine.store, 'prod')).intents).toEqual(intents);
  });
});
