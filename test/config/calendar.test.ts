import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { calendar } from '../../lib/config/calendar';
import type { Schedule } from '../../lib/core/model/spec';

const HOUR = 3_600_000;
const office: Schedule = {
  name: 'office',
  cron: '0 7 * * 1-5',
  zone: 'Europe/Berlin',
  forMs: 12 * HOUR,
  pool: 'web',
  min: 20,
};
const open = (at: string, schedule: Schedule = office) => calendar.open([schedule], Date.parse(at));

describe('a window', () => {
  test('opens at seven in Berlin in winter and in summer', async () => {
    expect(await open('2026-11-24T05:59:59Z')).toEqual([]);
    expect(await open('2026-11-24T06:00:00Z')).toHaveLength(1);
    expect(await open('2026-07-14T04:59:59Z')).toEqual([]);
    expect(await open('2026-07-14T05:00:00Z')).toMatchObject([
      { name: 'office', pool: 'web', min: 20, until: Date.parse('2026-07-14T17:00:00Z') },
    ]);
  });

  test('is closed at its end and open a moment before', async () => {
    expect(await open('2026-11-24T17:59:59.999Z')).toHaveLength(1);
    expect(await open('2026-11-24T18:00:00Z')).toEqual([]);
  });

  test('does not open on a day that is not named', async () => {
    expect(await open('2026-11-28T12:00:00Z')).toEqual([]);
  });

  test('over the night in which clocks are set lasts its hours and not those of the clock', async () => {
    const night = { ...office, cron: '0 22 * * *', forMs: 8 * HOUR };
    // 29 March 2026, 02:00 becomes 03:00: from 21:00Z for eight hours is 07:00 by the clock of Berlin.
    expect(await open('2026-03-29T04:59:00Z', night)).toMatchObject([
      { until: Date.parse('2026-03-29T05:00:00Z') },
    ]);
    // 25 October 2026, 03:00 becomes 02:00: from 20:00Z for eight hours is 05:00 by the clock of Berlin.
    expect(await open('2026-10-25T03:59:00Z', night)).toMatchObject([
      { until: Date.parse('2026-10-25T04:00:00Z') },
    ]);
    expect(await open('2026-10-25T04:00:00Z', night)).toEqual([]);
  });

  test('whose start does not exist on the day the clocks go forward opens that day all the same', async () => {
    const early = { ...office, cron: '30 2 * * *', forMs: HOUR };
    const looks = [0, 15, 30, 45, 60, 75, 90].map((minutes) =>
      calendar.open([early], Date.parse('2026-03-29T01:00:00Z') + minutes * 60_000),
    );
    expect((await Promise.all(looks)).some((found) => found.length > 0)).toBe(true);
  });

  test('whose starts overlap is one window that ends with the last', async () => {
    const often = { ...office, cron: '0 * * * *', forMs: 3 * HOUR };
    expect(await open('2026-11-24T10:30:00Z', often)).toMatchObject([
      { until: Date.parse('2026-11-24T13:00:00Z') },
    ]);
  });

  test('of a day with a start every minute is found', async () => {
    const always = { ...office, cron: '* * * * *', forMs: 24 * HOUR };
    expect(await open('2026-11-24T10:30:30Z', always)).toMatchObject([
      { until: Date.parse('2026-11-25T10:30:00Z') },
    ]);
  });

  test('of each of several schedules is told by its name', async () => {
    const noon = { ...office, name: 'noon', cron: '0 12 * * *', forMs: HOUR };
    const now = Date.parse('2026-11-24T11:30:00Z');
    const found = await calendar.open([office, noon], now);
    expect(found.map(({ name }) => name)).toEqual(['office', 'noon']);
  });

  test('is open at a moment exactly when it started less than its length ago, in any week of the year', async () => {
    const start = Date.UTC(2026, 0, 5);
    await fc.assert(
      fc.asyncProperty(fc.nat(52 * 7 * 24 * 60), async (minutes) => {
        const now = start + minutes * 60_000;
        const berlin = new Intl.DateTimeFormat('en-GB', {
          timeZone: 'Europe/Berlin',
          weekday: 'short',
          hour: '2-digit',
          hourCycle: 'h23',
        }).formatToParts(now);
        const part = (type: string) => berlin.find((one) => one.type === type)?.value ?? '';
        const hour = Number(part('hour'));
        const expected = !['Sat', 'Sun'].includes(part('weekday')) && hour >= 7 && hour < 19;
        expect((await calendar.open([office], now)).length).toBe(expected ? 1 : 0);
      }),
      { numRuns: 300 },
    );
  });
});

describe('the windows of a time', () => {
  const between = (from: string, to: string, schedule: Schedule = office) =>
    calendar.between([schedule], Date.parse(from), Date.parse(to));

  test('follow the clocks of their zone over the night in which they are set', async () => {
    const found = await between('2026-10-23T00:00:00Z', '2026-10-27T00:00:00Z');
    expect(found.map(({ start }) => new Date(start).toISOString())).toEqual([
      '2026-10-23T05:00:00.000Z',
      '2026-10-26T06:00:00.000Z',
    ]);
  });

  test('include one that is open already, and none that begins with the end', async () => {
    const found = await between('2026-11-24T12:00:00Z', '2026-11-25T06:00:00Z');
    expect(found.map(({ start }) => new Date(start).toISOString())).toEqual(['2026-11-24T06:00:00.000Z']);
  });

  test('are the times at which it is open', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(52 * 7 * 24 * 60), async (minutes) => {
        const now = Date.UTC(2026, 0, 5) + minutes * 60_000;
        const found = await calendar.between([office], now, now + 1);
        const isOpen = found.some(({ start, end }) => start <= now && now < end);
        expect(isOpen).toBe((await calendar.open([office], now)).length > 0);
      }),
      { numRuns: 200 },
    );
  });

  test('of one moment are one, read in its zone', async () => {
    const once: Schedule = { ...office, cron: '2026-08-01T02:00:00', forMs: HOUR };
    const found = await between('2026-01-01T00:00:00Z', '2027-01-01T00:00:00Z', once);
    expect(found).toMatchObject([{ start: Date.parse('2026-08-01T00:00:00Z') }]);
    expect(await open('2026-08-01T00:30:00Z', once)).toHaveLength(1);
    expect(await open('2026-08-01T01:00:00Z', once)).toEqual([]);
  });
});
