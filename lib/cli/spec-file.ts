// Reads muster.yaml for a verb: the spec, or every fault with its place and an exit code.
import { formatFault } from '../config/fault';
import { parseSpec } from '../config/parse';
import type { Spec } from '../core/model/spec';
import { readText, type Terminal } from './verb';

export const INVALID = 2;

/** The spec, or undefined after the faults were printed. */
export const readSpec = async (path: string, terminal: Terminal): Promise<Spec | undefined> => {
  const parsed = parseSpec(await readText(path, terminal), path);
  if ('spec' in parsed) return parsed.spec;
  for (const fault of parsed.faults) terminal.err(`${formatFault(fault)}\n`);
  terminal.err(
    `${parsed.faults.length} fault${parsed.faults.length === 1 ? '' : 's'} in ${path}; nothing was done.\n`,
  );
  return undefined;
};
