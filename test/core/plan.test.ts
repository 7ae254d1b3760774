import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { check } from '../../lib/core/check';
import { explain } from '../../lib/core/explain';
import type { Plan } from '../../lib/core/model/plan';
import { plan } from '../../lib/core/plan';
import { viewOf } from '../../lib/core/view';
import { fleets, shuffled } from '../builders/core-worlds';

const whole = { numRuns: 150 };

describe('any plan of any fleet', () => {
  test('breaks no invariant', () => {
    fc.assert(
      fc.property(fleets, (input) => {
        expect(check(plan(input), viewOf(input))).toEqual([]);
      }),
      whole,
    );
  });

  test('is the same to the byte when it is made again', () => {
    fc.assert(
      fc.property(fleets, (input) => {
        const copy: typeof input = JSON.parse(JSON.stringify(input));
        expect(JSON.stringify(plan(copy))).toBe(JSON.stringify(plan(input)));
      }),
      whole,
    );
  });

  test('does not depend on the order in which anything is listed', () => {
    fc.assert(
      fc.property(fleets, fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })), (input, chance) => {
        const other = shuffled(input, () => chance.next().value);
        expect(JSON.stringify(plan(other))).toBe(JSON.stringify(plan(input)));
      }),
      whole,
    );
  });

  test('is plain JSON and reads as sentences', () => {
    fc.assert(
      fc.property(fleets, (input) => {
        const made = plan(input);
        const read: Plan = JSON.parse(JSON.stringify(made));
        expect(read).toEqual(made);
        for (const sentence of explain(made)) {
          expect(sentence).toMatch(/^[A-Z0-9/].*\.$/u);
          expect(sentence).not.toMatch(/undefined|NaN|Infinity|  /);
        }
      }),
      whole,
    );
  });
});
