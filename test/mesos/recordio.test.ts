import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createRecordDecoder, records } from '../../lib/mesos/recordio';
import { chunksOf } from '../transport/server';
import { bodyOf, eventTypes } from './recordings';

/** `bytes` cut at the given places. */
const cut = (bytes: Uint8Array, places: readonly number[]): Uint8Array[] => {
  const ends = [...new Set(places.map((place) => place % (bytes.byteLength + 1)))].sort((a, b) => a - b);
  return [...ends, bytes.byteLength].map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end));
};

const framed = (texts: readonly string[]): Buffer =>
  Buffer.concat(
    texts.map((text) => {
      const bytes = Buffer.from(text);
      return Buffer.concat([Buffer.from(`${bytes.byteLength}\n`), bytes]);
    }),
  );

const read = async (...chunks: readonly (string | Uint8Array)[]): Promise<string[]> => {
  const found: string[] = [];
  for await (const record of records(chunksOf(...chunks), 1_000)) found.push(record);
  return found;
};

describe('RecordIO', () => {
  test('gives the same records wherever the bytes are split', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'grapheme', maxLength: 40 }), { maxLength: 8 }),
        fc.array(fc.nat(), { maxLength: 30 }),
        (texts, places) => {
          const decoder = createRecordDecoder();
          const found = cut(framed(texts), places).flatMap((chunk) => [...decoder.feed(chunk)]);
          decoder.end();
          expect(found).toEqual(texts);
        },
      ),
    );
  });

  test.each(['v1-SUBSCRIBE.task-start', 'v1-SUBSCRIBE.agents-register'])(
    'reads the recorded stream %s, whole and byte by byte',
    async (name) => {
      const bytes = bodyOf(`${name}.recordio.bin`);
      const types = (texts: readonly string[]) =>
        texts.map((text) => /^\{"type":"([A-Z_]+)"/.exec(text)?.[1]);
      const whole = createRecordDecoder().feed(bytes);
      expect(types(whole)).toEqual(eventTypes(`${name}.events.jsonl`));
      const decoder = createRecordDecoder();
      expect([...bytes].flatMap((byte) => [...decoder.feed(Uint8Array.of(byte))])).toEqual(whole);
    },
  );

  test('fails when the stream stops within a record or within a length', async () => {
    expect(await read('2\nok')).toEqual(['ok']);
    await expect(read('5\nhal')).rejects.toMatchObject({ kind: 'transient', code: 'truncated' });
    await expect(read('2\nok1')).rejects.toMatchObject({ code: 'truncated' });
  });

  test('refuses what is not RecordIO or is too long', async () => {
    await expect(read('<html>')).rejects.toMatchObject({ code: 'truncated' });
    await expect(read('<html>\n')).rejects.toMatchObject({ code: 'not-recordio' });
    await expect(read('<!doctype html>')).rejects.toMatchObject({ code: 'not-recordio' });
    await expect(read('1001\n')).rejects.toMatchObject({ code: 'too-long' });
  });
});
