// What AWS does to machines and callers, on demand: notices that come true or not, people, faults of the API, a lost zone.
import type { Market } from '../../core/model/offering';
import type { Millis } from '../../core/model/machine';
import { AwsFailure } from '../aws-failure';
import type { CapacityTrouble, LaunchChoice } from '../troubles';
import { changePrice } from './catalogue';
import type { ApiRefusal, Cloud, Fate, Vm } from './cloud';
import { emitEvent, machineArn } from './cloud';
import { endVm, killVm, noticeSpot, SPOT_END, USER_END } from './life';
import type { ScheduledCode } from './scheduled';
import { scheduleChange } from './scheduled';

export type SpotNotice = {
  /** The notice comes and nothing follows. */
  readonly isCancelled?: boolean;
  /** `settings.ec2.spotNoticeMs` by default. */
  readonly endsAfterMs?: number;
};

export type ApiTrouble = {
  /** One operation; every one when absent. */
  readonly action?: string;
  readonly code: string;
  readonly status: number;
  readonly message?: string;
  /** How many calls meet it; all of them until its end when absent. */
  readonly calls?: number;
  readonly until?: Millis;
  /** The call is carried out, and only its answer is lost. */
  readonly isDone?: boolean;
};

export type CloudTroubles = {
  /** Returns the end of it. */
  capacityError(trouble: CapacityTrouble): () => void;
  /** The account may run no more than so many vCPUs of the market: VcpuLimitExceeded, MaxSpotInstanceCountExceeded. */
  quota(market: Market, vcpus: number): () => void;
  /** Its agent never starts; the console says so. */
  neverRegister(choice: LaunchChoice): void;
  /** Its agent announces another pool. */
  wrongPool(choice: LaunchChoice, pool: string): void;
  /** It ends from `pending` with this state reason (Client.InternalError by default, as with a key it may not use). */
  diesAtLaunch(choice: LaunchChoice, options?: { readonly afterMs?: number; readonly code?: string }): void;
  /** EventBridge's two-minute warning; the machine ends after it, unless cancelled. */
  spotNotice(instanceId: string, notice?: SpotNotice): void;
  /** A spot machine is taken back without a word. */
  spotEnd(instanceId: string): void;
  /** A raised risk; a spot notice follows after the given time, or never. */
  rebalanceRecommendation(instanceId: string, options?: { readonly noticeAfterMs?: number }): void;
  /** An interruptible capacity reservation is reclaimed: the warning, then the end as after a spot notice. */
  capacityReservationNotice(instanceId: string): void;
  /** AWS Health announces it, DescribeInstanceStatus lists it, and it happens at `startsAt`. */
  scheduledChange(instanceId: string, code: ScheduledCode, startsAt: Millis): void;
  /** The hypervisor dies: no connection is closed, the cloud says so at once. */
  killMachine(instanceId: string): void;
  humanTerminates(instanceId: string): void;
  /** `undefined` takes a tag away. */
  humanTags(instanceId: string, tags: Readonly<Record<string, string | undefined>>): void;
  /** Whoever ends it: it is accepted, and the machine then stays `shutting-down` for so long. */
  lingeringEnd(instanceId: string, ms: number): void;
  /** The next calls of EC2 get RequestLimitExceeded. */
  throttle(calls: number): void;
  /** Calls of EC2 and Auto Scaling fail. Returns the end of it. */
  apiError(trouble: ApiTrouble): () => void;
  /** 403 UnauthorizedOperation for one operation. */
  accessDenied(action: string): () => void;
  priceChange(offering: { shape: string; zone: string; market: Market }, usdPerHour: number): void;
  /** Every host of the zone dies, and nothing can be launched there until the returned end is called. */
  zoneLost(zone: string): () => void;
};

type Tell = (subject: string, text: string) => void;

export const cloudTroublesOf = (cloud: Cloud): CloudTroubles => {
  const tell: Tell = (subject, text) => cloud.base.scribe.write('trouble', subject, text);
  return { ...fatesOf(cloud, tell), ...endsOf(cloud, tell), ...refusalsOf(cloud, tell) };
};

type Fates = 'neverRegister' | 'wrongPool' | 'diesAtLaunch';

const fatesOf = (cloud: Cloud, tell: Tell): Pick<CloudTroubles, Fates> => {
  const fate = (choice: LaunchChoice, what: Partial<Fate>, text: string): void => {
    tell('machine', `${chosen(choice)} ${text}.`);
    cloud.fates.push({ choice, after: cloud.launches, fate: what });
  };
  return {
    neverRegister: (choice) => fate(choice, { silent: true }, 'will never register'),
    wrongPool: (choice, pool) => fate(choice, { pool }, `will announce the pool ${pool}`),
    diesAtLaunch: (choice, options = {}) => {
      const code = options.code ?? 'Client.InternalError';
      fate(choice, { dies: { afterMs: options.afterMs ?? 1_000, code } }, `will end at once (${code})`);
    },
  };
};

const chosen = (choice: LaunchChoice): string =>
  'nth' in choice ? `Launch number ${choice.nth} from now` : 'Every launch of a certain kind';

type Ends =
  | 'spotNotice'
  | 'spotEnd'
  | 'rebalanceRecommendation'
  | 'capacityReservationNotice'
  | 'scheduledChange'
  | 'killMachine'
  | 'humanTerminates'
  | 'humanTags'
  | 'lingeringEnd'
  | 'zoneLost';

const endsOf = (cloud: Cloud, tell: Tell): Pick<CloudTroubles, Ends> => ({
  spotNotice: (id, notice) => noticeSpot(cloud, vmOf(cloud, id), notice),
  spotEnd: (id) => {
    tell(id, `EC2 takes ${id} back without a notice.`);
    endVm(cloud, vmOf(cloud, id), SPOT_END);
  },
  rebalanceRecommendation: (id, options) => recommend(cloud, vmOf(cloud, id), options?.noticeAfterMs, tell),
  capacityReservationNotice: (id) => reclaim(cloud, vmOf(cloud, id), tell),
  scheduledChange: (id, code, startsAt) => scheduleChange(cloud, vmOf(cloud, id), code, startsAt),
  killMachine: (id) => {
    tell(id, `The host under ${id} dies.`);
    killVm(cloud, vmOf(cloud, id));
  },
  humanTerminates: (id) => {
    tell(id, `A person ends ${id}.`);
    endVm(cloud, vmOf(cloud, id), USER_END);
  },
  humanTags: (id, tags) => {
    const vm = vmOf(cloud, id);
    tell(id, `A person changes the tags ${Object.keys(tags).sort().join(', ')} of ${id}.`);
    for (const [key, value] of Object.entries(tags)) {
      if (value === undefined) vm.tags.delete(key);
      else vm.tags.set(key, value);
    }
  },
  lingeringEnd: (id, ms) => {
    tell(id, `Once ended, ${id} will be shutting down for ${Math.round(ms / 1000)} seconds.`);
    cloud.lingering.set(vmOf(cloud, id).id, ms);
  },
  zoneLost: (zone) => loseZone(cloud, zone, tell),
});

const recommend = (cloud: Cloud, vm: Vm, noticeAfterMs: number | undefined, tell: Tell): void => {
  tell(vm.id, `EC2 recommends to move away from ${vm.id}.`);
  emitEvent(cloud, {
    'detail-type': 'EC2 Instance Rebalance Recommendation',
    resources: [machineArn(vm)],
    detail: { 'instance-id': vm.id },
  });
  if (noticeAfterMs !== undefined) cloud.base.timeline.after(noticeAfterMs, () => noticeSpot(cloud, vm));
};

const reclaim = (cloud: Cloud, vm: Vm, tell: Tell): void => {
  tell(vm.id, `EC2 reclaims the capacity reservation under ${vm.id}.`);
  emitEvent(cloud, {
    'detail-type': 'EC2 Capacity Reservation Instance Interruption Warning',
    resources: [machineArn(vm)],
    detail: { 'instance-id': vm.id, 'instance-action': 'terminate' },
  });
  cloud.base.timeline.after(cloud.base.settings.ec2.spotNoticeMs, () => endVm(cloud, vm, RESERVATION_END));
};

const RESERVATION_END = {
  code: 'Server.CapacityReservationInterruption',
  message: 'Server.CapacityReservationInterruption: Capacity reservation was reclaimed',
  by: 'Server.CapacityReservationInterruption',
};

const loseZone = (cloud: Cloud, zone: string, tell: Tell): (() => void) => {
  tell(zone, `The zone ${zone} is lost.`);
  const shortage = { zone, remaining: 0 };
  cloud.shortages.push(shortage);
  for (const vm of cloud.vms.values()) if (vm.zone === zone) killVm(cloud, vm);
  return () => {
    tell(zone, `The zone ${zone} is back.`);
    cloud.shortages = cloud.shortages.filter((one) => one !== shortage);
  };
};

type Refusals = Exclude<keyof CloudTroubles, Fates | Ends>;

const refusalsOf = (cloud: Cloud, tell: Tell): Pick<CloudTroubles, Refusals> => ({
  capacityError: (trouble) => runShort(cloud, trouble, tell),
  quota: (market, vcpus) => {
    tell('quota', `The account may run ${vcpus} vCPUs (${market}).`);
    cloud.quotas.set(market, vcpus);
    return () => {
      tell('quota', `The quota for ${market} machines is lifted.`);
      cloud.quotas.delete(market);
    };
  },
  throttle: (calls) => {
    tell('ec2', `EC2 will throttle the next ${calls} calls.`);
    cloud.throttled += calls;
  },
  apiError: (trouble) => refuse(cloud, trouble, tell),
  accessDenied: (action) => refuse(cloud, { action, ...DENIED }, tell),
  priceChange: ({ shape, zone, market }, usdPerHour) => {
    tell(`${shape}/${zone}/${market}`, `${shape} (${market}) in ${zone} costs $${usdPerHour} an hour now.`);
    changePrice(cloud, { shape, zone, market }, usdPerHour);
  },
});

const DENIED = {
  code: 'UnauthorizedOperation',
  status: 403,
  message: 'You are not authorized to perform this operation.',
};

const refuse = (cloud: Cloud, trouble: ApiTrouble, tell: Tell): (() => void) => {
  const what = trouble.action ?? 'every call';
  const lost = trouble.isDone === true ? ', though it is carried out' : '';
  tell(trouble.action ?? 'ec2', `AWS answers ${what} with ${trouble.code}${lost}.`);
  const refusal: ApiRefusal = {
    action: trouble.action,
    until: trouble.until ?? Number.MAX_SAFE_INTEGER,
    isDone: trouble.isDone === true,
    failure: new AwsFailure(
      trouble.code,
      trouble.message ?? 'An internal error has occurred',
      trouble.status,
    ),
    remaining: trouble.calls ?? Number.MAX_SAFE_INTEGER,
  };
  cloud.refusals.push(refusal);
  return () => {
    refusal.remaining = 0;
  };
};

const runShort = (cloud: Cloud, trouble: CapacityTrouble, tell: Tell): (() => void) => {
  const shortage = { ...trouble, remaining: trouble.left ?? 0 };
  const what = [
    trouble.shape ?? 'every shape',
    trouble.market ?? 'any market',
    trouble.zone ?? 'every zone',
  ].join(', ');
  tell(what, `EC2 runs short of capacity: ${what}, ${shortage.remaining} left.`);
  cloud.shortages.push(shortage);
  return () => {
    cloud.shortages = cloud.shortages.filter((one) => one !== shortage);
  };
};

const vmOf = (cloud: Cloud, id: string): Vm => {
  const vm = cloud.vms.get(id);
  if (vm !== undefined) return vm;
  throw new AwsFailure('InvalidInstanceID.NotFound', `The instance ID '${id}' does not exist`);
};
