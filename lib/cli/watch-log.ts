// What goes wrong in the handlers, as lines for a person who watches: not what is well, and not the same thing each minute.
import { plainLog } from '../telemetry/log';
import type { Clock, Log } from '../engine/ports';

/** The same line is said again only after so many milliseconds. */
const AGAIN_MS = 10 * 60_000;
/** Texts that are remembered; a line that names an id each time must not fill the memory of a process that runs for months. */
const MOST = 500;

/** Warnings and errors only. */
export const watchLog = (onLine: (line: string) => void, clock: Clock): Log => {
  const said = new Map<string, number>();
  const write = plainLog((line) => {
    const now = clock.now();
    if (now - (said.get(line) ?? -Infinity) < AGAIN_MS) return;
    if (said.size >= MOST) said.clear();
    said.set(line, now);
    onLine(line);
  });
  return { info: () => undefined, warn: write.warn, error: write.error };
};
