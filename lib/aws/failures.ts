// What AWS's errors mean for the caller. The codes and what to do about each: EC2's table of errors and Karpenter's
// sets (cloud-apis §1.3). A code that nobody has seen is never guessed into a harmless class.
import type { OfferingError } from '../core/model/outcome';
import { Failure } from '../engine/failure';

/** `question`: repeating it is harmless. `effect`: once it was sent, a missing answer says nothing about the deed. */
export type Call = { readonly doing: string; readonly nature: 'question' | 'effect' };

/** Any thrown error as a Failure that says what happened, to what, and what to do. */
export const failureOf = (error: unknown, call: Call): Failure => {
  if (error instanceof Failure) return error;
  const facts = factsOf(error);
  const said = `${call.doing} failed${facts.code === '' ? '' : ` with ${facts.code}`}: ${facts.message}`;
  const { kind, advice } = judge(facts, call);
  return new Failure(kind, said, {
    ...(facts.code === '' ? {} : { code: facts.code }),
    ...(advice === undefined ? {} : { advice }),
    cause: error,
  });
};

/** The class of one offering's error in a fleet's answer, or of an error that a launch threw. */
export const offeringErrorKind = (code: string): OfferingError['kind'] => {
  const named = OFFERING_KINDS.get(code);
  if (named !== undefined) return named;
  if (isThrottle(code)) return 'unknown';
  if (/^Insufficient.*Capacity/.test(code)) return 'capacity';
  if (/^Max.*Exceeded$|LimitExceeded(Exception)?$/.test(code)) return 'quota';
  if (isRefusal(code) || code.startsWith('Invalid')) return 'config';
  return 'unknown';
};

/** True for errors that hold for the caller as a whole: trying one machine at a time would not help. */
export const isRefusal = (code: string): boolean => CREDENTIALS.has(code) || code.startsWith('AccessDenied');

type Facts = {
  readonly name: string;
  readonly code: string;
  readonly message: string;
  readonly status: number | undefined;
  /** The far end answered with an error of its own, so nothing is in doubt below 500. */
  readonly answered: boolean;
  readonly syscall: string;
};
type Judgement = { readonly kind: Failure['kind']; readonly advice?: string };

const judge = (facts: Facts, call: Call): Judgement => {
  if (facts.name === 'CredentialsProviderError' || facts.name === 'TokenProviderError') {
    return { kind: 'permanent', advice: NO_CREDENTIALS };
  }
  if (!facts.answered) return unanswered(facts, call);
  if (isThrottle(facts.code) || facts.status === 429) return { kind: 'throttled' };
  const known = ADVICE.get(facts.code);
  if (known !== undefined) return { kind: 'permanent', advice: known };
  if (isRefusal(facts.code)) return { kind: 'permanent', advice: CHECK_POLICY };
  if (/^InvalidInstanceID\.(NotFound|Malformed)$/.test(facts.code)) return { kind: 'gone' };
  if (/^InvalidLaunchTemplate.*NotFound/.test(facts.code)) return { kind: 'permanent', advice: NO_TEMPLATE };
  if (facts.status !== undefined && facts.status < 500) return { kind: 'permanent' };
  return doubtful(call);
};

const unanswered = (facts: Facts, call: Call): Judgement => {
  const never = NEVER_SENT.has(facts.code) || facts.syscall === 'connect' || facts.syscall === 'getaddrinfo';
  const noSocket = facts.name === 'TimeoutError' && /did not establish a connection/.test(facts.message);
  if (!never && !noSocket) return doubtful(call);
  return { kind: 'transient', advice: 'Nothing was sent. Check that the endpoint can be reached from here.' };
};

const doubtful = (call: Call): Judgement =>
  call.nature === 'question'
    ? { kind: 'transient' }
    : {
        kind: 'unknown-outcome',
        advice: 'It may have been done all the same; it is read back before anything else.',
      };

const isThrottle = (code: string): boolean => THROTTLES.has(code);

const MESSAGE_CHARACTERS = 500;

// Node's own words; the SDK wraps some errors and keeps nothing else of them.
const SOCKET_WORDS = /\b(connect|getaddrinfo) (E[A-Z_]+)\b/;

// Errors of the SDK, of Node's sockets and of the parser have nothing in common but that each may have these fields.
const factsOf = (error: unknown): Facts => {
  const status = numberOf(fieldOf(fieldOf(error, '$metadata'), 'httpStatusCode'));
  const answered = fieldOf(error, '$fault') !== undefined && (status ?? 0) >= 400;
  const name = wordsOf(error, 'name');
  const message = wordsOf(error, 'message') || 'no message';
  const local = localOf(error, name, message);
  return {
    name,
    code: answered ? wordsOf(error, 'Code') || name : local.code,
    message: message.slice(0, MESSAGE_CHARACTERS),
    status,
    answered,
    syscall: local.syscall,
  };
};

const localOf = (error: unknown, name: string, message: string): { code: string; syscall: string } => {
  const [, syscall = '', code = ''] = SOCKET_WORDS.exec(message) ?? [];
  return {
    code: wordsOf(error, 'code') || code || (name === 'TimeoutError' ? name : ''),
    syscall: wordsOf(error, 'syscall') || syscall,
  };
};

const fieldOf = (of: unknown, name: string): unknown =>
  typeof of === 'object' && of !== null ? Reflect.get(of, name) : undefined;

const numberOf = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined);

const wordsOf = (of: unknown, name: string): string => {
  const value = fieldOf(of, name);
  return typeof value === 'string' ? value : '';
};

const THROTTLES = new Set([
  'RequestLimitExceeded',
  'EC2ThrottledException',
  'Throttling',
  'ThrottlingException',
  'ThrottledException',
  'RequestThrottled',
  'RequestThrottledException',
  'TooManyRequestsException',
  'TooManyUpdates',
  'PriorRequestNotComplete',
  'SlowDown',
  'BandwidthLimitExceeded',
  'ResourceCountExceeded',
]);

const CREDENTIALS = new Set([
  'UnauthorizedOperation',
  'AuthFailure',
  'AuthFailure.ServiceLinkedRoleCreationNotPermitted',
  'ExpiredToken',
  'ExpiredTokenException',
  'InvalidClientTokenId',
  'InvalidSignatureException',
  'MissingAuthenticationToken',
  'OptInRequired',
  'RequestExpired',
  'SignatureDoesNotMatch',
  'UnrecognizedClientException',
]);

// Codes of Node for a connection that never stood.
const NEVER_SENT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);

const NO_CREDENTIALS =
  'No AWS credentials were found. Give the process a role, a profile or keys that the AWS SDK can find.';
const CHECK_POLICY =
  "Check the role's policy, the organisation's service control policies and the permissions boundary.";
const CHECK_KEYS = 'Check that the access key is active and belongs to the right account and partition.';
const CHECK_CLOCK = 'Check the clock of this machine: a signature is valid for five minutes.';
const NO_IMAGE = 'Give an image that this account may use in this region.';
const NO_TEMPLATE =
  "The pool's launch template or its version was deleted. Deploy the stack again, or restart `muster serve`.";

const ADVICE = new Map([
  [
    'IdempotentParameterMismatch',
    'The token was used before with another request, even if that one launched nothing. Machines of the first request ' +
      'are found by their muster:launch tag; the next attempt needs a token of its own.',
  ],
  [
    'AuthFailure.ServiceLinkedRoleCreationNotPermitted',
    'Create the service-linked role once for the account: aws iam create-service-linked-role --aws-service-name spot.amazonaws.com',
  ],
  ['AuthFailure', CHECK_KEYS],
  ['InvalidClientTokenId', CHECK_KEYS],
  ['UnrecognizedClientException', CHECK_KEYS],
  ['MissingAuthenticationToken', CHECK_KEYS],
  ['SignatureDoesNotMatch', `${CHECK_KEYS} ${CHECK_CLOCK}`],
  ['InvalidSignatureException', `${CHECK_KEYS} ${CHECK_CLOCK}`],
  ['RequestExpired', CHECK_CLOCK],
  ['InvalidAMIID.NotFound', NO_IMAGE],
  ['InvalidAMIID.Malformed', NO_IMAGE],
  ['InvalidAMIID.Unavailable', NO_IMAGE],
  ['ExpiredToken', 'The session has ended: renew it, or give the process a role that renews itself.'],
  [
    'ExpiredTokenException',
    'The session has ended: renew it, or give the process a role that renews itself.',
  ],
  [
    'OptInRequired',
    'The account is not subscribed to EC2 in this region: enable the region, or take another.',
  ],
]);

const OFFERING_KINDS: ReadonlyMap<string, OfferingError['kind']> = new Map([
  ['InsufficientInstanceCapacity', 'capacity'],
  ['UnfulfillableCapacity', 'capacity'],
  ['ReservationCapacityExceeded', 'capacity'],
  // The subnet is full, which other subnets are not: for the plan it is one more offering that has nothing to give.
  ['InsufficientFreeAddressesInSubnet', 'capacity'],
  ['MaxSpotInstanceCountExceeded', 'quota'],
  ['VcpuLimitExceeded', 'quota'],
  ['InstanceLimitExceeded', 'quota'],
  ['MaxIOPSLimitExceeded', 'quota'],
  // A new account or region that AWS is still looking at: like a quota of nothing, for an hour or so.
  ['PendingVerification', 'quota'],
  ['SpotMaxPriceTooLow', 'config'],
  ['Unsupported', 'unsupported'],
  ['UnsupportedOperation', 'unsupported'],
  ['InvalidParameterCombination', 'unsupported'],
]);
