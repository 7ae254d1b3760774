import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { json, run } from './terminal';

const MORE = `
  - { name: patch, cron: "0 2 * * 0", zone: Europe/Berlin, for: 3h,
      drain: { pool: web, attributes: { storage: ssd }, olderThan: 14d, atOnce: 2 } }
  - { name: once, at: 2026-10-24T12:00, zone: America/New_York, for: 1h, pool: web, min: 3 }
`;
const base = readFileSync('examples/aws-full.yaml', 'utf8');
const files = { 'm.yaml': base.replace(/\nschedules:/, `\nschedules:${MORE.trimEnd()}`) };
const schedule = (...words: readonly string[]) =>
  run(['schedule', '--config', 'm.yaml', '--from', '2026-10-24', ...words], files);

describe('muster schedule', () => {
  test('shows minimums, drains and blackout windows by the clocks of their zones', async () => {
    const { code, out, err } = await schedule('--next', '3d');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain(
      'Sun 2026-10-25 02:00 CEST to Sun 2026-10-25 04:00 CET (Europe/Berlin, 2026-10-25T00:00:00Z): patch drains pool web (storage=ssd, older than 14 d), 2 at a time; the clocks are set meanwhile.',
    );
    expect(out).toContain('Sat 2026-10-24 12:00 GMT-4 to');
    expect(out).toMatch(/Mon 2026-10-26 07:00 CET to .* holds pool \w+ at \d+ machines or more/);
    expect(out).toContain('is disrupted');
  });

  test('answers the same as JSON', async () => {
    const answer = json(await schedule('--next', '2d', '--json'));
    expect(answer).toMatchObject({
      schemaVersion: 1,
      from: '2026-10-24T00:00:00Z',
      to: '2026-10-26T00:00:00Z',
    });
    expect(answer).toMatchObject({
      windows: expect.arrayContaining([
        expect.objectContaining({
          kind: 'drain',
          name: 'patch',
          start: '2026-10-25T00:00:00Z',
          end: '2026-10-25T03:00:00Z',
          clocksChange: true,
        }),
      ]),
    });
  });

  test.each([
    [['--next', 'soon'], '--next takes a duration'],
    [['--next', '400d'], '--next takes a duration'],
    [['--from', 'tomorrow'], '--from takes a date'],
  ])('refuses %j', async (words, why) => {
    expect(await schedule(...words)).toMatchObject({ code: 64, err: expect.stringContaining(why) });
  });
});
