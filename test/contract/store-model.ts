// A store as simple as can be, written apart from lib on purpose, and the operations that are tried on both.
import fc from 'fast-check';
import { Failure, isFailure } from '../../lib/engine/failure';
import type { Change, Clause, Condition, Item, Json, Key, Store } from '../../lib/engine/ports';

/** Values that meet each other often. None from U+E000 to U+FFFF: dynalite compares those with what lies beyond by
 *  UTF-16 units, DynamoDB by UTF-8 bytes. */
const scalar = fc.constantFrom<string | number>('', 'a', 'b', 'ä', '😀', -1, 0, 1, 1.5, 10);
export const field: fc.Arbitrary<Json> = fc.oneof(
  { weight: 4, arbitrary: scalar },
  { weight: 1, arbitrary: fc.constantFrom<Json>(null, true, false, [], {}, [1], { a: 1 }, ['a']) },
);

const anyClause = (name: fc.Arbitrary<string>): fc.Arbitrary<Clause> =>
  fc.oneof(
    fc.record({ field: name, is: fc.constantFrom('absent' as const, 'present' as const) }),
    fc.record({
      field: name,
      is: fc.constantFrom(
        '=' as const,
        '<>' as const,
        '<' as const,
        '<=' as const,
        '>' as const,
        '>=' as const,
      ),
      value: scalar,
      orAbsent: fc.boolean(),
    }),
  );
export const clause: fc.Arbitrary<Clause> = anyClause(fc.constant('f'));
export const condition: fc.Arbitrary<Condition> = fc.array(clause, { maxLength: 4 });

const byteOrder = (a: string, b: string): number => {
  const [left, right] = [a, b].map((text) => Array.from(text, (char) => char.codePointAt(0) ?? 0));
  for (let at = 0; at < Math.max(a.length, b.length); at += 1) {
    const gap = (left?.[at] ?? -1) - (right?.[at] ?? -1);
    if (gap !== 0) return gap;
  }
  return 0;
};

const COMPARE = {
  '=': (gap: number) => gap === 0,
  '<>': (gap: number) => gap !== 0,
  '<': (gap: number) => gap < 0,
  '<=': (gap: number) => gap <= 0,
  '>': (gap: number) => gap > 0,
  '>=': (gap: number) => gap >= 0,
};

export const clauseHolds = (actual: Json | undefined, one: Clause): boolean => {
  if (!('value' in one)) return (actual === undefined) === (one.is === 'absent');
  if (actual === undefined) return one.orAbsent === true;
  const gap =
    typeof actual === 'string' && typeof one.value === 'string'
      ? byteOrder(actual, one.value)
      : typeof actual === 'number' && typeof one.value === 'number'
        ? actual - one.value
        : Number.NaN;
  return Number.isNaN(gap) ? one.is === '<>' : COMPARE[one.is](gap);
};

export const modelStore = (): Store => {
  const items = new Map<string, Item>();
  const idOf = (key: Key) => `${key.pk}\n${key.sk}`;
  const check = (key: Key, all: Condition = []) => {
    const item = items.get(idOf(key));
    if (!all.every((one) => clauseHolds(item?.[one.field], one))) throw new Failure('conflict', 'no');
    return item;
  };
  return {
    get: async (key) => items.get(idOf(key)),
    list: async (pk, options = {}) => {
      const found = [...items.values()]
        .filter((item) => item.pk === pk && item.sk.startsWith(options.prefix ?? ''))
        .sort((a, b) => byteOrder(a.sk, b.sk));
      if (options.newestFirst === true) found.reverse();
      return found.slice(0, options.limit ?? found.length);
    },
    put: async (item, all) => {
      check(item, all);
      items.set(idOf(item), item);
    },
    update: async (key, { set = {}, add = {}, remove = [] }, all) => {
      const before = check(key, all) ?? key;
      const after: Record<string, Json | undefined> = { ...before, ...set };
      for (const name of remove) delete after[name];
      for (const [name, amount] of Object.entries(add)) {
        const base = after[name] === undefined ? 0 : after[name];
        if (typeof base !== 'number') throw new Failure('permanent', 'no');
        after[name] = base + amount;
      }
      const item = { ...after, pk: key.pk, sk: key.sk };
      items.set(idOf(key), item);
      return item;
    },
    remove: async (key, all) => {
      check(key, all);
      items.delete(idOf(key));
    },
  };
};

export type Operation =
  | { readonly kind: 'get' | 'remove'; readonly sk: string; readonly condition: Condition }
  | {
      readonly kind: 'put';
      readonly sk: string;
      readonly fields: Record<string, Json>;
      readonly condition: Condition;
    }
  | { readonly kind: 'update'; readonly sk: string; readonly change: Change; readonly condition: Condition }
  | { readonly kind: 'list'; readonly options: { prefix: string; limit: number; newestFirst: boolean } };

const FIELDS = ['f', 'g', 'size'];
const sk = fc.constantFrom('a', 'a#1', 'a#2', 'b', '😀');
const fields = fc.dictionary(fc.constantFrom(...FIELDS), field);
const optionalCondition = fc.oneof(
  { weight: 2, arbitrary: fc.constant<Condition>([]) },
  { weight: 1, arbitrary: fc.array(anyClause(fc.constantFrom('pk', ...FIELDS)), { maxLength: 2 }) },
);
/** Each field in at most one part of the change. */
const change: fc.Arbitrary<Change> = fc
  .record({
    f: fc.constantFrom('set' as const, 'add' as const, 'remove' as const, 'none' as const),
    g: fc.constantFrom('set' as const, 'add' as const, 'remove' as const, 'none' as const),
    value: field,
    amount: fc.integer({ min: -3, max: 3 }),
  })
  .map(({ f, g, value, amount }) => {
    const named = (how: string) => [...(f === how ? ['f'] : []), ...(g === how ? ['g'] : [])];
    return {
      set: Object.fromEntries(named('set').map((name) => [name, value])),
      add: Object.fromEntries(named('add').map((name) => [name, amount])),
      remove: named('remove'),
    };
  });

export const operation: fc.Arbitrary<Operation> = fc.oneof(
  fc.record({ kind: fc.constantFrom('get' as const, 'remove' as const), sk, condition: optionalCondition }),
  fc.record({ kind: fc.constant('put' as const), sk, fields, condition: optionalCondition }),
  fc.record({ kind: fc.constant('update' as const), sk, change, condition: optionalCondition }),
  fc.record({
    kind: fc.constant('list' as const),
    options: fc.record({
      prefix: fc.constantFrom('', 'a', 'a#', 'b', 'zz'),
      limit: fc.integer({ min: 1, max: 4 }),
      newestFirst: fc.boolean(),
    }),
  }),
);

/** What the operation returned, or the kind of its failure. */
export const outcomeOf = async (store: Store, pk: string, one: Operation): Promise<unknown> => {
  try {
    if (one.kind === 'list') return await store.list(pk, one.options);
    const key = { pk, sk: one.sk };
    if (one.kind === 'get') return await store.get(key);
    if (one.kind === 'put') return await store.put({ ...one.fields, ...key }, one.condition);
    if (one.kind === 'update') return await store.update(key, one.change, one.condition);
    return await store.remove(key, one.condition);
  } catch (error) {
    if (isFailure(error)) return `failed: ${error.kind}`;
    throw error;
  }
};
