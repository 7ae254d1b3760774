// CreateFleet of type instant: machines and errors side by side, never an exception for want of capacity
// (cloud-apis §1.2).
import { AwsFailure } from '../aws-failure';
import type {
  CreateFleetInput,
  CreateFleetOutput,
  Ec2Market,
  FleetError,
  FleetInstance,
  FleetOptions,
  FleetOverride,
  TemplateSpecification,
} from './api';
import type { AddressPool } from './addresses';
import { addressesLeft } from './addresses';
import type { Cloud, Shortage, Template, Vm } from './cloud';
import { once, priceKey, zoneId } from './cloud';
import { isUp, launchVm } from './life';
import { resolveTemplate } from './templates';

export const createFleet = (cloud: Cloud, input: CreateFleetInput): CreateFleetOutput => {
  if (input.Type !== 'instant') {
    throw new AwsFailure(
      'InvalidParameterValue',
      `The emulated EC2 has fleets of type instant only, not ${input.Type ?? 'maintain (the default)'}.`,
    );
  }
  return once(cloud, 'CreateFleet', input, () => {
    const pools = input.LaunchTemplateConfigs.flatMap((config) =>
      poolsOf(cloud, config.LaunchTemplateSpecification ?? {}, config.Overrides ?? []),
    );
    if (pools.length === 0)
      throw new AwsFailure('InvalidParameterValue', 'The fleet has no launch template config.');
    refuseTwins(pools);
    const shares = sharesOf(input);
    if (input.DryRun === true) {
      throw new AwsFailure('DryRunOperation', 'Request would have succeeded, but DryRun flag is set.', 412);
    }
    return launch(cloud, input, pools, shares);
  });
};

type Pool = {
  readonly named: TemplateSpecification;
  readonly override: FleetOverride;
  readonly version: Template['versions'][number];
  readonly template: Template;
  readonly shape: string;
  readonly subnet: AddressPool;
  readonly image: string;
  readonly order: number;
};
type Share = { readonly market: Ec2Market; readonly count: number; readonly options: FleetOptions };
type Take = { readonly pool: Pool; readonly count: number };

const poolsOf = (cloud: Cloud, named: TemplateSpecification, overrides: readonly FleetOverride[]): Pool[] => {
  const { template, version } = resolveTemplate(cloud, named);
  const each = overrides.length > 0 ? overrides : [{}];
  return each.map((override, order) => {
    const shape = override.InstanceType ?? version.data.InstanceType;
    if (shape === undefined)
      throw new AwsFailure('MissingParameter', 'No instance type in the override or the template.');
    const image = resolveImage(cloud, override.ImageId ?? version.data.ImageId);
    return { named, override, template, version, shape, subnet: subnetOf(cloud, override), image, order };
  });
};

const refuseTwins = (pools: readonly Pool[]): void => {
  const places = pools.map((pool) => `${pool.shape} in ${pool.subnet.zone}`);
  const twin = places.find((place, index) => places.indexOf(place) !== index);
  if (twin === undefined) return;
  throw new AwsFailure('InvalidParameterValue', `The overrides name the pool ${twin} more than once.`);
};

const resolveImage = (cloud: Cloud, image: string | undefined): string => {
  if (image === undefined)
    throw new AwsFailure('MissingParameter', 'The request must contain the parameter ImageId');
  if (!image.startsWith('resolve:ssm:')) return image;
  const found = cloud.resolveParameter(image.slice('resolve:ssm:'.length));
  if (found === undefined)
    throw new AwsFailure('InvalidAMIID.NotFound', `The parameter of ${image} does not exist.`);
  return found;
};

const subnetOf = (cloud: Cloud, override: FleetOverride): AddressPool => {
  if (override.SubnetId !== undefined) {
    const subnet = cloud.subnets.find((one) => one.id === override.SubnetId);
    if (subnet !== undefined) return subnet;
    throw new AwsFailure('InvalidSubnetID.NotFound', `The subnet ID '${override.SubnetId}' does not exist`);
  }
  const zone = override.AvailabilityZone ?? cloud.zones[0];
  const subnet = cloud.subnets.find((one) => one.zone === zone);
  if (subnet !== undefined) return subnet;
  throw new AwsFailure('InvalidParameterValue', `Invalid availability zone: [${zone ?? ''}]`);
};

const sharesOf = (input: CreateFleetInput): Share[] => {
  const target = input.TargetCapacitySpecification;
  const market = target.DefaultTargetCapacityType ?? 'on-demand';
  const total = target.TotalTargetCapacity;
  if (!Number.isInteger(total) || total < 1 || total > 10_000) {
    throw new AwsFailure('InvalidParameterValue', `TotalTargetCapacity ${total} is not between 1 and 10000.`);
  }
  const spot =
    target.SpotTargetCapacity ?? (market === 'spot' ? total - (target.OnDemandTargetCapacity ?? 0) : 0);
  return [
    { market: 'on-demand' as const, count: total - spot, options: input.OnDemandOptions ?? {} },
    { market: 'spot' as const, count: spot, options: input.SpotOptions ?? {} },
  ].filter((share) => share.count > 0);
};

const launch = (
  cloud: Cloud,
  input: CreateFleetInput,
  pools: readonly Pool[],
  shares: readonly Share[],
): CreateFleetOutput => {
  const fleetId = `fleet-${cloud.base.dice.uuid('fleet')}`;
  const errors: FleetError[] = [];
  const instances: FleetInstance[] = [];
  for (const share of shares) {
    const takes = allocate(cloud, share, inOrder(cloud, pools, share), errors);
    const total = takes.reduce((sum, take) => sum + take.count, 0);
    if (total < (share.options.MinTargetCapacity ?? 0)) continue;
    for (const take of takes) instances.push(launchTake(cloud, { input, fleetId, share, take }));
  }
  return { FleetId: fleetId, Errors: errors, Instances: instances };
};

/** By priority where the strategy has one (lower first, none last), else the cheapest first. How deep a spot pool is
 *  nobody can see from outside, so every other strategy comes down to the price here. */
const inOrder = (cloud: Cloud, pools: readonly Pool[], share: Share): Pool[] => {
  const isPrioritized = share.options.AllocationStrategy?.endsWith('prioritized') === true;
  const rank = (pool: Pool): number =>
    isPrioritized
      ? (pool.override.Priority ?? Number.MAX_SAFE_INTEGER)
      : (cloud.prices.get(priceKey(pool.shape, pool.subnet.zone, share.market))?.usdPerHour ??
        Number.MAX_SAFE_INTEGER);
  return [...pools].sort((a, b) => rank(a) - rank(b) || a.order - b.order);
};

const allocate = (cloud: Cloud, share: Share, pools: readonly Pool[], errors: FleetError[]): Take[] => {
  const single = singlePools(pools, share.options);
  let remaining = share.count;
  const takes: Take[] = [];
  for (const pool of single) {
    if (remaining === 0) break;
    const { count, error } = available(cloud, pool, share.market, remaining);
    if (count > 0) takes.push({ pool, count });
    if (error !== undefined) errors.push(fleetError(pool, share.market, error));
    remaining -= count;
  }
  return takes;
};

const singlePools = (pools: readonly Pool[], options: FleetOptions): readonly Pool[] => {
  const [best] = pools;
  return pools.filter(
    (pool) =>
      (options.SingleInstanceType !== true || pool.shape === best?.shape) &&
      (options.SingleAvailabilityZone !== true || pool.subnet.zone === best?.subnet.zone),
  );
};

type Refusal = { readonly code: string; readonly message: string };

const available = (
  cloud: Cloud,
  pool: Pool,
  market: Ec2Market,
  wanted: number,
): { count: number; error?: Refusal } => {
  const { zone } = pool.subnet;
  if (!cloud.prices.has(priceKey(pool.shape, zone, market)) || !cloud.shapes.has(pool.shape)) {
    return {
      count: 0,
      error: {
        code: 'Unsupported',
        message: `Your requested instance type (${pool.shape}) is not supported in your requested Availability Zone (${zone}).`,
      },
    };
  }
  if (market === 'on-demand' && tagsSpotRequests(pool)) {
    return { count: 0, error: { code: 'InvalidParameterValue', message: NO_SPOT_REQUEST } };
  }
  const addresses = addressesLeft(pool.subnet);
  if (addresses < wanted) {
    const message = `There are not enough free addresses in subnet '${pool.subnet.id}' to satisfy the requested number of instances.`;
    return { count: addresses, error: { code: 'InsufficientFreeAddressesInSubnet', message } };
  }
  const quota = allowed(cloud, pool, market, wanted);
  const shortage = cloud.shortages.find((one) => applies(cloud, one, pool, market));
  if (shortage === undefined || shortage.remaining >= quota.count) {
    if (shortage !== undefined) shortage.remaining -= quota.count;
    return quota;
  }
  const count = shortage.remaining;
  shortage.remaining = 0;
  return { count, error: shortageRefusal(cloud, shortage, pool, market) };
};

/** How many of the wanted the account's quota of vCPUs still allows. */
const allowed = (
  cloud: Cloud,
  pool: Pool,
  market: Ec2Market,
  wanted: number,
): { count: number; error?: Refusal } => {
  const quota = cloud.quotas.get(market);
  const each = cloud.shapes.get(pool.shape)?.total.cpuMilli ?? 0;
  if (quota === undefined || each === 0) return { count: wanted };
  const used = [...cloud.vms.values()]
    .filter((vm) => vm.market === market && isUp(vm.state))
    .reduce((sum, vm) => sum + vm.shape.total.cpuMilli, 0);
  const count = Math.max(0, Math.min(wanted, Math.floor((quota * 1000 - used) / each)));
  return count === wanted ? { count } : { count, error: quotaRefusal(market, quota) };
};

const quotaRefusal = (market: Ec2Market, quota: number): Refusal =>
  market === 'spot'
    ? { code: 'MaxSpotInstanceCountExceeded', message: 'Max spot instance count exceeded' }
    : {
        code: 'VcpuLimitExceeded',
        message: `You have requested more vCPU capacity than your current vCPU limit of ${quota} allows.`,
      };

/** A template that tags requests for spot instances serves no on-demand fleet (cloud-apis §0.2b). */
const tagsSpotRequests = (pool: Pool): boolean =>
  (pool.version.data.TagSpecifications ?? []).some((spec) => spec.ResourceType === 'spot-instances-request');

const NO_SPOT_REQUEST =
  'You cannot specify tags for Spot instances requests if there are no Spot instances requests being created by the request.';

const applies = (cloud: Cloud, shortage: Shortage, pool: Pool, market: Ec2Market): boolean =>
  (shortage.until ?? Number.MAX_SAFE_INTEGER) > cloud.base.timeline.now() &&
  (shortage.shape ?? pool.shape) === pool.shape &&
  (shortage.zone ?? pool.subnet.zone) === pool.subnet.zone &&
  (shortage.market ?? market) === market;

const shortageRefusal = (cloud: Cloud, shortage: Shortage, pool: Pool, market: Ec2Market): Refusal => {
  const code = shortage.code ?? 'InsufficientInstanceCapacity';
  const { zone } = pool.subnet;
  cloud.base.scribe.write(
    'capacity-error',
    `${pool.shape}/${zone}/${market}`,
    `EC2 has no more ${pool.shape} (${market}) in ${zone}: ${code}.`,
  );
  const message =
    code === 'InsufficientInstanceCapacity'
      ? `We currently do not have sufficient ${pool.shape} capacity in the Availability Zone you requested (${zone}).`
      : `The request for ${pool.shape} (${market}) in ${zone} cannot be fulfilled.`;
  return { code, message };
};

const fleetError = (pool: Pool, market: Ec2Market, error: Refusal): FleetError => ({
  LaunchTemplateAndOverrides: named(pool),
  Lifecycle: market,
  ErrorCode: error.code,
  ErrorMessage: error.message,
});

const named = (pool: Pool): FleetInstance['LaunchTemplateAndOverrides'] => ({
  LaunchTemplateSpecification: { LaunchTemplateId: pool.template.id, Version: String(pool.version.number) },
  Overrides: pool.override,
});

type TakeContext = {
  readonly input: CreateFleetInput;
  readonly fleetId: string;
  readonly share: Share;
  readonly take: Take;
};

const launchTake = (cloud: Cloud, { input, fleetId, share, take }: TakeContext): FleetInstance => {
  const { pool } = take;
  const specs = [...(pool.version.data.TagSpecifications ?? []), ...(input.TagSpecifications ?? [])];
  const tags = new Map(
    specs
      .filter((spec) => spec.ResourceType === 'instance')
      .flatMap((spec) => spec.Tags.map((tag) => [tag.Key, tag.Value])),
  );
  tags.set('aws:ec2:fleet-id', fleetId);
  tags.set('aws:ec2launchtemplate:id', pool.template.id);
  tags.set('aws:ec2launchtemplate:version', String(pool.version.number));
  const reservation = `r-0${cloud.base.dice.hex('reservation', 16)}`;
  const vms: Vm[] = [];
  for (let made = 0; made < take.count; made += 1) {
    vms.push(
      launchVm(cloud, {
        shape: pool.shape,
        subnet: pool.subnet,
        market: share.market,
        image: pool.image,
        data: pool.version.data,
        tags: new Map(tags),
        reservation,
        token: input.ClientToken,
      }),
    );
  }
  return {
    LaunchTemplateAndOverrides: named(pool),
    Lifecycle: share.market,
    InstanceIds: vms.map((vm) => vm.id),
    InstanceType: pool.shape,
    AvailabilityZone: pool.subnet.zone,
    AvailabilityZoneId: zoneId(cloud, pool.subnet.zone),
    SubnetId: pool.subnet.id,
  };
};
