// The catalogue that ships: a dated table of EC2 shapes and prices, for where no live price is read.
import { readFileSync } from 'node:fs';
import type { Pool } from '../core/model/spec';
import type { Catalogue } from '../engine/ports';
import { formatCsvFault } from './csv';
import { offeringsFor, type Prices } from './offerings';
import { shapesFor, withRootDisk } from './shapes';
import { parseShapeTable, type ShapeTable } from './table';

/** Where and when the shipped prices were true (data/README.md). */
export const SHIPPED_REGION = 'us-east-1';
export const SHIPPED_ON = '2026-07-20';

const FILE = 'ec2-catalogue-us-east-1.csv';

/** Reads the file beside this module. Throws an Error with every faulty line when it is empty or malformed. */
export const shippedTable = (): ShapeTable =>
  requireTable(readFileSync(new URL(`./data/${FILE}`, import.meta.url), 'utf8'), FILE);

export const requireTable = (text: string, file: string): ShapeTable => {
  const parsed = parseShapeTable(text, file);
  if ('table' in parsed) return parsed.table;
  throw new Error(
    `The catalogue of machine shapes cannot be used:\n${parsed.faults.map(formatCsvFault).join('\n')}`,
  );
};

/** Catalogue over a table: the shipped one, read at the first call, unless another is given. Its faults name every
 *  pool whose prices or shapes the table does not really know. */
export const shippedCatalogue = (
  options: { readonly table?: ShapeTable; readonly live?: Prices['live'] } = {},
): Catalogue => {
  let table = options.table;
  return {
    async offerings(pools) {
      table ??= shippedTable();
      const { shapes, onDemandUsd } = table;
      const known = pools.filter((pool) => pool.cloud === 'aws');
      const usable = shapes.filter((shape) =>
        known.some((pool) => shapesFor(pool.shapes, [shape]).length > 0),
      );
      const prices = { onDemandUsd, ...(options.live === undefined ? {} : { live: options.live }) };
      const missing = unknownClouds(pools);
      const at = Date.parse(SHIPPED_ON);
      return {
        shapes: {
          at,
          complete: missing.length === 0,
          faults: missing,
          value: usable.map((shape) => withRootDisk(shape, known)),
        },
        offerings: sourceOf(offeringsFor(known, usable, prices), [...missing, ...foreignRegions(known)], at),
      };
    },
  };
};

const sourceOf = <T>(value: T, faults: readonly string[], at: number) => ({
  at,
  complete: faults.length === 0,
  faults,
  value,
});

const unknownClouds = (pools: readonly Pool[]): readonly string[] =>
  pools
    .filter((pool) => pool.cloud !== 'aws')
    .map(
      (pool) =>
        `The shipped catalogue has no machine shapes of ${pool.cloud}, so nothing can be bought for pool ${pool.name}.`,
    );

const foreignRegions = (pools: readonly Pool[]): readonly string[] =>
  [...new Set(pools.map((pool) => pool.region))]
    .filter((region) => region !== SHIPPED_REGION)
    .map(
      (region) =>
        `Prices of ${region} are taken to be those of ${SHIPPED_REGION} on ${SHIPPED_ON}: the shipped catalogue has no others.`,
    );
