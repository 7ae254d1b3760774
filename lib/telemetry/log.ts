// Structured logs by powertools in a function, plain lines on a terminal. Both take only the engine's closed set of
// fields, so no payload, header or secret can slip in.
import { Logger } from '@aws-lambda-powertools/logger';
import { SERVICE } from './names';

type Fields = Readonly<Record<string, string | number | undefined>>;
type Write = (message: string, fields?: Fields) => void;
export type LineLog = { readonly info: Write; readonly warn: Write; readonly error: Write };

/** JSON lines with service, level and the given fields. */
export const structuredLog = (name: string): LineLog => {
  const logger = new Logger({ serviceName: `${SERVICE}-${name}` });
  return {
    info: (message, fields) => logger.info(message, { ...fields }),
    warn: (message, fields) => logger.warn(message, { ...fields }),
    error: (message, fields) => logger.error(message, { ...fields }),
  };
};

/** Lines for people. `write` is given one line without its end. */
export const plainLog = (write: (line: string) => void): LineLog => {
  const line =
    (mark: string): Write =>
    (message, fields) => {
      const why = fields?.['why'] === undefined ? '' : `: ${fields['why']}`;
      write(`${mark}${message}${why}`);
    };
  return { info: line(''), warn: line('warning: '), error: line('error: ') };
};

export const silentLog: LineLog = { info: () => undefined, warn: () => undefined, error: () => undefined };
