import { describe, expect, test } from '@jest/globals';
import { plan } from '../../lib/core/plan';
import { inputKey } from '../../lib/engine/keys';
import { hashOf, latestRounds, recordedInput } from '../../lib/engine/history';
import { reconcile } from '../../lib/engine/reconcile';
import { growth, replacement } from '../builders/scenes';

describe.each(Object.entries({ growth, replacement }))('the record of a turn of %s', (_name, scene) => {
  test('is replayed to the bytes of its plan, each round with the outcomes of the last', async () => {
    const fleet = await scene();
    const { store } = fleet.engine;
    const report = await reconcile(fleet.engine);
    if (report.kind !== 'done') throw new Error('the lease should be free');
    const rounds = (await latestRounds(store, 'prod', 20)).filter(({ turn }) => turn === report.turn);
    expect(rounds.length).toBe(report.plans.length);
    for (const round of rounds) {
      const input = await recordedInput(store, 'prod', round);
      if (input === undefined) throw new Error('the input should have been kept');
      expect(hashOf(plan(input))).toBe(round.planHash);
      expect(hashOf(report.plans[round.round - 1])).toBe(round.planHash);
      expect(JSON.stringify(plan(input))).toBe(JSON.stringify(report.plans[round.round - 1]));
    }
  });

  test('is not believed when somebody has changed it', async () => {
    const fleet = await scene();
    const { store } = fleet.engine;
    await reconcile(fleet.engine);
    const [first] = await latestRounds(store, 'prod', 1);
    if (first === undefined) throw new Error('there should be a record');
    expect(await recordedInput(store, 'prod', { ...first, inputHash: 'another' })).toBeUndefined();
    for (let nth = 0; nth < first.pieces; nth += 1)
      await store.remove(inputKey('prod', first.turn, `${first.round}#piece${nth}`));
    expect(await recordedInput(store, 'prod', first)).toBeUndefined();
  });

  test('says in sentences what was planned and what became of it', async () => {
    const fleet = await scene();
    const report = await reconcile(fleet.engine);
    const rounds = await latestRounds(fleet.engine.store, 'prod', 20);
    const told = rounds.flatMap(({ sentences }) => sentences);
    expect(told).toEqual(
      expect.arrayContaining([expect.stringMatching(/^Buy /), expect.stringMatching(/^Bought /)]),
    );
    expect(report).toMatchObject({ sentences: expect.arrayContaining([expect.stringMatching(/^Bought /)]) });
  });
});
