// What a schedule needs beside right values: a time, something to do, and a pool that is there.
import type { Finding } from './issues';
import type { Parts, PoolParts } from './parts';
import { suggest } from './suggest';

type ScheduleParts = Parts['schedules'][number];

export const schedules = ({ schedules: list, scheduleKeys, pools }: Parts): readonly Finding[] =>
  list.flatMap((schedule, index) => {
    const path = ['schedules', index];
    const written = scheduleKeys[index] ?? new Set();
    return [
      ...time(written, path),
      ...work(written, path),
      ...held(schedule, path, pools),
      ...drained(schedule, path, pools),
    ];
  });

const time = (written: ReadonlySet<string>, path: Finding['path']): readonly Finding[] =>
  written.has('cron') !== written.has('at')
    ? []
    : [
        {
          path,
          problem: written.has('at') ? 'it has both cron and at' : 'it does not say when it begins',
          advice: 'Write either cron: "0 7 * * 1-5" or at: 2026-08-01T02:00',
        },
      ];

const work = (written: ReadonlySet<string>, path: Finding['path']): readonly Finding[] => {
  const holds = written.has('pool') || written.has('min');
  if (written.has('drain')) {
    const problem = 'a schedule either holds a pool at a minimum or drains agents';
    return holds ? [{ path, problem, advice: 'Make two schedules of it' }] : [];
  }
  const missing = ['pool', 'min'].filter((key) => !written.has(key));
  if (missing.length === 0) return [];
  const problem = holds ? `${missing.join(' and ')} is missing` : 'it does not say what it does';
  return [{ path, problem, advice: 'Write pool: web and min: 20, or drain: { pool: web, atOnce: 2 }' }];
};

const held = (
  { pool: name, min }: ScheduleParts,
  path: Finding['path'],
  pools: readonly PoolParts[],
): readonly Finding[] => {
  if (name === undefined) return [];
  const pool = pools.find((one) => one.name === name);
  if (pool === undefined) return [noSuchPool([...path, 'pool'], name, pools)];
  if (min === undefined || pool.size === undefined || min <= pool.size.max) return [];
  return [
    {
      path: [...path, 'min'],
      problem: `${min} is above size.max of the pool ${name}, which is ${pool.size.max}`,
      advice: `Write at most ${pool.size.max}, or raise size.max of the pool`,
    },
  ];
};

const drained = (
  { drain }: ScheduleParts,
  path: Finding['path'],
  pools: readonly PoolParts[],
): readonly Finding[] =>
  drain === undefined || pools.some(({ name }) => name === drain.pool)
    ? []
    : [noSuchPool([...path, 'drain', 'pool'], drain.pool, pools)];

export const noSuchPool = (path: Finding['path'], name: string, pools: readonly PoolParts[]): Finding => {
  const known = pools.flatMap((pool) => pool.name ?? []);
  const near = suggest(name, known);
  return {
    path,
    problem: `there is no pool ${name}`,
    advice: near === undefined ? `Name one of the pools: ${known.join(', ')}` : `Did you mean ${near}?`,
  };
};
