import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { accepts, acceptsStatic, isConsidered } from '../../lib/core/constraints';
import { parseAttributes } from '../../lib/core/model/attributes';
import { type Constraint, OPERATORS, type Operator, type Place } from '../../lib/core/model/app';
import { anApp } from '../builders/fleet';

const place: Place = {
  hostname: 'h1.internal',
  attributes: parseAttributes('zone:1a;rack:2;weight:2.50;ports:[1-2]'),
  region: 'us-east-1',
  zone: 'us-east-1a',
};
const is = (field: string, operator: Operator, value?: string): Constraint =>
  value === undefined ? { field, operator } : { field, operator, value };
const rule = { groupBy: '1.11', instances: 9 } as const;
const counted = (entries: Readonly<Record<string, number>>) => [new Map(Object.entries(entries))];

describe('a constraint', () => {
  test.each([
    ['LIKE matches the whole text', is('zone', 'LIKE', '1.'), true],
    ['LIKE does not match a part', is('zone', 'LIKE', '1'), false],
    ['UNLIKE is the opposite', is('zone', 'UNLIKE', '1.'), false],
    ['a pattern that does not compile matches nothing', is('zone', 'LIKE', '('), false],
    ['IS compares text', is('zone', 'IS', '1a'), true],
    ['IS compares a scalar in its shortest form', is('rack', 'IS', '2'), true],
    ['IS takes 2.0 for the scalar 2', is('rack', 'IS', '2.0'), true],
    ['a scalar has no trailing zeros', is('weight', 'LIKE', '2\\.5'), true],
    ['CLUSTER with a value wants that value', is('zone', 'CLUSTER', '1b'), false],
    ['hostname is the name of the agent', is('hostname', 'IS', 'h1.internal'), true],
    ['@hostname is the same', is('@hostname', 'LIKE', 'h1.*'), true],
    ['@zone comes from the fault domain and not from an attribute', is('@zone', 'IS', 'us-east-1a'), true],
  ])('%s', (_name, constraint, expected) => {
    expect(acceptsStatic(constraint, place)).toBe(expected);
  });

  test('on a missing attribute passes for UNLIKE only', () => {
    const passing = OPERATORS.filter((operator) => acceptsStatic(is('absent', operator, '1'), place));
    expect(passing).toEqual(['UNLIKE']);
  });

  test.each([
    ['UNIQUE refuses a value that is taken', is('zone', 'UNIQUE'), { '1a': 1 }, false],
    ['UNIQUE takes a free one', is('zone', 'UNIQUE'), { '1b': 1 }, true],
    ['MAX_PER counts', is('zone', 'MAX_PER', '2'), { '1a': 1 }, true],
    ['MAX_PER stops at its number', is('zone', 'MAX_PER', '2'), { '1a': 2 }, false],
    ['CLUSTER stays where the first one is', is('zone', 'CLUSTER'), { '1b': 1 }, false],
    ['CLUSTER begins anywhere', is('zone', 'CLUSTER'), {}, true],
    [
      'GROUP_BY of 1.11 gives each of three groups its third',
      is('zone', 'GROUP_BY', '3'),
      { '1a': 3, '1b': 1 },
      false,
    ],
    [
      'GROUP_BY of 1.11 fills a group up to its share',
      is('zone', 'GROUP_BY', '3'),
      { '1a': 2, '1b': 0 },
      true,
    ],
    [
      'GROUP_BY of 1.11 opens no more than N groups',
      is('zone', 'GROUP_BY', '2'),
      { '1b': 1, '1c': 1 },
      false,
    ],
  ] as const)('%s', (_name, constraint, counts, expected) => {
    expect(accepts([constraint], place, counted(counts), rule)).toBe(expected);
  });

  test('GROUP_BY before 1.11 takes a new value always and an old one only when it is smallest', () => {
    const old = { groupBy: '1.10', instances: 9 } as const;
    const zone = [is('zone', 'GROUP_BY', '3')];
    expect(accepts(zone, place, counted({ '1b': 1, '1c': 1, '1d': 1 }), old)).toBe(true);
    expect(accepts(zone, place, counted({ '1a': 1, '1b': 1, '1c': 2 }), old)).toBe(true);
    expect(accepts(zone, place, counted({ '1a': 2, '1b': 1, '1c': 2 }), old)).toBe(false);
    expect(accepts(zone, place, counted({ '1a': 1, '1b': 1 }), old)).toBe(false);
  });

  test('counts running tasks of the current version, unreachable-inactive ones included, lost ones not', () => {
    const app = anApp('/a');
    const task = (condition: string, version = '1') => ({
      id: 't',
      runSpec: '/a',
      version,
      condition,
      host: 'h',
    });
    expect(
      ['Running', 'Staging', 'UnreachableInactive'].every((condition) => isConsidered(task(condition), app)),
    ).toBe(true);
    expect(
      ['Unreachable', 'Gone', 'Dropped', 'Unknown', 'Failed'].some((condition) =>
        isConsidered(task(condition), app),
      ),
    ).toBe(false);
    expect(isConsidered(task('Running', '2'), app)).toBe(false);
  });

  test('never throws, whatever it is asked', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.constantFrom(...OPERATORS),
        fc.option(fc.string(), { nil: undefined }),
        (field, operator, value) => {
          expect(typeof accepts([is(field, operator, value)], place, [], rule)).toBe('boolean');
        },
      ),
    );
  });
});
