// Problems for the tests of packing: real traces, generated ones, and random ones from fast-check.
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import type { Resources } from '../../../lib/core/model/resources';
import type { PackOffering, PackProblem, TaskClass } from '../../../lib/core/pack/problem';

export const room = (cpuMilli: number, memMib: number, more: Partial<Resources> = {}): Resources => ({
  cpuMilli,
  memMib,
  diskMib: 0,
  gpus: 0,
  ports: 0,
  ...more,
});

export const tasks = (need: Resources, count: number, more: Partial<TaskClass> = {}): TaskClass => ({
  need,
  count,
  perHost: Infinity,
  ...more,
});

export const offer = (key: string, usdPerHour: number, has: Resources): PackOffering => ({
  key,
  usdPerHour,
  room: has,
});

export const problem = (parts: Partial<PackProblem>): PackProblem => ({
  classes: [],
  offerings: [],
  limits: [],
  work: 0,
  ...parts,
});

/** The work of Cluster Autoscaler's BenchmarkBinpackingEstimate: 51,000 pods on nodes of 100 pod slots. */
export const estimatorWork = problem({
  classes: [tasks(room(50, 100, { ports: 1 }), 50_000), tasks(room(95, 190, { ports: 1 }), 1_000)],
  offerings: [offer('node', 1, room(1_000, 5_000, { ports: 100 }))],
});

const rows = (path: string): readonly Readonly<Record<string, string>>[] => {
  const [head = '', ...lines] = readFileSync(new URL(path, import.meta.url), 'utf8')
    .trim()
    .split(/\r?\n/);
  const names = head.split(',');
  return lines.map((line) =>
    Object.fromEntries(line.split(',').map((value, index) => [names[index] ?? '', value])),
  );
};

const byShape = (path: string): readonly TaskClass[] => {
  const classes = new Map<string, { need: Resources; count: number; perHost: number }>();
  for (const row of rows(path)) {
    const need = room(Number(row['cpu_milli']), Number(row['mem_mib']));
    const key = `${need.cpuMilli},${need.memMib}`;
    const known = classes.get(key) ?? { need, count: 0, perHost: Infinity };
    classes.set(key, { ...known, count: known.count + 1 });
  }
  return [...classes.values()];
};

export const openb = (): readonly TaskClass[] => byShape('../../fixtures/traces/openb-2023-a.csv');
export const titus = (): readonly TaskClass[] =>
  byShape('../../../lib/emulator/data/titus-2016-snapshot.csv');

const catalogue = (pattern: RegExp): readonly PackOffering[] =>
  rows('../../../lib/catalogue/data/ec2-catalogue-us-east-1.csv')
    .filter((row) => pattern.test(row['instance_type'] ?? '') && Number(row['usd_per_hour_od']) > 0)
    .map((row) =>
      offer(
        row['instance_type'] ?? '',
        Number(row['usd_per_hour_od']),
        room(Number(row['alloc_cpu_milli']), Number(row['alloc_mem_mib'])),
      ),
    );

/** The 27 c7i, m7i and r7i types that are neither bare metal nor flex. */
export const seventhIntel = (): readonly PackOffering[] => catalogue(/^(c7i|m7i|r7i)\.(?!metal)/);
export const wholeCatalogue = (): readonly PackOffering[] => catalogue(/./);

/** A generator of its own, so that the same sets come out on every machine. */
export const dice = (seed: number): (() => number) => {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return state / 0x80000000;
  };
};

/** Tasks drawn from the trace, each changed by up to a tenth in both resources: nearly all differ. */
export const allDistinct = (count: number, seed: number): readonly TaskClass[] => {
  const roll = dice(seed);
  const pool = openb().flatMap(({ need, count: copies }) => Array.from({ length: copies }, () => need));
  return Array.from({ length: count }, () => {
    const need = pool[Math.floor(roll() * pool.length)] ?? room(1, 1);
    const cpuMilli = Math.max(1, Math.round(need.cpuMilli * (0.9 + 0.2 * roll())));
    return tasks(room(cpuMilli, Math.round(need.memMib * (0.9 + 0.2 * roll()))), 1);
  });
};

const resources = (most: number): fc.Arbitrary<Resources> =>
  fc.record({
    cpuMilli: fc.integer({ min: 0, max: most }),
    memMib: fc.integer({ min: 0, max: most }),
    diskMib: fc.constantFrom(0, 0, 3),
    gpus: fc.constantFrom(0, 0, 0, 1),
    ports: fc.constantFrom(0, 0, 1),
  });

/** Small problems with every feature: caps, groups, masks, limits, five dimensions, things that fit nothing. */
export const anyProblem = (work: number, limited: 'limits' | 'no-limits'): fc.Arbitrary<PackProblem> =>
  fc.integer({ min: 1, max: 5 }).chain((size) =>
    fc.record({
      offerings: fc
        .array(fc.record({ room: resources(40), usdPerHour: fc.integer({ min: 1, max: 50 }) }), {
          minLength: size,
          maxLength: size,
        })
        .map((found) => found.map((each, index) => ({ ...each, key: `o${index}` }))),
      classes: fc.array(
        fc.record(
          {
            need: resources(24),
            count: fc.integer({ min: 0, max: 12 }),
            perHost: fc.constantFrom(Infinity, Infinity, 1, 2, 3),
            group: fc.constantFrom('a', 'b'),
            allowed: fc.array(fc.boolean(), { minLength: size, maxLength: size }),
          },
          { requiredKeys: ['need', 'count', 'perHost'] },
        ),
        { maxLength: 8 },
      ),
      limits:
        limited === 'no-limits'
          ? fc.constant([])
          : fc.array(
              fc.record({
                offerings: fc.uniqueArray(fc.integer({ min: 0, max: size - 1 }), { minLength: 1 }),
                machines: fc.integer({ min: 0, max: 6 }),
              }),
              { maxLength: 3 },
            ),
      work: fc.constant(work),
    }),
  );
