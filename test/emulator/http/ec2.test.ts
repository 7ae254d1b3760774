import {
  CreateFleetCommand,
  CreateLaunchTemplateCommand,
  CreateLaunchTemplateVersionCommand,
  CreateTagsCommand,
  DescribeImagesCommand,
  DescribeInstanceTypeOfferingsCommand,
  DescribeInstanceTypesCommand,
  DescribeInstancesCommand,
  DescribeLaunchTemplateVersionsCommand,
  DescribeSpotPriceHistoryCommand,
  DescribeSubnetsCommand,
  EC2Client,
  GetConsoleOutputCommand,
  TerminateInstancesCommand,
  paginateDescribeInstances,
} from '@aws-sdk/client-ec2';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Serving } from './served-world';
import { send, serving, ZONES } from './served-world';

const client = (served: Serving, accessKeyId = 'AKIDEXAMPLE'): EC2Client =>
  new EC2Client({
    region: 'us-east-1',
    endpoint: served.ec2Url,
    credentials: { accessKeyId, secretAccessKey: 'not-a-secret' },
    maxAttempts: 1,
  });

const template = async (ec2: EC2Client) => {
  const made = await ec2.send(
    new CreateLaunchTemplateCommand({
      LaunchTemplateName: 'web',
      LaunchTemplateData: {
        ImageId: 'ami-1',
        UserData: Buffer.from('#!/bin/sh\n').toString('base64'),
        BlockDeviceMappings: [{ DeviceName: '/dev/xvda', Ebs: { VolumeSize: 40, Encrypted: true } }],
        NetworkInterfaces: [{ DeviceIndex: 0, Groups: ['sg-1'], AssociatePublicIpAddress: false }],
        MetadataOptions: { HttpTokens: 'required', HttpPutResponseHopLimit: 1 },
        TagSpecifications: [{ ResourceType: 'instance', Tags: [{ Key: 'Name', Value: 'a <web> & b' }] }],
      },
    }),
  );
  return made.LaunchTemplate?.LaunchTemplateId ?? '';
};

const launch = async (served: Serving, ec2: EC2Client, count: number, token = 'token-1') => {
  const LaunchTemplateId = await template(ec2);
  const subnets = (await ec2.send(new DescribeSubnetsCommand({}))).Subnets ?? [];
  return ec2.send(
    new CreateFleetCommand({
      Type: 'instant',
      ClientToken: token,
      LaunchTemplateConfigs: [
        {
          LaunchTemplateSpecification: { LaunchTemplateId, Version: '1' },
          Overrides: subnets.map((subnet, Priority) => ({
            InstanceType: 'm7i.large',
            Priority,
            ...(subnet.SubnetId === undefined ? {} : { SubnetId: subnet.SubnetId }),
          })),
        },
      ],
      TargetCapacitySpecification: { TotalTargetCapacity: count, DefaultTargetCapacityType: 'on-demand' },
      OnDemandOptions: { AllocationStrategy: 'prioritized' },
      TagSpecifications: [
        {
          ResourceType: 'instance',
          Tags: [{ Key: 'muster:cluster', Value: served.world.options.clusterName }],
        },
      ],
    }),
  );
};

describe('EC2 as its own client sees it', () => {
  test('gives errors beside instances when one offering has no capacity', async () => {
    const served = await serving();
    served.world.troubles.capacityError({ shape: 'm7i.large', zone: ZONES[0] });
    const fleet = await launch(served, client(served), 3);
    expect(fleet.Errors?.[0]).toMatchObject({
      ErrorCode: 'InsufficientInstanceCapacity',
      Lifecycle: 'on-demand',
    });
    expect(fleet.Errors?.[0]?.LaunchTemplateAndOverrides?.Overrides?.InstanceType).toBe('m7i.large');
    expect(fleet.Instances?.flatMap((group) => group.InstanceIds)).toHaveLength(3);
    expect(fleet.Instances?.[0]).toMatchObject({ AvailabilityZone: ZONES[1], InstanceType: 'm7i.large' });
  });

  test('an instant fleet without errors has an empty list of them, not none', async () => {
    const served = await serving();
    expect((await launch(served, client(served), 1)).Errors).toEqual([]);
  });

  test('describes in pages, with tags, state and times as the client parses them', async () => {
    const served = await serving();
    const ec2 = client(served);
    await launch(served, ec2, 12);
    served.clock.advance(60_000);
    const pages = [];
    for await (const page of paginateDescribeInstances(
      { client: ec2, pageSize: 5 },
      { Filters: [{ Name: 'tag:muster:cluster', Values: [served.world.options.clusterName] }] },
    ))
      pages.push(page.Reservations?.flatMap((one) => one.Instances ?? []) ?? []);
    expect(pages.map((page) => page.length)).toEqual([5, 5, 2]);
    const [first] = pages.flat();
    expect(first?.State).toEqual({ Code: 16, Name: 'running' });
    expect(first?.Tags).toContainEqual({ Key: 'Name', Value: 'a <web> & b' });
    expect(first?.LaunchTime).toBeInstanceOf(Date);
    expect(first?.Placement?.AvailabilityZone).toMatch(/^us-east-1/);
  });

  test('names an unknown instance, whether described or terminated', async () => {
    const served = await serving();
    const ec2 = client(served);
    const unknown = { InstanceIds: ['i-0123456789abcdef0'] };
    for (const attempt of [
      () => ec2.send(new TerminateInstancesCommand(unknown)),
      () => ec2.send(new DescribeInstancesCommand(unknown)),
    ]) {
      await expect(attempt()).rejects.toMatchObject({ name: 'InvalidInstanceID.NotFound', $fault: 'client' });
    }
  });

  test('terminates what is there, with both states', async () => {
    const served = await serving();
    const ec2 = client(served);
    const ids = (await launch(served, ec2, 2)).Instances?.flatMap((group) => group.InstanceIds ?? []) ?? [];
    served.clock.advance(60_000);
    const answer = await ec2.send(new TerminateInstancesCommand({ InstanceIds: ids }));
    expect(answer.TerminatingInstances?.map((one) => one.PreviousState?.Name)).toEqual([
      'running',
      'running',
    ]);
    expect(answer.TerminatingInstances?.[0]?.CurrentState).toEqual({ Code: 32, Name: 'shutting-down' });
    served.clock.advance(60_000);
    const gone = await ec2.send(new DescribeInstancesCommand({ InstanceIds: ids }));
    expect(gone.Reservations?.[0]?.Instances?.[0]?.State?.Name).toBe('terminated');
    expect(gone.Reservations?.[0]?.Instances?.[0]?.StateTransitionReason).not.toBe('');
  });

  test('keeps a launch template as it was given, and its versions apart', async () => {
    const served = await serving();
    const ec2 = client(served);
    const LaunchTemplateId = await template(ec2);
    await ec2.send(
      new CreateLaunchTemplateVersionCommand({ LaunchTemplateId, LaunchTemplateData: { ImageId: 'ami-2' } }),
    );
    const { LaunchTemplateVersions: versions } = await ec2.send(
      new DescribeLaunchTemplateVersionsCommand({ LaunchTemplateId }),
    );
    const byNumber = new Map(versions?.map((one) => [one.VersionNumber, one.LaunchTemplateData]));
    expect(byNumber.get(2)?.ImageId).toBe('ami-2');
    expect(byNumber.get(1)).toMatchObject({
      ImageId: 'ami-1',
      BlockDeviceMappings: [{ DeviceName: '/dev/xvda', Ebs: { VolumeSize: 40, Encrypted: true } }],
      NetworkInterfaces: [{ DeviceIndex: 0, Groups: ['sg-1'], AssociatePublicIpAddress: false }],
      MetadataOptions: { HttpTokens: 'required', HttpPutResponseHopLimit: 1 },
      TagSpecifications: [{ ResourceType: 'instance', Tags: [{ Key: 'Name', Value: 'a <web> & b' }] }],
    });
  });

  test('tags, prices, shapes, zones and the console come through', async () => {
    const served = await serving();
    const ec2 = client(served);
    const id = (await launch(served, ec2, 1)).Instances?.[0]?.InstanceIds?.[0] ?? '';
    await ec2.send(new CreateTagsCommand({ Resources: [id], Tags: [{ Key: 'muster:state', Value: 'x' }] }));
    const found = await ec2.send(
      new DescribeInstancesCommand({ Filters: [{ Name: 'tag:muster:state', Values: ['x'] }] }),
    );
    expect(found.Reservations?.[0]?.Instances?.[0]?.InstanceId).toBe(id);
    const types = await ec2.send(new DescribeInstanceTypesCommand({ InstanceTypes: ['m7i.xlarge'] }));
    expect(types.InstanceTypes?.[0]).toMatchObject({
      InstanceType: 'm7i.xlarge',
      VCpuInfo: { DefaultVCpus: 4 },
      MemoryInfo: { SizeInMiB: 16_384 },
      ProcessorInfo: { SupportedArchitectures: ['x86_64'] },
    });
    const offered = await ec2.send(
      new DescribeInstanceTypeOfferingsCommand({ LocationType: 'availability-zone' }),
    );
    expect(offered.InstanceTypeOfferings).toHaveLength(4);
    const prices = await ec2.send(
      new DescribeSpotPriceHistoryCommand({
        InstanceTypes: ['m7i.large'],
        ProductDescriptions: ['Linux/UNIX'],
        StartTime: new Date(served.world.now()),
      }),
    );
    expect(prices.SpotPriceHistory?.map((one) => Number(one.SpotPrice))).toEqual([0.04, 0.04]);
    const console = await ec2.send(new GetConsoleOutputCommand({ InstanceId: id, Latest: true }));
    expect(console.InstanceId).toBe(id);
  });

  test('a tag comes back as it was set, whatever is in it', async () => {
    const served = await serving();
    const ec2 = client(served);
    const id = (await launch(served, ec2, 1)).Instances?.[0]?.InstanceIds?.[0] ?? '';
    const value = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(value, async (Value) => {
        await ec2.send(new CreateTagsCommand({ Resources: [id], Tags: [{ Key: 'note', Value }] }));
        const found = await ec2.send(new DescribeInstancesCommand({ InstanceIds: [id] }));
        expect(found.Reservations?.[0]?.Instances?.[0]?.Tags).toContainEqual({ Key: 'note', Value });
      }),
      { numRuns: 50 },
    );
  });

  test('any image that is asked for by its id exists, with a root disk', async () => {
    const ec2 = client(await serving());
    const { Images } = await ec2.send(new DescribeImagesCommand({ ImageIds: ['ami-0abc'] }));
    expect(Images).toMatchObject([
      {
        ImageId: 'ami-0abc',
        State: 'available',
        RootDeviceName: '/dev/xvda',
        BlockDeviceMappings: [{ DeviceName: '/dev/xvda', Ebs: { VolumeSize: 8, VolumeType: 'gp3' } }],
      },
    ]);
    await expect(ec2.send(new DescribeImagesCommand({ ImageIds: ['nonsense'] }))).rejects.toMatchObject({
      name: 'InvalidAMIID.Malformed',
    });
  });

  test('the same token gives the same fleet, another request under it is a mismatch', async () => {
    const served = await serving();
    const ec2 = client(served);
    const first = await launch(served, ec2, 1);
    const request = (count: number) =>
      new CreateFleetCommand({
        Type: 'instant',
        ClientToken: 'token-2',
        LaunchTemplateConfigs: [
          {
            LaunchTemplateSpecification: { LaunchTemplateName: 'web', Version: '1' },
            Overrides: [{ InstanceType: 'm7i.large' }],
          },
        ],
        TargetCapacitySpecification: { TotalTargetCapacity: count, DefaultTargetCapacityType: 'spot' },
      });
    const second = await ec2.send(request(1));
    expect(second.FleetId).not.toBe(first.FleetId);
    expect((await ec2.send(request(1))).FleetId).toBe(second.FleetId);
    await expect(ec2.send(request(2))).rejects.toMatchObject({ name: 'IdempotentParameterMismatch' });
  });

  test('throttling is a server fault that the client knows as such', async () => {
    const served = await serving();
    served.world.troubles.throttle(1);
    await expect(client(served).send(new DescribeInstancesCommand({}))).rejects.toMatchObject({
      name: 'RequestLimitExceeded',
      $fault: 'server',
      $metadata: { httpStatusCode: 503 },
    });
  });

  test('a dry run ends in the error that says that it would have worked', async () => {
    const served = await serving();
    await expect(client(served).send(new DescribeInstancesCommand({ DryRun: true }))).rejects.toMatchObject({
      name: 'DryRunOperation',
      $metadata: { httpStatusCode: 412 },
    });
  });

  test('refuses an access key that is not the one it knows', async () => {
    const served = await serving({ aws: { accessKeyId: 'AKIDEXAMPLE' } });
    await expect(client(served, 'AKIDOTHER').send(new DescribeInstancesCommand({}))).rejects.toMatchObject({
      name: 'AuthFailure',
    });
    await expect(client(served).send(new DescribeInstancesCommand({}))).resolves.toMatchObject({
      Reservations: [],
    });
  });

  test.each([
    ['Action=FlyToMoon&Version=2016-11-15', 400, 'InvalidAction'],
    ['Version=2016-11-15', 400, 'MissingAction'],
    ['Action=DescribeInstances&Version=2016-11-15&InstanceIds.1=i-1', 400, 'UnknownParameter'],
  ])('%s is answered with status %d and %s', async (body, status, code) => {
    const served = await serving();
    const answer = await send(served.ec2Url, {
      method: 'POST',
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      body,
    });
    expect(answer.status).toBe(status);
    expect(answer.body).toContain(`<Code>${code}</Code>`);
  });

  test('a launch whose answer is lost has happened all the same', async () => {
    const served = await serving();
    const ec2 = client(served);
    served.faults.inject('ec2', { kind: 'drop', when: 'after', times: 1, only: 'CreateFleet' });
    await expect(launch(served, ec2, 2)).rejects.toThrow(/socket hang up|ECONNRESET|aborted/);
    const found = await ec2.send(new DescribeInstancesCommand({}));
    expect(found.Reservations?.flatMap((one) => one.Instances ?? [])).toHaveLength(2);
  });

  test('half an answer is an error, never half a fleet', async () => {
    const served = await serving();
    const ec2 = client(served);
    served.faults.inject('ec2', { kind: 'truncate', bytes: 300, times: 1, only: 'CreateFleet' });
    await expect(launch(served, ec2, 2)).rejects.toThrow(/socket hang up|ECONNRESET|aborted/);
    served.faults.inject('ec2', { kind: 'status', status: 503, times: 1 });
    await expect(ec2.send(new DescribeInstancesCommand({}))).rejects.toMatchObject({ name: 'Unavailable' });
  });
});
