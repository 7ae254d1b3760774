import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Constraint, Operator, Place } from '../../../lib/core/model/app';
import { parseAttributes } from '../../../lib/core/model/attributes';
import { createPlaced, meetsConstraint } from '../../../lib/emulator/marathon/constraints';
import type { MarathonVersion } from '../../../lib/emulator/settings';

const place = (attributes: string, more: Partial<Place> = {}): Place => ({
  hostname: 'h1',
  attributes: parseAttributes(attributes),
  ...more,
});

type Case = {
  readonly constraint: Constraint;
  readonly at: Place;
  readonly placed?: readonly Place[];
  readonly version?: MarathonVersion;
  readonly target?: number;
};
const meets = ({ constraint, at, placed = [], version = '1.10', target = 10 }: Case): boolean => {
  const counts = createPlaced([constraint]);
  for (const one of placed) counts.add(one);
  return meetsConstraint(constraint, at, counts, { version, target });
};

const c = (field: string, operator: Operator, value?: string): Constraint =>
  value === undefined ? { field, operator } : { field, operator, value };
const zones = (text: string): Place[] => text.split('').map((zone) => place(`zone:z${zone}`));

describe('a constraint on an attribute that is not there', () => {
  test.each<[Operator, string | undefined, boolean]>([
    ['UNIQUE', undefined, false],
    ['CLUSTER', undefined, false],
    ['CLUSTER', 'a', false],
    ['GROUP_BY', '3', false],
    ['LIKE', '.*', false],
    ['UNLIKE', '.*', true],
    ['MAX_PER', '9', false],
    ['IS', 'a', false],
  ])('%s %s: %s', (operator, value, expected) => {
    expect(meets({ constraint: c('rack', operator, value), at: place('') })).toBe(expected);
    expect(meets({ constraint: c('@zone', operator, value), at: place('') })).toBe(expected);
  });
});

describe('constraints', () => {
  test('UNIQUE takes each value once', () => {
    expect(meets({ constraint: c('zone', 'UNIQUE'), at: place('zone:a'), placed: [place('zone:b')] })).toBe(
      true,
    );
    expect(meets({ constraint: c('zone', 'UNIQUE'), at: place('zone:b'), placed: [place('zone:b')] })).toBe(
      false,
    );
  });

  test('CLUSTER keeps to the value given, or to that of the first instance', () => {
    expect(meets({ constraint: c('zone', 'CLUSTER', 'a'), at: place('zone:a') })).toBe(true);
    expect(meets({ constraint: c('zone', 'CLUSTER', 'a'), at: place('zone:b') })).toBe(false);
    expect(meets({ constraint: c('zone', 'CLUSTER'), at: place('zone:b') })).toBe(true);
    expect(meets({ constraint: c('zone', 'CLUSTER'), at: place('zone:b'), placed: [place('zone:a')] })).toBe(
      false,
    );
  });

  test('LIKE and UNLIKE look at the whole text', () => {
    expect(meets({ constraint: c('zone', 'LIKE', 'us-.'), at: place('zone:us-a') })).toBe(true);
    expect(meets({ constraint: c('zone', 'LIKE', 'us'), at: place('zone:us-a') })).toBe(false);
    expect(meets({ constraint: c('zone', 'UNLIKE', 'us'), at: place('zone:us-a') })).toBe(true);
    expect(meets({ constraint: c('zone', 'UNLIKE', 'us-.|eu'), at: place('zone:us-a') })).toBe(false);
  });

  test('IS compares scalars in the form with three decimals at most', () => {
    expect(meets({ constraint: c('rack', 'IS', '2'), at: place('rack:2.0') })).toBe(true);
    expect(meets({ constraint: c('rack', 'IS', '2.500'), at: place('rack:2.5') })).toBe(true);
    expect(meets({ constraint: c('rack', 'IS', '2'), at: place('rack:2a') })).toBe(false);
    expect(meets({ constraint: c('rack', 'LIKE', '2'), at: place('rack:2.000') })).toBe(true);
  });

  test('MAX_PER counts instances at a value', () => {
    const placed = zones('aab');
    expect(meets({ constraint: c('zone', 'MAX_PER', '2'), at: place('zone:za'), placed })).toBe(false);
    expect(meets({ constraint: c('zone', 'MAX_PER', '2'), at: place('zone:zb'), placed })).toBe(true);
  });

  test('see host name, region and zone of the fault domain', () => {
    const at = place('', { hostname: 'h2', region: 'r1', zone: 'z1' });
    expect(meets({ constraint: c('hostname', 'LIKE', 'h.'), at })).toBe(true);
    expect(meets({ constraint: c('@hostname', 'UNIQUE'), at, placed: [at] })).toBe(false);
    expect(meets({ constraint: c('@region', 'IS', 'r1'), at })).toBe(true);
    expect(meets({ constraint: c('@zone', 'MAX_PER', '1'), at, placed: [at] })).toBe(false);
  });
});

describe('GROUP_BY until 1.10', () => {
  const at = (zone: string, placed: string, value?: string): boolean =>
    meets({ constraint: c('zone', 'GROUP_BY', value), at: place(`zone:z${zone}`), placed: zones(placed) });

  test('always takes a new value', () => {
    expect(at('d', 'aabbcc', '3')).toBe(true);
  });
  test('takes a known value only when there are enough and it is a smallest', () => {
    expect(at('a', 'ab', '3')).toBe(false);
    expect(at('a', 'abc', '3')).toBe(true);
    expect(at('a', 'aabc', '3')).toBe(false);
    expect(at('b', 'aabc', '3')).toBe(true);
  });
  test('without a value is content with the groups that there are', () => {
    expect(at('a', 'a')).toBe(true);
    expect(at('a', 'aab')).toBe(false);
  });
});

describe('GROUP_BY of 1.11', () => {
  const at = (zone: string, placed: string, target: number, value?: string): boolean =>
    meets({
      constraint: c('zone', 'GROUP_BY', value),
      at: place(`zone:z${zone}`),
      placed: zones(placed),
      version: '1.11',
      target,
    });

  test('takes no more than N values', () => {
    expect(at('c', 'ab', 4, '2')).toBe(false);
    expect(at('b', 'a', 4, '2')).toBe(true);
  });
  test('gives each value its share and the remainder to as many as it lasts', () => {
    expect(at('a', 'aa', 4, '2')).toBe(false);
    expect(at('a', 'aa', 5, '2')).toBe(true);
    expect(at('b', 'aaabb', 5, '2')).toBe(false);
  });
  test('never takes anything without a value', () => {
    expect(at('a', '', 4)).toBe(false);
  });
  test('places every instance when N values are there, whatever the order of offers', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 12 }),
        fc.infiniteStream(fc.nat(3)),
        (n, target, order) => {
          const constraint = c('zone', 'GROUP_BY', String(n));
          const counts = createPlaced([constraint]);
          for (let tries = 0; counts.total < target && tries < 1000; tries += 1) {
            const where = place(`zone:z${(order.next().value ?? 0) % n}`);
            if (meetsConstraint(constraint, where, counts, { version: '1.11', target })) counts.add(where);
          }
          const sizes = [...counts.by('zone').values()];
          expect(counts.total).toBe(target);
          expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
        },
      ),
    );
  });
});
