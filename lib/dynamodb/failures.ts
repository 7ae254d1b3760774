// DynamoDB's errors by what the caller should do.
import { Failure, type FailureKind, messageOf } from '../engine/failure';

export type Attempt = {
  /** `The item a / b of the table t was not read`: a sentence without its full stop. */
  readonly doing: string;
  readonly effect: 'read' | 'write';
};

const KINDS: Readonly<Record<string, FailureKind>> = {
  ConditionalCheckFailedException: 'conflict',
  LimitExceededException: 'throttled',
  ProvisionedThroughputExceededException: 'throttled',
  RequestLimitExceeded: 'throttled',
  ThrottlingException: 'throttled',
  TooManyRequestsException: 'throttled',
  TransactionConflictException: 'transient',
  // The clock was off or the function slept between signing and sending: refused, nothing was done.
  InvalidSignatureException: 'transient',
  RequestExpired: 'transient',
  RequestTimeTooSkewed: 'transient',
  CredentialsProviderError: 'permanent',
};

const ADVICE: Readonly<Record<string, string>> = {
  AccessDeniedException: 'Allow the role GetItem, Query, PutItem, UpdateItem and DeleteItem on that table.',
  CredentialsProviderError: 'No AWS credentials were found: set a profile or a role.',
  ProvisionedThroughputExceededException: 'Raise the capacity of the table or make it on-demand.',
  ResourceNotFoundException: 'Check the name and the region of the table, or deploy the stack that makes it.',
  UnrecognizedClientException: 'The AWS credentials are not valid for this account or region.',
  ExpiredTokenException: 'The AWS credentials have expired: get new ones.',
};

/** Before a connection stands nothing can have been sent. Sought in the message too: the SDK wraps an error that comes
 *  from another realm, as in a test's sandbox, and keeps no more of it than its text. */
const NOT_SENT =
  /\b(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH)\b|did not establish a connection/;

export const failureOf = (error: unknown, { doing, effect }: Attempt): Failure => {
  if (error instanceof Failure) return error;
  const code = codeOf(error);
  return new Failure(KINDS[code] ?? kindOf(error, effect), `${doing}: ${messageOf(error)}`, {
    code,
    ...(ADVICE[code] === undefined ? {} : { advice: ADVICE[code] }),
    cause: error,
  });
};

export const isTimeout = (failure: Failure): boolean =>
  failure.cause instanceof Error && failure.cause.name === 'TimeoutError';

const kindOf = (error: unknown, effect: Attempt['effect']): FailureKind => {
  if (!(error instanceof Error)) return 'permanent';
  const status = statusOf(error);
  if (status === 429) return 'throttled';
  if (status !== undefined && status >= 400 && status < 500) return 'permanent';
  const wasNotSent = NOT_SENT.test(`${codeOf(error)} ${error.message}`);
  // What is left is a server's error, a timeout, a broken connection, or an answer that cannot be read.
  return effect === 'read' || wasNotSent ? 'transient' : 'unknown-outcome';
};

const codeOf = (error: unknown): string => {
  if (!(error instanceof Error)) return 'unknown';
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
};

const statusOf = (error: Error): number | undefined => {
  const metadata = '$metadata' in error ? error.$metadata : undefined;
  if (typeof metadata !== 'object' || metadata === null || !('httpStatusCode' in metadata)) return undefined;
  return typeof metadata.httpStatusCode === 'number' ? metadata.httpStatusCode : undefined;
};
