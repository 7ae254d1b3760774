// The Transport through the forwarding function (DESIGN §4, Private masters). The request travels as one JSON payload;
// the answer is one JSON line, the head, and then the body's bytes as they are (gzip stays gzip: above 6 MB a streamed
// answer is held to 2 MB/s). The other half of this format is lib/doors/forward.ts.
import * as z from 'zod/mini';
import { Failure, isFailure, messageOf } from '../engine/failure';
import type { FailureKind } from '../engine/failure';
import type { HttpRequest, Transport } from '../engine/ports';

/** Calls the function and gives its answer's bytes as they come. Throws Failure when it was not called, and from the
 *  iteration when it ended before its answer did. */
export type Invoke = (payload: Uint8Array, timeoutMs: number) => Promise<AsyncIterable<Uint8Array>>;

const HEAD_LIMIT = 65_536;
const NEWLINE = 0x0a;
/** Starting the function and its own work come on top of what it waits for. */
const INVOKE_ALLOWANCE_MS = 5_000;

export const createReach =
  (invoke: Invoke): Transport =>
  async (request) => {
    const payload = new TextEncoder().encode(JSON.stringify(request));
    const bytes = await invoke(payload, request.timeoutMs + INVOKE_ALLOWANCE_MS);
    const chunks = bytes[Symbol.asyncIterator]();
    const { line, rest } = await firstLine(chunks, request);
    const head = parseHead(line, request);
    if ('failure' in head) throw new Failure(head.failure.kind, head.failure.message, head.failure);
    return { status: head.status, headers: head.headers, body: bodyOf(rest, chunks, request) };
  };

const kinds = [
  'gone',
  'conflict',
  'throttled',
  'transient',
  'unknown-outcome',
  'permanent',
] as const satisfies readonly FailureKind[];
const headSchema = z.union([
  z.object({
    failure: z.object({ kind: z.enum(kinds), message: z.string(), code: z.string() }),
  }),
  z.object({ status: z.int(), headers: z.record(z.string(), z.string()) }),
]);

const firstLine = async (
  chunks: AsyncIterator<Uint8Array>,
  request: HttpRequest,
): Promise<{ readonly line: string; readonly rest: Uint8Array }> => {
  const before: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const next = await guarded(chunks.next(), request);
    if (next.done === true || length > HEAD_LIMIT) throw broken(request, 'before a head had come');
    const end = next.value.indexOf(NEWLINE);
    if (end >= 0) {
      const line = Buffer.concat([...before, next.value.subarray(0, end)]).toString('utf8');
      return { line, rest: next.value.subarray(end + 1) };
    }
    before.push(next.value);
    length += next.value.byteLength;
  }
};

const parseHead = (line: string, request: HttpRequest): z.infer<typeof headSchema> => {
  try {
    return headSchema.parse(JSON.parse(line));
  } catch {
    throw broken(request, 'with something that is not a head');
  }
};

async function* bodyOf(
  rest: Uint8Array,
  chunks: AsyncIterator<Uint8Array>,
  request: HttpRequest,
): AsyncGenerator<Uint8Array> {
  try {
    if (rest.byteLength > 0) yield rest;
    for (;;) {
      const next = await guarded(chunks.next(), request);
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    await chunks.return?.();
  }
}

const guarded = async <T>(step: Promise<T>, request: HttpRequest): Promise<T> => {
  try {
    return await step;
  } catch (error) {
    throw isFailure(error) ? error : broken(request, `early (${messageOf(error)})`);
  }
};

const broken = (request: HttpRequest, how: string): Failure =>
  new Failure('unknown-outcome', `${request.method} through the forwarding function ended ${how}.`, {
    code: 'forwarder',
    advice: "The function's log tells whether it ran out of time or memory.",
  });
