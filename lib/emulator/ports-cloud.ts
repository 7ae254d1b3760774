// The engine's Cloud port straight over the emulated EC2.
import type { Machine } from '../core/model/machine';
import type { Offering, Scope } from '../core/model/offering';
import type { OfferingError } from '../core/model/outcome';
import type { Source } from '../core/model/world';
import { Failure } from '../engine/failure';
import type {
  Cloud,
  LaunchAnswer,
  LaunchRequest,
  MarkRequest,
  TerminateAnswer,
  TerminateRequest,
} from '../engine/ports';
import { AwsFailure } from './aws-failure';
import type { CreateFleetInput, Ec2Instance, FleetError, FleetInstance } from './ec2/api';
import type { EmulatedWorld } from './world';

const TAG = {
  cluster: 'muster:cluster',
  pool: 'muster:pool',
  launch: 'muster:launch',
  bootstrap: 'muster:bootstrap',
  mark: 'muster:state',
} as const;

export const cloudPort = (world: EmulatedWorld): Cloud => ({
  machines: async (scope, cluster) => list(world, scope, { [TAG.cluster]: cluster }),
  launched: async (scope, cluster, launch) =>
    list(world, scope, { [TAG.cluster]: cluster, [TAG.launch]: launch }),
  launch: async (request) => launch(world, request),
  terminate: async (request) => terminate(world, request),
  mark: async (request) => markMachines(world, request),
});

const list = (
  world: EmulatedWorld,
  scope: Scope,
  tags: Readonly<Record<string, string>>,
): Source<readonly Machine[]> => {
  const instances = describe(world, tags);
  const value = instances
    .map((instance) => machineOf(instance, scope))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
  return { at: world.now(), complete: true, faults: [], value };
};

const describe = (world: EmulatedWorld, tags: Readonly<Record<string, string>>): Ec2Instance[] => {
  const Filters = Object.entries(tags).map(([key, value]) => ({
    Name: `tag:${key}`,
    Values: [value.replace(/[\\*?]/g, (character) => `\\${character}`)],
  }));
  const found: Ec2Instance[] = [];
  let NextToken: string | undefined;
  do {
    const token = NextToken === undefined ? {} : { NextToken };
    const page = attempt(
      () => world.ec2.DescribeInstances({ Filters, MaxResults: 1000, ...token }),
      'question',
    );
    found.push(...page.Reservations.flatMap((reservation) => reservation.Instances));
    NextToken = page.NextToken;
  } while (NextToken !== undefined);
  return found;
};

const tagOf = (instance: Ec2Instance, key: string): string | undefined =>
  instance.Tags.find((tag) => tag.Key === key)?.Value;

const machineOf = (instance: Ec2Instance, scope: Scope): Machine => {
  const state = instance.State.Name;
  const isUp = state === 'pending' || state === 'running';
  return {
    id: instance.InstanceId,
    cloud: scope.cloud,
    account: scope.account,
    region: scope.region,
    zone: instance.Placement.AvailabilityZone,
    shape: instance.InstanceType,
    market: instance.InstanceLifecycle === 'spot' ? 'spot' : 'on-demand',
    state,
    launchedAt: Date.parse(instance.LaunchTime),
    image: instance.ImageId,
    ...given('privateIp', instance.PrivateIpAddress),
    ...given('hostname', instance.PrivateDnsName),
    ...given('pool', tagOf(instance, TAG.pool)),
    ...given('launch', tagOf(instance, TAG.launch)),
    ...given('bootstrap', tagOf(instance, TAG.bootstrap)),
    ...given('mark', tagOf(instance, TAG.mark) || undefined),
    ...given('stateReason', isUp ? undefined : instance.StateReason?.Code),
  };
};

const given = <K extends string>(key: K, value: string | undefined): { readonly [P in K]?: string } => {
  const found: { [P in K]?: string } = {};
  if (value !== undefined) found[key] = value;
  return found;
};

const launch = (world: EmulatedWorld, request: LaunchRequest): LaunchAnswer => {
  const answer = attempt(() => world.ec2.CreateFleet(fleetInput(request)), 'effect');
  const machines = answer.Instances.flatMap((group) =>
    group.InstanceIds.map((id) => ({ id, offering: offeringOf(request, group) })),
  );
  return { machines, errors: answer.Errors.map((error) => errorOf(request, error)) };
};

/** The place of an override is its index: it is sent as the priority. */
const fleetInput = (request: LaunchRequest): CreateFleetInput => {
  const market = request.offerings[0]?.market ?? 'on-demand';
  const tags = {
    cluster: request.cluster,
    pool: request.pool,
    launch: request.launch,
    bootstrap: request.template.bootstrap,
  };
  const Tags = Object.entries(tags).map(([name, Value]) => ({ Key: `muster:${name}`, Value }));
  return {
    Type: 'instant',
    ClientToken: request.token,
    LaunchTemplateConfigs: [
      {
        LaunchTemplateSpecification: {
          LaunchTemplateId: request.template.id,
          Version: request.template.version,
        },
        Overrides: request.offerings.map((offering, Priority) => ({
          InstanceType: offering.shape,
          Priority,
          ...(offering.subnet === undefined
            ? { AvailabilityZone: offering.zone }
            : { SubnetId: offering.subnet }),
        })),
      },
    ],
    TargetCapacitySpecification: { TotalTargetCapacity: request.count, DefaultTargetCapacityType: market },
    ...(market === 'spot'
      ? { SpotOptions: { AllocationStrategy: 'capacity-optimized-prioritized' } }
      : { OnDemandOptions: { AllocationStrategy: 'prioritized' } }),
    TagSpecifications: [{ ResourceType: 'instance', Tags }],
  };
};

const offeringOf = (
  request: LaunchRequest,
  group: Pick<FleetInstance | FleetError, 'LaunchTemplateAndOverrides'>,
): Offering => {
  const offering = request.offerings[group.LaunchTemplateAndOverrides.Overrides.Priority ?? 0];
  if (offering === undefined)
    throw new Failure('permanent', `The launch ${request.launch} names no offering.`);
  const { subnet: _subnet, ...plain } = offering;
  return plain;
};

const errorOf = (request: LaunchRequest, error: FleetError): OfferingError => ({
  offering: offeringOf(request, error),
  code: error.ErrorCode,
  message: error.ErrorMessage,
  kind: errorKind(error.ErrorCode),
});

const errorKind = (code: string): OfferingError['kind'] => {
  if (/^(Insufficient|Unfulfillable|ReservationCapacity)/.test(code)) return 'capacity';
  if (/Exceeded$|LimitExceeded/.test(code)) return 'quota';
  if (code === 'Unsupported') return 'unsupported';
  return code.startsWith('Invalid') ? 'config' : 'unknown';
};

/** Others' machines are left alone; what is not there any more is done. */
const terminate = (world: EmulatedWorld, request: TerminateRequest): TerminateAnswer => {
  const known = new Map(
    describe(world, { [TAG.cluster]: request.cluster }).map((one) => [one.InstanceId, one]),
  );
  const done: string[] = [];
  const failed: { id: string; message: string }[] = [];
  for (const id of request.machines) {
    const instance = known.get(id);
    if (instance !== undefined && tagOf(instance, TAG.pool) === undefined) {
      failed.push({ id, message: 'It belongs to no pool (no tag muster:pool) and is left alone.' });
      continue;
    }
    if (instance !== undefined) attempt(() => world.ec2.TerminateInstances({ InstanceIds: [id] }), 'effect');
    done.push(id);
  }
  return { done, failed };
};

/** Sets the tag `muster:state` on machines of the cluster; it may be repeated.
 *  @throws Failure `gone` when one of them is not there or not ours; the others are marked all the same. */
export const markMachines = async (world: EmulatedWorld, request: MarkRequest): Promise<void> => {
  const ours = new Set(describe(world, { [TAG.cluster]: request.cluster }).map((one) => one.InstanceId));
  const Resources = request.machines.filter((id) => ours.has(id));
  const Tags = [{ Key: TAG.mark, Value: request.mark }];
  if (Resources.length > 0) attempt(() => world.ec2.CreateTags({ Resources, Tags }), 'effect');
  const missing = request.machines.filter((id) => !ours.has(id));
  if (missing.length > 0)
    throw new Failure('gone', `Not marked, for the cluster has no such machine: ${missing.join(', ')}.`);
};

/** What EC2 throws, in the engine's terms. A server's fault during an effect leaves its outcome open. */
const attempt = <T>(call: () => T, nature: 'question' | 'effect'): T => {
  try {
    return call();
  } catch (error) {
    if (!(error instanceof AwsFailure)) throw error;
    throw new Failure(kindOf(error, nature), `EC2 refused: ${error.message}`, {
      code: error.code,
      cause: error,
    });
  }
};

const kindOf = (error: AwsFailure, nature: 'question' | 'effect'): Failure['kind'] => {
  if (error.code === 'RequestLimitExceeded') return 'throttled';
  if (error.status >= 500) return nature === 'effect' ? 'unknown-outcome' : 'transient';
  return /^InvalidInstanceID\.(NotFound|Malformed)$/.test(error.code) ? 'gone' : 'permanent';
};
