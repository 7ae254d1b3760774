// A turn that fails is seen to fail, minute after minute, and what it did not begin is not remembered as done.
import { expect, test } from '@jest/globals';
import { readHead } from '../../lib/engine/head';
import { memoryKey } from '../../lib/engine/keys';
import { recall } from '../../lib/engine/recall';
import { reconcile } from '../../lib/engine/reconcile';
import { MINUTE } from '../builders/fleet';
import { growth } from '../builders/scenes';

test('a turn that always fails fails at each tick instead of meeting its own lease', async () => {
  const fleet = await growth();
  const { store } = fleet.engine;
  await store.put({ ...memoryKey('prod', 'cold'), version: 1, value: 'not json' });
  for (let minute = 0; minute < 3; minute += 1) {
    await expect(reconcile(fleet.engine)).rejects.toMatchObject({ code: 'corrupt-item' });
    expect(await readHead(store, 'prod')).toMatchObject({ leaseUntil: 0 });
    fleet.world.advance(MINUTE);
  }
});

test('a turn whose lease has no time for effects does not remember its purchases', async () => {
  const fleet = await growth({ leaseMs: 10_000 });
  const report = await reconcile(fleet.engine);
  expect(report).toMatchObject({ kind: 'done', outcomes: [] });
  const launches = report.kind === 'done' ? report.plans.flatMap(({ actions }) => actions) : [];
  expect(launches).not.toHaveLength(0);
  expect((await recall(fleet.engine.store, 'prod')).memory.bought).toEqual([]);
  expect(fleet.machines()).toEqual([]);
});
