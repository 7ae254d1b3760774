// Comma-separated values with a header, and the line that each row stands on.

export type CsvFault = {
  readonly file: string;
  /** Counts from 1; the header is line 1 unless empty lines stand before it. */
  readonly line: number;
  /** Name of the column, where one cell is at fault. */
  readonly column?: string;
  readonly problem: string;
};

export const formatCsvFault = ({ file, line, column, problem }: CsvFault): string =>
  `${file}:${line}: ${column === undefined ? '' : `${column}: `}${problem}.`;

export type CsvRow = { readonly line: number; readonly cells: Readonly<Record<string, string>> };
export type Csv = { readonly rows: readonly CsvRow[] } | { readonly faults: readonly CsvFault[] };

/** Reads RFC 4180 with any line end; columns are found by name, their order does not matter. Fails when the text is
 *  empty, when a required column is missing or doubled, or when a row has more or fewer cells than the header. */
export const readCsv = (text: string, file: string, required: readonly string[]): Csv => {
  const { records, openSince } = toRecords(text);
  if (openSince !== undefined) {
    return { faults: [{ file, line: openSince, problem: 'a quote is opened here and never closed' }] };
  }
  const [header, ...body] = records;
  if (header === undefined) {
    return {
      faults: [
        { file, line: 1, problem: `the file is empty; its first line must name ${required.join(', ')}` },
      ],
    };
  }
  const names = header.cells.map((name) => name.trim());
  const faults = [
    ...required
      .filter((name) => !names.includes(name))
      .map((name) => ({ file, line: header.line, problem: `the column ${name} is missing` })),
    ...names
      .filter((name, index) => names.indexOf(name) !== index && name !== '')
      .map((name) => ({ file, line: header.line, problem: `the column ${name} is named twice` })),
    ...body
      .filter(({ cells }) => cells.length !== names.length)
      .map(({ line, cells }) => ({
        file,
        line,
        problem: `${cells.length} cells where the header names ${names.length}`,
      })),
  ];
  if (faults.length > 0) return { faults };
  return {
    rows: body.map(({ line, cells }) => ({
      line,
      cells: Object.fromEntries(names.map((name, index) => [name, (cells[index] ?? '').trim()])),
    })),
  };
};

type Line = { readonly line: number; readonly cells: readonly string[] };

/** Text outside of quotes up to a comma or line end, a quoted text with doubled quotes inside, or a separator. */
const TOKEN = /"((?:[^"]|"")*)"|(\r\n|\n|\r)|(,)|([^",\r\n]+)|(")/g;

const toRecords = (text: string): { readonly records: readonly Line[]; readonly openSince?: number } => {
  const records: Line[] = [];
  let line = 1;
  let begun = 1;
  let cells: string[] = [''];
  const close = () => {
    if (cells.length > 1 || cells[0]?.trim() !== '') records.push({ line: begun, cells });
    cells = [''];
  };
  for (const [, quoted, newline, comma, plain, open] of text.replace(/^\uFEFF/, '').matchAll(TOKEN)) {
    if (open !== undefined) return { records, openSince: line };
    if (newline !== undefined) {
      close();
      line += 1;
      begun = line;
    } else if (comma !== undefined) {
      cells.push('');
    } else {
      const part = quoted === undefined ? (plain ?? '') : quoted.replaceAll('""', '"');
      cells.push((cells.pop() ?? '') + part);
      line += part.split('\n').length - 1;
    }
  }
  close();
  return { records };
};

/** A decimal number of at least `least`; a fault otherwise. */
export const numberCell = (
  row: CsvRow,
  column: string,
  least: number,
): number | { readonly problem: string } => {
  const text = row.cells[column] ?? '';
  const value = /^\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isFinite(value) && value >= least && value <= Number.MAX_SAFE_INTEGER) return value;
  return { problem: `"${text.slice(0, 40)}" is not a number of at least ${least}` };
};
