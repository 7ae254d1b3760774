// What every implementation of the Cloud port must do. Each one opens itself and is held against the same sentences.
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Offering, Scope } from '../../lib/core/model/offering';
import type { Cloud, LaunchRequest, LaunchTemplate } from '../../lib/engine/ports';

export type CloudUnderTest = {
  readonly cloud: Cloud;
  readonly scope: Scope;
  readonly template: LaunchTemplate;
  readonly pool: string;
  /** At least two places of one market, best first, with capacity for ten machines each. */
  readonly offerings: readonly (Offering & { readonly subnet?: string })[];
  /** From now on there is nothing to be had of this offering. */
  runDry(offering: Offering): Promise<void> | void;
  /** Lets the cloud catch up with itself, where reads lag behind writes. */
  settle?(): Promise<void>;
  close(): Promise<void>;
};

const CLUSTER = 'contract';

export const cloudContract = (name: string, open: () => Promise<CloudUnderTest>): void => {
  describe(`${name}, as a cloud`, () => {
    let subject: CloudUnderTest;
    beforeEach(async () => {
      subject = await open();
    });
    afterEach(() => subject.close());

    const request = (launch: string, count: number, more: Partial<LaunchRequest> = {}): LaunchRequest => ({
      cluster: CLUSTER,
      scope: subject.scope,
      pool: subject.pool,
      launch,
      template: subject.template,
      offerings: subject.offerings,
      count,
      token: `token-${launch}`,
      ...more,
    });
    const listed = async (cluster = CLUSTER) => {
      await subject.settle?.();
      return subject.cloud.machines(subject.scope, cluster);
    };

    test('lists what it launched, with our tags and the place it said', async () => {
      const answer = await subject.cloud.launch(request('a', 2));
      expect(answer.machines).toHaveLength(2);
      const seen = await listed();
      expect(seen).toMatchObject({ complete: true, faults: [] });
      const byId = new Map(seen.value.map((machine) => [machine.id, machine]));
      for (const { id, offering } of answer.machines) {
        expect(byId.get(id)).toMatchObject({
          pool: subject.pool,
          launch: 'a',
          bootstrap: subject.template.bootstrap,
          cloud: subject.scope.cloud,
          account: subject.scope.account,
          region: subject.scope.region,
          zone: offering.zone,
          shape: offering.shape,
          market: offering.market,
        });
      }
    });

    test('launches once for one token, however often it is asked', async () => {
      await subject.cloud.launch(request('a', 2));
      await subject.cloud.launch(request('a', 2));
      expect((await listed()).value).toHaveLength(2);
    });

    test('refuses a token that comes back with another request', async () => {
      await subject.cloud.launch(request('a', 2));
      await expect(subject.cloud.launch(request('a', 3))).rejects.toMatchObject({ kind: 'permanent' });
      expect((await listed()).value).toHaveLength(2);
    });

    test('takes the next offering when the best has nothing, and reports the best', async () => {
      const [best, next] = subject.offerings;
      if (best === undefined || next === undefined) throw new Error('the contract needs two offerings');
      await subject.runDry(best);
      const answer = await subject.cloud.launch(request('a', 1, { offerings: [best, next] }));
      expect(answer.machines.map(({ offering }) => [offering.shape, offering.zone])).toEqual([
        [next.shape, next.zone],
      ]);
      expect(answer.errors).toMatchObject([
        { offering: { shape: best.shape, zone: best.zone, market: best.market }, kind: 'capacity' },
      ]);
    });

    test('answers with errors alone when no offering has anything', async () => {
      for (const offering of subject.offerings) await subject.runDry(offering);
      const answer = await subject.cloud.launch(request('a', 1));
      expect(answer.machines).toEqual([]);
      expect(answer.errors.map(({ kind }) => kind)).toEqual(subject.offerings.map(() => 'capacity'));
      expect((await listed()).value).toEqual([]);
    });

    test('reads one launch back by its tag', async () => {
      await subject.cloud.launch(request('a', 1));
      const second = await subject.cloud.launch(request('b', 2));
      await subject.settle?.();
      const back = await subject.cloud.launched(subject.scope, CLUSTER, 'b');
      expect(back.complete).toBe(true);
      expect(back.value.map(({ id }) => id).sort()).toEqual(second.machines.map(({ id }) => id).sort());
      expect((await subject.cloud.launched(subject.scope, CLUSTER, 'c')).value).toEqual([]);
      expect((await subject.cloud.launched(subject.scope, 'other', 'b')).value).toEqual([]);
    });

    test('ends machines, and ending them again is done too', async () => {
      const { machines } = await subject.cloud.launch(request('a', 3));
      const [one, two] = machines.map(({ id }) => id);
      if (one === undefined || two === undefined) throw new Error('nothing was launched');
      await subject.settle?.();
      const order = { cluster: CLUSTER, scope: subject.scope, machines: [one, two] };
      for (const round of [1, 2]) {
        const answer = await subject.cloud.terminate(order);
        expect([round, [...answer.done].sort(), answer.failed]).toEqual([round, [one, two].sort(), []]);
      }
      const live = (await listed()).value.filter(({ state }) => state === 'pending' || state === 'running');
      expect(live).toHaveLength(1);
    });

    test('counts a machine that it does not know as ended', async () => {
      const answer = await subject.cloud.terminate({
        cluster: CLUSTER,
        scope: subject.scope,
        machines: ['i-0123456789abcdef0'],
      });
      expect(answer).toEqual({ done: ['i-0123456789abcdef0'], failed: [] });
    });

    test('neither lists nor ends a machine of another cluster', async () => {
      const { machines } = await subject.cloud.launch(request('a', 1, { cluster: 'theirs' }));
      const [theirs] = machines;
      if (theirs === undefined) throw new Error('nothing was launched');
      expect((await listed()).value).toEqual([]);
      const answer = await subject.cloud.terminate({
        cluster: CLUSTER,
        scope: subject.scope,
        machines: [theirs.id],
      });
      expect(answer.done).toEqual([]);
      expect(answer.failed.map(({ id }) => id)).toEqual([theirs.id]);
      expect((await listed('theirs')).value).toMatchObject([{ id: theirs.id }]);
      const state = (await listed('theirs')).value[0]?.state ?? '';
      expect(['pending', 'running']).toContain(state);
    });
  });
};
