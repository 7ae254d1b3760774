// The methods of Compute Engine in one place: each passes the gate, then does its work (cloud-apis §6).
import { iso } from '../base';
import type { AggregatedList, Gce, Instance, InstanceScope, ListQuery, SetLabelsRequest } from './api';
import type { GceCloud, GceVm } from './cloud';
import { admit, instanceLink, notFound, numericId, operate } from './cloud';
import { GoogleFailure } from './failure';
import { bulkInsert, checkLabels, insert } from './insert';
import { deleteVm } from './life';

export const operationsOf = (cloud: GceCloud): Gce => {
  const gated =
    <I extends { readonly project: string }, O>(run: (one: GceCloud, request: I) => O) =>
    (request: I): O => {
      admit(cloud, request);
      return run(cloud, request);
    };
  return {
    instances: {
      insert: gated(insert),
      bulkInsert: gated(bulkInsert),
      delete: gated(remove),
      get: gated((one, { zone, instance }) => instanceRow(one, vmOf(one, zone, instance))),
      list: gated((one, request) => paged(rowsOf(one, request.zone, request), request)),
      aggregatedList: gated(aggregated),
      setLabels: gated(setLabels),
      getSerialPortOutput: gated((one, { zone, instance, start }) => {
        const text = vmOf(one, zone, instance)
          .console.map((line) => `${line}\n`)
          .join('');
        return { contents: text.slice(Number(start ?? '0')), start: start ?? '0', next: String(text.length) };
      }),
    },
    instanceTemplates: { insert: gated(insertTemplate) },
    zoneOperations: {
      get: gated((one, { zone, operation }) => {
        const found = one.operations.get(`${zone}/${operation}`);
        if (found === undefined) throw notFound(operation);
        return found;
      }),
      list: gated((one, request) => ({
        items: [...one.operations]
          .filter(([key]) => key.startsWith(`${request.zone}/`))
          .map(([, operation]) => operation)
          .filter(({ operationGroupId }) => matches(request, { operationGroupId })),
      })),
    },
    zones: {
      list: gated((one) => ({ items: [...one.zones].map(([name, region]) => ({ name, region })) })),
    },
    machineTypes: {
      list: gated((one, { zone }) => ({
        items: [...one.shapes.values()]
          .filter(({ name }) => soldIn(one, name, zone))
          .map(({ name, arch, total }) => ({
            name,
            guestCpus: Math.round(total.cpuMilli / 1000),
            memoryMb: total.memMib,
            architecture: arch === 'amd64' ? ('X86_64' as const) : ('ARM64' as const),
          })),
      })),
    },
  };
};

const soldIn = (cloud: GceCloud, name: string, zone: string): boolean =>
  cloud.prices.has(`${name}/${zone}/spot`) || cloud.prices.has(`${name}/${zone}/on-demand`);

const vmOf = (cloud: GceCloud, zone: string, name: string): GceVm => {
  const vm = cloud.vms.get(`${zone}/${name}`);
  if (vm !== undefined) return vm;
  throw notFound(instanceLink(cloud, zone, name));
};

const instanceRow = (cloud: GceCloud, vm: GceVm): Instance => ({
  ...vm.properties,
  id: vm.id,
  name: vm.name,
  zone: `projects/${cloud.project}/zones/${vm.zone}`,
  machineType: `projects/${cloud.project}/zones/${vm.zone}/machineTypes/${vm.shape.name}`,
  status: vm.status === 'DEPROVISIONING' ? 'STOPPING' : vm.status,
  creationTimestamp: iso(vm.createdAt),
  labels: vm.labels,
  labelFingerprint: vm.fingerprint,
  selfLink: instanceLink(cloud, vm.zone, vm.name),
  networkInterfaces: [{ ...vm.properties.networkInterfaces?.[0], networkIP: vm.ip }],
});

const rowsOf = (cloud: GceCloud, zone: string, query: ListQuery): Instance[] =>
  [...cloud.vms.values()]
    .filter((vm) => vm.zone === zone && matches(query, fieldsOf(vm)))
    .map((vm) => instanceRow(cloud, vm));

const fieldsOf = (vm: GceVm): Readonly<Record<string, string>> => ({
  name: vm.name,
  status: vm.status,
  ...Object.fromEntries(Object.entries(vm.labels).map(([key, value]) => [`labels.${key}`, value])),
});

/** All terms hold, each by equality. */
const matches = (query: ListQuery, fields: Readonly<Record<string, string | undefined>>): boolean =>
  (query.filter ?? '')
    .split(/ AND /)
    .map((term) => term.replace(/^\(|\)$/g, ''))
    .filter((term) => term !== '')
    .every((term) => {
      const [, field = '', value = ''] = /^([\w.-]+)\s*=\s*"([^"]*)"$/.exec(term) ?? [];
      if (field === '')
        throw new GoogleFailure(400, 'invalid', `Invalid value for field 'filter': '${query.filter}'.`);
      return fields[field] === value;
    });

const MOST_RESULTS = 500;

/** The token is the name of the last row, so that pages neither skip nor repeat. */
const paged = <T extends { readonly name: string }>(
  rows: readonly T[],
  query: ListQuery,
): { items: readonly T[]; nextPageToken?: string } => {
  const sorted = [...rows].sort((a, b) => (a.name < b.name ? -1 : 1));
  const left = sorted.filter(({ name }) => name > (query.pageToken ?? ''));
  const items = left.slice(0, Math.min(query.maxResults ?? MOST_RESULTS, MOST_RESULTS));
  const last = items.at(-1);
  return items.length < left.length && last !== undefined ? { items, nextPageToken: last.name } : { items };
};

/** A zone that does not answer fails the call, or with `returnPartialSuccess` is only a warning and looks empty. */
const aggregated = (
  cloud: GceCloud,
  query: ListQuery & { readonly project: string; readonly returnPartialSuccess?: boolean },
): AggregatedList => {
  const dark = [...cloud.unreachable].sort();
  if (dark.length > 0 && query.returnPartialSuccess !== true)
    throw new GoogleFailure(503, 'backendError', `The zone '${dark[0]}' cannot be reached.`);
  const seen = [...cloud.zones.keys()].filter((zone) => !cloud.unreachable.has(zone));
  const { items: page, nextPageToken } = paged(
    seen.flatMap((zone) => rowsOf(cloud, zone, query)),
    query,
  );
  const items = [...cloud.zones.keys()].sort().map((zone): [string, InstanceScope] => {
    const instances = page.filter((row) => row.zone.endsWith(`/${zone}`));
    if (cloud.unreachable.has(zone))
      return [`zones/${zone}`, { warning: { code: 'UNREACHABLE', message: `'${zone}' is unreachable.` } }];
    if (instances.length > 0) return [`zones/${zone}`, { instances }];
    return [
      `zones/${zone}`,
      { warning: { code: 'NO_RESULTS_ON_PAGE', message: `No results for the scope 'zones/${zone}'.` } },
    ];
  });
  return {
    items: Object.fromEntries(items),
    ...(nextPageToken === undefined ? {} : { nextPageToken }),
    ...(dark.length === 0 ? {} : { unreachables: dark.map((zone) => `zones/${zone}`) }),
  };
};

const remove = (cloud: GceCloud, request: Parameters<Gce['instances']['delete']>[0]) => {
  const { zone, instance, requestId } = request;
  const before = cloud.operations.get(cloud.answered.get(requestId ?? '') ?? '');
  if (before !== undefined) return before;
  deleteVm(cloud, vmOf(cloud, zone, instance), 'deleted by the API');
  const target = instanceLink(cloud, zone, instance);
  return operate(
    cloud,
    { type: 'delete', zone, target, ...(requestId === undefined ? {} : { requestId }) },
    { afterMs: cloud.base.dice.span('gce-operation-time', cloud.base.settings.gce.operationMs) },
  );
};

const setLabels = (cloud: GceCloud, { zone, instance, body }: SetLabelsRequest) => {
  const vm = vmOf(cloud, zone, instance);
  if (body.labelFingerprint !== vm.fingerprint)
    throw new GoogleFailure(
      412,
      'conditionNotMet',
      'Labels fingerprint either invalid or resource labels have changed',
    );
  checkLabels(body.labels);
  vm.labels = body.labels;
  vm.fingerprint = cloud.base.dice.hex('gce-fingerprint', 8);
  const target = instanceLink(cloud, zone, instance);
  return operate(cloud, { type: 'setLabels', zone, target }, { afterMs: 0 });
};

const insertTemplate = (
  cloud: GceCloud,
  { body }: Parameters<Gce['instanceTemplates']['insert']>[0],
): ReturnType<Gce['instanceTemplates']['insert']> => {
  if (cloud.templates.has(body.name))
    throw new GoogleFailure(409, 'alreadyExists', `The resource '${body.name}' already exists`);
  cloud.templates.set(body.name, body.properties);
  return {
    id: numericId(cloud, 'gce-operation-id'),
    name: `operation-${cloud.base.dice.hex('gce-operation', 16)}`,
    operationType: 'insert',
    status: 'DONE',
    zone: '',
    targetLink: `projects/${cloud.project}/global/instanceTemplates/${body.name}`,
    insertTime: iso(cloud.base.timeline.now()),
  };
};
