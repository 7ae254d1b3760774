// One port for both AWS services, told apart by X-Amz-Target, and the check of who signed.
import { AwsFailure } from '../aws-failure';
import type { Ec2 } from '../ec2/api';
import type { Ssm } from '../ssm';
import { createEc2Handler, ec2Operation } from './ec2';
import { encodeError } from './ec2-xml';
import type { Handler, HttpCall, HttpReply } from './exchange';
import { textReply } from './exchange';
import type { ServiceName } from './faults';
import { createSsmHandler, ssmOperation } from './ssm';

export type AwsOptions = {
  /** Only requests signed with this access key id are let in; without it every signature is good. */
  readonly accessKeyId?: string;
};

export const describeAwsCall = (call: HttpCall): { service: ServiceName; operation: string } => {
  const operation = ssmOperation(call);
  return operation === undefined
    ? { service: 'ec2', operation: ec2Operation(call) }
    : { service: 'ssm', operation };
};

/** EC2 and SSM behind one handler. Signatures are not computed anew: the key's id alone decides. */
export const createAwsHandler = (
  world: { readonly ec2: Ec2; readonly ssm: Ssm },
  options: AwsOptions = {},
): Handler => {
  let count = 0;
  const ids = { next: () => `00000000-0000-4000-8000-${(++count).toString(16).padStart(12, '0')}` };
  const ec2 = createEc2Handler(world.ec2, ids);
  const ssm = createSsmHandler(world.ssm);
  return (call) => {
    if (call.method !== 'POST' && call.search === '') return textReply(405, 'Use POST.', { Allow: 'POST' });
    const isSsm = ssmOperation(call) !== undefined;
    const refusal = refusalOf(call, options);
    if (refusal === undefined) return isSsm ? ssm(call) : ec2(call);
    return isSsm ? ssmRefusal(refusal) : ec2Refusal(refusal, ids.next());
  };
};

const refusalOf = (call: HttpCall, { accessKeyId }: AwsOptions): AwsFailure | undefined => {
  if (accessKeyId === undefined) return undefined;
  const credential = /Credential=([^/]+)\//.exec(call.headers.authorization ?? '')?.[1];
  if (credential === accessKeyId) return undefined;
  if (credential === undefined)
    return new AwsFailure('MissingAuthenticationToken', 'Request is missing Authentication Token', 403);
  return new AwsFailure('AuthFailure', 'AWS was not able to validate the provided access credentials', 401);
};

const ec2Refusal = (failure: AwsFailure, requestId: string): HttpReply => ({
  status: failure.status,
  headers: { 'Content-Type': 'text/xml;charset=UTF-8' },
  body: encodeError(failure.code, failure.message, requestId),
});

/** The JSON services have a name of their own for a key that they do not know. */
const ssmRefusal = (failure: AwsFailure): HttpReply => ({
  status: 400,
  headers: { 'Content-Type': 'application/x-amz-json-1.1' },
  body: JSON.stringify(
    failure.code === 'AuthFailure'
      ? {
          __type: 'UnrecognizedClientException',
          message: 'The security token included in the request is invalid.',
        }
      : { __type: 'MissingAuthenticationTokenException', message: 'Missing Authentication Token' },
  ),
});
