// What is wrong with a muster.yaml, for the person who wrote it: where, what, and what to write instead.

export type Fault = {
  readonly file: string;
  /** Both count from 1. */
  readonly line: number;
  readonly column: number;
  /** `pools[0].size.min`; empty when the fault is about the file as a whole. */
  readonly path: string;
  readonly problem: string;
  readonly advice: string;
};

/** One line, in the form that editors and terminals turn into a link. */
export const formatFault = (fault: Fault): string => {
  const subject = fault.path === '' ? '' : `${fault.path}: `;
  const end = /[.?!]$/.test(fault.advice) ? '' : '.';
  return `${fault.file}:${fault.line}:${fault.column}: ${subject}${fault.problem}. ${fault.advice}${end}`;
};

export type Path = readonly (string | number)[];

const PLAIN_KEY = /^[A-Za-z_][\w-]*$/;

export const formatPath = (path: Path): string => {
  let line = '';
  for (const part of path) {
    if (typeof part === 'number') line += `[${part}]`;
    else if (PLAIN_KEY.test(part)) line += line === '' ? part : `.${part}`;
    else line += `[${JSON.stringify(part)}]`;
  }
  return line;
};

/** In the order of the file, so that a reader fixes from top to bottom. */
export const inFileOrder = (faults: readonly Fault[]): readonly Fault[] =>
  faults.toSorted((a, b) => a.line - b.line || a.column - b.column || compareText(a.path, b.path));

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
