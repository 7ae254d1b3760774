import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isRefusal, offeringErrorKind } from '../../lib/aws/failures';
import { fleetInput, launchAnswer, stateOf } from '../../lib/aws/translate';
import { launchRequest, offering } from './requests';

const shapes = fc.constantFrom('m7i.large', 'c7i.large', 'r7i.xlarge', 'm7g.large');
const subnets = fc.constantFrom<'subnet-a' | 'subnet-b'>('subnet-a', 'subnet-b');
const offerings = fc.array(
  fc.tuple(shapes, subnets).map(([shape, subnet]) => offering(shape, subnet)),
  { minLength: 1, maxLength: 12 },
);

describe('a request as a fleet', () => {
  test('is the same text whenever it is made, also from a copy of the request', () => {
    fc.assert(
      fc.property(offerings, fc.integer({ min: 1, max: 50 }), (places, count) => {
        const request = launchRequest({ offerings: places, count });
        const reread = { ...request, offerings: request.offerings.map((place) => ({ ...place })) };
        expect(JSON.stringify(fleetInput(reread))).toBe(JSON.stringify(fleetInput(request)));
      }),
    );
  });

  test('names each place once, in the order of preference, with priorities that count up from 0', () => {
    fc.assert(
      fc.property(offerings, (places) => {
        const overrides =
          fleetInput(launchRequest({ offerings: places })).LaunchTemplateConfigs?.[0]?.Overrides ?? [];
        const keys = overrides.map(({ InstanceType, SubnetId }) => `${InstanceType} ${SubnetId}`);
        expect(keys).toEqual([...new Set(places.map(({ shape, subnet }) => `${shape} ${subnet}`))]);
        expect(overrides.map(({ Priority }) => Priority)).toEqual(keys.map((_, index) => index));
      }),
    );
  });

  test('has the strategy of its market', () => {
    expect(fleetInput(launchRequest())).toMatchObject({
      SpotOptions: { AllocationStrategy: 'capacity-optimized-prioritized' },
    });
    const onDemand = fleetInput(
      launchRequest({ offerings: [offering('m7i.large', 'subnet-a', 'on-demand')] }),
    );
    expect(onDemand).toMatchObject({
      TargetCapacitySpecification: { DefaultTargetCapacityType: 'on-demand' },
      OnDemandOptions: { AllocationStrategy: 'prioritized' },
    });
    expect(onDemand.SpotOptions).toBeUndefined();
  });

  test('names the zone where there is no subnet', () => {
    const { subnet: _, ...place } = offering('m7i.large', 'subnet-a');
    const input = fleetInput(launchRequest({ offerings: [place] }));
    expect(input.LaunchTemplateConfigs?.[0]?.Overrides).toEqual([
      { InstanceType: 'm7i.large', AvailabilityZone: 'us-east-1a', Priority: 0 },
    ]);
  });

  test.each([
    ['no offering', { offerings: [] }],
    [
      'two markets',
      { offerings: [offering('a', 'subnet-a', 'spot'), offering('a', 'subnet-a', 'on-demand')] },
    ],
    ['nothing to launch', { count: 0 }],
    ['half a machine', { count: 1.5 }],
  ])('is refused with %s', (_, more) => {
    expect(() => fleetInput(launchRequest(more))).toThrow(/The launch l-1 of pool web/);
  });
});

describe('an answer', () => {
  test('keeps every machine, whatever the place that it names', () => {
    const place = fc.record({
      InstanceType: fc.option(fc.constantFrom<'m7i.large' | 'c7i.large'>('m7i.large', 'c7i.large'), {
        nil: undefined,
      }),
      SubnetId: fc.option(fc.constantFrom('subnet-a', 'subnet-z'), { nil: undefined }),
      AvailabilityZone: fc.option(fc.constantFrom('us-east-1a', 'us-east-1z'), { nil: undefined }),
      InstanceIds: fc.array(fc.string({ minLength: 1 }), { maxLength: 3 }),
    });
    fc.assert(
      fc.property(offerings, fc.array(place, { maxLength: 4 }), (places, groups) => {
        const answer = launchAnswer(launchRequest({ offerings: places }), { Instances: groups, Errors: [] });
        expect(answer.machines.map(({ id }) => id)).toEqual(groups.flatMap(({ InstanceIds }) => InstanceIds));
      }),
    );
  });

  test('tells a machine that was given another place than asked by the place it is in', () => {
    const answer = launchAnswer(launchRequest(), {
      Instances: [{ InstanceIds: ['i-1'], InstanceType: 'c7i.large', AvailabilityZone: 'us-east-1z' }],
      Errors: [],
    });
    expect(answer.machines[0]?.offering).toMatchObject({
      shape: 'c7i.large',
      zone: 'us-east-1z',
      market: 'spot',
    });
  });

  test('holds an error that names no place against every offering', () => {
    const answer = launchAnswer(launchRequest(), { Errors: [{ ErrorCode: 'MaxSpotInstanceCountExceeded' }] });
    expect(answer.errors.map(({ offering: { zone }, kind }) => [zone, kind])).toEqual([
      ['us-east-1a', 'quota'],
      ['us-east-1b', 'quota'],
    ]);
    expect(answer.errors.every(({ offering: told }) => !('subnet' in told))).toBe(true);
  });
});

test.each([
  ['InsufficientInstanceCapacity', 'capacity'],
  ['InsufficientCapacity', 'capacity'],
  ['InsufficientCapacityOnHost', 'capacity'],
  ['InsufficientHostCapacity', 'capacity'],
  ['UnfulfillableCapacity', 'capacity'],
  ['ReservationCapacityExceeded', 'capacity'],
  ['InsufficientFreeAddressesInSubnet', 'capacity'],
  ['MaxSpotInstanceCountExceeded', 'quota'],
  ['VcpuLimitExceeded', 'quota'],
  ['InstanceLimitExceeded', 'quota'],
  ['MaxFleetCountExceeded', 'quota'],
  ['TargetCapacityLimitExceededException', 'quota'],
  ['ResourceLimitExceeded', 'quota'],
  ['VolumeLimitExceeded', 'quota'],
  ['MaxIOPSLimitExceeded', 'quota'],
  ['PendingVerification', 'quota'],
  ['SpotMaxPriceTooLow', 'config'],
  ['InvalidLaunchTemplateId.NotFound', 'config'],
  ['InvalidAMIID.NotFound', 'config'],
  ['InvalidParameterValue', 'config'],
  ['UnauthorizedOperation', 'config'],
  ['AuthFailure.ServiceLinkedRoleCreationNotPermitted', 'config'],
  ['Unsupported', 'unsupported'],
  ['InvalidParameterCombination', 'unsupported'],
  ['RequestLimitExceeded', 'unknown'],
  ['InternalError', 'unknown'],
  ['SomethingNew', 'unknown'],
])('the code %s of an offering is %s', (code, kind) => {
  expect(offeringErrorKind(code)).toBe(kind);
});

test('a refusal of the caller is not mistaken for the fault of one machine', () => {
  expect(['UnauthorizedOperation', 'AccessDeniedException', 'ExpiredToken'].map(isRefusal)).toEqual([
    true,
    true,
    true,
  ]);
  expect(['OperationNotPermitted', 'InvalidInstanceID.NotFound'].map(isRefusal)).toEqual([false, false]);
});

test('a state is read by its name or by the low byte of its number', () => {
  expect(stateOf({ Name: 'shutting-down' })).toBe('shutting-down');
  expect(stateOf({ Code: 256 + 48 })).toBe('terminated');
  expect(stateOf({ Code: 7 })).toBeUndefined();
  expect(stateOf(undefined)).toBeUndefined();
});
