import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parse } from 'yaml';
import { jsonSchema } from '../../lib/config/json-schema';
import { parseSpec } from '../../lib/config/parse';
import { readSpecsJson } from '../../lib/config/spec-json';

const folder = new URL('../../examples/', import.meta.url);
const examples = readdirSync(folder).filter((name) => name.endsWith('.yaml'));
const read = (name: string) => readFileSync(new URL(name, folder), 'utf8');
const validate = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(jsonSchema());

describe.each(examples)('examples/%s', (name) => {
  test('parses without a fault', () => {
    expect(parseSpec(read(name), name)).toHaveProperty('spec');
  });

  test('fits the JSON Schema', () => {
    validate(parse(read(name)));
    expect(validate.errors).toBeNull();
  });

  test('survives its way into a function as JSON, byte for byte', () => {
    const parsed = parseSpec(read(name), name);
    if (!('spec' in parsed)) throw new Error('has faults');
    const json = JSON.stringify([parsed.spec]);
    expect(JSON.stringify(readSpecsJson(json))).toHaveLength(json.length);
    expect(readSpecsJson(json)).toEqual([parsed.spec]);
  });
});

describe('the JSON Schema', () => {
  test('is the one in docs/reference; npx tsx test/config/write-schema.ts writes it again', () => {
    const file = new URL('../../docs/reference/muster-yaml.schema.json', import.meta.url);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(jsonSchema());
  });

  test('describes every key', () => {
    expect(undescribed(jsonSchema(), '')).toEqual([]);
  });

  test('refuses an unknown key', () => {
    const file: unknown = parse(read('aws-minimal.yaml'));
    expect(validate({ ...Object(file), colour: 'red' })).toBe(false);
  });
});

const undescribed = (node: unknown, path: string): string[] => {
  if (typeof node !== 'object' || node === null) return [];
  return Object.entries(node).flatMap(([key, value]: [string, unknown]) => {
    const below = undescribed(value, `${path}/${key}`);
    if (key !== 'properties' || typeof value !== 'object' || value === null) return below;
    const bare = Object.entries(value)
      .filter(([, member]: [string, unknown]) => !hasText(member))
      .map(([name]) => `${path}/${name}`);
    return [...bare, ...below];
  });
};

const hasText = (member: unknown): boolean =>
  typeof member === 'object' && member !== null && ('description' in member || 'const' in member);
