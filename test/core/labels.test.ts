import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { disruptionLimit, healthyFloor, labelFaults, protectedUntil, windowsOf } from '../../lib/core/labels';

const labelled = (name: string, value: string) => ({ labels: { [`muster/${name}`]: value } });

describe('labels of an app', () => {
  test.each([
    ['80%', 10, 8],
    ['75%', 10, 8],
    ['3', 10, 3],
    ['30', 10, 10],
    ['0', 10, 0],
    ['lots', 10, 10],
  ])('min-healthy %s of %i is %i', (value, target, floor) => {
    expect(healthyFloor(labelled('min-healthy', value), target)).toBe(floor);
  });

  test('without min-healthy one may be missing', () => {
    expect([0, 1, 5].map((target) => healthyFloor({ labels: {} }, target))).toEqual([0, 0, 4]);
  });

  test.each([
    ['0', 0],
    ['0%', 0],
    ['5%', 1],
    ['25%', 2],
    ['3', 3],
    ['some', 0],
  ])('max-disruption %s of 10 is %i', (value, limit) => {
    expect(disruptionLimit(labelled('max-disruption', value), 10)).toBe(limit);
  });

  test('protect-until reads every instant as Date does', () => {
    const instant = fc.date({
      min: new Date('1970-01-01'),
      max: new Date('2399-12-31'),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(instant, fc.integer({ min: -839, max: 840 }), (date, offset) => {
        const whole = Math.floor(date.getTime() / 60_000) * 60_000;
        const local = new Date(whole + offset * 60_000).toISOString().slice(0, 16);
        const two = (value: number): string => String(value).padStart(2, '0');
        const size = Math.abs(offset);
        const zone = `${offset < 0 ? '-' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`;
        expect(protectedUntil(labelled('protect-until', `${local}${zone}`))).toBe(whole);
      }),
    );
  });

  test.each(['tomorrow', '2026-13-01', '2026-01-01T10:00', '2026-01-01T25:00Z', ''])(
    'protect-until %j protects for ever and is told',
    (value) => {
      const runSpec = labelled('protect-until', value);
      expect(protectedUntil(runSpec)).toBe(Infinity);
      expect(labelFaults(runSpec)).toHaveLength(1);
    },
  );
});

describe('the window of an app', () => {
  const windows = (text: string) => windowsOf({ labels: { 'muster/window': text } });

  test('is a cron expression, a duration and a time zone, or several of them', () => {
    expect(windowsOf({ labels: {} })).toBeUndefined();
    expect(windows('0 2 * * 6 4h Europe/Berlin')).toEqual([
      { cron: '0 2 * * 6', forMs: 4 * 3_600_000, zone: 'Europe/Berlin' },
    ]);
    expect(windows('0 2 * * 1-5 30m UTC; */10 4 * * SAT,SUN 1d America/New_York')).toHaveLength(2);
  });

  test.each([
    '',
    'always',
    '0 2 * * 4h UTC',
    '0 2 * * 6 4h',
    '0 2 * * 6 0h UTC',
    '0 2 * * 6 4h UTC;',
    '@daily 4h UTC',
  ])('that cannot be read, as in %j, allows none and is named', (text) => {
    expect(windows(text)).toEqual([]);
    expect(labelFaults({ labels: { 'muster/window': text } })).toEqual([
      `its label muster/window cannot be read (${text.trim()})`,
    ]);
  });
});
