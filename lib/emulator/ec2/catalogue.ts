// What EC2 sells and where: instance types, their zones, spot prices, subnets.
import { iso } from '../base';
import { AwsFailure } from '../aws-failure';
import type {
  DescribeInstanceTypesInput,
  DescribeSpotPriceHistoryInput,
  DescribeSubnetsInput,
  Ec2,
  Ec2Market,
  InstanceTypeInfo,
  Paged,
} from './api';
import { addressesLeft } from './addresses';
import type { Cloud } from './cloud';
import { priceKey, zoneId } from './cloud';
import { matchesFilters, paged } from './filters';

/** @throws AwsFailure when the offering is not sold at all. */
export const changePrice = (
  cloud: Cloud,
  sold: { readonly shape: string; readonly zone: string; readonly market: Ec2Market },
  usdPerHour: number,
): void => {
  const key = priceKey(sold.shape, sold.zone, sold.market);
  const offering = cloud.prices.get(key);
  if (offering === undefined)
    throw new AwsFailure(
      'InvalidParameterValue',
      `${sold.shape} (${sold.market}) is not sold in ${sold.zone}.`,
    );
  cloud.prices.set(key, { ...offering, usdPerHour });
};

const NO_TAGS: ReadonlyMap<string, string> = new Map();

export const describeTypes = (
  cloud: Cloud,
  input: DescribeInstanceTypesInput,
): ReturnType<Ec2['DescribeInstanceTypes']> => {
  const asked = input.InstanceTypes ?? [];
  const unknown = asked.filter((name) => !cloud.shapes.has(name));
  if (unknown.length > 0) {
    throw new AwsFailure(
      'InvalidInstanceType',
      `The following supplied instance types do not exist: [${unknown.join(', ')}]`,
    );
  }
  const rows = [...cloud.shapes.values()]
    .filter((shape) => asked.length === 0 || asked.includes(shape.name))
    .map((shape) => typeRow(cloud, shape.name))
    .filter((row): row is InstanceTypeInfo => row !== undefined)
    .filter((row) =>
      matchesFilters(input.Filters, NO_TAGS, {
        'instance-type': row.InstanceType,
        'current-generation': String(row.CurrentGeneration),
        'bare-metal': String(row.BareMetal),
        'processor-info.supported-architecture': row.ProcessorInfo.SupportedArchitectures[0],
        'supported-usage-class': row.SupportedUsageClasses[0],
        'supported-virtualization-type': 'hvm',
      }),
    );
  const { page, next } = paged(rows, input, 100);
  return { InstanceTypes: page, ...next };
};

const typeRow = (cloud: Cloud, name: string): InstanceTypeInfo | undefined => {
  const shape = cloud.shapes.get(name);
  if (shape === undefined) return undefined;
  const markets = new Set(
    [...cloud.prices.values()]
      .filter((offering) => offering.shape === name)
      .map((offering) => offering.market),
  );
  return {
    InstanceType: name,
    CurrentGeneration: true,
    BareMetal: name.includes('.metal'),
    VCpuInfo: { DefaultVCpus: Math.round(shape.total.cpuMilli / 1000) },
    MemoryInfo: { SizeInMiB: shape.total.memMib },
    ProcessorInfo: { SupportedArchitectures: [shape.arch === 'amd64' ? 'x86_64' : 'arm64'] },
    SupportedUsageClasses: (['on-demand', 'spot'] as const).filter((market) => markets.has(market)),
    ...(shape.total.gpus > 0 ? { GpuInfo: { Gpus: [{ Count: shape.total.gpus }] } } : {}),
  };
};

export const describeTypeOfferings = (
  cloud: Cloud,
  input: Paged,
): ReturnType<Ec2['DescribeInstanceTypeOfferings']> => {
  const pairs = new Map(
    [...cloud.prices.values()].map((offering) => [`${offering.shape}/${offering.zone}`, offering]),
  );
  const rows = [...pairs.values()]
    .map((offering) => ({
      InstanceType: offering.shape,
      LocationType: 'availability-zone' as const,
      Location: offering.zone,
    }))
    .filter((row) =>
      matchesFilters(input.Filters, NO_TAGS, { 'instance-type': row.InstanceType, location: row.Location }),
    );
  const { page, next } = paged(rows, input, 1000);
  return { InstanceTypeOfferings: page, ...next };
};

export const describeSpotPrices = (
  cloud: Cloud,
  input: DescribeSpotPriceHistoryInput,
): ReturnType<Ec2['DescribeSpotPriceHistory']> => {
  const types = input.InstanceTypes ?? [];
  const product = 'Linux/UNIX';
  const products = input.ProductDescriptions ?? [];
  const isAsked = products.length === 0 || products.includes(product);
  const rows = [...cloud.prices.values()]
    .filter((offering) => isAsked && offering.market === 'spot')
    .filter((offering) => types.length === 0 || types.includes(offering.shape))
    .filter((offering) => (input.AvailabilityZone ?? offering.zone) === offering.zone)
    .map((offering) => ({
      InstanceType: offering.shape,
      AvailabilityZone: offering.zone,
      ProductDescription: product,
      SpotPrice: offering.usdPerHour.toFixed(6),
      Timestamp: iso(cloud.base.timeline.now()),
    }))
    .filter((row) =>
      matchesFilters(input.Filters, NO_TAGS, {
        'instance-type': row.InstanceType,
        'availability-zone': row.AvailabilityZone,
        'product-description': row.ProductDescription,
      }),
    );
  const { page, next } = paged(rows, input, 1000);
  return { SpotPriceHistory: page, ...next };
};

export const describeSubnets = (
  cloud: Cloud,
  input: DescribeSubnetsInput,
): ReturnType<Ec2['DescribeSubnets']> => {
  const asked = input.SubnetIds ?? [];
  const missing = asked.find((id) => !cloud.subnets.some((subnet) => subnet.id === id));
  if (missing !== undefined)
    throw new AwsFailure('InvalidSubnetID.NotFound', `The subnet ID '${missing}' does not exist`);
  const rows = cloud.subnets
    .filter((subnet) => asked.length === 0 || asked.includes(subnet.id))
    .map((subnet) => ({
      SubnetId: subnet.id,
      VpcId: cloud.vpc,
      AvailabilityZone: subnet.zone,
      AvailabilityZoneId: zoneId(cloud, subnet.zone),
      CidrBlock: subnet.cidr,
      State: 'available' as const,
      AvailableIpAddressCount: addressesLeft(subnet),
    }))
    .filter((row) =>
      matchesFilters(input.Filters, NO_TAGS, {
        'subnet-id': row.SubnetId,
        'vpc-id': row.VpcId,
        'availability-zone': row.AvailabilityZone,
      }),
    );
  const { page, next } = paged(rows, input, 1000);
  return { Subnets: page, ...next };
};
