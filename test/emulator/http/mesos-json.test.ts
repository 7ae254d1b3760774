import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readJson, timeInfo, writeJson } from '../../../lib/emulator/http/mesos-json';

describe("Mesos' JSON", () => {
  test('writes 64-bit numbers as numbers, to the digit', () => {
    expect(writeJson(timeInfo(1_795_344_650_766))).toBe('{"nanoseconds":1795344650766000000}');
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
        expect(writeJson({ value })).toBe(`{"value":${value}}`);
      }),
    );
  });

  test('reads long numbers without losing digits and leaves text alone', () => {
    expect(readJson('{"nanoseconds":1796347116220006001}')).toEqual({ nanoseconds: '1796347116220006001' });
    expect(readJson('{"a":"1796347116220006001 \\" 1","b":1.5,"c":[12345678901234567890]}')).toEqual({
      a: '1796347116220006001 " 1',
      b: 1.5,
      c: ['12345678901234567890'],
    });
  });

  test('reads everything that JSON.parse reads, when no number is long', () => {
    fc.assert(
      fc.property(
        fc.jsonValue({ noUnicodeString: false }).map((value) => JSON.stringify(value)),
        (text) => {
          fc.pre(!/\d{16,}/.test(text));
          expect(readJson(text)).toEqual(JSON.parse(text));
        },
      ),
    );
  });
});
