// The EC2 face: the query protocol in, XML out, the emulated EC2 in between (cloud-apis §1.1).
import type { z } from 'zod';
import { AwsFailure } from '../aws-failure';
import type { Ec2 } from '../ec2/api';
import { describeImages } from './ec2-images';
import { decodeQuery } from './ec2-query';
import { EC2_REQUESTS as shape } from './ec2-request-shapes';
import { encodeAnswer, encodeError } from './ec2-xml';
import type { HttpCall, HttpReply } from './exchange';

type Action = (ec2: Ec2, parameters: URLSearchParams) => object;

const action =
  <T>(schema: z.ZodType<T>, run: (ec2: Ec2, input: T) => object): Action =>
  (ec2, parameters) => {
    const decoded = decodeQuery(schema, parameters);
    if (!decoded.ok) throw new AwsFailure(decoded.fault.code, decoded.fault.message, decoded.fault.status);
    return run(ec2, decoded.value);
  };

const ACTIONS: ReadonlyMap<string, Action> = new Map([
  ['CreateFleet', action(shape.CreateFleet, (ec2, input) => ec2.CreateFleet(input))],
  [
    'CreateLaunchTemplate',
    action(shape.CreateLaunchTemplate, (ec2, input) => ec2.CreateLaunchTemplate(input)),
  ],
  [
    'CreateLaunchTemplateVersion',
    action(shape.CreateLaunchTemplateVersion, (ec2, input) => ec2.CreateLaunchTemplateVersion(input)),
  ],
  [
    'CreateTags',
    action(shape.CreateTags, (ec2, input) => {
      ec2.CreateTags(input);
      return { Return: true };
    }),
  ],
  [
    'DeleteLaunchTemplate',
    action(shape.DeleteLaunchTemplate, (ec2, input) => ec2.DeleteLaunchTemplate(input)),
  ],
  ['DescribeImages', action(shape.DescribeImages, (_, input) => describeImages(input))],
  ['DescribeInstances', action(shape.DescribeInstances, (ec2, input) => ec2.DescribeInstances(input))],
  [
    'DescribeInstanceTypes',
    action(shape.DescribeInstanceTypes, (ec2, input) => ec2.DescribeInstanceTypes(input)),
  ],
  [
    'DescribeInstanceTypeOfferings',
    action(shape.DescribeInstanceTypeOfferings, (ec2, input) => ec2.DescribeInstanceTypeOfferings(input)),
  ],
  [
    'DescribeLaunchTemplates',
    action(shape.DescribeLaunchTemplates, (ec2, input) => ec2.DescribeLaunchTemplates(input)),
  ],
  [
    'DescribeLaunchTemplateVersions',
    action(shape.DescribeLaunchTemplateVersions, (ec2, input) => ec2.DescribeLaunchTemplateVersions(input)),
  ],
  [
    'DescribeSpotPriceHistory',
    action(shape.DescribeSpotPriceHistory, (ec2, input) => ec2.DescribeSpotPriceHistory(input)),
  ],
  ['DescribeSubnets', action(shape.DescribeSubnets, (ec2, input) => ec2.DescribeSubnets(input))],
  ['GetConsoleOutput', action(shape.GetConsoleOutput, (ec2, input) => ec2.GetConsoleOutput(input))],
  ['TerminateInstances', action(shape.TerminateInstances, (ec2, input) => ec2.TerminateInstances(input))],
]);

/** These check a dry run themselves, as far as they would check the real thing. */
const DRY_RUN_THEMSELVES = new Set(['CreateFleet', 'TerminateInstances']);

/** The name of the action that a request asks for, empty when it names none. */
export const ec2Operation = (call: HttpCall): string => new URLSearchParams(call.body).get('Action') ?? '';

export type RequestIds = { next(): string };

export const createEc2Handler =
  (ec2: Ec2, ids: RequestIds) =>
  (call: HttpCall): HttpReply => {
    const requestId = ids.next();
    const parameters = new URLSearchParams(call.body === '' ? call.search : call.body);
    const name = parameters.get('Action') ?? '';
    try {
      return xml(200, encodeAnswer(name, perform(ec2, name, parameters), requestId));
    } catch (error) {
      if (!(error instanceof AwsFailure)) throw error;
      return xml(error.status, encodeError(error.code, error.message, requestId));
    }
  };

const perform = (ec2: Ec2, name: string, parameters: URLSearchParams): object => {
  if (name === '')
    throw new AwsFailure('MissingAction', 'The request must contain the parameter Action or Operation', 400);
  const run = ACTIONS.get(name);
  if (run === undefined)
    throw new AwsFailure('InvalidAction', `The action ${name} is not valid for this web service.`, 400);
  if (parameters.get('DryRun') === 'true' && !DRY_RUN_THEMSELVES.has(name))
    throw new AwsFailure('DryRunOperation', 'Request would have succeeded, but DryRun flag is set.', 412);
  return run(ec2, parameters);
};

const xml = (status: number, body: string): HttpReply => ({
  status,
  headers: { 'Content-Type': 'text/xml;charset=UTF-8' },
  body,
});
