import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { parseSpec } from '../../lib/config/parse';

const BASE = readFileSync('examples/aws-full.yaml', 'utf8');
const parsed = (schedule: string) =>
  parseSpec(BASE.replace(/\nschedules:\n {2}- .*/, `\nschedules:\n  - ${schedule}`), 'm.yaml');
const faultsOf = (schedule: string): readonly string[] => {
  const answer = parsed(schedule);
  return 'faults' in answer ? answer.faults.map(({ path, problem }) => `${path}: ${problem}`) : [];
};
const specOf = (schedule: string) => {
  const answer = parsed(schedule);
  if ('faults' in answer) throw new Error(JSON.stringify(answer.faults));
  return answer.spec.schedules;
};
const WHEN = 'name: s, cron: "0 2 * * 0", zone: Europe/Berlin, for: 3h';

describe('a schedule of muster.yaml', () => {
  test('drains agents by pool, attribute and age', () => {
    const drain = 'drain: { pool: web, attributes: { storage: ssd }, olderThan: 14d, atOnce: 2 }';
    expect(specOf(`{ ${WHEN}, ${drain} }`)).toEqual([
      {
        name: 's',
        cron: '0 2 * * 0',
        zone: 'Europe/Berlin',
        forMs: 3 * 3_600_000,
        pool: 'web',
        min: 0,
        drain: { attributes: { storage: 'ssd' }, olderThanMs: 14 * 86_400_000, atOnce: 2 },
      },
    ]);
    expect(specOf(`{ ${WHEN}, drain: { pool: web } }`)).toMatchObject([
      { drain: { attributes: {}, atOnce: 1 } },
    ]);
  });

  test('begins once, at a moment', () => {
    const once = '{ name: s, at: 2026-08-01T02:00, zone: Europe/Berlin, for: 1h, pool: web, min: 3 }';
    expect(specOf(once)).toMatchObject([{ cron: '2026-08-01T02:00:00', pool: 'web', min: 3 }]);
  });

  test.each([
    [`{ ${WHEN} }`, 'schedules[0]: it does not say what it does'],
    [`{ ${WHEN}, pool: web }`, 'schedules[0]: min is missing'],
    [`{ ${WHEN}, min: 3 }`, 'schedules[0]: pool is missing'],
    [
      `{ ${WHEN}, pool: web, min: 3, drain: { pool: web } }`,
      'schedules[0]: a schedule either holds a pool at a minimum or drains agents',
    ],
    [`{ ${WHEN}, drain: { pool: wbe } }`, 'schedules[0].drain.pool: there is no pool wbe'],
    [`{ ${WHEN}, pool: wbe, min: 3 }`, 'schedules[0].pool: there is no pool wbe'],
    [`{ ${WHEN}, at: 2026-08-01T02:00, pool: web, min: 3 }`, 'schedules[0]: it has both cron and at'],
    ['{ name: s, zone: UTC, for: 3h, pool: web, min: 3 }', 'schedules[0]: it does not say when it begins'],
  ])('as %s has the fault "%s"', (schedule, fault) => {
    expect(faultsOf(schedule)).toEqual([fault]);
  });

  test.each(['2026-02-31T02:00', '2026-08-01T02:00Z', '2026-08-01', 'noon'])('does not begin at %s', (at) => {
    const faults = faultsOf(`{ name: s, at: "${at}", zone: UTC, for: 3h, pool: web, min: 3 }`);
    expect(faults).toEqual([expect.stringContaining('is not a date and time without an offset')]);
  });
});
