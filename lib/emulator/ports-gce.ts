// The engine's Cloud port straight over the emulated Compute Engine. A machine's id is its name: it is derived from the
// launch's token, so that the same launch never makes a second one.
import { createHash } from 'node:crypto';
import type { Machine } from '../core/model/machine';
import type { Offering, Scope } from '../core/model/offering';
import type { OfferingError } from '../core/model/outcome';
import type { Source } from '../core/model/world';
import { Failure, isFailure } from '../engine/failure';
import type {
  Cloud,
  LaunchAnswer,
  LaunchRequest,
  MarkRequest,
  TerminateAnswer,
  TerminateRequest,
} from '../engine/ports';
import type { Instance, Operation } from './gce/api';
import { GoogleFailure } from './gce/failure';
import { labelOf, textOf } from './gce/labels';
import type { EmulatedWorld } from './world';

const LABEL = {
  cluster: 'muster-cluster',
  pool: 'muster-pool',
  launch: 'muster-launch',
  bootstrap: 'muster-bootstrap',
  mark: 'muster-state',
} as const;

export const gcePort = (world: EmulatedWorld): Cloud => ({
  machines: async (scope, cluster) => list(world, scope, { [LABEL.cluster]: cluster }),
  launched: async (scope, cluster, launch) =>
    list(world, scope, { [LABEL.cluster]: cluster, [LABEL.launch]: launch }),
  launch: async (request) => launch(world, request),
  terminate: async (request) => terminate(world, request),
  mark: async (request) => markMachines(world, request),
});

/** `default` is the world's own project. */
const projectOf = (world: EmulatedWorld, scope: Scope): string =>
  scope.account === 'default' ? world.options.project : scope.account;

/** Zone by zone: one that does not answer makes the list incomplete and hides no other. */
const list = (
  world: EmulatedWorld,
  scope: Scope,
  labels: Readonly<Record<string, string>>,
): Source<readonly Machine[]> => {
  const { instances, faults } = instancesOf(world, scope, labels);
  const value = instances
    .map((instance) => machineOf(instance, scope))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
  return { at: world.now(), complete: faults.length === 0, faults, value };
};

const instancesOf = (world: EmulatedWorld, scope: Scope, labels: Readonly<Record<string, string>>) => {
  const project = projectOf(world, scope);
  const zones = attempt(() => world.gce.zones.list({ project }), 'question').items;
  const filter = Object.entries(labels)
    .map(([key, value]) => `labels.${key}="${labelOf(value)}"`)
    .join(' AND ');
  const instances: Instance[] = [];
  const faults: string[] = [];
  for (const { name: zone, region } of zones) {
    if (region !== scope.region) continue;
    try {
      instances.push(...inZone(world, { project, zone }, filter));
    } catch (error) {
      if (!isFailure(error, 'transient')) throw error;
      faults.push(`The zone ${zone} was not read: ${error.message}`);
    }
  }
  return { instances, faults };
};

const inZone = (
  world: EmulatedWorld,
  place: { readonly project: string; readonly zone: string },
  filter: string,
): Instance[] => {
  const found: Instance[] = [];
  let pageToken: string | undefined;
  do {
    const token = pageToken === undefined ? {} : { pageToken };
    const page = attempt(() => world.gce.instances.list({ ...place, filter, ...token }), 'question');
    found.push(...page.items);
    pageToken = page.nextPageToken;
  } while (pageToken !== undefined);
  return found;
};

const lastPart = (url: string): string => url.slice(url.lastIndexOf('/') + 1);

const machineOf = (instance: Instance, scope: Scope): Machine => ({
  id: instance.name,
  cloud: scope.cloud,
  account: scope.account,
  region: scope.region,
  zone: lastPart(instance.zone),
  shape: lastPart(instance.machineType ?? ''),
  market: instance.scheduling?.provisioningModel === 'SPOT' ? 'spot' : 'on-demand',
  state: stateOf(instance),
  launchedAt: Date.parse(instance.creationTimestamp),
  ...given('image', instance.disks?.[0]?.initializeParams?.sourceImage),
  ...given('privateIp', instance.networkInterfaces?.[0]?.networkIP),
  ...given('pool', labelled(instance, LABEL.pool)),
  ...given('launch', labelled(instance, LABEL.launch)),
  ...given('bootstrap', labelled(instance, LABEL.bootstrap)),
  ...given('mark', labelled(instance, LABEL.mark)),
});

/** A preempted machine still runs while it is STOPPING; one that is TERMINATED is only over when nobody may start it
 *  again. A deleted one is listed no more. */
const stateOf = ({ status, scheduling }: Instance): Machine['state'] => {
  switch (status) {
    case 'PROVISIONING':
    case 'STAGING':
      return 'pending';
    case 'RUNNING':
      return 'running';
    case 'STOPPING':
      return 'stopping';
    case 'DEPROVISIONING':
      return 'shutting-down';
    case 'TERMINATED':
      return scheduling?.instanceTerminationAction === 'DELETE' ? 'terminated' : 'stopped';
    default:
      return status satisfies never;
  }
};

const labelled = (instance: Instance, key: string): string | undefined => {
  const value = instance.labels?.[key];
  return value === undefined ? undefined : textOf(value);
};

const given = <K extends string>(key: K, value: string | undefined): { readonly [P in K]?: string } => {
  const found: { [P in K]?: string } = {};
  if (value !== undefined) found[key] = value;
  return found;
};

type Launched = LaunchAnswer['machines'][number];

/** One machine after the other, from the best offering that still has one. What an earlier attempt under the same token
 *  made, in whichever zone, is taken for its own. */
const launch = (world: EmulatedWorld, request: LaunchRequest): LaunchAnswer => {
  const names = Array.from({ length: request.count }, (_, nth) => nameOf(request, nth));
  const own = { [LABEL.cluster]: request.cluster, [LABEL.launch]: request.launch };
  const { instances, faults } = instancesOf(world, request.scope, own);
  if (faults.length > 0) throw new Failure('transient', `Nothing was launched: ${faults.join(' ')}`);
  const there = new Map(instances.map((instance) => [instance.name, instance]));
  const errors: OfferingError[] = [];
  const machines: Launched[] = [];
  let left = [...request.offerings];
  for (const name of names) {
    const old = there.get(name);
    const offering = old === undefined ? undefined : offeringOf(request, old);
    if (offering !== undefined) {
      machines.push({ id: name, offering });
      continue;
    }
    for (const next of left) {
      const error = doubting(machines, () => insertOne(world, request, { name, offering: next }));
      if (error === undefined) {
        machines.push({ id: name, offering: plain(next) });
        break;
      }
      errors.push(error);
      left = left.filter((one) => one !== next);
    }
  }
  return { machines, errors };
};

/** A refusal after some machines were made is no refusal of the launch: what there is is read back. */
const doubting = <T>(made: readonly Launched[], call: () => T): T => {
  try {
    return call();
  } catch (error) {
    if (made.length === 0 || !isFailure(error)) throw error;
    throw new Failure('unknown-outcome', `Only ${made.length} machines were made: ${error.message}`, {
      code: error.code,
      cause: error,
    });
  }
};

/** At most 63 characters, as a name there may have. */
const nameOf = (request: LaunchRequest, nth: number): string => {
  const hash = createHash('sha256').update(`${request.token}/${nth}`).digest('hex').slice(0, 16);
  return `muster-${request.pool.slice(0, 38)}-${hash}`;
};

const plain = ({ subnet: _subnet, ...offering }: Offering & { readonly subnet?: string }): Offering =>
  offering;

const offeringOf = (request: LaunchRequest, instance: Instance): Offering | undefined => {
  const found = request.offerings.find(
    ({ zone, shape }) => zone === lastPart(instance.zone) && shape === lastPart(instance.machineType ?? ''),
  );
  return found === undefined ? undefined : plain(found);
};

type One = { readonly name: string; readonly offering: LaunchRequest['offerings'][number] };

const insertOne = (world: EmulatedWorld, request: LaunchRequest, one: One): OfferingError | undefined => {
  const { zone } = one.offering;
  const project = projectOf(world, request.scope);
  const operation = attempt(
    () =>
      world.gce.instances.insert({
        project,
        zone,
        requestId: requestId(request, one),
        sourceInstanceTemplate: `projects/${project}/global/instanceTemplates/${lastPart(request.template.id)}`,
        body: bodyOf(request, one),
      }),
    'launch',
  );
  if (operation.status !== 'DONE')
    throw new Failure('unknown-outcome', `The operation ${operation.name} is still running.`);
  return errorOf(operation, one.offering);
};

/** In the form of a uuid; the same attempt at the same offering always has the same. */
const requestId = (request: LaunchRequest, { name, offering }: One): string => {
  const parts = `${request.token}/${name}/${offering.zone}/${offering.shape}/${offering.market}`;
  const h = createHash('sha256').update(parts).digest('hex');
  return `${h.slice(0, 8)}-${h.slice(8, 12)}-5${h.slice(13, 16)}-8${h.slice(17, 20)}-${h.slice(20, 32)}`;
};

/** Labels are sent whole, since they stand over the template's; a spot machine is deleted, never only stopped. */
const bodyOf = (request: LaunchRequest, { name, offering }: One) => ({
  name,
  machineType: `zones/${offering.zone}/machineTypes/${offering.shape}`,
  labels: {
    [LABEL.cluster]: labelOf(request.cluster),
    [LABEL.pool]: labelOf(request.pool),
    [LABEL.launch]: labelOf(request.launch),
    [LABEL.bootstrap]: labelOf(request.template.bootstrap),
  },
  scheduling:
    offering.market === 'spot'
      ? ({
          provisioningModel: 'SPOT',
          instanceTerminationAction: 'DELETE',
          automaticRestart: false,
          onHostMaintenance: 'TERMINATE',
        } as const)
      : ({ provisioningModel: 'STANDARD', automaticRestart: false, onHostMaintenance: 'MIGRATE' } as const),
  ...(offering.subnet === undefined ? {} : { networkInterfaces: [{ subnetwork: offering.subnet }] }),
});

const errorOf = (
  operation: Operation,
  offering: Offering & { readonly subnet?: string },
): OfferingError | undefined => {
  const error = operation.error?.errors[0];
  if (error === undefined) return undefined;
  const { code, message } = error;
  return { offering: plain(offering), code, message, kind: errorKind(code) };
};

const errorKind = (code: string): OfferingError['kind'] => {
  if (/RESOURCE_POOL_EXHAUSTED|INSUFFICIENT_CAPACITY|stockout|IP_SPACE_EXHAUSTED/.test(code))
    return 'capacity';
  if (code.includes('QUOTA')) return 'quota';
  if (code === 'UNSUPPORTED_OPERATION') return 'unsupported';
  return /^(PERMISSIONS_ERROR|CONDITION_NOT_MET|INVALID_USAGE|BAD_REQUEST|RESOURCE_NOT_FOUND)$/.test(code)
    ? 'config'
    : 'unknown';
};

/** Others' machines are left alone; what is not there any more is done, where every zone was read. */
const terminate = (world: EmulatedWorld, request: TerminateRequest): TerminateAnswer => {
  const { instances, faults } = instancesOf(world, request.scope, { [LABEL.cluster]: request.cluster });
  const known = new Map(instances.map((instance) => [instance.name, instance]));
  const done: string[] = [];
  const failed: { id: string; message: string }[] = [];
  for (const id of request.machines) {
    const instance = known.get(id);
    if (instance === undefined) {
      if (faults.length === 0) done.push(id);
      else failed.push({ id, message: faults.join(' ') });
    } else if (labelled(instance, LABEL.pool) === undefined) {
      failed.push({ id, message: 'It belongs to no pool (no label muster-pool) and is left alone.' });
    } else {
      const place = { project: projectOf(world, request.scope), zone: lastPart(instance.zone) };
      attempt(() => world.gce.instances.delete({ ...place, instance: id }), 'effect');
      done.push(id);
    }
  }
  return { done, failed };
};

/** Sets the label `muster-state` on machines of the cluster; it may be repeated.
 *  @throws Failure `gone` when one of them is not there or not ours; the others are marked all the same. */
export const markMachines = async (world: EmulatedWorld, request: MarkRequest): Promise<void> => {
  const { instances } = instancesOf(world, request.scope, { [LABEL.cluster]: request.cluster });
  const known = new Map(instances.map((instance) => [instance.name, instance]));
  const missing = request.machines.filter((id) => !known.has(id));
  for (const id of request.machines) {
    const instance = known.get(id);
    if (instance === undefined) continue;
    const place = { project: projectOf(world, request.scope), zone: lastPart(instance.zone), instance: id };
    const labels = { ...instance.labels, [LABEL.mark]: labelOf(request.mark) };
    const body = { labels, labelFingerprint: instance.labelFingerprint };
    attempt(() => world.gce.instances.setLabels({ ...place, body }), 'effect');
  }
  if (missing.length > 0)
    throw new Failure('gone', `Not marked, for the cluster has no such machine: ${missing.join(', ')}.`);
};

/** What a launch names and is not there (a template) is for a person to mend. */
type Nature = 'question' | 'effect' | 'launch';

/** What Google throws, in the engine's terms. A server's fault during an effect leaves its outcome open. */
const attempt = <T>(call: () => T, nature: Nature): T => {
  try {
    return call();
  } catch (error) {
    if (!(error instanceof GoogleFailure)) throw error;
    throw new Failure(kindOf(error, nature), `Google refused: ${error.message}.`, {
      code: error.reason,
      cause: error,
    });
  }
};

const kindOf = ({ status, reason }: GoogleFailure, nature: Nature): Failure['kind'] => {
  if (status === 429 || reason === 'rateLimitExceeded') return 'throttled';
  if (status >= 500) return nature === 'question' ? 'transient' : 'unknown-outcome';
  if (status === 404) return nature === 'launch' ? 'permanent' : 'gone';
  return status === 412 ? 'conflict' : 'permanent';
};
