import { describe, expect, test } from '@jest/globals';
import { AwsFailure } from '../../lib/emulator/aws-failure';
import type { EmulatedWorld } from '../../lib/emulator/world';
import { fleet, happenings, MINUTE, smallWorld, template, userData } from './small-world';

const refusal = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (error instanceof AwsFailure) return error.code;
    throw error;
  }
  return 'done';
};

const launch = (world: EmulatedWorld, count: number): string[] =>
  world.ec2
    .CreateFleet(fleet({ id: template(world, userData(), `t${world.chronicle.entries().length}`), count }))
    .Instances.flatMap((instance) => [...instance.InstanceIds]);

const listed = (world: EmulatedWorld, states: readonly string[] = []): string[] =>
  world.ec2
    .DescribeInstances({
      MaxResults: 1000,
      ...(states.length > 0 ? { Filters: [{ Name: 'instance-state-name', Values: states }] } : {}),
    })
    .Reservations.flatMap((reservation) => reservation.Instances.map((instance) => instance.InstanceId));

describe('an instant fleet', () => {
  const offerings = [
    { InstanceType: 'r7i.2xlarge', SubnetId: 'subnet-a', Priority: 1 },
    { InstanceType: 'm7i.2xlarge', SubnetId: 'subnet-b', Priority: 0 },
    { InstanceType: 'm7i.large', SubnetId: 'subnet-c' },
  ];

  test('takes the offering with the lowest priority number first, one without a number last', () => {
    const world = smallWorld();
    world.troubles.capacityError({ shape: 'm7i.2xlarge', left: 1 });
    world.troubles.capacityError({ shape: 'r7i.2xlarge', left: 1 });
    const answer = world.ec2.CreateFleet(fleet({ id: template(world), count: 3, overrides: offerings }));
    expect(
      answer.Instances.map((one) => [one.InstanceType, one.AvailabilityZone, one.InstanceIds.length]),
    ).toEqual([
      ['m7i.2xlarge', 'us-east-1b', 1],
      ['r7i.2xlarge', 'us-east-1a', 1],
      ['m7i.large', 'us-east-1c', 1],
    ]);
    expect(answer.Errors.map((one) => one.ErrorCode)).toEqual([
      'InsufficientInstanceCapacity',
      'InsufficientInstanceCapacity',
    ]);
  });

  test('takes the cheapest first under any other strategy', () => {
    const world = smallWorld();
    const id = template(world);
    const wish = { id, count: 1, overrides: offerings, strategy: 'lowest-price' };
    const answer = world.ec2.CreateFleet(fleet(wish));
    expect(answer.Instances.map((one) => one.InstanceType)).toEqual(['m7i.large']);
  });

  test('answers with errors beside no machine at all when nothing can be had', () => {
    const world = smallWorld();
    world.troubles.capacityError({ market: 'spot', code: 'UnfulfillableCapacity' });
    const answer = world.ec2.CreateFleet(
      fleet({ id: template(world), count: 2, market: 'spot', overrides: offerings }),
    );
    expect(answer.Instances).toEqual([]);
    expect(answer.Errors.map((one) => [one.ErrorCode, one.Lifecycle])).toEqual(
      offerings.map(() => ['UnfulfillableCapacity', 'spot']),
    );
    expect(happenings(world, 'capacity-error')).toHaveLength(3);
  });

  test('has capacity again after the shortage is over', () => {
    const world = smallWorld();
    world.troubles.capacityError({ until: world.now() + MINUTE });
    const id = template(world);
    expect(world.ec2.CreateFleet(fleet({ id, count: 1 })).Instances).toEqual([]);
    world.advance(MINUTE);
    expect(world.ec2.CreateFleet(fleet({ id, count: 1 })).Instances).toHaveLength(1);
  });

  test('says Unsupported of a shape that is not sold in the zone', () => {
    const world = smallWorld();
    const overrides = [{ InstanceType: 'x9.huge', SubnetId: 'subnet-a' }];
    const answer = world.ec2.CreateFleet(fleet({ id: template(world), count: 1, overrides }));
    expect(answer.Errors.map((one) => one.ErrorCode)).toEqual(['Unsupported']);
  });

  test('launches nothing new for the same token and the same request', () => {
    const world = smallWorld();
    const request = fleet({ id: template(world), count: 2, token: 'once' });
    const first = world.ec2.CreateFleet(request);
    world.advance(MINUTE);
    expect(world.ec2.CreateFleet(request)).toEqual(first);
    expect(listed(world)).toHaveLength(2);
  });

  test('refuses a token with changed parameters, even when the first launched nothing', () => {
    const world = smallWorld();
    world.troubles.capacityError({ market: 'spot' });
    const id = template(world);
    world.ec2.CreateFleet(fleet({ id, count: 1, token: 'used', market: 'spot' }));
    expect(refusal(() => world.ec2.CreateFleet(fleet({ id, count: 1, token: 'used' })))).toBe(
      'IdempotentParameterMismatch',
    );
  });

  test('launches nothing when the least target cannot be met', () => {
    const world = smallWorld();
    world.troubles.capacityError({ left: 1 });
    const request = fleet({ id: template(world), count: 3 });
    const options = { AllocationStrategy: 'prioritized', MinTargetCapacity: 2, SingleInstanceType: true };
    const answer = world.ec2.CreateFleet({ ...request, OnDemandOptions: options });
    expect([answer.Instances.length, answer.Errors.length]).toEqual([0, 1]);
  });

  test('refuses other types, missing templates and versions', () => {
    const world = smallWorld();
    const id = template(world);
    const { Type: _type, ...maintain } = fleet({ id, count: 1 });
    expect(refusal(() => world.ec2.CreateFleet(maintain))).toBe('InvalidParameterValue');
    expect(refusal(() => world.ec2.CreateFleet(fleet({ id: 'lt-0', count: 1 })))).toBe(
      'InvalidLaunchTemplateId.NotFound',
    );
  });

  test('gets no on-demand machine from a template that tags requests for spot instances', () => {
    const world = smallWorld();
    const { LaunchTemplate } = world.ec2.CreateLaunchTemplate({
      LaunchTemplateName: 'spot-only',
      LaunchTemplateData: {
        ImageId: 'ami-1',
        TagSpecifications: [{ ResourceType: 'spot-instances-request', Tags: [{ Key: 'a', Value: 'b' }] }],
      },
    });
    const id = LaunchTemplate.LaunchTemplateId;
    expect(world.ec2.CreateFleet(fleet({ id, count: 1 })).Errors[0]?.ErrorCode).toBe('InvalidParameterValue');
    expect(world.ec2.CreateFleet(fleet({ id, count: 1, market: 'spot' })).Instances).toHaveLength(1);
  });

  test('takes the image of a parameter', () => {
    const world = smallWorld();
    world.ssm.PutParameter({ Name: '/image', Type: 'String', Value: 'ami-0fedcba9876543210' });
    const { LaunchTemplate } = world.ec2.CreateLaunchTemplate({
      LaunchTemplateName: 'by-parameter',
      LaunchTemplateData: { ImageId: 'resolve:ssm:/image' },
    });
    world.ec2.CreateFleet(fleet({ id: LaunchTemplate.LaunchTemplateId, count: 1 }));
    const [reservation] = world.ec2.DescribeInstances({}).Reservations;
    expect(reservation?.Instances[0]?.ImageId).toBe('ami-0fedcba9876543210');
  });
});

describe('machines of the emulated EC2', () => {
  test('go from pending to running within 16 seconds, with addresses of their own', () => {
    const world = smallWorld();
    const ids = launch(world, 20);
    expect(listed(world, ['pending'])).toEqual(ids);
    world.advance(16_000);
    expect(listed(world, ['running'])).toEqual(ids);
    const rows = world.ec2
      .DescribeInstances({ InstanceIds: ids })
      .Reservations.flatMap((one) => one.Instances);
    expect(new Set(rows.map((row) => row.PrivateIpAddress)).size).toBe(20);
    expect(rows[0]?.PrivateDnsName).toMatch(/^ip-10-0-0-\d+\.ec2\.internal$/);
  });

  test('are found by tag, tag key, state and id, all filters together', () => {
    const world = smallWorld();
    const ids = launch(world, 3);
    world.ec2.CreateTags({ Resources: ids.slice(0, 2), Tags: [{ Key: 'muster:pool', Value: 'web' }] });
    const find = (...Filters: { Name: string; Values: string[] }[]): number =>
      world.ec2.DescribeInstances({ Filters }).Reservations.flatMap((one) => one.Instances).length;
    expect(find({ Name: 'tag:muster:pool', Values: ['w*', 'x'] })).toBe(2);
    expect(
      find(
        { Name: 'tag-key', Values: ['muster:pool'] },
        { Name: 'instance-state-name', Values: ['running'] },
      ),
    ).toBe(0);
    expect(find({ Name: 'instance-id', Values: [ids[2] ?? ''] })).toBe(1);
    expect(refusal(() => find({ Name: 'no-such-filter', Values: ['x'] }))).toBe('InvalidParameterValue');
  });

  test('come in pages that neither skip nor repeat while others end', () => {
    const world = smallWorld({ settings: { ec2: { listedAfterEndMs: 0 } } });
    const ids = launch(world, 5);
    const first = world.ec2.DescribeInstances({ MaxResults: 2 });
    world.advance(MINUTE);
    world.ec2.TerminateInstances({ InstanceIds: ids.slice(0, 1) });
    world.advance(5 * MINUTE);
    const rest = world.ec2.DescribeInstances({ MaxResults: 5, NextToken: first.NextToken ?? '' });
    const seen = [first, rest].flatMap((page) =>
      page.Reservations.flatMap((one) => one.Instances.map((row) => row.InstanceId)),
    );
    expect(seen).toEqual(ids);
    expect(rest.NextToken).toBeUndefined();
    expect(refusal(() => world.ec2.DescribeInstances({ InstanceIds: ids, MaxResults: 5 }))).toBe(
      'InvalidParameterCombination',
    );
  });

  test('end by a call that fails whole on one unknown or malformed id', () => {
    const world = smallWorld();
    const ids = launch(world, 2);
    const unknown = 'i-00000000000000000';
    expect(refusal(() => world.ec2.TerminateInstances({ InstanceIds: [...ids, unknown] }))).toBe(
      'InvalidInstanceID.NotFound',
    );
    expect(refusal(() => world.ec2.TerminateInstances({ InstanceIds: [...ids, 'web-1'] }))).toBe(
      'InvalidInstanceID.Malformed',
    );
    expect(listed(world, ['pending'])).toEqual(ids);
    const ended = world.ec2.TerminateInstances({ InstanceIds: ids });
    expect(ended.TerminatingInstances.map((one) => [one.PreviousState.Name, one.CurrentState.Name])).toEqual(
      ids.map(() => ['pending', 'shutting-down']),
    );
    expect(
      world.ec2.TerminateInstances({ InstanceIds: ids }).TerminatingInstances[0]?.PreviousState.Name,
    ).toBe('shutting-down');
  });

  test('stay listed for an hour after their end', () => {
    const world = smallWorld();
    const ids = launch(world, 1);
    world.ec2.TerminateInstances({ InstanceIds: ids });
    world.advance(50 * MINUTE);
    expect(listed(world, ['terminated'])).toEqual(ids);
    world.advance(15 * MINUTE);
    expect(listed(world)).toEqual([]);
  });

  test('are unknown at first where the world is eventually consistent', () => {
    const world = smallWorld({ settings: { ec2: { consistencyMs: 5000 } } });
    const ids = launch(world, 1);
    expect(listed(world)).toEqual([]);
    expect(refusal(() => world.ec2.TerminateInstances({ InstanceIds: ids }))).toBe(
      'InvalidInstanceID.NotFound',
    );
    world.advance(5000);
    expect(listed(world)).toEqual(ids);
  });

  test('get a warning two minutes before a spot machine ends, on the bus', () => {
    const world = smallWorld();
    const events: string[] = [];
    world.onEvent((event) =>
      events.push(
        `${event['detail-type']} ${String(event.detail['state'] ?? event.detail['instance-action'])}`,
      ),
    );
    const [id = ''] = launch(world, 1);
    world.advance(MINUTE);
    world.troubles.spotNotice(id);
    world.advance(119_000);
    expect(listed(world, ['running'])).toEqual([id]);
    world.advance(MINUTE);
    expect(events).toEqual([
      'EC2 Instance State-change Notification pending',
      'EC2 Instance State-change Notification running',
      'EC2 Spot Instance Interruption Warning terminate',
      'EC2 Instance State-change Notification shutting-down',
      'EC2 Instance State-change Notification terminated',
    ]);
    const [reservation] = world.ec2.DescribeInstances({ InstanceIds: [id] }).Reservations;
    expect(reservation?.Instances[0]?.StateReason?.Code).toBe('Server.SpotInstanceTermination');
  });

  test('cannot be reached for as many calls as are throttled', () => {
    const world = smallWorld();
    world.troubles.throttle(2);
    const call = (): string => refusal(() => world.ec2.DescribeInstances({}));
    expect([call(), call(), call()]).toEqual(['RequestLimitExceeded', 'RequestLimitExceeded', 'done']);
  });
});

describe('launch templates', () => {
  test('have numbered versions of which none changes', () => {
    const world = smallWorld();
    const id = template(world);
    const made = world.ec2.CreateLaunchTemplateVersion({
      LaunchTemplateId: id,
      LaunchTemplateData: { ImageId: 'ami-2' },
    });
    expect(made.LaunchTemplateVersion.VersionNumber).toBe(2);
    const versions = (Versions: string[]) =>
      world.ec2.DescribeLaunchTemplateVersions({ LaunchTemplateId: id, Versions }).LaunchTemplateVersions;
    expect(versions(['$Latest'])[0]?.LaunchTemplateData.ImageId).toBe('ami-2');
    expect(versions(['1'])[0]?.LaunchTemplateData.ImageId).toBe('ami-0123456789abcdef0');
    expect(world.ec2.DescribeLaunchTemplates({ LaunchTemplateNames: ['web'] }).LaunchTemplates).toHaveLength(
      1,
    );
    expect(refusal(() => versions(['9']))).toBe('InvalidLaunchTemplateId.VersionNotFound');
    expect(refusal(() => template(world))).toBe('InvalidLaunchTemplateName.AlreadyExistsException');
  });

  test('refuse user data above 16 KiB or not in base64', () => {
    const world = smallWorld();
    const create = (UserData: string): string =>
      refusal(() =>
        world.ec2.CreateLaunchTemplate({ LaunchTemplateName: 'big', LaunchTemplateData: { UserData } }),
      );
    expect(create(Buffer.alloc(16_385, 'x').toString('base64'))).toBe('InvalidUserData.Malformed');
    expect(create('not base64!')).toBe('InvalidUserData.Malformed');
    expect(create(Buffer.alloc(16_384, 'x').toString('base64'))).toBe('done');
  });
});

describe('what EC2 sells', () => {
  test('is told by shapes, zones, spot prices and subnets', () => {
    const world = smallWorld();
    const types = world.ec2.DescribeInstanceTypes({ InstanceTypes: ['m7i.2xlarge'] }).InstanceTypes;
    expect(types[0]).toMatchObject({ VCpuInfo: { DefaultVCpus: 8 }, MemoryInfo: { SizeInMiB: 32_768 } });
    const prices = world.ec2.DescribeSpotPriceHistory({
      InstanceTypes: ['m7i.2xlarge'],
      AvailabilityZone: 'us-east-1b',
    });
    expect(prices.SpotPriceHistory.map((price) => price.SpotPrice)).toEqual(['0.164000']);
    expect(world.ec2.DescribeInstanceTypeOfferings({}).InstanceTypeOfferings).toHaveLength(9);
    launch(world, 2);
    const subnets = world.ec2.DescribeSubnets({ SubnetIds: ['subnet-a', 'subnet-b'] }).Subnets;
    expect(subnets.map((subnet) => subnet.AvailableIpAddressCount)).toEqual([65_529, 65_531]);
  });
});
