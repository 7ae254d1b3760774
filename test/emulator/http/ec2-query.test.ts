import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { z } from 'zod';
import { decodeQuery } from '../../../lib/emulator/http/ec2-query';
import { EC2_REQUESTS } from '../../../lib/emulator/http/ec2-request-shapes';

const decode = <T>(schema: z.ZodType<T>, lines: string) =>
  decodeQuery(schema, new URLSearchParams(lines.trim().split(/\s+/).join('&')));

describe('the query protocol of EC2', () => {
  test('gives wire names back as the names of the model, at every depth', () => {
    const decoded = decode(
      EC2_REQUESTS.CreateFleet,
      `Action=CreateFleet Version=2016-11-15
      LaunchTemplateConfigs.1.LaunchTemplateSpecification.LaunchTemplateId=lt-1
      LaunchTemplateConfigs.1.LaunchTemplateSpecification.Version=3
      LaunchTemplateConfigs.1.Overrides.1.InstanceType=m7i.large
      LaunchTemplateConfigs.1.Overrides.1.SubnetId=subnet-a
      LaunchTemplateConfigs.1.Overrides.1.Priority=0
      LaunchTemplateConfigs.1.Overrides.1.BlockDeviceMapping.1.Ebs.VolumeSize=40
      LaunchTemplateConfigs.1.Overrides.2.InstanceRequirements.CpuManufacturer.1=intel
      TargetCapacitySpecification.TotalTargetCapacity=3
      TargetCapacitySpecification.DefaultTargetCapacityType=spot
      SpotOptions.SingleAvailabilityZone=true Type=instant
      TagSpecification.1.ResourceType=instance TagSpecification.1.Tag.1.Key=muster:cluster
      TagSpecification.1.Tag.1.Value=c1`,
    );
    expect(decoded).toEqual({
      ok: true,
      value: {
        LaunchTemplateConfigs: [
          {
            LaunchTemplateSpecification: { LaunchTemplateId: 'lt-1', Version: '3' },
            Overrides: [
              {
                InstanceType: 'm7i.large',
                SubnetId: 'subnet-a',
                Priority: 0,
                BlockDeviceMappings: [{ Ebs: { VolumeSize: 40 } }],
              },
              { InstanceRequirements: { CpuManufacturers: ['intel'] } },
            ],
          },
        ],
        TargetCapacitySpecification: { TotalTargetCapacity: 3, DefaultTargetCapacityType: 'spot' },
        SpotOptions: { SingleAvailabilityZone: true },
        Type: 'instant',
        TagSpecifications: [{ ResourceType: 'instance', Tags: [{ Key: 'muster:cluster', Value: 'c1' }] }],
      },
    });
  });

  test('orders a list by its numbers, not by their text or their place', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 30 }), (ids) => {
        const parameters = new URLSearchParams(
          ids.map((id, index): [string, string] => [`InstanceId.${index + 1}`, id]).reverse(),
        );
        const decoded = decodeQuery(EC2_REQUESTS.TerminateInstances, parameters);
        expect(decoded).toEqual({ ok: true, value: { InstanceIds: ids } });
      }),
    );
  });

  test.each([
    ['TerminateInstances', 'InstanceIds.1=i-1', 'UnknownParameter', /InstanceIds is not/],
    ['TerminateInstances', '', 'MissingParameter', /InstanceIds/],
    ['DescribeInstances', 'MaxResults=many', 'InvalidParameterValue', /MaxResults/],
    ['CreateFleet', 'Nonsense=1', 'UnknownParameter', /Nonsense/],
    ['DescribeInstances', 'NextToken.1=x', 'UnknownParameter', /NextToken\.1/],
  ] as const)('%s with %s is %s', (name, query, code, message) => {
    const decoded = decodeQuery<unknown>(EC2_REQUESTS[name], new URLSearchParams(query));
    expect(decoded).toMatchObject({ ok: false, fault: { status: 400, code } });
    expect(decoded).toMatchObject({ fault: { message: expect.stringMatching(message) } });
  });
});
