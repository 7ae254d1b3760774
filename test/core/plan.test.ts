import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { check } from '../../lib/core/check';
import { explain } from '../../lib/core/explain';
import { plan } from '../../lib/core/plan';
import { viewOf } from '../../lib/core/view';
import { fleets, shuffled } from '../builders/core-worlds';

const whole = { numRuns: 100 };

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
        expect(JSON.stringify(plan(structuredClone(input)))).toBe(JSON.stringify(plan(input)));
      }),
      whole,
    );
  });

  test('does not depend on the order in which anything is listed', () => {
    fc.assert(
      fc.property(fleets, fc.nat(), (input, seed) => {
        const other = shuffled(input, seed);
        expect(JSON.stringify(plan(other))).toBe(JSON.stringify(plan(input)));
      }),
      whole,
    );
  });

  test('is plain JSON and reads as sentences', () => {
    fc.assert(
      fc.property(fleets, (input) => {
        const made = plan(input);
        const read: unknown = JSON.parse(JSON.stringify(made));
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
