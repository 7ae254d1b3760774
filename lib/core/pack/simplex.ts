// The master problem of column generation: cover every row's demand with columns at least total price. A revised
// simplex with an explicit inverse of the basis: rows are few (a couple of hundred), columns come and stay.
import { at, bump, nth } from './cells';
import { isSpent, type Meter, spend } from './meter';

export type Column = {
  readonly price: number;
  readonly rows: readonly number[];
  readonly counts: readonly number[];
};

export type Master = {
  readonly size: number;
  /** What must be covered. */
  readonly demand: Float64Array;
  /** The same, shaken by a hair, so that pivots always move. */
  readonly shaken: Float64Array;
  readonly columns: Column[];
  /** For each row the column in the basis, or -(row + 1) for that row's surplus. */
  readonly basis: Float64Array;
  readonly inverse: Float64Array;
  readonly level: Float64Array;
  readonly duals: Float64Array;
  /** What covering one unit of the row costs by its first column: the scale of its dual. */
  readonly scale: Float64Array;
  pivots: number;
};

/** @param own one column for each row that covers this row alone: the first basis. */
export const startMaster = (demand: Float64Array, own: readonly Column[]): Master => {
  const size = demand.length;
  const master: Master = {
    size,
    demand,
    shaken: demand.map((amount, row) => amount * (1 + 1e-5 * (((row * 7919) % 101) / 101 + 0.1))),
    columns: [...own],
    basis: Float64Array.from(own.keys()),
    inverse: new Float64Array(size * size),
    level: new Float64Array(size),
    duals: new Float64Array(size),
    scale: Float64Array.from(own, ({ price, counts }) => price / nth(counts, 0)),
    pivots: 0,
  };
  own.forEach(({ counts }, row) => {
    master.inverse[row * size + row] = 1 / nth(counts, 0);
  });
  refresh(master);
  return master;
};

export const addColumn = (master: Master, column: Column): void => {
  master.columns.push(column);
};

/** What one unit of the column would save (negative) or cost more than its rows' duals pay. */
export const reducedCost = (column: Column, duals: Float64Array): number => {
  let cost = column.price;
  const { rows, counts } = column;
  for (let slot = 0; slot < rows.length; slot += 1) cost -= nth(counts, slot) * at(duals, nth(rows, slot));
  return cost;
};

/** The value of the duals: the cost of covering the true demand by the present basis. */
export const dualValue = (master: Master): number => {
  let value = 0;
  for (let row = 0; row < master.size; row += 1) value += at(master.demand, row) * at(master.duals, row);
  return value;
};

/** Columns in use with their levels for the true demand. */
export const levels = (master: Master): readonly { readonly column: number; readonly level: number }[] => {
  const { size } = master;
  const found: { column: number; level: number }[] = [];
  for (let row = 0; row < size; row += 1) {
    let level = 0;
    for (let other = 0; other < size; other += 1)
      level += at(master.inverse, row * size + other) * at(master.demand, other);
    if (at(master.basis, row) >= 0 && level > 1e-9) found.push({ column: at(master.basis, row), level });
  }
  return found;
};

const REFACTOR_EVERY = 300;

/** Pivots until no known column helps or the meter is spent. */
export const solve = (master: Master, meter: Meter): void => {
  const along = new Float64Array(master.size);
  while (!isSpent(meter)) {
    const entering = cheapest(master, meter);
    if (entering === undefined) return;
    direction(master, entering, along);
    const leaving = ratioTest(master, along);
    if (leaving < 0) return;
    pivot(master, entering, along, leaving);
    spend(meter, 1.2 * master.size * master.size);
    if (master.pivots % REFACTOR_EVERY === 0) refactor(master, meter);
  }
};

const TINY = 1e-7;

/** The column (or surplus, -(row + 1)) with the best reduced cost for its price. */
const cheapest = (master: Master, meter: Meter): number | undefined => {
  let best = -TINY;
  let found: number | undefined;
  let steps = master.size;
  const { columns, duals } = master;
  for (let index = 0; index < columns.length; index += 1) {
    const column = columns[index];
    if (column === undefined) continue;
    steps += 2 * column.rows.length + 4;
    const relative = reducedCost(column, duals) / column.price;
    if (relative >= best) continue;
    best = relative;
    found = index;
  }
  for (let row = 0; row < master.size; row += 1) {
    const relative = at(duals, row) / at(master.scale, row);
    if (relative >= best) continue;
    best = relative;
    found = -(row + 1);
  }
  spend(meter, steps);
  return found;
};

const direction = (master: Master, entering: number, along: Float64Array): void => {
  const { size, inverse } = master;
  const column = master.columns[entering];
  const rows = column === undefined ? [-entering - 1] : column.rows;
  const counts = column === undefined ? [-1] : column.counts;
  along.fill(0);
  for (let slot = 0; slot < rows.length; slot += 1) {
    const [row, count] = [nth(rows, slot), nth(counts, slot)];
    for (let into = 0; into < size; into += 1) bump(along, into, at(inverse, into * size + row) * count);
  }
};

const ratioTest = (master: Master, along: Float64Array): number => {
  let leaving = -1;
  let least = Infinity;
  for (let row = 0; row < master.size; row += 1) {
    if (at(along, row) <= 1e-9) continue;
    const ratio = Math.max(0, at(master.level, row)) / at(along, row);
    const isTie = leaving >= 0 && ratio <= least + 1e-12 && at(along, row) > at(along, leaving);
    if (ratio < least - 1e-12 || isTie) {
      least = Math.min(least, ratio);
      leaving = row;
    }
  }
  return leaving;
};

const pivot = (master: Master, entering: number, along: Float64Array, leaving: number): void => {
  const { size, inverse, level, duals } = master;
  const column = master.columns[entering];
  const cost = column === undefined ? at(duals, -entering - 1) : reducedCost(column, duals);
  const from = leaving * size;
  const by = at(along, leaving);
  for (let other = 0; other < size; other += 1) inverse[from + other] = at(inverse, from + other) / by;
  level[leaving] = at(level, leaving) / by;
  for (let row = 0; row < size; row += 1) {
    const factor = at(along, row);
    if (row === leaving || factor === 0) continue;
    const into = row * size;
    for (let other = 0; other < size; other += 1)
      bump(inverse, into + other, -factor * at(inverse, from + other));
    bump(level, row, -factor * at(level, leaving));
  }
  for (let other = 0; other < size; other += 1) bump(duals, other, cost * at(inverse, from + other));
  master.basis[leaving] = entering;
  master.pivots += 1;
};

/** Inverts the basis anew: rounding errors do not pile up. */
const refactor = (master: Master, meter: Meter): void => {
  const { size } = master;
  const basis = new Float64Array(size * size);
  for (let place = 0; place < size; place += 1) {
    const index = at(master.basis, place);
    const column = master.columns[index];
    if (column === undefined) basis[(-index - 1) * size + place] = -1;
    else column.rows.forEach((row, slot) => bump(basis, row * size + place, nth(column.counts, slot)));
  }
  const inverse = inverted(basis, size);
  spend(meter, size ** 3);
  if (inverse === undefined) return;
  master.inverse.set(inverse);
  refresh(master);
};

const inverted = (matrix: Float64Array, size: number): Float64Array | undefined => {
  const result = new Float64Array(size * size);
  for (let row = 0; row < size; row += 1) result[row * size + row] = 1;
  for (let step = 0; step < size; step += 1) {
    let best = step;
    for (let row = step + 1; row < size; row += 1)
      if (Math.abs(at(matrix, row * size + step)) > Math.abs(at(matrix, best * size + step))) best = row;
    if (Math.abs(at(matrix, best * size + step)) < 1e-12) return undefined;
    swapRows(matrix, size, step, best);
    swapRows(result, size, step, best);
    eliminate(matrix, result, size, step);
  }
  return result;
};

const swapRows = (matrix: Float64Array, size: number, a: number, b: number): void => {
  if (a === b) return;
  const row = matrix.slice(a * size, (a + 1) * size);
  matrix.copyWithin(a * size, b * size, (b + 1) * size);
  matrix.set(row, b * size);
};

const eliminate = (matrix: Float64Array, result: Float64Array, size: number, step: number): void => {
  const by = at(matrix, step * size + step);
  for (let other = 0; other < size; other += 1) {
    matrix[step * size + other] = at(matrix, step * size + other) / by;
    result[step * size + other] = at(result, step * size + other) / by;
  }
  for (let row = 0; row < size; row += 1) {
    const factor = at(matrix, row * size + step);
    if (row === step || factor === 0) continue;
    for (let other = 0; other < size; other += 1) {
      bump(matrix, row * size + other, -factor * at(matrix, step * size + other));
      bump(result, row * size + other, -factor * at(result, step * size + other));
    }
  }
};

/** Levels and duals from the inverse. */
const refresh = (master: Master): void => {
  const { size, inverse, level, duals } = master;
  level.fill(0);
  duals.fill(0);
  for (let row = 0; row < size; row += 1) {
    const price = master.columns[at(master.basis, row)]?.price ?? 0;
    for (let other = 0; other < size; other += 1) {
      bump(level, row, at(inverse, row * size + other) * at(master.shaken, other));
      bump(duals, other, price * at(inverse, row * size + other));
    }
  }
};
