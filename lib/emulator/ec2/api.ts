// EC2 as the emulated world answers it: the operations' own names and members, times as ISO text, so that an HTTP face
// is a codec and nothing else. Members that no reader of ours needs are left out.

export type Ec2Tag = { readonly Key: string; readonly Value: string };
export type TagSpecification = { readonly ResourceType: string; readonly Tags: readonly Ec2Tag[] };
export type Ec2Filter = { readonly Name: string; readonly Values: readonly string[] };
export type Paged = {
  readonly MaxResults?: number;
  readonly NextToken?: string;
  readonly Filters?: readonly Ec2Filter[];
};

/** Whatever a template holds is kept and given back; these members are also acted on. */
export type LaunchTemplateData = {
  readonly ImageId?: string;
  /** Base64 of at most 16 KiB. */
  readonly UserData?: string;
  readonly InstanceType?: string;
  readonly TagSpecifications?: readonly TagSpecification[];
  readonly [member: string]: unknown;
};
export type CreateLaunchTemplateInput = {
  readonly LaunchTemplateName: string;
  readonly LaunchTemplateData: LaunchTemplateData;
  readonly VersionDescription?: string;
  readonly ClientToken?: string;
  readonly TagSpecifications?: readonly TagSpecification[];
};
export type TemplateName = { readonly LaunchTemplateId?: string; readonly LaunchTemplateName?: string };
export type CreateLaunchTemplateVersionInput = TemplateName & {
  readonly LaunchTemplateData: LaunchTemplateData;
  readonly VersionDescription?: string;
  readonly ClientToken?: string;
};
export type LaunchTemplate = {
  readonly LaunchTemplateId: string;
  readonly LaunchTemplateName: string;
  readonly CreateTime: string;
  readonly DefaultVersionNumber: number;
  readonly LatestVersionNumber: number;
  readonly Tags: readonly Ec2Tag[];
};
export type LaunchTemplateVersion = {
  readonly LaunchTemplateId: string;
  readonly LaunchTemplateName: string;
  readonly VersionNumber: number;
  readonly VersionDescription?: string;
  readonly CreateTime: string;
  readonly DefaultVersion: boolean;
  readonly LaunchTemplateData: LaunchTemplateData;
};
export type DescribeLaunchTemplatesInput = Paged & {
  readonly LaunchTemplateIds?: readonly string[];
  readonly LaunchTemplateNames?: readonly string[];
};
/** `Versions` may hold numbers, `$Latest` and `$Default`. */
export type DescribeLaunchTemplateVersionsInput = Paged &
  TemplateName & { readonly Versions?: readonly string[] };
export type DeleteLaunchTemplateInput = TemplateName;

export type FleetOverride = {
  readonly InstanceType?: string;
  readonly SubnetId?: string;
  readonly AvailabilityZone?: string;
  readonly Priority?: number;
  readonly ImageId?: string;
};
export type TemplateSpecification = TemplateName & { readonly Version?: string };
export type Ec2Market = 'spot' | 'on-demand';
export type CreateFleetInput = {
  readonly Type?: string;
  readonly ClientToken?: string;
  readonly DryRun?: boolean;
  readonly LaunchTemplateConfigs: readonly {
    readonly LaunchTemplateSpecification?: TemplateSpecification;
    readonly Overrides?: readonly FleetOverride[];
  }[];
  readonly TargetCapacitySpecification: {
    readonly TotalTargetCapacity: number;
    readonly DefaultTargetCapacityType?: Ec2Market;
    readonly OnDemandTargetCapacity?: number;
    readonly SpotTargetCapacity?: number;
  };
  readonly SpotOptions?: FleetOptions;
  readonly OnDemandOptions?: FleetOptions;
  readonly TagSpecifications?: readonly TagSpecification[];
};
export type FleetOptions = {
  readonly AllocationStrategy?: string;
  readonly SingleInstanceType?: boolean;
  readonly SingleAvailabilityZone?: boolean;
  readonly MinTargetCapacity?: number;
};
export type TemplateAndOverrides = {
  readonly LaunchTemplateSpecification: TemplateSpecification;
  readonly Overrides: FleetOverride;
};
export type FleetError = {
  readonly LaunchTemplateAndOverrides: TemplateAndOverrides;
  readonly Lifecycle: Ec2Market;
  readonly ErrorCode: string;
  readonly ErrorMessage: string;
};
export type FleetInstance = {
  readonly LaunchTemplateAndOverrides: TemplateAndOverrides;
  readonly Lifecycle: Ec2Market;
  readonly InstanceIds: readonly string[];
  readonly InstanceType: string;
  readonly AvailabilityZone: string;
  readonly AvailabilityZoneId: string;
  readonly SubnetId?: string;
};
export type CreateFleetOutput = {
  readonly FleetId: string;
  readonly Errors: readonly FleetError[];
  readonly Instances: readonly FleetInstance[];
};

export type InstanceStateName =
  | 'pending'
  | 'running'
  | 'shutting-down'
  | 'terminated'
  | 'stopping'
  | 'stopped';
export type InstanceState = { readonly Code: number; readonly Name: InstanceStateName };
export const STATE_CODES: Readonly<Record<InstanceStateName, number>> = {
  pending: 0,
  running: 16,
  'shutting-down': 32,
  terminated: 48,
  stopping: 64,
  stopped: 80,
};
export type Ec2Instance = {
  readonly InstanceId: string;
  readonly ImageId: string;
  readonly InstanceType: string;
  readonly State: InstanceState;
  readonly Placement: { readonly AvailabilityZone: string; readonly Tenancy: 'default' };
  readonly LaunchTime: string;
  readonly PrivateIpAddress?: string;
  readonly PrivateDnsName?: string;
  readonly SubnetId?: string;
  readonly VpcId?: string;
  /** Only on spot instances. */
  readonly InstanceLifecycle?: 'spot';
  readonly SpotInstanceRequestId?: string;
  readonly ClientToken?: string;
  readonly Architecture: 'x86_64' | 'arm64';
  readonly StateTransitionReason: string;
  readonly StateReason?: { readonly Code: string; readonly Message: string };
  readonly Tags: readonly Ec2Tag[];
};
export type DescribeInstancesInput = Paged & { readonly InstanceIds?: readonly string[] };
export type DescribeInstancesOutput = {
  readonly Reservations: readonly {
    readonly ReservationId: string;
    readonly OwnerId: string;
    readonly Instances: readonly Ec2Instance[];
  }[];
  readonly NextToken?: string;
};
export type TerminateInstancesInput = { readonly InstanceIds: readonly string[]; readonly DryRun?: boolean };
export type TerminateInstancesOutput = {
  readonly TerminatingInstances: readonly {
    readonly InstanceId: string;
    readonly CurrentState: InstanceState;
    readonly PreviousState: InstanceState;
  }[];
};
export type DescribeInstanceStatusInput = Paged & {
  readonly InstanceIds?: readonly string[];
  readonly IncludeAllInstances?: boolean;
};
export type InstanceStatusEvent = {
  readonly InstanceEventId: string;
  readonly Code: string;
  readonly Description: string;
  readonly NotBefore: string;
};
export type InstanceStatus = {
  readonly InstanceId: string;
  readonly AvailabilityZone: string;
  readonly InstanceState: InstanceState;
  readonly InstanceStatus: { readonly Status: 'ok' | 'not-applicable' };
  readonly SystemStatus: { readonly Status: 'ok' | 'not-applicable' };
  readonly Events: readonly InstanceStatusEvent[];
};
export type DescribeInstanceStatusOutput = {
  readonly InstanceStatuses: readonly InstanceStatus[];
  readonly NextToken?: string;
};
/** Instances and launch templates. */
export type CreateTagsInput = { readonly Resources: readonly string[]; readonly Tags: readonly Ec2Tag[] };
export type DescribeInstanceTypesInput = Paged & { readonly InstanceTypes?: readonly string[] };
export type InstanceTypeInfo = {
  readonly InstanceType: string;
  readonly CurrentGeneration: boolean;
  readonly BareMetal: boolean;
  readonly VCpuInfo: { readonly DefaultVCpus: number };
  readonly MemoryInfo: { readonly SizeInMiB: number };
  readonly ProcessorInfo: { readonly SupportedArchitectures: readonly string[] };
  readonly SupportedUsageClasses: readonly string[];
  readonly GpuInfo?: { readonly Gpus: readonly { readonly Count: number }[] };
};
export type InstanceTypeOffering = {
  readonly InstanceType: string;
  readonly LocationType: 'availability-zone';
  readonly Location: string;
};
export type DescribeSpotPriceHistoryInput = Paged & {
  readonly InstanceTypes?: readonly string[];
  readonly AvailabilityZone?: string;
  readonly ProductDescriptions?: readonly string[];
};
export type SpotPrice = {
  readonly InstanceType: string;
  readonly AvailabilityZone: string;
  readonly ProductDescription: string;
  /** Text, as EC2 gives it. */
  readonly SpotPrice: string;
  readonly Timestamp: string;
};
export type Subnet = {
  readonly SubnetId: string;
  readonly VpcId: string;
  readonly AvailabilityZone: string;
  readonly AvailabilityZoneId: string;
  readonly CidrBlock: string;
  readonly State: 'available';
  readonly AvailableIpAddressCount: number;
};
export type DescribeSubnetsInput = Paged & { readonly SubnetIds?: readonly string[] };
export type ConsoleOutput = {
  readonly InstanceId: string;
  readonly Timestamp: string /** Base64. */;
  readonly Output: string;
};

/** Each throws AwsFailure. Nothing here waits: the world's clock stands still during a call. */
export type Ec2 = {
  CreateLaunchTemplate(input: CreateLaunchTemplateInput): { readonly LaunchTemplate: LaunchTemplate };
  CreateLaunchTemplateVersion(input: CreateLaunchTemplateVersionInput): {
    readonly LaunchTemplateVersion: LaunchTemplateVersion;
  };
  DescribeLaunchTemplates(input: DescribeLaunchTemplatesInput): {
    readonly LaunchTemplates: readonly LaunchTemplate[];
    readonly NextToken?: string;
  };
  DescribeLaunchTemplateVersions(input: DescribeLaunchTemplateVersionsInput): {
    readonly LaunchTemplateVersions: readonly LaunchTemplateVersion[];
    readonly NextToken?: string;
  };
  DeleteLaunchTemplate(input: DeleteLaunchTemplateInput): { readonly LaunchTemplate: LaunchTemplate };
  CreateFleet(input: CreateFleetInput): CreateFleetOutput;
  DescribeInstances(input: DescribeInstancesInput): DescribeInstancesOutput;
  DescribeInstanceStatus(input: DescribeInstanceStatusInput): DescribeInstanceStatusOutput;
  TerminateInstances(input: TerminateInstancesInput): TerminateInstancesOutput;
  CreateTags(input: CreateTagsInput): void;
  GetConsoleOutput(input: { readonly InstanceId: string }): ConsoleOutput;
  DescribeInstanceTypes(input: DescribeInstanceTypesInput): {
    readonly InstanceTypes: readonly InstanceTypeInfo[];
    readonly NextToken?: string;
  };
  DescribeInstanceTypeOfferings(input: Paged): {
    readonly InstanceTypeOfferings: readonly InstanceTypeOffering[];
    readonly NextToken?: string;
  };
  DescribeSpotPriceHistory(input: DescribeSpotPriceHistoryInput): {
    readonly SpotPriceHistory: readonly SpotPrice[];
    readonly NextToken?: string;
  };
  DescribeSubnets(input: DescribeSubnetsInput): {
    readonly Subnets: readonly Subnet[];
    readonly NextToken?: string;
  };
};
