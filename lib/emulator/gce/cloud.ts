// Compute Engine's own state: machines by zone and name, operations, what is sold, what is short.
import type { Millis } from '../../core/model/machine';
import type { Market, Offering, Shape } from '../../core/model/offering';
import type { Base } from '../base';
import { createEmitter, iso } from '../base';
import type { Emitter } from '../base';
import type { AddressPool } from '../ec2/addresses';
import { createAddressPool } from '../ec2/addresses';
import type { Fate } from '../ec2/cloud';
import type { CapacityTrouble } from '../troubles';
import type {
  AuditEntry,
  InstanceProperties,
  InstanceStatus,
  Labels,
  MetadataChange,
  Operation,
  OperationError,
} from './api';
import { GoogleFailure } from './failure';

export type GceVm = {
  readonly id: string;
  readonly number: number;
  readonly name: string;
  readonly zone: string;
  readonly region: string;
  readonly shape: Shape;
  readonly market: Market;
  readonly ip: string;
  readonly createdAt: Millis;
  readonly properties: InstanceProperties;
  readonly console: string[];
  readonly fate: Fate;
  labels: Labels;
  fingerprint: string;
  status: InstanceStatus;
};

export type GceCloud = {
  readonly base: Base;
  readonly project: string;
  readonly shapes: ReadonlyMap<string, Shape>;
  /** By `shape/zone/market`. */
  readonly prices: ReadonlyMap<string, Offering>;
  /** Zone to region. */
  readonly zones: ReadonlyMap<string, string>;
  readonly addresses: ReadonlyMap<string, AddressPool>;
  /** By `zone/name`. */
  readonly vms: Map<string, GceVm>;
  readonly templates: Map<string, InstanceProperties>;
  /** By `zone/name`. */
  readonly operations: Map<string, Operation>;
  /** By request id. */
  readonly answered: Map<string, string>;
  readonly audit: Emitter<AuditEntry>;
  readonly metadata: Emitter<MetadataChange>;
  readonly unreachable: Set<string>;
  readonly quotas: Map<Market, number>;
  shortages: (CapacityTrouble & { remaining: number })[];
  silent: number;
  launches: number;
  refusals: { readonly failure: GoogleFailure; remaining: number }[];
  hooks: {
    readonly started: (vm: GceVm) => void;
    readonly ended: (vm: GceVm, how: 'clean' | 'hard') => void;
  };
};

export const createGceCloud = (
  base: Base,
  project: string,
  all: readonly Shape[],
  offerings: readonly Offering[],
): GceCloud => {
  const sold = offerings.filter(({ cloud }) => cloud === 'gce');
  const names = new Set(sold.map(({ shape }) => shape));
  const zones = new Map(sold.map(({ zone, region }) => [zone, region]));
  const regions = [...new Set(zones.values())].sort();
  return {
    base,
    project,
    shapes: new Map(all.filter(({ name }) => names.has(name)).map((shape) => [shape.name, shape])),
    prices: new Map(
      sold.map((offering) => [`${offering.shape}/${offering.zone}/${offering.market}`, offering]),
    ),
    zones,
    // Apart from the addresses of EC2's subnets: an agent at the address of another would end it.
    addresses: new Map(
      regions.map((region, index) => [
        region,
        createAddressPool(`default-${region}`, region, `10.${128 + index}.0.0/16`),
      ]),
    ),
    vms: new Map(),
    templates: new Map(),
    operations: new Map(),
    answered: new Map(),
    audit: createEmitter<AuditEntry>(),
    metadata: createEmitter<MetadataChange>(),
    unreachable: new Set(),
    quotas: new Map(),
    shortages: [],
    silent: 0,
    launches: 0,
    refusals: [],
    hooks: { started: () => undefined, ended: () => undefined },
  };
};

/** The gate of every call: the project and the zone exist and answer. */
export const admit = (
  cloud: GceCloud,
  request: { readonly project: string; readonly zone?: string },
): void => {
  const refusal = cloud.refusals.find(({ remaining }) => remaining > 0);
  if (refusal !== undefined) {
    refusal.remaining -= 1;
    throw refusal.failure;
  }
  const { project, zone } = request;
  if (project !== cloud.project) throw notFound(`projects/${project}`);
  if (zone === undefined) return;
  if (!cloud.zones.has(zone)) throw notFound(`projects/${project}/zones/${zone}`);
  if (cloud.unreachable.has(zone))
    throw new GoogleFailure(503, 'backendError', `The zone '${zone}' cannot be reached.`);
};

export const notFound = (what: string): GoogleFailure =>
  new GoogleFailure(404, 'notFound', `The resource '${what}' was not found`);

export const instanceLink = (cloud: GceCloud, zone: string, name: string): string =>
  `projects/${cloud.project}/zones/${zone}/instances/${name}`;

type Wanted = {
  readonly type: string;
  readonly zone: string;
  readonly target: string;
  readonly requestId?: string;
  readonly group?: string;
};

/** An operation that is over at once, or after a while, with an error or without. */
export const operate = (
  cloud: GceCloud,
  wanted: Wanted,
  outcome: { readonly afterMs: number; readonly error?: OperationError; readonly andThen?: () => void },
): Operation => {
  const { timeline, dice } = cloud.base;
  const name = `operation-${dice.hex('gce-operation', 16)}`;
  const key = `${wanted.zone}/${name}`;
  const running: Operation = {
    id: numericId(cloud, 'gce-operation-id'),
    name,
    operationType: wanted.type,
    status: 'RUNNING',
    zone: `projects/${cloud.project}/zones/${wanted.zone}`,
    targetLink: wanted.target,
    insertTime: iso(timeline.now()),
    ...(wanted.requestId === undefined ? {} : { clientOperationId: wanted.requestId }),
    ...(wanted.group === undefined ? {} : { operationGroupId: wanted.group }),
  };
  const finish = (): void => {
    const { error } = outcome;
    const failed = error === undefined ? {} : { error: { errors: [error] }, httpErrorStatusCode: 503 };
    cloud.operations.set(key, { ...running, status: 'DONE', ...failed });
    outcome.andThen?.();
  };
  cloud.operations.set(key, running);
  if (wanted.requestId !== undefined) cloud.answered.set(wanted.requestId, key);
  if (outcome.afterMs <= 0) finish();
  else timeline.after(outcome.afterMs, finish);
  return cloud.operations.get(key) ?? running;
};

/** A number beyond what a double holds, as text. */
export const numericId = (cloud: GceCloud, kind: string): string =>
  BigInt(`0x1${cloud.base.dice.hex(kind, 15)}`).toString();
