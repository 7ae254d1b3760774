import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import * as z from 'zod';
import { createPeeler } from '../../lib/transport/peel';

type Found = { readonly elements: readonly (readonly [string, unknown])[]; readonly shell: unknown };

const peel = (bytes: Uint8Array, size: number): Found => {
  const elements: [string, unknown][] = [];
  const peeler = createPeeler({
    lists: ['agents', 'recovered_agents'],
    onElement: (list, text) => elements.push([list, JSON.parse(text)]),
  });
  for (let at = 0; at < bytes.byteLength; at += size) peeler.write(bytes.subarray(at, at + size));
  return { elements, shell: JSON.parse(peeler.end()) };
};

const objects = fc.array(fc.dictionary(fc.string({ unit: 'grapheme' }), fc.jsonValue({ maxDepth: 3 })), {
  maxLength: 5,
});

const documentSchema = z.object({
  get_agents: z.object({
    agents: z.array(z.unknown()),
    recovered_agents: z.array(z.unknown()),
    other: z.unknown(),
  }),
});
const parse = (text: string) => documentSchema.parse(JSON.parse(text));

describe('peeling list elements off a document', () => {
  test('finds what JSON.parse finds, wherever the bytes are split', () => {
    fc.assert(
      fc.property(
        fc.record({ agents: objects, recovered_agents: objects, other: fc.jsonValue() }),
        fc.integer({ min: 1, max: 20 }),
        fc.constantFrom(undefined, 1),
        (get_agents, size, space) => {
          const text = JSON.stringify(
            { type: 'GET_AGENTS', get_agents, after: ['agents', '"[{'] },
            null,
            space,
          );
          const { elements, shell } = peel(Buffer.from(text), size);
          const { agents, recovered_agents, other } = parse(text).get_agents;
          expect(elements).toEqual([
            ...agents.map((agent) => ['agents', agent]),
            ...recovered_agents.map((agent) => ['recovered_agents', agent]),
          ]);
          expect(shell).toEqual({
            type: 'GET_AGENTS',
            get_agents: {
              agents: agents.map(() => 0),
              recovered_agents: recovered_agents.map(() => 0),
              other,
            },
            after: ['agents', '"[{'],
          });
        },
      ),
    );
  });

  test('refuses a document that is cut anywhere', () => {
    const text = '{"type":"GET_AGENTS","get_agents":{"agents":[{"a":"}"},{"b":[1]}],"recovered_agents":[]}}';
    for (let end = 0; end < text.length; end += 1) {
      expect(() => peel(Buffer.from(text.slice(0, end)), 7)).toThrow(/JSON/);
    }
    expect(peel(Buffer.from(text), 7).elements).toHaveLength(2);
  });

  test('holds no part that is longer than agreed', () => {
    const peeler = createPeeler({ lists: ['agents'], onElement: () => undefined, maxBytes: 100 });
    expect(() => peeler.write(Buffer.from(`{"g":{"agents":[{"a":"${'x'.repeat(200)}`))).toThrow(
      'longer than 100',
    );
  });
});
