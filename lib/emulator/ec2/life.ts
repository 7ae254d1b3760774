// A machine's life in the cloud: pending, running, shutting down, terminated, forgotten.
import { AwsFailure } from '../aws-failure';
import type { Ec2Market, InstanceStateName, LaunchTemplateData } from './api';
import type { AddressPool } from './addresses';
import { giveAddress, takeAddress } from './addresses';
import type { Cloud, Fate, Vm } from './cloud';
import { describeLaunch, emitEvent, emitState, machineArn } from './cloud';
import type { SpotNotice } from './troubles';

export type NewVm = {
  readonly shape: string;
  readonly subnet: AddressPool;
  readonly market: Ec2Market;
  readonly image: string;
  readonly data: LaunchTemplateData;
  readonly tags: Map<string, string>;
  readonly reservation: string;
  readonly token: string | undefined;
};

export const launchVm = (cloud: Cloud, wanted: NewVm): Vm => {
  const { timeline, dice, settings, scribe } = cloud.base;
  const shape = cloud.shapes.get(wanted.shape);
  const ip = takeAddress(wanted.subnet);
  if (shape === undefined || ip === undefined)
    throw new AwsFailure('InternalError', 'An internal error has occurred', 500);
  cloud.launches += 1;
  const rootDiskGib = rootDisk(wanted.data);
  const draft: Vm = {
    id: `i-0${dice.hex('instance', 16)}`,
    number: cloud.launches,
    image: wanted.image,
    shape,
    zone: wanted.subnet.zone,
    subnet: wanted.subnet.id,
    market: wanted.market,
    ip,
    hostname: hostnameOf(cloud.region, ip),
    launchedAt: timeline.now(),
    reservation: wanted.reservation,
    userData: wanted.data.UserData ?? '',
    tags: wanted.tags,
    console: [],
    fate: { silent: false },
    state: 'pending',
    transition: '',
    ...(wanted.token === undefined ? {} : { token: wanted.token }),
    ...(wanted.market === 'spot' ? { spotRequest: `sir-${dice.hex('spot-request', 8)}` } : {}),
    ...(rootDiskGib === undefined ? {} : { rootDiskGib }),
  };
  const vm = { ...draft, fate: fateOf(cloud, draft) };
  cloud.vms.set(vm.id, vm);
  scribe.write(
    'machine-launched',
    vm.id,
    `${vm.id} is a ${shape.name} (${vm.market}) in ${vm.zone}, starting.`,
  );
  emitState(cloud, vm);
  timeline.after(dice.span('pending', settings.ec2.pendingMs), () => run(cloud, vm));
  const { dies } = vm.fate;
  if (dies !== undefined) timeline.after(dies.afterMs, () => failLaunch(cloud, vm, dies.code));
  return vm;
};

const run = (cloud: Cloud, vm: Vm): void => {
  if (vm.state !== 'pending') return;
  vm.state = 'running';
  cloud.base.scribe.write(
    'machine-running',
    vm.id,
    `${vm.id} (${vm.shape.name}, ${vm.zone}) is running at ${vm.ip}.`,
  );
  emitState(cloud, vm);
  cloud.hooks.started(vm);
};

export type EndReason = { readonly code: string; readonly message: string; readonly by: string };

export const USER_END: EndReason = {
  code: 'Client.UserInitiatedShutdown',
  message: 'Client.UserInitiatedShutdown: User initiated shutdown',
  by: 'User initiated',
};
export const SPOT_END: EndReason = {
  code: 'Server.SpotInstanceTermination',
  message: 'Server.SpotInstanceTermination: Spot instance termination',
  by: 'Server.SpotInstanceTermination',
};

/** An ordinary end: the machine shuts down, what runs on it closes its connections. */
export const endVm = (cloud: Cloud, vm: Vm, reason: EndReason): void => {
  if (vm.state === 'shutting-down' || vm.state === 'terminated') return;
  const { timeline, dice, settings, scribe } = cloud.base;
  const ran = isUp(vm.state);
  vm.state = 'shutting-down';
  note(cloud, vm, reason);
  scribe.write('machine-ending', vm.id, `${vm.id} is shutting down: ${reason.message}.`);
  emitState(cloud, vm);
  if (ran) cloud.hooks.ended(vm, 'clean');
  const ordinary = dice.span('shutting-down', settings.ec2.shuttingDownMs);
  timeline.after(cloud.lingering.get(vm.id) ?? ordinary, () => finish(cloud, vm));
};

const note = (cloud: Cloud, vm: Vm, reason: EndReason): void => {
  const at = new Date(cloud.base.timeline.now()).toISOString().slice(0, 19).replace('T', ' ');
  vm.reason = { code: reason.code, message: reason.message };
  vm.transition = `${reason.by} (${at} GMT)`;
};

/** The machine keeps its disk and its id, and runs nothing any more. */
export const stopVm = (cloud: Cloud, vm: Vm, reason: EndReason): void => {
  if (!isUp(vm.state)) return;
  const { timeline, dice, settings, scribe } = cloud.base;
  vm.state = 'stopping';
  note(cloud, vm, reason);
  scribe.write('machine-ending', vm.id, `${vm.id} is stopping: ${reason.message}.`);
  emitState(cloud, vm);
  cloud.hooks.ended(vm, 'clean');
  timeline.after(dice.span('shutting-down', settings.ec2.shuttingDownMs), () => {
    if (vm.state !== 'stopping') return;
    vm.state = 'stopped';
    scribe.write('machine-ended', vm.id, `${vm.id} is stopped.`);
    emitState(cloud, vm);
  });
};

/** No change of state is seen from outside; what ran is gone, and the machine boots as it did first. */
export const rebootVm = (cloud: Cloud, vm: Vm): void => {
  if (vm.state !== 'running') return;
  cloud.base.scribe.write('machine-running', vm.id, `${vm.id} restarts.`);
  cloud.hooks.ended(vm, 'clean');
  cloud.hooks.started(vm);
};

const failLaunch = (cloud: Cloud, vm: Vm, code: string): void => {
  if (!isUp(vm.state)) return;
  vm.reason = { code, message: `${code}: Error on launch` };
  vm.transition = code;
  cloud.hooks.ended(vm, 'hard');
  finish(cloud, vm);
};

/** The host under it dies: nothing is closed, the cloud says terminated at once. */
export const killVm = (cloud: Cloud, vm: Vm): void => {
  if (!isUp(vm.state)) return;
  vm.reason = { code: 'Server.InternalError', message: 'Server.InternalError: Internal error on launch' };
  vm.transition = 'Server.InternalError';
  cloud.hooks.ended(vm, 'hard');
  finish(cloud, vm);
};

const finish = (cloud: Cloud, vm: Vm): void => {
  cloud.lingering.delete(vm.id);
  vm.state = 'terminated';
  cloud.base.scribe.write('machine-ended', vm.id, `${vm.id} is terminated.`);
  emitState(cloud, vm);
  const subnet = cloud.subnets.find((one) => one.id === vm.subnet);
  if (subnet !== undefined) giveAddress(subnet, vm.ip);
  cloud.base.timeline.after(cloud.base.settings.ec2.listedAfterEndMs, () => {
    cloud.vms.delete(vm.id);
  });
};

export const noticeSpot = (cloud: Cloud, vm: Vm, notice: SpotNotice = {}): void => {
  const { scribe, timeline, settings } = cloud.base;
  const leftMs = notice.endsAfterMs ?? settings.ec2.spotNoticeMs;
  const seconds = Math.round(settings.ec2.spotNoticeMs / 1000);
  scribe.write('spot-notice', vm.id, `EC2 takes ${vm.id} back in ${seconds} seconds.`);
  emitEvent(cloud, {
    'detail-type': 'EC2 Spot Instance Interruption Warning',
    resources: [machineArn(vm)],
    detail: { 'instance-id': vm.id, 'instance-action': 'terminate' },
  });
  if (notice.isCancelled === true) return;
  timeline.after(leftMs, () => endVm(cloud, vm, SPOT_END));
};

export const isUp = (state: InstanceStateName): boolean => state === 'pending' || state === 'running';

const fateOf = (cloud: Cloud, vm: Vm): Fate => {
  let fate: Fate = { silent: false };
  cloud.fates = cloud.fates.filter((rule) => {
    if ('when' in rule.choice) {
      if (rule.choice.when(describeLaunch(vm))) fate = { ...fate, ...rule.fate };
      return true;
    }
    if (vm.number !== rule.after + rule.choice.nth) return true;
    fate = { ...fate, ...rule.fate };
    return false;
  });
  return fate;
};

const hostnameOf = (region: string, ip: string): string => {
  const name = `ip-${ip.replaceAll('.', '-')}`;
  return region === 'us-east-1' ? `${name}.ec2.internal` : `${name}.${region}.compute.internal`;
};

/** Size of the first volume in the template, GiB. */
const rootDisk = (data: LaunchTemplateData): number | undefined => {
  const devices: unknown = data['BlockDeviceMappings'];
  const first: unknown = Array.isArray(devices) ? devices[0] : undefined;
  if (!isRecord(first) || !isRecord(first['Ebs'])) return undefined;
  const size = Number(first['Ebs']['VolumeSize']);
  return Number.isFinite(size) && size > 0 ? size : undefined;
};

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;
