// What each EC2 action takes: the model's own names and types, and beside them the names on the wire where these
// differ (cloud-apis §1.1: request lists are flattened `Name.N`, most of them renamed to the singular).
import { z } from 'zod';

/** Wire names of lists that are not called on the wire what they are called in the model. */
export const wireNames = z.registry<{ readonly wire: string }>();

const list = <T extends z.ZodType>(of: T, wire: string) =>
  z.array(of).register(wireNames, { wire }).exactOptional();
const sameName = <T extends z.ZodType>(of: T) => z.array(of).exactOptional();

const text = z.string().exactOptional();
const number = z
  .string()
  .regex(/^-?\d{1,15}$/)
  .transform(Number);
const whole = number.exactOptional();
const flag = z
  .enum(['true', 'false'])
  .transform((word) => word === 'true')
  .exactOptional();

const tag = z.object({ Key: z.string(), Value: z.string().default('') });
const tags = z.array(tag).register(wireNames, { wire: 'Tag' });
const tagSpecifications = list(z.object({ ResourceType: z.string(), Tags: tags }), 'TagSpecification');
const filter = z.object({
  Name: z.string(),
  Values: z.array(z.string()).register(wireNames, { wire: 'Value' }),
});
const page = { NextToken: text, MaxResults: whole, Filters: list(filter, 'Filter'), DryRun: flag };

const blockDevice = z.object({
  DeviceName: text,
  VirtualName: text,
  NoDevice: text,
  Ebs: z
    .object({
      Encrypted: flag,
      DeleteOnTermination: flag,
      Iops: whole,
      Throughput: whole,
      KmsKeyId: text,
      SnapshotId: text,
      VolumeSize: whole,
      VolumeType: text,
    })
    .exactOptional(),
});

const metadataOptions = z.object({
  HttpTokens: text,
  HttpPutResponseHopLimit: whole,
  HttpEndpoint: text,
  HttpProtocolIpv6: text,
  InstanceMetadataTags: text,
});

const profile = z.object({ Arn: text, Name: text });
const bounds = z.object({ Min: whole, Max: whole }).exactOptional();

const instanceRequirements = z.object({
  VCpuCount: bounds,
  MemoryMiB: bounds,
  CpuManufacturers: list(z.string(), 'CpuManufacturer'),
  InstanceGenerations: list(z.string(), 'InstanceGeneration'),
  ExcludedInstanceTypes: list(z.string(), 'ExcludedInstanceType'),
  AllowedInstanceTypes: list(z.string(), 'AllowedInstanceType'),
  BareMetal: text,
  BurstablePerformance: text,
  LocalStorage: text,
});

const override = z.object({
  InstanceType: text,
  MaxPrice: text,
  SubnetId: text,
  AvailabilityZone: text,
  AvailabilityZoneId: text,
  WeightedCapacity: whole,
  Priority: whole,
  ImageId: text,
  KeyName: text,
  BlockDeviceMappings: list(blockDevice, 'BlockDeviceMapping'),
  IamInstanceProfile: profile.exactOptional(),
  MetadataOptions: metadataOptions.exactOptional(),
  InstanceRequirements: instanceRequirements.exactOptional(),
});

const marketOptions = z.object({
  AllocationStrategy: text,
  InstanceInterruptionBehavior: text,
  InstancePoolsToUseCount: whole,
  SingleInstanceType: flag,
  SingleAvailabilityZone: flag,
  MinTargetCapacity: whole,
  MaxTotalPrice: text,
});

const createFleet = z.object({
  LaunchTemplateConfigs: z.array(
    z.object({
      LaunchTemplateSpecification: z
        .object({
          LaunchTemplateId: text,
          LaunchTemplateName: text,
          Version: text,
          LaunchTemplateSpecificationUserData: text,
        })
        .exactOptional(),
      Overrides: sameName(override),
    }),
  ),
  TargetCapacitySpecification: z.object({
    TotalTargetCapacity: number,
    OnDemandTargetCapacity: whole,
    SpotTargetCapacity: whole,
    DefaultTargetCapacityType: z.enum(['spot', 'on-demand']).exactOptional(),
    TargetCapacityUnitType: text,
  }),
  Type: text,
  ClientToken: text,
  SpotOptions: marketOptions.exactOptional(),
  OnDemandOptions: marketOptions.exactOptional(),
  TagSpecifications: tagSpecifications,
  Context: text,
  ExcessCapacityTerminationPolicy: text,
  DryRun: flag,
});

const networkInterface = z.object({
  AssociatePublicIpAddress: flag,
  DeleteOnTermination: flag,
  DeviceIndex: whole,
  Description: text,
  Groups: list(z.string(), 'SecurityGroupId'),
  SubnetId: text,
});

const launchTemplateData = z.object({
  ImageId: text,
  InstanceType: text,
  KeyName: text,
  EbsOptimized: flag,
  UserData: text,
  DisableApiTermination: flag,
  InstanceInitiatedShutdownBehavior: text,
  IamInstanceProfile: profile.exactOptional(),
  BlockDeviceMappings: list(blockDevice, 'BlockDeviceMapping'),
  NetworkInterfaces: list(networkInterface, 'NetworkInterface'),
  SecurityGroupIds: list(z.string(), 'SecurityGroupId'),
  SecurityGroups: list(z.string(), 'SecurityGroup'),
  TagSpecifications: tagSpecifications,
  MetadataOptions: metadataOptions.exactOptional(),
  Monitoring: z.object({ Enabled: flag }).exactOptional(),
});

const createLaunchTemplate = z.object({
  LaunchTemplateName: z.string(),
  VersionDescription: text,
  LaunchTemplateData: launchTemplateData,
  TagSpecifications: tagSpecifications,
  ClientToken: text,
  DryRun: flag,
});

const templateNamed = { LaunchTemplateId: text, LaunchTemplateName: text };

/** By action. */
export const EC2_REQUESTS = {
  CreateFleet: createFleet,
  CreateLaunchTemplate: createLaunchTemplate,
  CreateLaunchTemplateVersion: z.object({
    ...templateNamed,
    SourceVersion: text,
    VersionDescription: text,
    LaunchTemplateData: launchTemplateData,
    ClientToken: text,
    DryRun: flag,
  }),
  CreateTags: z.object({
    Resources: z.array(z.string()).register(wireNames, { wire: 'ResourceId' }),
    Tags: tags,
    DryRun: flag,
  }),
  DeleteLaunchTemplate: z.object({ ...templateNamed, DryRun: flag }),
  DescribeImages: z.object({
    ImageIds: list(z.string(), 'ImageId'),
    Owners: list(z.string(), 'Owner'),
    IncludeDeprecated: flag,
    ...page,
  }),
  DescribeInstances: z.object({ InstanceIds: list(z.string(), 'InstanceId'), ...page }),
  DescribeInstanceTypes: z.object({
    InstanceTypes: list(z.string(), 'InstanceType'),
    ...page,
  }),
  DescribeInstanceTypeOfferings: z.object({ LocationType: text, ...page }),
  DescribeLaunchTemplates: z.object({
    LaunchTemplateIds: list(z.string(), 'LaunchTemplateId'),
    LaunchTemplateNames: list(z.string(), 'LaunchTemplateName'),
    ...page,
  }),
  DescribeLaunchTemplateVersions: z.object({
    ...templateNamed,
    Versions: list(z.string(), 'LaunchTemplateVersion'),
    MinVersion: text,
    MaxVersion: text,
    ...page,
  }),
  DescribeSpotPriceHistory: z.object({
    InstanceTypes: list(z.string(), 'InstanceType'),
    ProductDescriptions: list(z.string(), 'ProductDescription'),
    AvailabilityZone: text,
    StartTime: text,
    EndTime: text,
    ...page,
  }),
  DescribeSubnets: z.object({ SubnetIds: list(z.string(), 'SubnetId'), ...page }),
  GetConsoleOutput: z.object({ InstanceId: z.string(), Latest: flag, DryRun: flag }),
  TerminateInstances: z.object({
    InstanceIds: z.array(z.string()).register(wireNames, { wire: 'InstanceId' }),
    DryRun: flag,
  }),
} as const;
