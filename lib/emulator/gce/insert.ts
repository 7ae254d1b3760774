// instances.insert and bulkInsert: refused at once for what is wrong, accepted and failed later for what is short.
import { addressesLeft, takeAddress } from '../ec2/addresses';
import type { CapacityTrouble } from '../troubles';
import type { BulkInsertRequest, InsertRequest, InstanceProperties, Operation, OperationError } from './api';
import type { GceCloud, GceVm } from './cloud';
import { instanceLink, notFound, numericId, operate } from './cloud';
import { GoogleFailure } from './failure';
import { startVm } from './life';

type Made = { readonly zone: string; readonly name: string; readonly properties: InstanceProperties };

/** The same request id is the same operation; a name that exists is refused, whoever has it. */
export const insert = (cloud: GceCloud, request: InsertRequest): Operation => {
  const { zone, requestId, body } = request;
  const known = answeredBefore(cloud, requestId);
  if (known !== undefined) return known;
  const made = {
    zone,
    name: body.name,
    properties: merged(cloud, request.sourceInstanceTemplate, body),
  };
  check(cloud, made);
  if (cloud.vms.has(`${zone}/${body.name}`)) throw alreadyExists(cloud, made);
  return begin(cloud, made, shortageOf(cloud, made), requestId === undefined ? {} : { requestId });
};

/** One operation for all, and one for each machine with its `operationGroupId`. */
export const bulkInsert = (cloud: GceCloud, request: BulkInsertRequest): Operation => {
  const { zone, requestId, body } = request;
  const known = answeredBefore(cloud, requestId);
  if (known !== undefined) return known;
  const all = namedIn(cloud, request);
  const group = cloud.base.dice.uuid('gce-operation-group');
  const { given, error } = share(cloud, all, Number(body.minCount ?? body.count));
  for (const made of all) begin(cloud, made, given.includes(made) ? undefined : error, { group });
  const target = `projects/${cloud.project}/zones/${zone}`;
  return operate(
    cloud,
    { type: 'bulkInsert', zone, target, group, ...(requestId === undefined ? {} : { requestId }) },
    { afterMs: delay(cloud), ...(given.length > 0 ? {} : { error }) },
  );
};

const namedIn = (cloud: GceCloud, { zone, body }: BulkInsertRequest): Made[] => {
  const properties = merged(cloud, body.sourceInstanceTemplate, body.instanceProperties ?? {});
  const all = Object.keys(body.perInstanceProperties).map((name) => ({ zone, name, properties }));
  if (all.length !== Number(body.count))
    throw new GoogleFailure(400, 'invalid', 'perInstanceProperties must name as many instances as count.');
  for (const made of all) check(cloud, made);
  return all;
};

/** Those that are made, and why the others are not: for want of room, or because a name is taken. */
const share = (
  cloud: GceCloud,
  all: readonly Made[],
  least: number,
): { given: readonly Made[]; error: OperationError } => {
  const free = all.filter(({ zone, name }) => !cloud.vms.has(`${zone}/${name}`));
  const { count, error = TAKEN } = roomFor(cloud, free);
  return { given: count >= least ? free.slice(0, count) : [], error };
};

const TAKEN: OperationError = { code: 'RESOURCE_ALREADY_EXISTS', message: 'The resource already exists' };

const roomFor = (cloud: GceCloud, all: readonly Made[]): { count: number; error?: OperationError } => {
  for (const [count, made] of all.entries()) {
    const error = shortageOf(cloud, made, count);
    if (error !== undefined) return { count, error };
  }
  return { count: all.length };
};

const delay = (cloud: GceCloud): number =>
  cloud.base.dice.span('gce-operation-time', cloud.base.settings.gce.operationMs);

const answeredBefore = (cloud: GceCloud, requestId: string | undefined): Operation | undefined =>
  requestId === undefined ? undefined : cloud.operations.get(cloud.answered.get(requestId) ?? '');

const merged = (
  cloud: GceCloud,
  template: string | undefined,
  over: InstanceProperties,
): InstanceProperties => {
  if (template === undefined) return over;
  const base = cloud.templates.get(lastPart(template));
  if (base === undefined) throw notFound(template);
  return { ...base, ...over };
};

const lastPart = (url: string): string => url.slice(url.lastIndexOf('/') + 1);

const NAME = /^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/;
const LABEL = /^[a-z0-9_-]{0,63}$/;

const check = (cloud: GceCloud, { zone, name, properties }: Made): void => {
  if (!NAME.test(name)) throw invalid(`Invalid value for field 'resource.name': '${name}'.`);
  checkLabels(properties.labels ?? {});
  const type = lastPart(properties.machineType ?? '');
  const market = marketOf(properties);
  if (!cloud.shapes.has(type) || !cloud.prices.has(`${type}/${zone}/${market}`))
    throw invalid(`Machine type with name '${type}' does not exist in zone '${zone}'.`);
};

export const checkLabels = (labels: Readonly<Record<string, string>>): void => {
  for (const [key, value] of Object.entries(labels)) {
    if (!/^[a-z][a-z0-9_-]{0,62}$/.test(key) || !LABEL.test(value))
      throw invalid(`Invalid value for field 'resource.labels': the label '${key}' has a bad key or value.`);
  }
};

const invalid = (message: string): GoogleFailure => new GoogleFailure(400, 'invalid', message);

const alreadyExists = (cloud: GceCloud, { zone, name }: Made): GoogleFailure =>
  new GoogleFailure(409, 'alreadyExists', `The resource '${instanceLink(cloud, zone, name)}' already exists`);

const marketOf = (properties: InstanceProperties): 'spot' | 'on-demand' =>
  properties.scheduling?.provisioningModel === 'SPOT' ? 'spot' : 'on-demand';

/** Why the next machine of this kind cannot be had; takes one of what is left. */
const shortageOf = (cloud: GceCloud, made: Made, planned = 0): OperationError | undefined => {
  const limit = limitReached(cloud, made, planned);
  if (limit !== undefined) return overQuota(limit);
  const pool = cloud.addresses.get(cloud.zones.get(made.zone) ?? '');
  if (pool === undefined || addressesLeft(pool) <= planned)
    return { code: 'IP_SPACE_EXHAUSTED', message: `IP space of '${pool?.id ?? ''}' is exhausted.` };
  const shortage = cloud.shortages.find((one) => applies(cloud, one, made));
  if (shortage === undefined) return undefined;
  shortage.remaining -= 1;
  return shortage.remaining >= 0 ? undefined : stockout(cloud, made, shortage.code);
};

const limitReached = (cloud: GceCloud, { properties }: Made, planned: number): number | undefined => {
  const market = marketOf(properties);
  const quota = cloud.quotas.get(market);
  const each = cloud.shapes.get(lastPart(properties.machineType ?? ''))?.total.cpuMilli ?? 0;
  const used = [...cloud.vms.values()]
    .filter((vm) => vm.market === market)
    .reduce((sum, vm) => sum + vm.shape.total.cpuMilli, 0);
  return quota !== undefined && used + each * (planned + 1) > quota * 1000 ? quota : undefined;
};

const applies = (cloud: GceCloud, trouble: CapacityTrouble, { zone, properties }: Made): boolean => {
  const shape = lastPart(properties.machineType ?? '');
  const market = marketOf(properties);
  return (
    (trouble.until ?? Number.MAX_SAFE_INTEGER) > cloud.base.timeline.now() &&
    (trouble.shape ?? shape) === shape &&
    (trouble.zone ?? zone) === zone &&
    (trouble.market ?? market) === market
  );
};

const overQuota = (limit: number): OperationError => ({
  code: 'QUOTA_EXCEEDED',
  message: `Quota 'CPUS' exceeded. Limit: ${limit}.0.`,
  errorDetails: [{ quotaInfo: { metricName: 'compute.googleapis.com/cpus', limitName: 'CPUS', limit } }],
});

const stockout = (cloud: GceCloud, made: Made, code: string | undefined): OperationError => {
  const type = lastPart(made.properties.machineType ?? '');
  cloud.base.scribe.write(
    'capacity-error',
    `${type}/${made.zone}`,
    `Google has no more ${type} in ${made.zone}.`,
  );
  return {
    code: code ?? 'ZONE_RESOURCE_POOL_EXHAUSTED_WITH_DETAILS',
    message: `The zone '${made.zone}' does not have enough resources available to fulfill the request.`,
    errorDetails: [
      {
        errorInfo: {
          reason: 'stockout',
          domain: 'compute.googleapis.com',
          metadatas: { vmType: type, zone: made.zone, attachment: '' },
        },
      },
    ],
  };
};

type How = { readonly requestId?: string; readonly group?: string };

/** What will fail is listed until it does. */
const begin = (cloud: GceCloud, made: Made, error: OperationError | undefined, how: How): Operation => {
  const afterMs = delay(cloud);
  const key = `${made.zone}/${made.name}`;
  const exists = cloud.vms.has(key);
  const vm = exists || (error !== undefined && afterMs <= 0) ? undefined : create(cloud, made);
  if (vm !== undefined) cloud.vms.set(key, vm);
  if (vm !== undefined && error === undefined) startVm(cloud, vm);
  const { requestId, group } = how;
  return operate(
    cloud,
    {
      type: 'insert',
      zone: made.zone,
      target: instanceLink(cloud, made.zone, made.name),
      ...(requestId === undefined ? {} : { requestId }),
      ...(group === undefined ? {} : { group }),
    },
    error === undefined || vm === undefined
      ? { afterMs, ...(error === undefined ? {} : { error }) }
      : { afterMs, error, andThen: () => cloud.vms.delete(key) },
  );
};

const create = (cloud: GceCloud, { zone, name, properties }: Made): GceVm | undefined => {
  const region = cloud.zones.get(zone) ?? '';
  const pool = cloud.addresses.get(region);
  const ip = pool === undefined ? undefined : takeAddress(pool);
  const shape = cloud.shapes.get(lastPart(properties.machineType ?? ''));
  if (ip === undefined || shape === undefined) return undefined;
  cloud.launches += 1;
  const isSilent = cloud.silent > 0;
  if (isSilent) cloud.silent -= 1;
  return {
    id: numericId(cloud, 'gce-instance'),
    number: cloud.launches,
    name,
    zone,
    region,
    shape,
    market: marketOf(properties),
    ip,
    createdAt: cloud.base.timeline.now(),
    properties,
    console: [],
    fate: { silent: isSilent },
    labels: properties.labels ?? {},
    fingerprint: cloud.base.dice.hex('gce-fingerprint', 8),
    status: 'PROVISIONING',
  };
};
