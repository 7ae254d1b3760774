// Every line of a turn bears its name, whoever writes it: by it the lines of one turn are found among those of all.
import type { Log, LogFields } from './ports';

/** The same log with these fields on every line; a line's own fields win. */
export const withFields = (log: Log, fields: LogFields): Log => ({
  info: (message, own) => log.info(message, { ...fields, ...own }),
  warn: (message, own) => log.warn(message, { ...fields, ...own }),
  error: (message, own) => log.error(message, { ...fields, ...own }),
});
