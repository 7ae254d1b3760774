import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compareText, putting, updating } from '../../lib/embedded/item';

const key = { pk: 'p', sk: 'a' };

describe('What a store accepts and compares', () => {
  test('strings are in the order of their UTF-8 bytes, which is that of their code points', () => {
    expect(compareText('\uffee', '😀')).toBeLessThan(0);
    expect(() => putting(key, [{ field: 'f', is: '>', value: '😀' }])({ ...key, f: '\uffee' })).toThrow(
      'f > "😀"',
    );
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (a, b) => {
        const points = (text: string) =>
          Array.from(text, (char) => String(char.codePointAt(0)).padStart(7, '0')).join('');
        const wanted = points(a) < points(b) ? -1 : points(a) > points(b) ? 1 : 0;
        expect(Math.sign(compareText(a, b))).toBe(wanted);
      }),
    );
  });

  test('a field named like something that every object has is absent until it is set', () => {
    for (const field of ['constructor', 'toString', '__proto__']) {
      expect(() => putting(key, [{ field, is: 'present' }])(key)).toThrow(
        `${field} is present does not hold`,
      );
      const set = Object.fromEntries([[field, 1]]);
      const after = updating(key, { set })(undefined);
      expect(Object.hasOwn(after, field)).toBe(true);
      expect(JSON.parse(JSON.stringify(after))).toEqual(after);
    }
  });

  test('what is kept cannot be changed from outside, however deep', () => {
    const kept = putting({ ...key, list: [{ n: 1 }] })(undefined);
    expect(Object.isFrozen(kept)).toBe(true);
    expect(Object.isFrozen(kept['list'])).toBe(true);
    expect(() => Object.assign(kept, { list: 1 })).toThrow(TypeError);
  });

  test('a conflict names the item and the clause, and not what the item holds', () => {
    const decide = putting(key, [{ field: 'secret', is: '=', value: 1 }]);
    expect(() => decide({ ...key, secret: 'hush' })).toThrow(
      'The item p / a was not written: secret = 1 does not hold.',
    );
  });
});
