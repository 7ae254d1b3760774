import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { formatCsvFault } from '../../lib/catalogue/csv';
import { ASSUMED_SPOT_SHARE, offeringsFor } from '../../lib/catalogue/offerings';
import { shapesFor, taskDiskMib } from '../../lib/catalogue/shapes';
import { requireTable, SHIPPED_ON, shippedCatalogue, shippedTable } from '../../lib/catalogue/shipped';
import { parseShapeTable } from '../../lib/catalogue/table';
import { parseSpec } from '../../lib/config/parse';
import { offeringKey } from '../../lib/core/model/offering';
import type { Pool, ShapeFilter } from '../../lib/core/model/spec';

const HEADER =
  'instance_type,arch,cpu_milli,mem_mib,alloc_cpu_milli,alloc_mem_mib,gpu_count,net_mbps,nvme_gb,usd_per_hour_od';
const M7I = 'm7i.large,amd64,2000,8192,1930,6903,0,12500,0,0.1008';
const table = shippedTable();
const ANY = { min: 0, max: Number.MAX_SAFE_INTEGER };
const filter = (more: Partial<ShapeFilter>): ShapeFilter => ({
  families: [],
  names: [],
  excluded: [],
  cpuMilli: ANY,
  memMib: ANY,
  arch: 'amd64',
  gpus: { min: 0, max: 0 },
  ...more,
});
const namesFor = (more: Partial<ShapeFilter>) =>
  shapesFor(filter(more), table.shapes).map(({ name }) => name);

const poolsOf = (example: string): readonly Pool[] => {
  const text = readFileSync(new URL(`../../examples/${example}.yaml`, import.meta.url), 'utf8');
  const parsed = parseSpec(text, example);
  if ('faults' in parsed) throw new Error('has faults');
  return parsed.spec.pools;
};
const [WEB] = poolsOf('aws-minimal');
if (WEB === undefined) throw new Error('no pool');

describe('the shipped table', () => {
  test('has every shape with a price and less to allocate than there is', () => {
    expect(table.shapes).toHaveLength(1345);
    for (const { name, total, allocatable } of table.shapes) {
      expect(table.onDemandUsd.get(name)).toBeGreaterThan(0);
      expect(allocatable.cpuMilli).toBeLessThan(total.cpuMilli);
      expect(allocatable.memMib).toBeLessThan(total.memMib);
    }
  });
});

describe('a catalogue file', () => {
  const faultsOf = (text: string) => {
    const parsed = parseShapeTable(text, 'shapes.csv');
    return 'faults' in parsed ? parsed.faults.map(formatCsvFault) : [];
  };

  test('that is empty is refused with what it needs', () => {
    expect(faultsOf('')[0]).toMatch(
      /^shapes.csv:1: the file is empty; its first line must name instance_type/,
    );
    expect(faultsOf(`${HEADER}\n`)).toEqual([
      'shapes.csv:1: the catalogue is empty: it names columns but no machine shape.',
    ]);
    expect(() => requireTable('', 'shapes.csv')).toThrow('The catalogue of machine shapes cannot be used');
  });

  test('names every fault with its line at once', () => {
    const bad = [
      HEADER,
      M7I,
      'm7i.huge,x86,2000,8192,1930,6903,0,12500,0,free',
      '',
      'm7i.large,amd64,2000,8192,1930,9000,0,12500,0,1',
    ];
    expect(faultsOf(bad.join('\r\n'))).toEqual([
      'shapes.csv:3: arch: write amd64 or arm64.',
      'shapes.csv:3: usd_per_hour_od: "free" is not a number of at least 0.',
      'shapes.csv:5: alloc_cpu_milli: more is allocatable than the machine has.',
    ]);
    expect(faultsOf(`${HEADER}\n${M7I}\n${M7I}`)).toEqual([
      'shapes.csv:3: instance_type: m7i.large is listed twice.',
    ]);
    expect(faultsOf(`${HEADER}\n${M7I},1`)).toEqual(['shapes.csv:2: 11 cells where the header names 10.']);
    expect(faultsOf(HEADER.replace('arch,', ''))).toEqual(['shapes.csv:1: the column arch is missing.']);
    expect(faultsOf(`${HEADER}\n"m7i`)).toEqual(['shapes.csv:2: a quote is opened here and never closed.']);
  });

  test('of any content gives a table or faults, never an exception', () => {
    fc.assert(
      fc.property(fc.string(), fc.boolean(), (text, headed) => {
        const parsed = parseShapeTable(headed ? `${HEADER}\n${text}` : text, 'shapes.csv');
        expect('table' in parsed || parsed.faults.length > 0).toBe(true);
      }),
    );
  });
});

describe('the shapes of a pool', () => {
  test('are those of its families within its bounds', () => {
    expect(namesFor({ families: ['m7i'], cpuMilli: { min: 4000, max: 16_000 } })).toEqual([
      'm7i.xlarge',
      'm7i.2xlarge',
      'm7i.4xlarge',
    ]);
  });

  test('leave out bare metal and -flex unless they are named', () => {
    const all = namesFor({});
    expect(all.filter((name) => name.includes('metal') || name.includes('-flex'))).toEqual([]);
    expect(namesFor({ families: ['m7i'] }).filter((name) => name.includes('metal'))).toEqual([]);
    expect(namesFor({ names: ['m7i.metal-24xl'] })).toEqual(['m7i.metal-24xl']);
    expect(namesFor({ families: ['m7i-flex'] })).toContain('m7i-flex.large');
  });

  test('leave out what is excluded, singly or as a family', () => {
    expect(namesFor({ families: ['m7i', 'c7i'], excluded: ['c7i', 'm7i.large'] })).not.toContain('c7i.large');
    expect(namesFor({ families: ['m7i'], excluded: ['m7i.large'] })).not.toContain('m7i.large');
  });

  test('have GPUs only where they are asked for, and one architecture', () => {
    expect(shapesFor(filter({}), table.shapes).every(({ total }) => total.gpus === 0)).toBe(true);
    expect(namesFor({ gpus: { min: 1, max: 8 } })).toContain('g5.xlarge');
    expect(namesFor({ families: ['m7g'] })).toEqual([]);
    expect(namesFor({ families: ['m7g'], arch: 'arm64' })).toContain('m7g.large');
  });
});

describe('offerings', () => {
  const offerings = offeringsFor([WEB], table.shapes, table);

  test('are each allowed shape in each zone on each market, once', () => {
    const shapes = shapesFor(WEB.shapes, table.shapes);
    expect(offerings).toHaveLength(shapes.length * 2 * 2);
    const twice = offeringsFor([WEB, { ...WEB, name: 'again' }], table.shapes, table);
    expect(new Set(twice.map(offeringKey)).size).toBe(twice.length);
    expect(twice).toHaveLength(offerings.length);
  });

  test('take a stated share of the on-demand price for spot, and a live price where there is one', () => {
    const [spot] = offerings;
    if (spot === undefined) throw new Error('no offering');
    const onDemand = table.onDemandUsd.get(spot.shape) ?? 0;
    expect(spot.market).toBe('spot');
    expect(spot.usdPerHour).toBeCloseTo(onDemand * ASSUMED_SPOT_SHARE, 5);
    const live = new Map([[offeringKey(spot), 0.0123]]);
    expect(offeringsFor([WEB], table.shapes, { ...table, live })[0]?.usdPerHour).toBe(0.0123);
  });
});

describe('the shipped catalogue', () => {
  test('is dated, and complete for pools of us-east-1', async () => {
    const { shapes, offerings } = await shippedCatalogue().offerings([WEB]);
    expect(shapes).toMatchObject({ complete: true, faults: [], at: Date.parse(SHIPPED_ON) });
    expect(offerings).toMatchObject({ complete: true, faults: [] });
    expect(shapes.value.map(({ name }) => name)).toContain('m7i.xlarge');
  });

  test('says what it does not know: other regions and other clouds', async () => {
    const elsewhere = { ...WEB, region: 'eu-west-1', zones: [{ name: 'eu-west-1a', subnet: 'subnet-0' }] };
    const { shapes, offerings } = await shippedCatalogue().offerings([
      elsewhere,
      ...poolsOf('gce-and-on-premises'),
    ]);
    expect(shapes.complete).toBe(false);
    expect(shapes.faults).toHaveLength(2);
    expect(offerings.faults.at(-1)).toMatch(
      /^Prices of eu-west-1 are taken to be those of us-east-1 on 2026-07-20/,
    );
    expect(offerings.value.every(({ cloud, region }) => cloud === 'aws' && region === 'eu-west-1')).toBe(
      true,
    );
  });

  test('gives a shape the smallest root disk of the pools that may use it', async () => {
    const { shapes } = await shippedCatalogue().offerings([WEB, { ...WEB, name: 'small', rootDiskGib: 20 }]);
    expect(shapes.value[0]?.allocatable.diskMib).toBe(taskDiskMib(20));
    expect(taskDiskMib(50)).toBe(44_544);
    expect(taskDiskMib(8)).toBe(3973);
  });
});
