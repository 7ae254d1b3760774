// The operations of EC2 in one place: each passes the throttle, then does its work.
import type { Ec2 } from './api';
import { describeSpotPrices, describeSubnets, describeTypeOfferings, describeTypes } from './catalogue';
import type { Cloud } from './cloud';
import { admit, deliver } from './cloud';
import { createFleet } from './fleet';
import { consoleOutput, createTags, describeInstances, terminateInstances } from './instances';
import { describeStatus } from './scheduled';
import {
  createTemplate,
  createTemplateVersion,
  deleteTemplate,
  describeTemplates,
  describeTemplateVersions,
} from './templates';

export const operationsOf = (cloud: Cloud): Ec2 => {
  const gated =
    <I, O>(action: string, run: (cloud: Cloud, input: I) => O) =>
    (input: I): O => {
      admit(cloud, action);
      const answer = run(cloud, input);
      deliver(cloud, action);
      return answer;
    };
  return {
    CreateLaunchTemplate: gated('CreateLaunchTemplate', createTemplate),
    CreateLaunchTemplateVersion: gated('CreateLaunchTemplateVersion', createTemplateVersion),
    DescribeLaunchTemplates: gated('DescribeLaunchTemplates', describeTemplates),
    DescribeLaunchTemplateVersions: gated('DescribeLaunchTemplateVersions', describeTemplateVersions),
    DeleteLaunchTemplate: gated('DeleteLaunchTemplate', deleteTemplate),
    CreateFleet: gated('CreateFleet', createFleet),
    DescribeInstances: gated('DescribeInstances', describeInstances),
    DescribeInstanceStatus: gated('DescribeInstanceStatus', describeStatus),
    TerminateInstances: gated('TerminateInstances', terminateInstances),
    CreateTags: gated('CreateTags', createTags),
    GetConsoleOutput: gated('GetConsoleOutput', (one: Cloud, input: { readonly InstanceId: string }) =>
      consoleOutput(one, input.InstanceId),
    ),
    DescribeInstanceTypes: gated('DescribeInstanceTypes', describeTypes),
    DescribeInstanceTypeOfferings: gated('DescribeInstanceTypeOfferings', describeTypeOfferings),
    DescribeSpotPriceHistory: gated('DescribeSpotPriceHistory', describeSpotPrices),
    DescribeSubnets: gated('DescribeSubnets', describeSubnets),
  };
};
