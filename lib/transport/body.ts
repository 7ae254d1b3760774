// Reading an answer's bytes: gzip undone, length and time bounded, and never more in memory than was agreed.
import { Readable, pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { Failure, isFailure, messageOf } from '../engine/failure';
import type { Clock, HttpAnswer } from '../engine/ports';

export type Limits = {
  /** After decompression. */
  readonly maxBytes: number;
  /** Instant in epoch ms after which reading stops. */
  readonly until: number;
  readonly clock: Clock;
  /** Names the answer in a failure: `GET_AGENTS of http://10.0.0.10:5050`. */
  readonly what: string;
};

/** The bytes of the body, decompressed when the far end compressed them. Throws `transient` past a limit: reading is
 *  harmless to repeat, and a write's caller turns it into its own kind. */
export async function* contentOf(answer: HttpAnswer, limits: Limits): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of unbroken(answer, limits.what)) {
    bytes += chunk.byteLength;
    if (bytes > limits.maxBytes) {
      throw new Failure(
        'transient',
        `${limits.what} is longer than ${limits.maxBytes} bytes; it was given up.`,
        {
          code: 'too-long',
          advice: 'If the cluster is really that large, raise the limit of the client.',
        },
      );
    }
    if (limits.clock.now() > limits.until) {
      throw new Failure(
        'transient',
        `${limits.what} had not ended in the time allowed (${bytes} bytes came).`,
        {
          code: 'timeout',
        },
      );
    }
    yield chunk;
  }
}

/** Whatever breaks the bytes (a connection, compression cut short) is a Failure. */
async function* unbroken(answer: HttpAnswer, what: string): AsyncGenerator<Uint8Array> {
  try {
    yield* plain(answer);
  } catch (cause) {
    if (isFailure(cause)) throw cause;
    throw new Failure('transient', `${what} broke off or was garbled: ${messageOf(cause)}.`, {
      code: 'truncated',
      cause,
    });
  }
}

/** The whole body as text. */
export const textOf = async (answer: HttpAnswer, limits: Limits): Promise<string> => {
  const chunks: Uint8Array[] = [];
  for await (const chunk of contentOf(answer, limits)) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
};

/** The whole body as JSON. Anything that is not complete JSON is a `transient` failure: nothing is assumed of it. */
export const jsonOf = async (answer: HttpAnswer, limits: Limits): Promise<unknown> => {
  refuseOtherThanJson(answer, limits.what);
  return parseJson(await textOf(answer, limits), limits.what);
};

export const parseJson = (text: string, what: string): unknown => {
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch (cause) {
    throw new Failure('transient', `${what} is cut short or is not JSON (${text.length} characters came).`, {
      code: 'not-json',
      cause,
    });
  }
};

/** A login page or a proxy's own words arrive with status 200 too. */
export const refuseOtherThanJson = (answer: HttpAnswer, what: string): void => {
  const type = answer.headers['content-type'] ?? '';
  if (/^application\/(.+\+)?json\b/i.test(type)) return;
  throw new Failure(
    'transient',
    `${what} is ${type === '' ? 'without a content type' : `"${type}"`}, not JSON.`,
    {
      code: 'not-json',
      advice: 'Check that the configured address is the service itself and not a login page or a proxy.',
    },
  );
};

/** The first `max` characters of an error's body, for a message. Never fails. */
export const excerptOf = async (answer: HttpAnswer, max = 2_000): Promise<string> => {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of plain(answer)) {
      chunks.push(chunk);
      bytes += chunk.byteLength;
      if (bytes >= max) break;
    }
  } catch {
    // What came before the connection broke is all there is to say.
  }
  return Buffer.concat(chunks).toString('utf8').slice(0, max).trim();
};

const plain = (answer: HttpAnswer): AsyncIterable<Uint8Array> => {
  if ((answer.headers['content-encoding'] ?? '').toLowerCase() !== 'gzip') return answer.body;
  const gunzip = createGunzip();
  // The callback is required; the error itself reaches the reader through the destroyed stream.
  pipeline(Readable.from(answer.body), gunzip, () => undefined);
  return gunzip;
};
