// The cloud's own state: templates, virtual machines, what is sold, what is short.
import type { Offering, Shape } from '../../core/model/offering';
import type { Millis } from '../../core/model/machine';
import { AwsFailure } from '../aws-failure';
import type { Base } from '../base';
import { createEmitter, iso } from '../base';
import type { Emitter } from '../base';
import type { CapacityTrouble, LaunchChoice, LaunchedMachine } from '../troubles';
import type { CloudEvent } from '../world';
import type { Ec2Market, InstanceStateName, LaunchTemplateData } from './api';
import type { AddressPool } from './addresses';
import type { Scheduled } from './scheduled';

export type Vm = {
  readonly id: string;
  /** 1 for the first machine of the world. */
  readonly number: number;
  readonly image: string;
  readonly shape: Shape;
  readonly zone: string;
  readonly subnet: string;
  readonly market: Ec2Market;
  readonly ip: string;
  readonly hostname: string;
  readonly launchedAt: Millis;
  readonly token?: string;
  readonly spotRequest?: string;
  readonly reservation: string;
  readonly userData: string;
  readonly rootDiskGib?: number;
  readonly tags: Map<string, string>;
  readonly console: string[];
  readonly fate: Fate;
  state: InstanceStateName;
  transition: string;
  reason?: { readonly code: string; readonly message: string };
};

/** What a trouble has in store for a machine; decided at its launch. */
export type Fate = {
  readonly silent: boolean;
  readonly pool?: string;
  readonly dies?: { readonly afterMs: number; readonly code: string };
};

export type Template = {
  readonly id: string;
  readonly name: string;
  readonly createdAt: Millis;
  readonly tags: Map<string, string>;
  readonly versions: {
    readonly number: number;
    readonly createdAt: Millis;
    readonly description?: string;
    readonly data: LaunchTemplateData;
  }[];
};

/** Calls that fail, before they do anything or after they did it. */
export type ApiRefusal = {
  readonly action: string | undefined;
  readonly until: Millis;
  readonly isDone: boolean;
  readonly failure: AwsFailure;
  remaining: number;
};

export type Shortage = CapacityTrouble & { remaining: number };
export type FateRule = {
  readonly choice: LaunchChoice;
  readonly after: number;
  readonly fate: Partial<Fate>;
};

export type Cloud = {
  readonly base: Base;
  readonly region: string;
  readonly account: string;
  readonly vpc: string;
  readonly shapes: ReadonlyMap<string, Shape>;
  /** By `shape/zone/market`. */
  readonly prices: Map<string, Offering>;
  readonly subnets: readonly AddressPool[];
  readonly zones: readonly string[];
  readonly vms: Map<string, Vm>;
  readonly templates: Map<string, Template>;
  readonly answered: Map<string, { readonly request: string; readonly answer: unknown }>;
  readonly events: Emitter<CloudEvent>;
  readonly resolveParameter: (path: string) => string | undefined;
  shortages: Shortage[];
  fates: FateRule[];
  launches: number;
  throttled: number;
  refusals: ApiRefusal[];
  /** The most vCPUs of a market that may run at once. */
  readonly quotas: Map<Ec2Market, number>;
  readonly scheduled: Scheduled[];
  /** How long a machine stays shutting down, where that is out of the ordinary. */
  readonly lingering: Map<string, number>;
  hooks: CloudHooks;
  /** Auto Scaling hears of every change of a machine's state. */
  changed: (vm: Vm) => void;
};

/** What runs on a machine hears of its start and its end. A clean end closes connections, a hard one does not. */
export type CloudHooks = {
  readonly started: (vm: Vm) => void;
  readonly ended: (vm: Vm, how: 'clean' | 'hard') => void;
};

export const priceKey = (shape: string, zone: string, market: Ec2Market): string =>
  `${shape}/${zone}/${market}`;

export const zoneId = (cloud: Cloud, zone: string): string => {
  const [area = '', side = '', number = ''] = cloud.region.split('-');
  return `${area}${side.charAt(0)}${number}-az${cloud.zones.indexOf(zone) + 1}`;
};

/** The gate of every call: one that is refused here does nothing. */
export const admit = (cloud: Cloud, action: string): void => {
  refuseWhere(cloud, action, false);
  if (cloud.throttled <= 0) return;
  cloud.throttled -= 1;
  cloud.base.scribe.write('throttled', action, `EC2 refused ${action}: request limit exceeded.`);
  throw new AwsFailure('RequestLimitExceeded', 'Request limit exceeded.', 503);
};

/** The way back of every call: what it did stands, its answer may be lost. */
export const deliver = (cloud: Cloud, action: string): void => refuseWhere(cloud, action, true);

const refuseWhere = (cloud: Cloud, action: string, isDone: boolean): void => {
  const now = cloud.base.timeline.now();
  cloud.refusals = cloud.refusals.filter((one) => one.remaining > 0 && one.until > now);
  const refusal = cloud.refusals.find((one) => one.isDone === isDone && (one.action ?? action) === action);
  if (refusal === undefined) return;
  refusal.remaining -= 1;
  throw refusal.failure;
};

/** Same token and same request: the same answer and nothing new. Another request under the token is refused, also
 *  when the first launched nothing (cloud-apis 0.2). */
export const once = <T>(
  cloud: Cloud,
  action: string,
  request: { readonly ClientToken?: string },
  run: () => T,
): T => {
  const { ClientToken: token, ...rest } = request;
  if (token === undefined) return run();
  if (token.length > 64)
    throw new AwsFailure('InvalidParameterValue', 'A client token has at most 64 characters.');
  const key = `${action}/${token}`;
  const text = canonical(rest);
  const known = cloud.answered.get(key);
  if (known === undefined) {
    const answer = run();
    cloud.answered.set(key, { request: text, answer });
    return answer;
  }
  if (known.request !== text) {
    throw new AwsFailure(
      'IdempotentParameterMismatch',
      'Arguments on this idempotent request are inconsistent with arguments used in previous request(s).',
    );
  }
  return known.answer as T;
};

const canonical = (value: unknown): string =>
  JSON.stringify(value, (_key, inner: unknown) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );

export const describeLaunch = (vm: Vm): LaunchedMachine => ({
  id: vm.id,
  shape: vm.shape.name,
  zone: vm.zone,
  market: vm.market,
  tags: Object.fromEntries(vm.tags),
});

export const emitState = (cloud: Cloud, vm: Vm): void => {
  emitEvent(cloud, {
    'detail-type': 'EC2 Instance State-change Notification',
    resources: [`arn:aws:ec2:${cloud.region}:${cloud.account}:instance/${vm.id}`],
    detail: { 'instance-id': vm.id, state: vm.state },
  });
  cloud.changed(vm);
};

/** Notices about a machine name it so: the zone where the region belongs, and no account. */
export const machineArn = (vm: Vm): string => `arn:aws:ec2:${vm.zone}:instance/${vm.id}`;

export const emitEvent = (
  cloud: Cloud,
  event: Pick<CloudEvent, 'detail-type' | 'resources' | 'detail'> & { readonly source?: string },
): void => {
  const now = cloud.base.timeline.now();
  cloud.events.emit({
    version: '0',
    id: cloud.base.dice.uuid('cloud-event'),
    'detail-type': event['detail-type'],
    source: event.source ?? 'aws.ec2',
    account: cloud.account,
    time: iso(Math.floor(now / 1000) * 1000).replace('.000Z', 'Z'),
    region: cloud.region,
    resources: event.resources,
    detail: event.detail,
  });
};

export type CloudOptions = {
  readonly base: Base;
  readonly region: string;
  readonly account: string;
  readonly shapes: readonly Shape[];
  readonly prices: readonly Offering[];
  readonly subnets: readonly AddressPool[];
  readonly resolveParameter: (path: string) => string | undefined;
};

export const createCloud = (options: CloudOptions): Cloud => ({
  base: options.base,
  region: options.region,
  account: options.account,
  vpc: 'vpc-0e0a0b0c0d0e0f001',
  shapes: new Map(options.shapes.map((shape) => [shape.name, shape])),
  prices: new Map(
    options.prices.map((offering) => [priceKey(offering.shape, offering.zone, offering.market), offering]),
  ),
  subnets: options.subnets,
  zones: [...new Set(options.subnets.map((subnet) => subnet.zone))],
  vms: new Map(),
  templates: new Map(),
  answered: new Map(),
  events: createEmitter<CloudEvent>(),
  resolveParameter: options.resolveParameter,
  shortages: [],
  fates: [],
  launches: 0,
  throttled: 0,
  refusals: [],
  quotas: new Map(),
  scheduled: [],
  lingering: new Map(),
  hooks: { started: () => undefined, ended: () => undefined },
  changed: () => undefined,
});
