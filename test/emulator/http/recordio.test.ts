import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { record } from '../../../lib/emulator/http/recordio';
import { recordReader } from './record-reader';

describe('RecordIO', () => {
  test('gives back what was written, however the bytes are cut', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme' })), fc.array(fc.nat(40)), (messages, cuts) => {
        const bytes = Buffer.from(messages.map(record).join(''), 'utf8');
        const read = recordReader();
        const found: string[] = [];
        let from = 0;
        for (const cut of cuts) {
          found.push(...read(bytes.subarray(from, from + cut)));
          from += cut;
        }
        found.push(...read(bytes.subarray(from)));
        expect(found).toEqual(messages);
      }),
    );
  });

  test('reads a recorded stream of a real master and writes it again to the byte', () => {
    const recorded = readFileSync(
      new URL(
        '../../fixtures/mesos-recordings-emulator/v1-SUBSCRIBE.agents-register.recordio.bin',
        import.meta.url,
      ),
    );
    const messages = recordReader()(recorded);
    expect(messages[0]).toContain('"type":"SUBSCRIBED"');
    expect(messages[1]).toBe('{"type":"HEARTBEAT"}');
    expect(messages.map(record).join('')).toBe(recorded.toString('utf8'));
  });

  test('refuses a stream whose length is not a number', () => {
    expect(() => recordReader()(Buffer.from('{"type"}\n'))).toThrow(/length is not a decimal number/);
  });
});
