// All that happened in a run, a line each. Two runs of one seed must write the same bytes.
import { createHash } from 'node:crypto';

export type Journal = {
  readonly write: (at: number, who: string, subject: string, text: string) => void;
  readonly lines: () => readonly Line[];
  /** Of all lines so far. */
  readonly digest: () => string;
};
export type Line = {
  readonly at: number;
  readonly who: string;
  readonly subject: string;
  readonly text: string;
};

export const createJournal = (): Journal => {
  const lines: Line[] = [];
  return {
    write: (at, who, subject, text) => void lines.push({ at, who, subject, text }),
    lines: () => lines,
    digest: () => {
      const hash = createHash('sha256');
      for (const line of lines) hash.update(`${printed(line)}\n`);
      return hash.digest('hex').slice(0, 16);
    },
  };
};

export const printed = ({ at, who, subject, text }: Line): string =>
  `${new Date(at).toISOString().slice(5, 23)} ${who.padEnd(8)} ${subject} ${text}`;
