// RecordIO, the framing of SUBSCRIBE: `<decimal length>\n<bytes>`, nothing after the bytes. A record is one chunk of
// the connection in every recording, which is not promised (mesos-observed 17), so any split is taken.
import { Failure } from '../engine/failure';

export type RecordDecoder = {
  /** The records that these bytes complete. */
  feed(chunk: Uint8Array): readonly string[];
  /** Throws `transient` when the stream stopped within a record. */
  end(): void;
};

const NEWLINE = 0x0a;
/** 10^9 is the largest length with this many digits that is still plausible. */
const LENGTH_DIGITS = 10;
const DEFAULT_MAX_BYTES = 268_435_456;

/** Throws `transient` on anything that is not RecordIO, or on a record above `maxBytes`. */
export const createRecordDecoder = (maxBytes = DEFAULT_MAX_BYTES): RecordDecoder => {
  let waiting: Uint8Array[] = [];
  let held = 0;
  /** Bytes of the record under way; undefined while its length is read. */
  let wanted: number | undefined;

  const take = (bytes: Uint8Array): void => {
    waiting.push(bytes);
    held += bytes.byteLength;
  };
  const empty = (): string => {
    const text = Buffer.concat(waiting).toString('utf8');
    waiting = [];
    held = 0;
    return text;
  };
  const readLength = (chunk: Uint8Array, from: number): number => {
    const newline = chunk.indexOf(NEWLINE, from);
    const end = newline < 0 ? chunk.byteLength : newline;
    take(chunk.subarray(from, end));
    if (held > LENGTH_DIGITS) throw notRecordIo();
    if (newline < 0) return end;
    wanted = lengthOf(empty(), maxBytes);
    return newline + 1;
  };

  return {
    feed: (chunk) => {
      const records: string[] = [];
      let at = 0;
      while (at < chunk.byteLength || wanted === 0) {
        if (wanted === undefined) {
          at = readLength(chunk, at);
          continue;
        }
        const end = Math.min(chunk.byteLength, at + wanted - held);
        take(chunk.subarray(at, end));
        at = end;
        if (held === wanted) {
          records.push(empty());
          wanted = undefined;
        }
      }
      return records;
    },
    end: () => {
      if (wanted !== undefined || held > 0) {
        throw new Failure('transient', 'The event stream of the Mesos master broke off within a record.', {
          code: 'truncated',
        });
      }
    },
  };
};

/** The records of a streamed body, in order. */
export async function* records(body: AsyncIterable<Uint8Array>, maxBytes?: number): AsyncGenerator<string> {
  const decoder = createRecordDecoder(maxBytes);
  for await (const chunk of body) yield* decoder.feed(chunk);
  decoder.end();
}

const lengthOf = (text: string, maxBytes: number): number => {
  if (!/^\d+$/.test(text)) throw notRecordIo();
  const length = Number(text);
  if (length > maxBytes) {
    throw new Failure('transient', `A record of ${length} bytes is above the limit of ${maxBytes}.`, {
      code: 'too-long',
    });
  }
  return length;
};

const notRecordIo = (): Failure =>
  new Failure('transient', 'The event stream of the Mesos master is not in RecordIO framing.', {
    code: 'not-recordio',
    advice: 'Check that the address is the master itself and not a proxy.',
  });
