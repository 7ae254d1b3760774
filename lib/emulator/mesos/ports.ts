// Which ports of an agent are taken.
import type { PortRange } from './api';

export type PortBook = { readonly begin: number; readonly size: number; readonly taken: Set<number> };

export const createPortBook = (begin: number, size: number): PortBook => ({ begin, size, taken: new Set() });

/** `wanted` exactly (0 stands for any), or undefined. Any port is sought from `start` on, round the range. */
export const choosePorts = (
  book: PortBook,
  wanted: readonly number[],
  start: number,
): number[] | undefined => {
  const chosen: number[] = [];
  const isFree = (port: number): boolean =>
    port >= book.begin && port < book.begin + book.size && !book.taken.has(port) && !chosen.includes(port);
  let offset = start;
  for (const port of wanted) {
    if (port !== 0) {
      if (!isFree(port)) return undefined;
      chosen.push(port);
      continue;
    }
    const from = offset;
    while (offset < from + book.size && !isFree(book.begin + (offset % book.size))) offset += 1;
    if (offset === from + book.size) return undefined;
    chosen.push(book.begin + (offset % book.size));
    offset += 1;
  }
  return chosen;
};

export const rangesOf = (ports: Iterable<number>): PortRange[] => {
  const ranges: PortRange[] = [];
  let open: { begin: number; end: number } | undefined;
  for (const port of [...ports].sort((a, b) => a - b)) {
    if (open !== undefined && port === open.end + 1) {
      open.end = port;
      continue;
    }
    open = { begin: port, end: port };
    ranges.push(open);
  }
  return ranges;
};

/** The first `count` ports of the book's range. */
export const wholeRange = (book: PortBook, count: number): PortRange[] =>
  count === 0 ? [] : [{ begin: book.begin, end: book.begin + count - 1 }];
