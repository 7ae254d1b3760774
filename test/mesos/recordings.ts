// The recorded answers of a real master: bodies by file name, and the rows of their index.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';

const FOLDER = join(import.meta.dirname, '../fixtures/mesos-recordings');

const rowSchema = z.object({
  file: z.string(),
  request: z.string(),
  request_body: z.string().nullable(),
  status: z.string(),
  response_headers: z.array(z.string()),
});
export type Recording = {
  readonly file: string;
  /** The `type` of the recorded call. */
  readonly call: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
};

export const bodyOf = (file: string): Buffer => readFileSync(join(FOLDER, file));
export const files = (pattern: RegExp): readonly string[] =>
  readdirSync(FOLDER).filter((file) => pattern.test(file));

const lines = (file: string): readonly unknown[] =>
  readFileSync(join(FOLDER, file), 'utf8')
    .trim()
    .split('\n')
    .map((line): unknown => JSON.parse(line));

/** Rows of which the body was kept. */
export const recordings: readonly Recording[] = lines('index.jsonl').map((line) => {
  const row = rowSchema.parse(line);
  return {
    file: row.file,
    call: /"type": *"([A-Z_]+)"/.exec(row.request_body ?? '')?.[1] ?? '',
    status: Number(row.status.split(' ')[1]),
    headers: Object.fromEntries(
      row.response_headers.map((header): [string, string] => {
        const colon = header.indexOf(':');
        return [header.slice(0, colon).toLowerCase(), header.slice(colon + 1).trim()];
      }),
    ),
    body: bodyOf(row.file),
  };
});

export const recording = (file: string): Recording => {
  const found = recordings.find((row) => row.file === file);
  if (found === undefined) throw new Error(`no recording ${file}`);
  return found;
};

const eventSchema = z.object({ event: z.object({ type: z.string() }) });
/** The types of the records of a SUBSCRIBE stream. */
export const eventTypes = (file: string): readonly string[] =>
  lines(file).map((line) => eventSchema.parse(line).event.type);
