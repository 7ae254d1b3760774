// EC2 Auto Scaling as the emulated world answers it: the operations' own names and members, times as ISO text.
import type { Ec2Filter, TemplateSpecification } from '../api';

export type Transition = 'autoscaling:EC2_INSTANCE_LAUNCHING' | 'autoscaling:EC2_INSTANCE_TERMINATING';
export type LifecycleResult = 'CONTINUE' | 'ABANDON';
export type LifecycleHook = {
  readonly LifecycleHookName: string;
  readonly LifecycleTransition: Transition;
  /** 30 to 7200 s, 3600 by default. */
  readonly HeartbeatTimeout?: number;
  /** ABANDON by default. */
  readonly DefaultResult?: LifecycleResult;
  /** An SQS queue or an SNS topic, which gets the message beside EventBridge. */
  readonly NotificationTargetARN?: string;
  readonly NotificationMetadata?: string;
};
export type GroupTag = {
  readonly Key: string;
  readonly Value: string;
  readonly PropagateAtLaunch?: boolean;
};
/** The template names the instance type, and with `InstanceMarketOptions.MarketType: 'spot'` the market. */
export type CreateGroupInput = {
  readonly AutoScalingGroupName: string;
  readonly MinSize: number;
  readonly MaxSize: number;
  /** MinSize by default. */
  readonly DesiredCapacity?: number;
  readonly LaunchTemplate: TemplateSpecification;
  /** Subnets, separated by commas. */
  readonly VPCZoneIdentifier: string;
  readonly LifecycleHookSpecificationList?: readonly LifecycleHook[];
  readonly NewInstancesProtectedFromScaleIn?: boolean;
  readonly Tags?: readonly GroupTag[];
};
export type LifecycleState =
  | 'Pending'
  | 'Pending:Wait'
  | 'Pending:Proceed'
  | 'InService'
  | 'Terminating'
  | 'Terminating:Wait'
  | 'Terminating:Proceed';
export type GroupInstance = {
  readonly InstanceId: string;
  readonly InstanceType: string;
  readonly AvailabilityZone: string;
  readonly LifecycleState: LifecycleState;
  readonly HealthStatus: 'Healthy' | 'Unhealthy';
  readonly ProtectedFromScaleIn: boolean;
};
export type AutoScalingGroup = {
  readonly AutoScalingGroupName: string;
  readonly AutoScalingGroupARN: string;
  readonly MinSize: number;
  readonly MaxSize: number;
  readonly DesiredCapacity: number;
  readonly AvailabilityZones: readonly string[];
  readonly VPCZoneIdentifier: string;
  readonly CreatedTime: string;
  readonly Instances: readonly GroupInstance[];
  readonly SuspendedProcesses: readonly { readonly ProcessName: string }[];
  readonly Tags: readonly GroupTag[];
};
export type DescribeGroupsInput = {
  readonly AutoScalingGroupNames?: readonly string[];
  /** `tag:KEY` and `tag-key`. */
  readonly Filters?: readonly Ec2Filter[];
  /** 1 to 100, 50 by default. */
  readonly MaxRecords?: number;
  readonly NextToken?: string;
};
/** A hook's action, by its token or by the instance. */
export type LifecycleActionName = {
  readonly AutoScalingGroupName: string;
  readonly LifecycleHookName: string;
  readonly LifecycleActionToken?: string;
  readonly InstanceId?: string;
};
type Named = { readonly AutoScalingGroupName: string };

/** Each throws AwsFailure. What they ask for happens later, as with the real ones. */
export type AutoScaling = {
  CreateAutoScalingGroup(input: CreateGroupInput): void;
  DescribeAutoScalingGroups(input: DescribeGroupsInput): {
    readonly AutoScalingGroups: readonly AutoScalingGroup[];
    readonly NextToken?: string;
  };
  /** Lowering it lets the group choose the victims. */
  SetDesiredCapacity(input: Named & { readonly DesiredCapacity: number }): void;
  PutLifecycleHook(input: Named & LifecycleHook): void;
  SuspendProcesses(input: Named & { readonly ScalingProcesses: readonly string[] }): void;
  ResumeProcesses(input: Named & { readonly ScalingProcesses: readonly string[] }): void;
  SetInstanceProtection(
    input: Named & { readonly InstanceIds: readonly string[]; readonly ProtectedFromScaleIn: boolean },
  ): void;
  TerminateInstanceInAutoScalingGroup(input: {
    readonly InstanceId: string;
    readonly ShouldDecrementDesiredCapacity: boolean;
  }): void;
  RecordLifecycleActionHeartbeat(input: LifecycleActionName): void;
  CompleteLifecycleAction(
    input: LifecycleActionName & { readonly LifecycleActionResult: LifecycleResult },
  ): void;
};

/** What a queue holds: the body of the direct message, or SNS's envelope around it. */
export type QueueMessage = { readonly arn: string; readonly body: string };
