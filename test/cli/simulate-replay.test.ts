import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { boundOverTime, integral, workBound } from '../../lib/cli/what-if/bound';
import { tellReplay } from '../../lib/cli/what-if/figures';
import { replay, type Replay } from '../../lib/cli/what-if/replay';
import { boundSeries, costOf, machinesByShape, SLICES, waitBars } from '../../lib/cli/what-if/series';
import { parseTrace, type TraceTask } from '../../lib/cli/what-if/trace';
import { aTask, HOUR, MINUTE, specOf, yaml } from './simulated';

const TRACE = 'test/fixtures/traces/task-demand-day.csv';

const played = (
  tasks: readonly TraceTask[],
  more: {
    pool?: Readonly<Record<string, string>>;
    spotLosses?: number;
    seed?: number;
    isEveryTick?: boolean;
  } = {},
): Promise<Replay> => {
  const { pool, ...options } = more;
  return replay({ spec: specOf(yaml(pool)), tasks, seed: 1, spotLosses: 0, ...options });
};

/** Past the 33 tasks with which the trace begins, which run for weeks. */
const realTasks = (count: number): readonly TraceTask[] => {
  const parsed = parseTrace(readFileSync(TRACE, 'utf8'), TRACE);
  if ('faults' in parsed) throw new Error('the fixture has faults');
  return parsed.tasks.slice(33, 33 + count);
};

describe('a replay', () => {
  test('buys for a task, runs it for its duration, and gives the machine back by itself', async () => {
    const { stories, machines, from } = await played([aTask({ durationMs: 7 * MINUTE })]);
    const [story] = stories;
    expect(story?.firstRunAt).toBeGreaterThan(from);
    expect((story?.finishedAt ?? 0) - (story?.firstRunAt ?? 0)).toBe(7 * MINUTE);
    // Bought within two ticks, and booted by the emulator's delays: never sooner than 15 s.
    expect((story?.firstRunAt ?? 0) - from).toBeGreaterThan(15_000);
    expect((story?.firstRunAt ?? 0) - from).toBeLessThan(3 * MINUTE);
    expect(machines).toHaveLength(1);
    const [machine] = machines;
    // Idle for emptyFor (5 min by default) and then ended, well before the window is over.
    expect((machine?.to ?? 0) - (story?.finishedAt ?? 0)).toBeGreaterThan(5 * MINUTE);
    expect((machine?.to ?? 0) - (story?.finishedAt ?? 0)).toBeLessThan(8 * MINUTE);
  });

  test('misses nothing that a turn every minute would see', async () => {
    const tasks = realTasks(60);
    const pool = { shapes: '{ families: [m7i], cpus: 2..192 }' };
    const [few, all] = [await played(tasks, { pool }), await played(tasks, { pool, isEveryTick: true })];
    expect(few.machines.length).toBeGreaterThan(5);
    expect(few.machines).toEqual(all.machines);
    expect(few.stories).toEqual(all.stories);
    expect(few.turns).toBeLessThan(all.turns * 0.7);
  });

  test('lets the cloud take spot machines back, and tasks begin anew on others', async () => {
    const tasks = Array.from({ length: 6 }, (_, nth) => aTask({ id: `t${nth}`, durationMs: 5 * HOUR }));
    const last = aTask({ id: 'last', arriveMs: 12 * HOUR });
    const made = await played([...tasks, last], { pool: { market: '[spot]' }, spotLosses: 20_000 });
    const { lost, moves, taken, finished } = tellReplay(made).figures;
    expect(taken).toBeGreaterThan(0);
    // What ran there was moved within the notice: nothing was lost with a machine, and what was moved began anew.
    expect(moves).toBeGreaterThan(0);
    expect({ lost, finished }).toEqual({ lost: 0, finished: 7 });
    const calm = await played([...tasks, last], { pool: { market: '[spot]' } });
    expect(tellReplay(calm).figures).toMatchObject({ lost: 0, taken: 0, finished: 7 });
  });

  test('says which tasks never ran, and which no shape holds', async () => {
    const tasks = [aTask(), aTask({ id: 'huge', cpuMilli: 500_000 }), aTask({ id: 'late', arriveMs: 1000 })];
    const { figures } = tellReplay(await played(tasks, { pool: { size: '{ min: 0, max: 100 }' } }));
    expect(figures).toMatchObject({ tasks: 3, neverRan: 1, tooLarge: 1, finished: 2 });
    // A pool that may buy nothing lets all wait, though a shape holds them.
    const none = tellReplay(await played([aTask()], { pool: { size: '{ min: 0, max: 0 }' } })).figures;
    expect(none).toMatchObject({ neverRan: 1, tooLarge: 0, cost: 0, machines: 0, waitP99: 0 });
  });
});

describe('the bounds', () => {
  test('of tasks that fill one shape exactly are its price for as long as they are wanted', async () => {
    const made = await played([aTask({ cpuMilli: 1, memMib: 1, durationMs: 1000, arriveMs: HOUR })]);
    const shape = made.shapes.find(({ name }) => name === 'm7i.4xlarge');
    const price = made.offerings.find((offering) => offering.shape === 'm7i.4xlarge')?.usdPerHour ?? 0;
    const { cpuMilli = 0, memMib = 0 } = shape?.allocatable ?? {};
    const only = { ...made, shapes: made.shapes.filter(({ name }) => name === 'm7i.4xlarge') };
    const whole = aTask({ cpuMilli, memMib, durationMs: HOUR });
    const [story] = made.stories;
    if (story === undefined) throw new Error('no story');
    const full = { ...only, stories: [{ ...story, task: whole, arrivedAt: made.from, ranMs: HOUR }] };
    expect(integral(boundOverTime(full), full.to)).toBeCloseTo(price, 6);
    expect(workBound(full)).toBeCloseTo(price, 6);
    // Half of both is half the work; yet a whole machine must stand while it runs.
    const half = aTask({ cpuMilli: cpuMilli / 2, memMib: memMib / 2, durationMs: HOUR });
    const halved = { ...full, stories: [{ ...story, task: half, arrivedAt: made.from, ranMs: HOUR }] };
    expect(integral(boundOverTime(halved), halved.to)).toBeCloseTo(price, 6);
    expect(workBound(halved)).toBeCloseTo(price / 2, 6);
  });

  test('are never above what was paid, whatever came', async () => {
    const task = fc.record({
      arriveMs: fc.integer({ min: 0, max: 3 * HOUR }),
      durationMs: fc.integer({ min: 1000, max: 2 * HOUR }),
      cpuMilli: fc.integer({ min: 100, max: 60_000 }),
      memMib: fc.integer({ min: 128, max: 200_000 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(task, { minLength: 1, maxLength: 12 }), fc.nat(1000), async (list, seed) => {
        const tasks = list
          .map((one, nth) => ({ id: `t${nth}`, ...one }))
          .sort((a, b) => a.arriveMs - b.arriveMs);
        const made = await played(tasks, { pool: { market: '[spot, on-demand]' }, spotLosses: 5000, seed });
        const told = tellReplay(made);
        const cost = costOf(made).reduce((sum, value) => sum + value, 0) * (told.figures.hours / SLICES);
        expect(told.figures.workBound).toBeLessThanOrEqual(told.figures.cost + 0.01);
        expect(Math.abs(cost - told.figures.cost)).toBeLessThanOrEqual(0.01 + told.figures.cost * 0.001);
      }),
      { numRuns: 5 },
    );
  }, 60_000);
});

describe('a series', () => {
  test('adds up to the figures that it is drawn from', async () => {
    const made = await played(realTasks(40));
    const { figures, steps } = tellReplay(made);
    const overTime = (values: readonly number[]): number =>
      (values.reduce((sum, value) => sum + value, 0) * figures.hours) / SLICES;
    expect(overTime(costOf(made))).toBeCloseTo(figures.cost, 0);
    expect(overTime(boundSeries(steps, made))).toBeCloseTo(figures.bound, 0);
    const machineHours = made.machines.reduce((sum, { from, to }) => sum + (to - from) / HOUR, 0);
    const rows = machinesByShape(made, 3);
    expect(rows.map(({ name }) => name).at(-1)).toBe('others');
    expect(rows).toHaveLength(3);
    expect(rows.reduce((sum, { values }) => sum + overTime(values), 0)).toBeCloseTo(machineHours, 0);
  });

  test('counts every wait in one bar', () => {
    const bars = waitBars([0, 1, 1.5, 60, 4000]);
    expect(bars.filter(({ count }) => count > 0)).toEqual([
      { name: '≤ 1', count: 2 },
      { name: '≤ 2', count: 1 },
      { name: '≤ 60', count: 1 },
      { name: '> 1800', count: 1 },
    ]);
  });
});
