// Every number of the packing's inner loops lives in a Float64Array: one kind of array keeps these two accessors
// fast, and a missing cell reads as nothing.

export const at = (cells: Float64Array, index: number): number => cells[index] ?? 0;

export const bump = (cells: Float64Array, index: number, by: number): void => {
  cells[index] = (cells[index] ?? 0) + by;
};

/** The same for a plain list. */
export const nth = (list: readonly number[], index: number): number => list[index] ?? 0;
