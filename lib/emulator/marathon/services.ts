// Create, change and delete run specs. Any change is a deployment; a change of the number alone restarts nothing.
import type { AppDefinition, Deployed, PodDefinition } from './api';
import { MarathonFailure } from './api';
import { createPlaced } from './constraints';
import { absolute, appTerms, parseApp, parsePod, podTerms } from './definition';
import { deploy, requireRoom, unlock } from './deployments';
import type { DeploymentKind, MarathonState, Service } from './state';
import { nextVersion, noStatistics } from './state';

type Definition =
  | { readonly kind: 'app'; readonly app: AppDefinition }
  | { readonly kind: 'pod'; readonly pod: PodDefinition };

export const findService = (state: MarathonState, id: string, kind: Service['kind']): Service => {
  const service = state.services.get(absolute(id));
  if (service?.kind === kind) return service;
  throw new MarathonFailure(404, `${kind === 'app' ? 'App' : 'Pod'} '${absolute(id)}' does not exist`);
};

export const createApp = (state: MarathonState, json: unknown): { service: Service; deployed: Deployed } =>
  create(state, { kind: 'app', app: parseApp(writable(asRecord(json)), nextVersion(state)) });

export const createPod = (state: MarathonState, json: unknown): { service: Service; deployed: Deployed } =>
  create(state, { kind: 'pod', pod: parsePod(json, nextVersion(state)) });

const create = (state: MarathonState, given: Definition): { service: Service; deployed: Deployed } => {
  const definition = given.kind === 'app' ? given.app : given.pod;
  if (state.services.has(definition.id)) {
    throw new MarathonFailure(409, `An app with id [${definition.id}] already exists.`);
  }
  requireRoom(state);
  const terms = given.kind === 'app' ? appTerms(given.app) : podTerms(given.pod);
  const target = given.kind === 'app' ? given.app.instances : given.pod.scaling.instances;
  const service: Service = {
    id: definition.id,
    kind: given.kind,
    instances: new Map(),
    waiting: new Set(),
    definition,
    terms,
    version: definition.version,
    target,
    placed: createPlaced(terms.constraints),
    statistics: noStatistics(),
  };
  state.services.set(service.id, service);
  state.base.scribe.write('app-created', service.id, `${service.id} is created with ${target} instances.`);
  const before = new Map([[service.id, undefined]]);
  return {
    service,
    deployed: deploy(state, { kind: 'start', services: [service], version: service.version, before }),
  };
};

export const updateApp = (
  state: MarathonState,
  id: string,
  change: unknown,
  options: { readonly force?: boolean; readonly creation?: 'allowed' } = {},
): Deployed => {
  const path = absolute(id);
  if (!state.services.has(path) && options.creation === 'allowed') {
    return createApp(state, { ...asRecord(change), id: path }).deployed;
  }
  const service = findService(state, path, 'app');
  const { version: _old, ...present } = service.definition;
  const wanted = writable(asRecord(change));
  const app = parseApp({ ...present, ...wanted, id: path }, nextVersion(state));
  return apply(state, service, { kind: 'app', app }, options.force);
};

export const updatePod = (state: MarathonState, id: string, json: unknown, force?: boolean): Deployed => {
  const service = findService(state, id, 'pod');
  const pod = parsePod({ ...asRecord(json), id: service.id }, nextVersion(state));
  return apply(state, service, { kind: 'pod', pod }, force);
};

/** What was read may be sent back: the members that Marathon only shows change nothing. */
const writable = (json: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(json).filter(([name]) => !SHOWN_ONLY.has(name)));

const SHOWN_ONLY = new Set([
  'version',
  'versionInfo',
  'deployments',
  'tasks',
  'tasksStaged',
  'tasksRunning',
  'tasksHealthy',
  'tasksUnhealthy',
]);

const asRecord = (json: unknown): Record<string, unknown> => {
  if (typeof json === 'object' && json !== null && !Array.isArray(json))
    return Object.fromEntries(Object.entries(json));
  throw new MarathonFailure(400, 'Invalid JSON', {
    details: [{ path: '/', errors: ['error.expected.jsobject'] }],
  });
};

const apply = (
  state: MarathonState,
  service: Service,
  given: Definition,
  force: boolean | undefined,
): Deployed => {
  unlock(state, service, force);
  const before = new Map([[service.id, service.definition]]);
  const kind = adopt(state, service, given);
  return deploy(state, { kind, services: [service], version: service.definition.version, before });
};

/** The new definition in place of the old. @returns whether instances must be replaced. */
const adopt = (state: MarathonState, service: Service, given: Definition): DeploymentKind => {
  const definition = given.kind === 'app' ? given.app : given.pod;
  const target = given.kind === 'app' ? given.app.instances : given.pod.scaling.instances;
  const isScale = withoutSize(service.definition) === withoutSize(definition);
  const from = service.target;
  service.target = target;
  service.definition = definition;
  if (isScale) {
    state.base.scribe.write(
      'app-scaled',
      service.id,
      `${service.id} is scaled from ${from} to ${target} instances.`,
    );
    return 'scale';
  }
  service.terms = given.kind === 'app' ? appTerms(given.app) : podTerms(given.pod);
  service.version = definition.version;
  service.backoff = undefined;
  state.base.scribe.write(
    'app-changed',
    service.id,
    `${service.id} has a new definition; its instances are replaced.`,
  );
  return 'restart';
};

const withoutSize = (definition: AppDefinition | PodDefinition): string => {
  const { version: _version, instances: _instances, scaling: _scaling, ...rest } = definition;
  return JSON.stringify(Object.entries(rest).sort(([a], [b]) => (a < b ? -1 : 1)));
};

export const restartApp = (state: MarathonState, id: string, force: boolean | undefined): Deployed => {
  const service = findService(state, id, 'app');
  unlock(state, service, force);
  const before = new Map([[service.id, service.definition]]);
  const version = nextVersion(state);
  service.definition = { ...service.definition, version };
  service.version = version;
  return deploy(state, { kind: 'restart', services: [service], version, before });
};

/** Deleting forces its way by default. */
export const deleteService = (
  state: MarathonState,
  id: string,
  kind: Service['kind'],
  force = true,
): Deployed => {
  const service = findService(state, id, kind);
  unlock(state, service, force);
  service.target = 0;
  const before = new Map([[service.id, service.definition]]);
  return deploy(state, { kind: 'stop', services: [service], version: nextVersion(state), before });
};

/** Back to what was before a deployment: a deployment of its own. */
export const rollBack = (
  state: MarathonState,
  service: Service,
  to: AppDefinition | PodDefinition | undefined,
): Deployed => {
  if (to === undefined) return deleteService(state, service.id, service.kind);
  const version = nextVersion(state);
  const given: Definition =
    service.kind === 'app'
      ? { kind: 'app', app: parseApp(to, version) }
      : { kind: 'pod', pod: parsePod(to, version) };
  return apply(state, service, given, true);
};

/** Kill with scale: the number falls by as many as are killed, in one deployment over all services concerned. */
export const shrink = (
  state: MarathonState,
  by: ReadonlyMap<Service, number>,
  force: boolean | undefined,
): Deployed => {
  for (const service of by.keys()) unlock(state, service, force);
  const before = new Map([...by.keys()].map((service) => [service.id, service.definition]));
  const version = nextVersion(state);
  for (const [service, count] of by) {
    const target = Math.max(0, service.target - count);
    state.base.scribe.write(
      'app-scaled',
      service.id,
      `${service.id} is scaled from ${service.target} to ${target} instances.`,
    );
    service.target = target;
    service.definition =
      service.kind === 'app'
        ? { ...service.definition, instances: target, version }
        : { ...service.definition, scaling: { kind: 'fixed', instances: target }, version };
  }
  return deploy(state, { kind: 'scale', services: [...by.keys()], version, before });
};
