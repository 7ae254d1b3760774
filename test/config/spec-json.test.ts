import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { parseSpec } from '../../lib/config/parse';
import { readSpecJson } from '../../lib/config/spec-json';

const text = readFileSync(new URL('../../examples/aws-full.yaml', import.meta.url), 'utf8');
const parsed = parseSpec(text, 'muster.yaml');
const json = JSON.stringify('spec' in parsed ? parsed.spec : undefined);

describe('the compiled spec', () => {
  test('is refused when it is cut short', () => {
    expect(() => readSpecJson(json.slice(0, -10))).toThrow('cut short');
  });

  test('is refused, with the place, when it has another form', () => {
    expect(() => readSpecJson(json.replace('"role":"*"', '"role":7'))).toThrow('pools.0.role');
  });

  test('is refused when it was changed by hand', () => {
    expect(() => readSpecJson(json.replace('"machines":400', '"machines":4000'))).toThrow('changed after');
  });
});
