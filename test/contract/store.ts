// What every Store promises. Each implementation runs this suite; test names say the promise.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isFailure } from '../../lib/engine/failure';
import type { Item, Json, Key, Store } from '../../lib/engine/ports';
import { clause, clauseHolds, condition, field, modelStore, operation, outcomeOf } from './store-model';

export type OpenStore = { readonly store: Store; close(): Promise<void> };

export const storeContract = (name: string, open: () => Promise<OpenStore>, runs = 100): void => {
  describe(`${name} as a Store`, () => {
    let opened: OpenStore;
    let store: Store;
    let count = 0;
    const freshKey = (sk = 'a'): Key => {
      count += 1;
      return { pk: `contract#${count}`, sk };
    };
    const kindOf = async (promise: Promise<unknown>): Promise<string> => {
      const error: unknown = await promise.then(
        () => 'done',
        (thrown: unknown) => thrown,
      );
      return isFailure(error) ? error.kind : String(error);
    };

    beforeAll(async () => {
      opened = await open();
      store = opened.store;
    });
    afterAll(() => opened.close());

    test('an item that was never put is undefined', async () => {
      expect(await store.get(freshKey())).toBeUndefined();
    });

    test('what is put comes back equal, whatever JSON it holds', async () => {
      const item: Item = {
        ...freshKey(),
        expiresAt: 1_800_000_000,
        'dots.and #signs': 'ä€😀',
        empty: '',
        nothing: null,
        yes: true,
        no: false,
        number: -12.5,
        large: Number.MAX_SAFE_INTEGER,
        list: [1, 'two', [3], {}, []],
        map: { a: { b: { c: [null] } }, size: 1, '': '' },
        size: 'a reserved word of expressions',
      };
      await store.put(item);
      expect(await store.get(item)).toEqual(item);
    });

    test('a field that is undefined is absent', async () => {
      const key = freshKey();
      await store.put({ ...key, gone: undefined });
      expect(await store.get(key)).toEqual(key);
      await store.put({ ...key, gone: 1 }, [{ field: 'gone', is: 'absent' }]);
    });

    test('what was put does not change when the writer changes its copy afterwards', async () => {
      const key = freshKey();
      const list = [1];
      await store.put({ ...key, list });
      list.push(2);
      expect((await store.get(key))?.['list']).toEqual([1]);
    });

    test('a put replaces the whole item', async () => {
      const key = freshKey();
      await store.put({ ...key, a: 1 });
      await store.put({ ...key, b: 2 });
      expect(await store.get(key)).toEqual({ ...key, b: 2 });
    });

    test('a condition that does not hold is a conflict and changes nothing', async () => {
      const item = { ...freshKey(), version: 3 };
      await store.put(item);
      const stale = [{ field: 'version', is: '=', value: 2 }] as const;
      expect(await kindOf(store.put({ ...item, version: 9 }, stale))).toBe('conflict');
      expect(await kindOf(store.update(item, { set: { version: 9 } }, stale))).toBe('conflict');
      expect(await kindOf(store.remove(item, stale))).toBe('conflict');
      expect(await store.get(item)).toEqual(item);
    });

    test('an item is created once when its key must be absent', async () => {
      const key = freshKey();
      const absent = [{ field: 'pk', is: 'absent' }] as const;
      await store.put({ ...key, by: 'first' }, absent);
      expect(await kindOf(store.put({ ...key, by: 'second' }, absent))).toBe('conflict');
      expect(await store.get(key)).toEqual({ ...key, by: 'first' });
    });

    test('a comparison with an absent field fails, <> too, unless absence is allowed', async () => {
      for (const is of ['=', '<>', '<', '<=', '>', '>='] as const) {
        const key = freshKey();
        expect(await kindOf(store.put(key, [{ field: 'n', is, value: 1 }]))).toBe('conflict');
        await store.put(key, [{ field: 'n', is, value: 1, orAbsent: true }]);
      }
    });

    test('a field of another type is only ever different', async () => {
      const key = { ...freshKey(), n: '5' };
      await store.put(key);
      for (const is of ['=', '<', '<=', '>', '>='] as const)
        expect(await kindOf(store.put(key, [{ field: 'n', is, value: 5 }]))).toBe('conflict');
      await store.put(key, [{ field: 'n', is: '<>', value: 5 }]);
    });

    test('an update sets, adds, removes and returns the item as it then is', async () => {
      const key = freshKey();
      await store.put({ ...key, kept: 'k', old: 'o', n: 2 });
      const after = await store.update(key, {
        set: { new: [1] },
        add: { n: 3, m: -1 },
        remove: ['old', 'never'],
      });
      expect(after).toEqual({ ...key, kept: 'k', new: [1], n: 5, m: -1 });
      expect(await store.get(key)).toEqual(after);
    });

    test('an update creates the item where the condition allows it', async () => {
      const key = freshKey();
      expect(await kindOf(store.update(key, { add: { n: 1 } }, [{ field: 'pk', is: 'present' }]))).toBe(
        'conflict',
      );
      expect(await store.get(key)).toBeUndefined();
      expect(await store.update(key, { add: { n: 1 } })).toEqual({ ...key, n: 1 });
      const empty = freshKey();
      expect(await store.update(empty, {})).toEqual(empty);
      expect(await store.get(empty)).toEqual(empty);
    });

    test('a change that no store could apply is permanent and changes nothing', async () => {
      const item = { ...freshKey(), text: 'x', none: null };
      await store.put(item);
      const refused = [
        { set: { a: 1 }, remove: ['a'] },
        { set: { a: 1 }, add: { a: 1 } },
        { set: { pk: 'other' } },
        { remove: ['sk'] },
        { add: { text: 1 } },
        { add: { none: 1 } },
        { add: { a: 0.5 } },
        { set: { a: Number.NaN } },
      ];
      for (const change of refused) expect(await kindOf(store.update(item, change))).toBe('permanent');
      expect(await store.get(item)).toEqual(item);
    });

    test('a removed item is gone, and removing it again is harmless', async () => {
      const key = freshKey();
      await store.put(key);
      await store.remove(key);
      await store.remove(key);
      expect(await store.get(key)).toBeUndefined();
    });

    test('an empty or overlong key, a number that is not exact and an item that is too large are permanent', async () => {
      const key = freshKey();
      expect(await kindOf(store.put({ pk: '', sk: 'a' }))).toBe('permanent');
      expect(await kindOf(store.put({ pk: 'a', sk: '' }))).toBe('permanent');
      expect(await kindOf(store.get({ pk: 'a', sk: '' }))).toBe('permanent');
      expect(await kindOf(store.put({ pk: 'a', sk: 'x'.repeat(1025) }))).toBe('permanent');
      for (const n of [Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, -(2 ** 53), 1e-140])
        expect(await kindOf(store.put({ ...key, deep: [{ n }] }))).toBe('permanent');
      expect(await kindOf(store.put({ ...key, text: 'x'.repeat(400_000) }))).toBe('permanent');
      expect(await kindOf(store.put({ ...key, text: 'ä'.repeat(200_000) }))).toBe('permanent');
      expect(await store.get(key)).toBeUndefined();
      const fits = { ...key, text: 'x'.repeat(399_000) };
      await store.put(fits);
      expect(await kindOf(store.update(key, { set: { more: 'x'.repeat(20_000) } }))).toBe('permanent');
      expect(await store.get(key)).toEqual(fits);
    });

    test('a partition is listed in the order of the UTF-8 bytes of its sort keys', async () => {
      const { pk } = freshKey();
      const sorted = ['A', 'B#1', 'B#10', 'B#2', 'a', 'ä', '\uffee', '😀'];
      for (const sk of [...sorted].reverse()) await store.put({ pk, sk });
      await store.put({ pk: `${pk}x`, sk: 'B#3' });
      const keys = async (options?: Parameters<Store['list']>[1]) =>
        (await store.list(pk, options)).map(({ sk }) => sk);
      expect(await keys()).toEqual(sorted);
      expect(await keys({ newestFirst: true })).toEqual([...sorted].reverse());
      expect(await keys({ prefix: 'B#' })).toEqual(['B#1', 'B#10', 'B#2']);
      expect(await keys({ prefix: 'B#', newestFirst: true, limit: 2 })).toEqual(['B#2', 'B#10']);
      expect(await keys({ prefix: 'B#', limit: 2 })).toEqual(['B#1', 'B#10']);
      expect(await keys({ limit: 3 })).toEqual(['A', 'B#1', 'B#10']);
      expect(await keys({ limit: 0 })).toEqual([]);
      expect(await keys({ prefix: 'nothing' })).toEqual([]);
      expect(await store.list('no such partition')).toEqual([]);
    });

    test('a partition of several megabytes is listed whole', async () => {
      const { pk } = freshKey();
      const sks = Array.from({ length: 12 }, (_, at) => `item#${String(at).padStart(2, '0')}`);
      for (const sk of sks) await store.put({ pk, sk, text: 'x'.repeat(300_000) });
      expect((await store.list(pk)).map(({ sk }) => sk)).toEqual(sks);
      expect((await store.list(pk, { limit: 10 })).map(({ sk }) => sk)).toEqual(sks.slice(0, 10));
    });

    test('no addition of many at once is lost', async () => {
      const key = freshKey();
      const results = await Promise.all(
        Array.from({ length: 60 }, (_, at) => store.update(key, { add: { n: 1, [`by${at % 3}`]: 2 } })),
      );
      expect(results.map((item) => item['n']).sort((a, b) => Number(a) - Number(b))).toEqual(
        Array.from({ length: 60 }, (_, at) => at + 1),
      );
      expect(await store.get(key)).toEqual({ ...key, n: 60, by0: 40, by1: 40, by2: 40 });
    });

    test('of many that compare and set the same version at once exactly one wins', async () => {
      const item = { ...freshKey(), version: 1 };
      await store.put(item);
      const kinds = await Promise.all(
        Array.from({ length: 20 }, (_, at) =>
          kindOf(
            store.update(item, { set: { version: 2, by: at } }, [{ field: 'version', is: '=', value: 1 }]),
          ),
        ),
      );
      expect(kinds.filter((kind) => kind === 'done')).toHaveLength(1);
      expect(kinds.filter((kind) => kind === 'conflict')).toHaveLength(19);
      const by = (await store.get(item))?.['by'];
      expect(kinds[Number(by)]).toBe('done');
    });

    test('any clause on any field is decided as the rule says', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.option(field, { nil: undefined }),
          clause,
          async (value: Json | undefined, one) => {
            const item = { ...freshKey(), f: value };
            await store.put(item);
            const kind = await kindOf(store.put(item, [one]));
            expect(kind).toBe(clauseHolds(value, one) ? 'done' : 'conflict');
          },
        ),
        { numRuns: runs * 3 },
      );
    });

    test('any sequence of operations has the outcomes of a simple model', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(operation, { minLength: 1, maxLength: 25 }), async (operations) => {
          const { pk } = freshKey();
          const model = modelStore();
          for (const one of operations) {
            const [real, wanted] = [await outcomeOf(store, pk, one), await outcomeOf(model, pk, one)];
            expect(real).toEqual(wanted);
          }
          expect(await store.list(pk)).toEqual(await model.list(pk));
        }),
        { numRuns: runs },
      );
    });

    test('all clauses of a condition must hold', async () => {
      await fc.assert(
        fc.asyncProperty(field, condition, async (value, all) => {
          const item = { ...freshKey(), f: value };
          await store.put(item);
          const kind = await kindOf(store.remove(item, all));
          expect(kind).toBe(all.every((one) => clauseHolds(value, one)) ? 'done' : 'conflict');
        }),
        { numRuns: runs },
      );
    });
  });
};
