// Between our nouns and EC2's. Pure: the same request always gives the same bytes, because a client token is good for
// exactly one request (cloud-apis §0.2), and an intent is replayed byte for byte.
import type {
  CreateFleetCommandInput,
  CreateFleetCommandOutput,
  FleetLaunchTemplateOverridesRequest,
  Instance,
  InstanceState,
  LaunchTemplateAndOverridesResponse,
  Tag,
} from '@aws-sdk/client-ec2';
import type { Machine, MachineState, Millis } from '../core/model/machine';
import { type Offering, offeringOf, type Scope } from '../core/model/offering';
import type { OfferingError } from '../core/model/outcome';
import { Failure } from '../engine/failure';
import type { LaunchAnswer, LaunchRequest } from '../engine/ports';
import { offeringErrorKind } from './failures';

export const TAG = {
  cluster: 'muster:cluster',
  pool: 'muster:pool',
  launch: 'muster:launch',
  bootstrap: 'muster:bootstrap',
  mark: 'muster:state',
} as const;

/**
 * The instant fleet that a request asks for: offerings become overrides with priority 0, 1, 2... (lower is better), and
 * the strategy of the market is the one that looks at priorities.
 * @throws Failure('permanent') for a request that no fleet can mean: no offering, two markets, nothing to launch.
 */
export const fleetInput = (request: LaunchRequest): CreateFleetCommandInput => {
  const market = marketOf(request);
  return {
    Type: 'instant',
    ClientToken: request.token,
    LaunchTemplateConfigs: [
      {
        LaunchTemplateSpecification: {
          LaunchTemplateId: request.template.id,
          Version: request.template.version,
        },
        Overrides: overrides(request.offerings),
      },
    ],
    TargetCapacitySpecification: {
      TotalTargetCapacity: request.count,
      DefaultTargetCapacityType: market,
    },
    ...(market === 'spot'
      ? { SpotOptions: { AllocationStrategy: 'capacity-optimized-prioritized' } }
      : { OnDemandOptions: { AllocationStrategy: 'prioritized' } }),
    TagSpecifications: TAGGED.map((ResourceType) => ({ ResourceType, Tags: tagsOf(request) })),
  };
};

// The controller's policy lets it create these four only with our tags (cloud-apis §4). Requests for spot instances are
// left out: tagging them fails every on-demand launch (§0.2b).
const TAGGED = ['instance', 'volume', 'network-interface', 'fleet'] as const;

const tagsOf = (request: LaunchRequest): Tag[] => [
  { Key: TAG.cluster, Value: request.cluster },
  { Key: TAG.pool, Value: request.pool },
  { Key: TAG.launch, Value: request.launch },
  { Key: TAG.bootstrap, Value: request.template.bootstrap },
  { Key: 'Name', Value: `${request.cluster}/${request.pool}` },
];

const marketOf = (request: LaunchRequest): Offering['market'] => {
  const [first, ...rest] = request.offerings;
  const refuse = (why: string): Failure =>
    new Failure('permanent', `The launch ${request.launch} of pool ${request.pool} ${why}.`, {
      code: 'BadRequest',
    });
  if (first === undefined) throw refuse('names no offering');
  if (rest.some((offering) => offering.market !== first.market)) throw refuse('mixes two markets');
  if (!Number.isInteger(request.count) || request.count < 1)
    throw refuse(`asks for ${request.count} machines`);
  return first.market;
};

// EC2 refuses a fleet that names one pool twice, so the better of two equal places keeps it.
const overrides = (offerings: LaunchRequest['offerings']): FleetLaunchTemplateOverridesRequest[] => {
  const seen = new Set<string>();
  const places: { readonly shape: string; readonly place: FleetLaunchTemplateOverridesRequest }[] = [];
  for (const { shape, subnet, zone } of offerings) {
    const place = subnet === undefined ? { AvailabilityZone: zone } : { SubnetId: subnet };
    const key = `${shape} ${subnet ?? zone}`;
    if (!seen.has(key)) places.push({ shape, place });
    seen.add(key);
  }
  // The SDK's type is a closed list of shapes which is out of date the day it is made; the wire takes any.
  return places.map(({ shape, place }, index) => ({
    InstanceType: shape as NonNullable<FleetLaunchTemplateOverridesRequest['InstanceType']>,
    ...place,
    Priority: index,
  }));
};

/** What the fleet got and what each offering refused, side by side: an error beside machines takes nothing from them. */
export const launchAnswer = (
  request: LaunchRequest,
  output: Pick<CreateFleetCommandOutput, 'Instances' | 'Errors'>,
): LaunchAnswer => {
  const machines = (output.Instances ?? []).flatMap((group) => {
    const offering = offeringOfMachine(request.offerings, placeOf(group));
    return (group.InstanceIds ?? []).map((id) => ({ id, offering }));
  });
  const errors = (output.Errors ?? []).flatMap((error) =>
    offeringErrors(offeringsOfError(request.offerings, placeOf(error)), {
      code: error.ErrorCode ?? 'Unknown',
      message: error.ErrorMessage ?? '',
    }),
  );
  return { machines, errors: withoutRepeats(errors) };
};

/** One error that holds for several offerings. */
export const offeringErrors = (
  offerings: LaunchRequest['offerings'],
  error: { readonly code: string; readonly message: string },
): OfferingError[] =>
  offerings.map((offering) => ({
    offering: offeringOf(offering),
    ...error,
    kind: offeringErrorKind(error.code),
  }));

type Place = {
  readonly shape: string | undefined;
  readonly subnet: string | undefined;
  readonly zone: string | undefined;
};

// Newer answers have the place beside the ids, older ones and errors only in the overrides that were used.
const placeOf = (entry: {
  readonly InstanceType?: string | undefined;
  readonly SubnetId?: string | undefined;
  readonly AvailabilityZone?: string | undefined;
  readonly LaunchTemplateAndOverrides?: LaunchTemplateAndOverridesResponse | undefined;
}): Place => {
  const used = entry.LaunchTemplateAndOverrides?.Overrides;
  return {
    shape: entry.InstanceType ?? used?.InstanceType,
    subnet: entry.SubnetId ?? used?.SubnetId,
    zone: entry.AvailabilityZone ?? used?.AvailabilityZone,
  };
};

// A place that we overrode by subnet may come back without its zone, so the subnet decides where both have one.
const isAt = (offering: LaunchRequest['offerings'][number], place: Place): boolean => {
  if (place.shape !== undefined && place.shape !== offering.shape) return false;
  if (place.subnet !== undefined && offering.subnet !== undefined) return place.subnet === offering.subnet;
  return place.zone === undefined || place.zone === offering.zone;
};

// A machine is never lost for want of a match: at worst it is told by the shape and zone of the answer.
const offeringOfMachine = (offerings: LaunchRequest['offerings'], place: Place): Offering => {
  const exact = offerings.find((offering) => isAt(offering, place));
  if (exact !== undefined) return offeringOf(exact);
  const near = offerings.find((offering) => offering.shape === place.shape) ?? offerings[0];
  if (near === undefined) throw new Failure('permanent', 'A launch without offerings has an answer.');
  return { ...offeringOf(near), shape: place.shape ?? near.shape, zone: place.zone ?? near.zone };
};

// An error that names only a shape, or nothing (a quota), holds for all that it does not exclude.
const offeringsOfError = (
  offerings: LaunchRequest['offerings'],
  place: Place,
): LaunchRequest['offerings'] => {
  const matching = offerings.filter((offering) => isAt(offering, place));
  return matching.length > 0 ? matching : [offeringOfMachine(offerings, place)];
};

const withoutRepeats = (errors: readonly OfferingError[]): OfferingError[] => {
  const seen = new Set<string>();
  return errors.filter(({ offering, code }) => {
    const key = `${offering.zone} ${offering.shape} ${code}`;
    const isNew = !seen.has(key);
    seen.add(key);
    return isNew;
  });
};

/** A machine as DescribeInstances tells it, or the sentence that says why it cannot be told.
 *  `at` stands in for a missing launch time: a machine that looks too young is left alone, one too old is not. */
export const machineOf = (instance: Instance, scope: Scope, at: Millis): Machine | string => {
  const { InstanceId: id = '', State } = instance;
  if (id === '') return `EC2 in ${scope.region} listed an instance without an id; it is left out.`;
  const state = stateOf(State);
  if (state === undefined) {
    return `EC2 in ${scope.region} gives ${id} a state that is not known here (${State?.Name}); it is left out.`;
  }
  return {
    id,
    cloud: scope.cloud,
    account: scope.account,
    region: scope.region,
    state,
    ...placed(instance),
    launchedAt: instance.LaunchTime?.getTime() ?? at,
    ...present('image', instance.ImageId),
    ...present('privateIp', instance.PrivateIpAddress),
    ...present('hostname', instance.PrivateDnsName),
    ...present('pool', tagValue(instance.Tags, TAG.pool)),
    ...present('launch', tagValue(instance.Tags, TAG.launch)),
    ...present('bootstrap', tagValue(instance.Tags, TAG.bootstrap)),
    ...present('mark', tagValue(instance.Tags, TAG.mark)),
    ...present('stateReason', isUp(state) ? undefined : instance.StateReason?.Code),
  };
};

const placed = (instance: Instance): Pick<Machine, 'zone' | 'shape' | 'market'> => ({
  zone: instance.Placement?.AvailabilityZone ?? '',
  shape: instance.InstanceType ?? '',
  market: isSpot(instance) ? 'spot' : 'on-demand',
});

export const tagValue = (tags: readonly Tag[] | undefined, key: string): string | undefined =>
  tags?.find((tag) => tag.Key === key)?.Value;

/** The state by its name, else by its number (the low byte is the state; the high one is EC2's own). */
export const stateOf = (state: InstanceState | undefined): MachineState | undefined =>
  STATES.find(({ name }) => name === state?.Name)?.name ??
  STATES.find(({ code }) => state?.Code !== undefined && code === (state.Code & 0xff))?.name;

const STATES: readonly { readonly code: number; readonly name: MachineState }[] = [
  { code: 0, name: 'pending' },
  { code: 16, name: 'running' },
  { code: 32, name: 'shutting-down' },
  { code: 48, name: 'terminated' },
  { code: 64, name: 'stopping' },
  { code: 80, name: 'stopped' },
];

const isUp = (state: MachineState): boolean => state === 'pending' || state === 'running';

const isSpot = (instance: Instance): boolean =>
  instance.InstanceLifecycle === 'spot' ||
  (instance.SpotInstanceRequestId !== undefined && instance.SpotInstanceRequestId !== '');

const present = <K extends string>(key: K, value: string | undefined): { readonly [P in K]?: string } =>
  value === undefined || value === '' ? {} : ({ [key]: value } as { readonly [P in K]?: string });
