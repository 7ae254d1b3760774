// SQS' errors by what the caller should do. Sending twice, receiving again and deleting again are all harmless, so an
// answer that was lost is `transient` here, never an unknown outcome.
import { Failure, type FailureKind, messageOf } from '../engine/failure';

const THROTTLED = new Set([
  'KmsThrottled',
  'OverLimit',
  'RequestThrottled',
  'ThrottlingException',
  'TooManyRequestsException',
]);
const TRANSIENT = new Set(['InvalidSignatureException', 'RequestExpired', 'RequestTimeTooSkewed']);
const PERMANENT = new Set(['CredentialsProviderError']);

const ADVICE: Readonly<Record<string, string>> = {
  AccessDenied: 'Allow the role to use that queue, and its key where it has one.',
  AccessDeniedException: 'Allow the role to use that queue, and its key where it has one.',
  CredentialsProviderError: 'No AWS credentials were found: set a profile or a role.',
  QueueDoesNotExist: 'Check the URL and the region of the queue, or deploy the stack that makes it.',
};

/** `doing` is a sentence without its full stop: `The message to URL was not sent`. */
export const failureOf = (error: unknown, doing: string): Failure => {
  if (error instanceof Failure) return error;
  const code = codeOf(error);
  return new Failure(kindOf(error, code), `${doing}: ${messageOf(error)}`, {
    code,
    ...(ADVICE[code] === undefined ? {} : { advice: ADVICE[code] }),
    cause: error,
  });
};

const kindOf = (error: unknown, code: string): FailureKind => {
  const status = statusOf(error);
  if (THROTTLED.has(code) || status === 429) return 'throttled';
  if (TRANSIENT.has(code)) return 'transient';
  if (PERMANENT.has(code) || !(error instanceof Error)) return 'permanent';
  return status !== undefined && status >= 400 && status < 500 ? 'permanent' : 'transient';
};

const codeOf = (error: unknown): string => {
  if (!(error instanceof Error)) return 'unknown';
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
};

const statusOf = (error: unknown): number | undefined => {
  const metadata = error instanceof Error && '$metadata' in error ? error.$metadata : undefined;
  if (typeof metadata !== 'object' || metadata === null || !('httpStatusCode' in metadata)) return undefined;
  return typeof metadata.httpStatusCode === 'number' ? metadata.httpStatusCode : undefined;
};
