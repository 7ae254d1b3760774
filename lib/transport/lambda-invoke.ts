// Invokes the forwarding function with a streamed response. The SDK is loaded at the first call; its own retries are
// off, because what is forwarded may be a write.
import type { InvokeWithResponseStreamResponseEvent, LambdaClient } from '@aws-sdk/client-lambda';
import { Failure, messageOf } from '../engine/failure';
import type { Invoke } from './reach';

export type LambdaInvokeOptions = {
  /** Name or ARN. */
  readonly functionName: string;
  readonly region: string;
  /** Another endpoint than the region's own. */
  readonly endpoint?: string;
};

/** Longest silence within an answer. */
const SILENCE_MS = 60_000;

/** Throws `permanent` when the function does not exist or may not be invoked, `throttled` when it was not started,
 *  `transient` when Lambda was not reached, else `unknown-outcome`. */
export const createLambdaInvoke = (options: LambdaInvokeOptions): Invoke => {
  let client: Promise<LambdaClient> | undefined;
  return async (payload, timeoutMs) => {
    client ??= connect(options);
    const { InvokeWithResponseStreamCommand } = await import('@aws-sdk/client-lambda');
    const command = new InvokeWithResponseStreamCommand({
      FunctionName: options.functionName,
      InvocationType: 'RequestResponse',
      Payload: payload,
    });
    // The deadline is for the head only: a long answer may take longer to stream, and each silence is bounded below.
    const deadline = AbortSignal.timeout(timeoutMs);
    const controller = new AbortController();
    const stop = () => controller.abort();
    deadline.addEventListener('abort', stop);
    try {
      const answer = await (await client).send(command, { abortSignal: controller.signal });
      return payloads(answer.EventStream ?? empty(), options.functionName);
    } catch (cause) {
      throw failureOf(cause, options.functionName);
    } finally {
      deadline.removeEventListener('abort', stop);
    }
  };
};

const connect = async (options: LambdaInvokeOptions): Promise<LambdaClient> => {
  const sdk = await import('@aws-sdk/client-lambda');
  const endpoint = options.endpoint === undefined ? {} : { endpoint: options.endpoint };
  return new sdk.LambdaClient({
    region: options.region,
    maxAttempts: 1,
    requestHandler: { connectionTimeout: 3_000, socketTimeout: SILENCE_MS },
    ...endpoint,
  });
};

async function* empty(): AsyncGenerator<InvokeWithResponseStreamResponseEvent> {
  // An answer without a stream is an answer without a head: the reader says so.
}

/** An answer is whole only when InvokeComplete has come without an error. */
export async function* payloads(
  events: AsyncIterable<InvokeWithResponseStreamResponseEvent>,
  functionName: string,
): AsyncGenerator<Uint8Array> {
  let isComplete = false;
  try {
    for await (const event of events) {
      if (event.PayloadChunk?.Payload !== undefined) yield event.PayloadChunk.Payload;
      if (event.InvokeComplete === undefined) continue;
      const { ErrorCode: code, ErrorDetails: details } = event.InvokeComplete;
      if (code !== undefined && code !== '') throw ended(functionName, `${code} ${details ?? ''}`.trim());
      isComplete = true;
    }
  } catch (cause) {
    throw cause instanceof Failure ? cause : ended(functionName, messageOf(cause));
  }
  if (!isComplete) throw ended(functionName, 'the stream ended without saying that it was complete');
}

const ended = (functionName: string, why: string): Failure =>
  new Failure('unknown-outcome', `The forwarding function ${functionName} ended before its answer: ${why}.`, {
    code: 'forwarder',
  });

const THROTTLED = new Set(['TooManyRequestsException', 'EC2ThrottledException', 'ResourceConflictException']);
const PERMANENT = new Set([
  'ResourceNotFoundException',
  'AccessDeniedException',
  'UnrecognizedClientException',
  'ExpiredTokenException',
  'InvalidSignatureException',
  'CredentialsProviderError',
  'RequestTooLargeException',
  'InvalidRequestContentException',
  'KMSAccessDeniedException',
]);
const UNREACHED = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);

export const failureOf = (cause: unknown, functionName: string): Failure => {
  const name = textAt(cause, 'name');
  const code = textAt(cause, 'code') || name;
  const message = `Invoking the forwarding function ${functionName} failed: ${name} ${messageOf(cause)}.`;
  if (THROTTLED.has(name)) return new Failure('throttled', message, { code: name, cause });
  if (PERMANENT.has(name)) {
    return new Failure('permanent', message, {
      code: name,
      advice: 'Check that the function is deployed and that this role may lambda:InvokeFunction it.',
      cause,
    });
  }
  return new Failure(UNREACHED.has(code) ? 'transient' : 'unknown-outcome', message, { code, cause });
};

const textAt = (cause: unknown, field: string): string => {
  if (typeof cause !== 'object' || cause === null) return '';
  const value: unknown = Reflect.get(cause, field);
  return typeof value === 'string' ? value : '';
};
