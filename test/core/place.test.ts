import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { accepts, isCounting } from '../../lib/core/constraints';
import { text } from '../../lib/core/model/attributes';
import type { Constraint } from '../../lib/core/model/app';
import { fits, subtract, times } from '../../lib/core/model/resources';
import { placeAll } from '../../lib/core/place';
import { type Tally, tallyTasks } from '../../lib/core/tally';
import { type Host, Supply } from '../../lib/core/supply';
import { aMachine, anAgent, anApp, aTask, some, ZONES } from '../builders/fleet';

const host = (id: string, zone: string, cpus: number, more: Partial<Host> = {}): Host => ({
  id,
  kind: 'agent',
  place: { hostname: id, attributes: { zone: text(zone), instance_id: text(id) } },
  free: some(cpus, cpus * 4096),
  role: '*',
  hasGpus: false,
  ...more,
});
const three = (cpus: number): Host[] => ZONES.map((zone, nth) => host(`h${nth}`, zone, cpus));
const context = (tally: Tally = new Map(), groupBy: '1.10' | '1.11' = '1.11') => ({ groupBy, tally });
const place = (hosts: readonly Host[], constraints: readonly Constraint[], count: number) =>
  placeAll(
    new Supply(hosts),
    [{ runSpec: anApp('/a', { constraints, instances: count }), count }],
    context(),
  )[0];

describe('placing', () => {
  test('takes registered agents before machines that are coming', () => {
    const hosts = [host('a', ZONES[0], 2, { kind: 'coming' }), host('b', ZONES[1], 2)];
    expect(place(hosts, [], 3)).toMatchObject({ on: { agent: 2, coming: 1, bought: 0 }, unplaced: 0 });
  });

  test('says whether room, constraints or the kind of agent is missing', () => {
    expect(place(three(1), [], 4)).toMatchObject({ unplaced: 1, refusal: 'room' });
    expect(place(three(8), [{ field: 'hostname', operator: 'UNIQUE' }], 4)).toMatchObject({
      unplaced: 1,
      refusal: 'count',
    });
    expect(place(three(8), [{ field: 'zone', operator: 'IS', value: 'mars' }], 1)).toMatchObject({
      refusal: 'class',
    });
  });

  test('spreads over zones as GROUP_BY asks', () => {
    const tally: Tally = new Map();
    const app = anApp('/a', {
      instances: 6,
      constraints: [{ field: 'zone', operator: 'GROUP_BY', value: '3' }],
    });
    const [placed] = placeAll(new Supply(three(8)), [{ runSpec: app, count: 6 }], context(tally));
    expect(placed?.unplaced).toBe(0);
    expect([...(tally.get('/a')?.[0]?.values() ?? [])]).toEqual([2, 2, 2]);
  });

  test('GROUP_BY over hosts fills level by level', () => {
    const constraint: Constraint = { field: 'hostname', operator: 'GROUP_BY', value: '3' };
    const placed = placeAll(
      new Supply([host('a', ZONES[0], 9), host('b', ZONES[0], 2), host('c', ZONES[0], 9)]),
      [{ runSpec: anApp('/a', { constraints: [constraint], instances: 9 }), count: 9 }],
      context(new Map(), '1.10'),
    );
    expect(placed[0]).toMatchObject({ unplaced: 1, on: { agent: 8 } });
  });

  test('keeps tasks without a GPU off machines with one', () => {
    expect(place([host('g', ZONES[0], 8, { hasGpus: true })], [], 1)).toMatchObject({ refusal: 'class' });
  });

  test('keeps apps without a constraint on region or zone out of other regions than the masters', () => {
    const far = host('far', ZONES[0], 8);
    const remote = { ...far, place: { ...far.place, region: 'eu-west-1', isRemote: true as const } };
    expect(place([remote], [], 1)).toMatchObject({ refusal: 'class', unplaced: 1 });
    const anywhere = { field: '@region', operator: 'LIKE', value: '.*' } as const;
    expect(place([remote], [anywhere], 1)).toMatchObject({ unplaced: 0 });
  });

  test('counts what runs already', () => {
    const machine = aMachine('i-1');
    const agent = anAgent(machine);
    const app = anApp('/a', { constraints: [{ field: 'hostname', operator: 'MAX_PER', value: '2' }] });
    const placeOf = () => ({ hostname: agent.hostname, attributes: agent.attributes });
    const tally = tallyTasks([app], [aTask(app, agent, 1)], placeOf);
    const here = host(agent.hostname, ZONES[0], 8);
    const [placed] = placeAll(new Supply([here]), [{ runSpec: app, count: 5 }], context(tally));
    expect(placed).toMatchObject({ on: { agent: 1 }, unplaced: 4 });
  });

  const constraint = fc.constantFrom<Constraint>(
    { field: 'hostname', operator: 'UNIQUE' },
    { field: 'hostname', operator: 'MAX_PER', value: '2' },
    { field: 'zone', operator: 'GROUP_BY', value: '3' },
    { field: 'zone', operator: 'MAX_PER', value: '3' },
    { field: 'zone', operator: 'CLUSTER' },
    { field: 'zone', operator: 'LIKE', value: 'us-east-1[ab]' },
    { field: 'zone', operator: 'UNLIKE', value: 'us-east-1a' },
  );
  const wants = fc.array(
    fc.record({
      count: fc.integer({ min: 1, max: 12 }),
      cpus: fc.integer({ min: 1, max: 3 }),
      constraints: fc.uniqueArray(constraint, { maxLength: 2 }),
    }),
    { minLength: 1, maxLength: 4 },
  );

  test('never overfills a host and leaves nothing unplaced that a host would still take', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 8 }), { minLength: 1, maxLength: 9 }),
        wants,
        (sizes, asked) => {
          const hosts = sizes.map((cpus, nth) => host(`h${nth}`, ZONES[nth % 3] ?? ZONES[0], cpus));
          const supply = new Supply(hosts);
          const tally: Tally = new Map();
          const list = asked.map(({ count, cpus, constraints }, nth) => ({
            count,
            runSpec: anApp(`/a${nth}`, { each: some(cpus, cpus * 1024), constraints, instances: count }),
          }));
          const placed = placeAll(supply, list, context(tally));
          for (const [position] of hosts.entries())
            expect(Math.min(...Object.values(supply.left(position)))).toBeGreaterThanOrEqual(0);
          const last = placed.at(-1);
          if (last === undefined || last.unplaced === 0) return;
          const { runSpec } = last.want;
          const counts =
            tally.get(runSpec.id) ??
            runSpec.constraints.filter(isCounting).map(() => new Map<string, number>());
          const takers = supply.hosts.filter(
            ({ place: where }, position) =>
              fits(runSpec.each, supply.left(position)) &&
              accepts(runSpec.constraints, where, counts, { groupBy: '1.11', instances: runSpec.instances }),
          );
          expect(takers).toEqual([]);
        },
      ),
      { numRuns: 400 },
    );
  });

  test('takes from each host exactly what was put there', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 4 }), (count, cpus) => {
        const hosts = three(16);
        const supply = new Supply(hosts);
        const each = some(cpus, 512);
        const placed = placeAll(supply, [{ runSpec: anApp('/a', { each }), count }], context())[0];
        const before = hosts.reduce((sum, { free }) => sum + free.cpuMilli, 0);
        const after = hosts.reduce((sum, _host, position) => sum + supply.left(position).cpuMilli, 0);
        expect(before - after).toBe(
          subtract(times(each, count), times(each, placed?.unplaced ?? 0)).cpuMilli,
        );
      }),
    );
  });
});
