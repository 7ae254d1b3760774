import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { parseSpec } from '../../lib/config/parse';
import { readSpecsJson } from '../../lib/config/spec-json';

const text = readFileSync(new URL('../../examples/aws-full.yaml', import.meta.url), 'utf8');
const parsed = parseSpec(text, 'muster.yaml');
const json = JSON.stringify('spec' in parsed ? [parsed.spec] : undefined);

describe('the compiled specs', () => {
  test('are refused when they are cut short', () => {
    expect(() => readSpecsJson(json.slice(0, -10))).toThrow('cut short');
  });

  test('are refused when they are no list', () => {
    expect(() => readSpecsJson(json.slice(1, -1))).toThrow('not a list');
  });

  test('are refused when one is of another version', () => {
    expect(() => readSpecsJson(json.replace('"version":1', '"version":2'))).toThrow('not of version 1');
    expect(() => readSpecsJson('[null]')).toThrow('not of version 1');
  });

  test('are refused when one was changed by hand', () => {
    expect(() => readSpecsJson(json.replace('"machines":400', '"machines":4000'))).toThrow('changed after');
    expect(() => readSpecsJson(json.replace('"role":"*"', '"role":7'))).toThrow('changed after');
  });
});
