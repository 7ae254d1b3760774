import { describe, expect, test } from '@jest/globals';
import type { PackPlan } from '../../../lib/core/pack/problem';
import { verify } from '../../../lib/core/pack/verify';
import { offer, problem, room, tasks } from './problems';

const given = problem({
  classes: [
    tasks(room(2, 2), 4),
    tasks(room(1, 1), 2, { perHost: 1, group: 'g' }),
    tasks(room(1, 0), 1, { perHost: 1, group: 'g', allowed: [true, false] }),
    tasks(room(99, 1), 1),
  ],
  offerings: [offer('a', 5, room(6, 6)), offer('b', 4, room(5, 5))],
  limits: [{ offerings: [0, 1], machines: 3 }],
});

const right: PackPlan = {
  rule: 'by-hand',
  machines: [
    {
      offering: 0,
      copies: 1,
      load: [
        { class: 0, count: 2 },
        { class: 2, count: 1 },
      ],
    },
    {
      offering: 1,
      copies: 2,
      load: [
        { class: 0, count: 1 },
        { class: 1, count: 1 },
      ],
    },
  ],
  unplaced: [{ class: 3, count: 1, why: 'fits-nothing' }],
  usdPerHour: 13,
};

describe('verify', () => {
  test('finds nothing wrong with a right plan', () => expect(verify(given, right)).toEqual([]));

  test.each<[string, Partial<PackPlan>, RegExp]>([
    ['a wrong price', { usdPerHour: 12 }, /says \$12/],
    ['a lost task', { unplaced: [] }, /class 3 has 1 tasks, the plan accounts for 0/],
    [
      'a task that fits and is said not to',
      { unplaced: [...right.unplaced, { class: 0, count: 1, why: 'fits-nothing' }] },
      /class 0 is said to fit nothing/,
    ],
    [
      'an overloaded machine',
      { machines: [{ offering: 0, copies: 1, load: [{ class: 0, count: 4 }] }] },
      /6 cpuMilli, its load needs 8/,
    ],
    [
      'a shared counter that is passed',
      {
        machines: [
          {
            offering: 0,
            copies: 1,
            load: [
              { class: 1, count: 1 },
              { class: 2, count: 1 },
            ],
          },
        ],
      },
      /2 of group g, at most 1/,
    ],
    [
      'a forbidden offering',
      { machines: [{ offering: 1, copies: 1, load: [{ class: 2, count: 1 }] }] },
      /class 2 may not run/,
    ],
    [
      'a broken limit',
      { machines: [{ offering: 0, copies: 4, load: [] }] },
      /limit 0 allows 3 machines, the plan buys 4/,
    ],
    ['half a machine', { machines: [{ offering: 0, copies: 0.5, load: [] }] }, /0.5 copies/],
    ['an unknown offering', { machines: [{ offering: 7, copies: 1, load: [] }] }, /does not exist/],
  ])('names %s', (_, change, fault) => {
    expect(verify(given, { ...right, ...change }).join('\n')).toMatch(fault);
  });
});
