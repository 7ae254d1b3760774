// DescribeInstances, TerminateInstances, CreateTags, GetConsoleOutput (cloud-apis §1.6, §1.7).
import { AwsFailure } from '../aws-failure';
import { iso } from '../base';
import type {
  ConsoleOutput,
  CreateTagsInput,
  DescribeInstancesInput,
  DescribeInstancesOutput,
  Ec2Instance,
  InstanceState,
  InstanceStateName,
  TerminateInstancesInput,
  TerminateInstancesOutput,
} from './api';
import { STATE_CODES } from './api';
import type { Cloud, Vm } from './cloud';
import { matchesFilters, pageSize, startOf, tagList } from './filters';
import { endVm, USER_END } from './life';

const MOST_IDS = 1000;

export const describeInstances = (cloud: Cloud, input: DescribeInstancesInput): DescribeInstancesOutput => {
  const ids = input.InstanceIds ?? [];
  if (ids.length > 0 && input.MaxResults !== undefined) {
    throw new AwsFailure(
      'InvalidParameterCombination',
      'The parameter instancesSet cannot be used with the parameter maxResults',
    );
  }
  // The token is the number of the last machine shown, so that pages neither skip nor repeat when others come and go.
  const after = startOf(input);
  const size = pageSize(input, 1000);
  const asked = ids.length > 0 ? findVms(cloud, ids) : visible(cloud);
  const found = asked.filter(
    (vm) => vm.number > after && matchesFilters(input.Filters, vm.tags, filterFields(cloud, vm)),
  );
  const page = ids.length > 0 ? found : found.slice(0, size);
  const last = page.at(-1);
  const isMore = page.length < found.length && last !== undefined;
  return {
    Reservations: reservations(cloud, page),
    ...(isMore ? { NextToken: String(last.number) } : {}),
  };
};

export const terminateInstances = (
  cloud: Cloud,
  input: TerminateInstancesInput,
): TerminateInstancesOutput => {
  if (input.InstanceIds.length === 0) {
    throw new AwsFailure('MissingParameter', 'The request must contain the parameter InstanceIds');
  }
  if (input.InstanceIds.length > MOST_IDS) {
    throw new AwsFailure(
      'InvalidParameterValue',
      `At most ${MOST_IDS} instances can be terminated in one call.`,
    );
  }
  const vms = findVms(cloud, input.InstanceIds);
  if (input.DryRun === true) {
    throw new AwsFailure('DryRunOperation', 'Request would have succeeded, but DryRun flag is set.', 412);
  }
  const rows = vms.map((vm) => {
    const before = vm.state;
    endVm(cloud, vm, USER_END);
    return { InstanceId: vm.id, CurrentState: stateOf(vm.state), PreviousState: stateOf(before) };
  });
  return { TerminatingInstances: rows };
};

export const createTags = (cloud: Cloud, input: CreateTagsInput): void => {
  const targets = input.Resources.map((id) => {
    if (!id.startsWith('lt-')) return findVms(cloud, [id])[0]?.tags;
    const template = cloud.templates.get(id);
    if (template === undefined)
      throw new AwsFailure('InvalidLaunchTemplateId.NotFound', `The launch template ${id} does not exist.`);
    return template.tags;
  });
  for (const tag of input.Tags) {
    if (tag.Key.startsWith('aws:')) {
      throw new AwsFailure(
        'InvalidParameterValue',
        'Tag keys starting with aws: are reserved for internal use',
      );
    }
    for (const target of targets) target?.set(tag.Key, tag.Value);
  }
};

export const consoleOutput = (cloud: Cloud, id: string): ConsoleOutput => {
  const [vm] = findVms(cloud, [id]);
  return {
    InstanceId: id,
    Timestamp: iso(cloud.base.timeline.now()),
    Output: Buffer.from((vm?.console ?? []).map((line) => `${line}\n`).join('')).toString('base64'),
  };
};

/** New machines are invisible for a while where the world is set so. */
const isVisible = (cloud: Cloud, vm: Vm): boolean =>
  cloud.base.timeline.now() >= vm.launchedAt + cloud.base.settings.ec2.consistencyMs;

export const visible = (cloud: Cloud): Vm[] => [...cloud.vms.values()].filter((vm) => isVisible(cloud, vm));

/** One id that is malformed or unknown refuses the whole call. */
export const findVms = (cloud: Cloud, ids: readonly string[]): Vm[] => {
  const malformed = ids.find((id) => !/^i-([0-9a-f]{8}|[0-9a-f]{17})$/.test(id));
  if (malformed !== undefined) {
    throw new AwsFailure('InvalidInstanceID.Malformed', `Invalid id: "${malformed}"`);
  }
  const found = ids.map((id) => ({ id, vm: cloud.vms.get(id) }));
  const missing = found.filter(({ vm }) => vm === undefined || !isVisible(cloud, vm)).map(({ id }) => id);
  if (missing.length > 0) {
    const text =
      missing.length === 1
        ? `The instance ID '${missing[0]}' does not exist`
        : `The instance IDs '${missing.join(', ')}' do not exist`;
    throw new AwsFailure('InvalidInstanceID.NotFound', text);
  }
  return found.flatMap(({ vm }) => vm ?? []);
};

const filterFields = (cloud: Cloud, vm: Vm): Readonly<Record<string, string | undefined>> => ({
  'instance-state-name': vm.state,
  'instance-id': vm.id,
  'instance-type': vm.shape.name,
  'instance-lifecycle': vm.market === 'spot' ? 'spot' : undefined,
  'availability-zone': vm.zone,
  'image-id': vm.image,
  'private-dns-name': vm.hostname,
  'private-ip-address': vm.ip,
  'subnet-id': vm.subnet,
  'vpc-id': cloud.vpc,
  'client-token': vm.token,
  'spot-instance-request-id': vm.spotRequest,
});

const reservations = (cloud: Cloud, vms: readonly Vm[]): DescribeInstancesOutput['Reservations'] => {
  const groups = new Map<string, Ec2Instance[]>();
  for (const vm of vms) {
    const group = groups.get(vm.reservation);
    if (group === undefined) groups.set(vm.reservation, [instanceRow(cloud, vm)]);
    else group.push(instanceRow(cloud, vm));
  }
  return [...groups].map(([ReservationId, Instances]) => ({
    ReservationId,
    OwnerId: cloud.account,
    Instances,
  }));
};

const instanceRow = (cloud: Cloud, vm: Vm): Ec2Instance => ({
  InstanceId: vm.id,
  ImageId: vm.image,
  InstanceType: vm.shape.name,
  State: stateOf(vm.state),
  Placement: { AvailabilityZone: vm.zone, Tenancy: 'default' },
  LaunchTime: iso(vm.launchedAt),
  Architecture: vm.shape.arch === 'amd64' ? 'x86_64' : 'arm64',
  StateTransitionReason: vm.transition,
  Tags: tagList(vm.tags),
  ...(vm.state === 'terminated'
    ? {}
    : { PrivateIpAddress: vm.ip, PrivateDnsName: vm.hostname, SubnetId: vm.subnet, VpcId: cloud.vpc }),
  ...(vm.spotRequest === undefined
    ? {}
    : { InstanceLifecycle: 'spot' as const, SpotInstanceRequestId: vm.spotRequest }),
  ...(vm.token === undefined ? {} : { ClientToken: vm.token }),
  ...(vm.reason === undefined ? {} : { StateReason: { Code: vm.reason.code, Message: vm.reason.message } }),
});

const stateOf = (name: InstanceStateName): InstanceState => ({ Code: STATE_CODES[name], Name: name });
