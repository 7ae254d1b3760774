import { describe, expect, test } from '@jest/globals';
import { gzipSync } from 'node:zlib';
import { Failure } from '../../lib/engine/failure';
import { excerptOf, jsonOf, textOf } from '../../lib/transport/body';
import type { HttpAnswer } from '../../lib/engine/ports';
import { chunksOf, standing } from './server';

const limits = (over = {}) => ({ maxBytes: 1_000, until: 10, clock: standing(0), what: 'It', ...over });
const answer = (body: AsyncIterable<Uint8Array>, headers: Record<string, string> = {}): HttpAnswer => ({
  status: 200,
  headers: { 'content-type': 'application/json', ...headers },
  body,
});

describe('reading a body', () => {
  test('undoes gzip, whatever the pieces in which it comes', async () => {
    const packed = gzipSync('{"a":"é"}');
    const body = chunksOf(...[...packed].map((byte) => Uint8Array.of(byte)));
    expect(await jsonOf(answer(body, { 'content-encoding': 'gzip' }), limits())).toEqual({ a: 'é' });
  });

  test('counts the bytes after decompression', async () => {
    const bomb = answer(chunksOf(gzipSync('x'.repeat(100_000))), { 'content-encoding': 'gzip' });
    await expect(textOf(bomb, limits())).rejects.toMatchObject({ code: 'too-long' });
  });

  test('fails on gzip that is cut short or is none', async () => {
    const packed = gzipSync('{"a":"some text that is long enough"}');
    const cut = answer(chunksOf(packed.subarray(0, 20)), { 'content-encoding': 'gzip' });
    await expect(textOf(cut, limits())).rejects.toMatchObject({ kind: 'transient', code: 'truncated' });
    const none = answer(chunksOf('no gzip at all'), { 'content-encoding': 'gzip' });
    await expect(textOf(none, limits())).rejects.toMatchObject({ kind: 'transient', code: 'truncated' });
  });

  test('keeps the failure of a connection that broke behind the decompression', async () => {
    const broken = async function* () {
      yield gzipSync('{"a":1}').subarray(0, 12);
      throw new Failure('unknown-outcome', 'cut');
    };
    await expect(textOf(answer(broken(), { 'content-encoding': 'gzip' }), limits())).rejects.toMatchObject({
      kind: 'unknown-outcome',
    });
  });

  test('stops at the instant until which it may read', async () => {
    const clock = standing(0);
    const drip = async function* () {
      for (;;) {
        clock.at += 3;
        yield Uint8Array.of(32);
      }
    };
    await expect(textOf(answer(drip()), limits({ clock }))).rejects.toMatchObject({ code: 'timeout' });
  });

  test('takes nothing for JSON that is not said to be or is cut short', async () => {
    const page = answer(chunksOf('{}'), { 'content-type': 'text/html' });
    await expect(jsonOf(page, limits())).rejects.toMatchObject({ code: 'not-json' });
    await expect(jsonOf(answer(chunksOf('{"a":[1,')), limits())).rejects.toMatchObject({ code: 'not-json' });
  });

  test('quotes what came of an error even when its connection broke', async () => {
    const broken = async function* () {
      yield new TextEncoder().encode('No leader');
      throw new Error('cut');
    };
    expect(await excerptOf(answer(broken()))).toBe('No leader');
  });
});
