// The Systems Manager face: JSON 1.1, the operation in X-Amz-Target, instants as epoch seconds.
import { z } from 'zod';
import { AwsFailure } from '../aws-failure';
import type { Ssm } from '../ssm';
import type { HttpCall, HttpReply } from './exchange';

const TARGET = 'AmazonSSM.';

const decrypt = z.boolean().exactOptional();
const inputs = {
  PutParameter: z.object({
    Name: z.string(),
    Value: z.string(),
    Type: z.enum(['String', 'StringList', 'SecureString']).exactOptional(),
    Overwrite: z.boolean().exactOptional(),
  }),
  GetParameter: z.object({ Name: z.string(), WithDecryption: decrypt }),
  GetParameters: z.object({ Names: z.array(z.string()).min(1), WithDecryption: decrypt }),
  GetParametersByPath: z.object({
    Path: z.string(),
    Recursive: z.boolean().exactOptional(),
    WithDecryption: decrypt,
    MaxResults: z.int().min(1).max(10).exactOptional(),
    NextToken: z.string().exactOptional(),
  }),
};

type Operation = (ssm: Ssm, body: unknown) => object;

const operation =
  <T>(schema: z.ZodType<T>, run: (ssm: Ssm, input: T) => object): Operation =>
  (ssm, body) => {
    const parsed = schema.safeParse(body);
    if (parsed.success) return run(ssm, parsed.data);
    throw new AwsFailure('ValidationException', z.prettifyError(parsed.error));
  };

const OPERATIONS: ReadonlyMap<string, Operation> = new Map([
  ['PutParameter', operation(inputs.PutParameter, (ssm, input) => ssm.PutParameter(input))],
  ['GetParameter', operation(inputs.GetParameter, (ssm, input) => ssm.GetParameter(input))],
  ['GetParameters', operation(inputs.GetParameters, (ssm, input) => ssm.GetParameters(input))],
  [
    'GetParametersByPath',
    operation(inputs.GetParametersByPath, (ssm, input) => ssm.GetParametersByPath(input)),
  ],
]);

/** The operation that a request asks for; undefined when it is not for this service. */
export const ssmOperation = (call: HttpCall): string | undefined => {
  const target = call.headers['x-amz-target'];
  return typeof target === 'string' && target.startsWith(TARGET) ? target.slice(TARGET.length) : undefined;
};

export const createSsmHandler =
  (ssm: Ssm) =>
  (call: HttpCall): HttpReply => {
    try {
      return json(200, perform(ssm, call));
    } catch (error) {
      if (!(error instanceof AwsFailure)) throw error;
      return json(error.status, { __type: error.code, message: error.message });
    }
  };

const perform = (ssm: Ssm, call: HttpCall): object => {
  const run = OPERATIONS.get(ssmOperation(call) ?? '');
  if (run === undefined) throw new AwsFailure('UnknownOperationException', 'The operation is not known.');
  return run(ssm, bodyOf(call));
};

const bodyOf = (call: HttpCall): unknown => {
  try {
    return JSON.parse(call.body === '' ? '{}' : call.body);
  } catch {
    throw new AwsFailure('SerializationException', 'The request body is not JSON.');
  }
};

const json = (status: number, body: object): HttpReply => ({
  status,
  headers: { 'Content-Type': 'application/x-amz-json-1.1' },
  body: JSON.stringify(body, (name, value: unknown) =>
    name === 'LastModifiedDate' && typeof value === 'string' ? Date.parse(value) / 1000 : value,
  ),
});
