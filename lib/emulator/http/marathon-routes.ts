// Marathon's v2 API over the emulated Marathon's verbs: paths, statuses and headers (semantics §2.2-2.4, §2.8).
import type { Deployed, KillOptions, Killed, Marathon } from '../marathon/api';
import { MarathonFailure } from '../marathon/api';
import type { EmulatedWorld } from '../world';
import type { HttpCall, HttpReply } from './exchange';
import { emptyReply, textReply } from './exchange';
import * as written from './marathon-answers';

type MarathonRequest = {
  readonly call: HttpCall;
  readonly world: EmulatedWorld;
  readonly marathon: Marathon;
  /** What the path's pattern captured, decoded. */
  readonly parts: readonly string[];
};

type Answer = (request: MarathonRequest) => HttpReply;
type Route = { readonly method: string; readonly path: RegExp; readonly answer: Answer };

/** The answer of the first route that fits; 405 where only the method does not, 404 where nothing does. */
export const route = (world: EmulatedWorld, call: HttpCall): HttpReply => {
  const path = call.path.length > 1 && call.path.endsWith('/') ? call.path.slice(0, -1) : call.path;
  const fitting = ROUTES.filter((candidate) => candidate.path.test(path));
  // A more special path comes first in the list, and its methods alone count.
  const found = fitting.find(({ method }) => method === call.method);
  if (found === undefined) {
    const allowed = fitting.map(({ method }) => method).join(', ');
    return fitting.length === 0
      ? json(404, { message: `${call.path} is not known to this Marathon.` })
      : json(405, { message: 'Method Not Allowed' }, { Allow: allowed });
  }
  const parts = (found.path.exec(path) ?? []).slice(1).map(decode);
  return found.answer({ call, world, marathon: world.marathon, parts });
};

export const json = (
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): HttpReply => ({
  status,
  headers: { 'Content-Type': 'application/json', ...headers },
  body: JSON.stringify(body),
});

const decode = (part: string): string => {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new MarathonFailure(400, `Malformed path: ${part}`);
  }
};

/** `group/app` and `/group/app` are the same absolute id. */
const idOf = (part: string | undefined): string => `/${(part ?? '').replace(/^\/+/, '')}`;

const bodyOf = ({ body, headers }: HttpCall): unknown => {
  const type = headers['content-type'];
  if (type !== undefined && !/^application\/(json|.*\+json)\s*(;|$)/i.test(type))
    throw new MarathonFailure(415, 'Unsupported Media Type');
  try {
    return JSON.parse(body);
  } catch (error) {
    throw new MarathonFailure(400, 'Invalid JSON', {
      details: [{ path: '/', errors: [error instanceof Error ? error.message : 'not JSON'] }],
    });
  }
};

const isSet = (call: HttpCall, name: string): boolean => call.query.get(name) === 'true';

const killOptions = (call: HttpCall): KillOptions => ({
  scale: isSet(call, 'scale'),
  wipe: isSet(call, 'wipe'),
  force: isSet(call, 'force'),
});

const DEPLOYMENT_HEADER = 'Marathon-Deployment-Id';

const deployed = (status: number, result: Deployed): HttpReply =>
  json(status, result, { [DEPLOYMENT_HEADER]: result.deploymentId });

const killed = (result: Killed): HttpReply => ('tasks' in result ? json(200, result) : deployed(200, result));

// ---- apps --------------------------------------------------------------------------------------------------

const listApps: Answer = ({ call, marathon }) => {
  const id = call.query.get('id');
  const apps = marathon.apps().filter((app) => id === null || app.id.includes(id));
  if (!call.query.getAll('embed').includes('apps.tasks')) return json(200, { apps });
  return json(200, { apps: apps.map((app) => ({ ...app, tasks: marathon.appTasks(app.id) })) });
};

const showApp: Answer = ({ marathon, parts }) => {
  const id = idOf(parts[0]);
  if (!id.endsWith('/*')) return json(200, { app: { ...marathon.app(id), tasks: marathon.appTasks(id) } });
  const apps = marathon.apps().filter((app) => app.id.startsWith(id.slice(0, -1)));
  return json(200, { '*': apps });
};

const createApp: Answer = ({ call, marathon }) => {
  const { app, deploymentId } = marathon.createApp(bodyOf(call));
  return json(201, app, { [DEPLOYMENT_HEADER]: deploymentId, Location: app.id });
};

const changeApp =
  (creation: 'allowed' | 'refused'): Answer =>
  ({ call, marathon, parts }) => {
    const id = idOf(parts[0]);
    const isNew = !marathon.apps().some((app) => app.id === id);
    const force = isSet(call, 'force');
    const options = creation === 'allowed' ? { force, creation } : { force };
    return deployed(isNew ? 201 : 200, marathon.updateApp(id, bodyOf(call), options));
  };

const deleteApp: Answer = ({ call, marathon, parts }) =>
  deployed(200, marathon.deleteApp(idOf(parts[0]), { force: call.query.get('force') !== 'false' }));

const restartApp: Answer = ({ call, marathon, parts }) =>
  deployed(200, marathon.restartApp(idOf(parts[0]), { force: isSet(call, 'force') }));

const appTasks: Answer = ({ marathon, parts }) => json(200, { tasks: marathon.appTasks(idOf(parts[0])) });

const killAppTasks: Answer = ({ call, marathon, parts }) => {
  const host = call.query.get('host');
  return killed(
    marathon.killAppTasks(idOf(parts[0]), { ...killOptions(call), ...(host === null ? {} : { host }) }),
  );
};

const killAppTask: Answer = ({ call, marathon, parts }) => {
  const task = marathon.appTasks(idOf(parts[0])).find((row) => row.id === parts[1]);
  if (task === undefined) throw new MarathonFailure(404, `Task '${parts[1]}' does not exist`);
  const result = marathon.killTasks([task.id], killOptions(call));
  return 'tasks' in result ? json(200, { task }) : deployed(200, result);
};

// ---- tasks, queue, deployments -----------------------------------------------------------------------------

const listTasks: Answer = ({ call, marathon }) => {
  const status = call.query.get('status') ?? call.query.get('status[]');
  const isOne = status === 'running' || status === 'staging';
  return json(200, { tasks: marathon.tasks(isOne ? { status } : {}) });
};

const killTasks: Answer = ({ call, marathon }) => {
  const body = bodyOf(call);
  const ids = typeof body === 'object' && body !== null && 'ids' in body ? body.ids : undefined;
  if (!isTextList(ids))
    throw new MarathonFailure(400, 'The body must be {"ids": [...]} with the ids of tasks.');
  return killed(marathon.killTasks(ids, killOptions(call)));
};

const isTextList = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'string');

const queue: Answer = ({ call, world }) => {
  const isEmbedded = call.query.getAll('embed').includes('lastUnusedOffers');
  return json(200, written.queue(world, isEmbedded ? 'lastUnusedOffers' : undefined));
};

const resetDelay: Answer = ({ marathon, parts }) => {
  marathon.resetDelay(idOf(parts[0]));
  return emptyReply(204);
};

const cancelDeployment: Answer = ({ call, marathon, parts }) => {
  const result = marathon.cancelDeployment(parts[0] ?? '', { force: isSet(call, 'force') });
  return result === undefined ? emptyReply(202) : deployed(200, result);
};

// ---- pods and groups ---------------------------------------------------------------------------------------

const createPod: Answer = ({ call, marathon }) => {
  const { pod, deploymentId } = marathon.createPod(bodyOf(call));
  return json(201, pod, { [DEPLOYMENT_HEADER]: deploymentId, Location: `/v2/pods${pod.id}` });
};

const updatePod: Answer = ({ call, marathon, parts }) => {
  const { pod, deploymentId } = marathon.updatePod(idOf(parts[0]), bodyOf(call), {
    force: isSet(call, 'force'),
  });
  return json(200, pod, { [DEPLOYMENT_HEADER]: deploymentId });
};

const showPod: Answer = ({ marathon, parts }) => {
  const id = idOf(parts[0]);
  const pod = marathon.pods().find((one) => one.id === id);
  if (pod === undefined) throw new MarathonFailure(404, `Pod '${id}' does not exist`);
  return json(200, pod);
};

const deletePod: Answer = ({ call, marathon, parts }) => {
  const { deploymentId } = marathon.deletePod(idOf(parts[0]), { force: isSet(call, 'force') });
  return emptyReply(202, { [DEPLOYMENT_HEADER]: deploymentId });
};

/** The role is read first: the last instance of a deleted pod takes the pod with it. */
const killInstances = ({ call, marathon, parts }: MarathonRequest, ids: readonly string[]): object[] => {
  const id = idOf(parts[0]);
  const { role } = marathon.podStatus(id).spec;
  return marathon
    .killPodInstances(id, ids, { wipe: isSet(call, 'wipe') })
    .map((row) => written.podInstance(row, role));
};

const killPodInstance: Answer = (request) => {
  const [killedOne] = killInstances(request, [request.parts[1] ?? '']);
  if (killedOne === undefined)
    throw new MarathonFailure(404, `Instance '${request.parts[1]}' does not exist`);
  return json(200, killedOne);
};

const killPodInstances: Answer = (request) => {
  const ids = bodyOf(request.call);
  if (!isTextList(ids)) throw new MarathonFailure(400, 'The body must be a list of instance ids.');
  return json(200, killInstances(request, ids));
};

const get = (path: RegExp, answer: Answer): Route => ({ method: 'GET', path, answer });
const on = (method: string, path: RegExp, answer: Answer): Route => ({ method, path, answer });

/** The special paths of an app or pod stand before the one that takes any id. */
const ROUTES: readonly Route[] = [
  get(/^\/ping$/, () => textReply(200, 'pong', { 'Content-Type': 'text/plain;charset=utf-8' })),
  get(/^\/v2\/apps$/, listApps),
  on('POST', /^\/v2\/apps$/, createApp),
  on('POST', /^\/v2\/apps\/(.+)\/restart$/, restartApp),
  get(/^\/v2\/apps\/(.+)\/tasks$/, appTasks),
  on('DELETE', /^\/v2\/apps\/(.+)\/tasks$/, killAppTasks),
  on('DELETE', /^\/v2\/apps\/(.+)\/tasks\/([^/]+)$/, killAppTask),
  get(/^\/v2\/apps\/(.+)$/, showApp),
  on('PUT', /^\/v2\/apps\/(.+)$/, changeApp('allowed')),
  on('PATCH', /^\/v2\/apps\/(.+)$/, changeApp('refused')),
  on('DELETE', /^\/v2\/apps\/(.+)$/, deleteApp),
  get(/^\/v2\/tasks$/, listTasks),
  on('POST', /^\/v2\/tasks\/delete$/, killTasks),
  get(/^\/v2\/queue$/, queue),
  on('DELETE', /^\/v2\/queue\/(.+)\/delay$/, resetDelay),
  get(/^\/v2\/deployments$/, ({ marathon }) => json(200, marathon.deployments())),
  on('DELETE', /^\/v2\/deployments\/([^/]+)$/, cancelDeployment),
  get(/^\/v2\/pods$/, ({ marathon }) => json(200, marathon.pods())),
  on('POST', /^\/v2\/pods$/, createPod),
  get(/^\/v2\/pods\/::status$/, ({ marathon }) => json(200, marathon.podStatuses().map(written.podStatus))),
  get(/^\/v2\/pods\/(.+)::status$/, ({ marathon, parts }) =>
    json(200, written.podStatus(marathon.podStatus(idOf(parts[0])))),
  ),
  on('DELETE', /^\/v2\/pods\/(.+)::instances$/, killPodInstances),
  on('DELETE', /^\/v2\/pods\/(.+)::instances\/([^/]+)$/, killPodInstance),
  get(/^\/v2\/pods\/(.+)$/, showPod),
  on('PUT', /^\/v2\/pods\/(.+)$/, updatePod),
  on('DELETE', /^\/v2\/pods\/(.+)$/, deletePod),
  get(/^\/v2\/groups$/, ({ marathon }) => json(200, written.group(marathon, marathon.group()))),
  get(/^\/v2\/groups\/(.+)$/, ({ marathon, parts }) =>
    json(200, written.group(marathon, marathon.group(idOf(parts[0])))),
  ),
];
