// "Did you mean": the known word that is nearest to a mistyped one.

/** The nearest of `known`, ignoring case, when it is near enough to be a slip: at most a third of the letters. */
export const suggest = (word: string, known: readonly string[]): string | undefined => {
  let best: { readonly word: string; readonly distance: number } | undefined;
  for (const candidate of known) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    const allowed = Math.max(1, Math.floor(Math.max(word.length, candidate.length) / 3));
    if (distance <= allowed && (best === undefined || distance < best.distance)) {
      best = { word: candidate, distance };
    }
  }
  return best?.word;
};

/** Insertions, deletions, substitutions and swaps of neighbours (optimal string alignment). */
const editDistance = (a: string, b: string): number => {
  let rows: readonly [readonly number[], readonly number[]] = [
    [],
    Array.from({ length: b.length + 1 }, (_, j) => j),
  ];
  for (let i = 1; i <= a.length; i += 1) rows = [rows[1], nextRow(a, b, rows, i)];
  return rows[1][b.length] ?? 0;
};

const nextRow = (
  a: string,
  b: string,
  [beforeLast, last]: readonly (readonly number[])[],
  i: number,
): number[] => {
  const at = (row: readonly number[] | undefined, j: number): number => row?.[j] ?? 0;
  const row = [i];
  for (let j = 1; j <= b.length; j += 1) {
    const change = a[i - 1] === b[j - 1] ? 0 : 1;
    const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
    const swap = isSwap ? at(beforeLast, j - 2) + 1 : Number.POSITIVE_INFINITY;
    row.push(Math.min(at(last, j) + 1, at(row, j - 1) + 1, at(last, j - 1) + change, swap));
  }
  return row;
};
