// Decorators on every port of an engine: a turn that dies, is paused or is watched at any of its calls. The engine and
// what is behind the ports are the real ones.
import type { Engine } from '../../lib/engine/engine';
import { Failure } from '../../lib/engine/failure';
import type { Cloud, Store } from '../../lib/engine/ports';

/** Wraps one call: `name` is the port's and the method's, such as `store.update`. */
export type Around = <T>(name: string, call: () => Promise<T>) => Promise<T>;

export const aroundStore = (store: Store, around: Around): Store => ({
  get: (key) => around('store.get', () => store.get(key)),
  list: (pk, options) => around('store.list', () => store.list(pk, options)),
  put: (item, condition) => around('store.put', () => store.put(item, condition)),
  update: (key, change, condition) => around('store.update', () => store.update(key, change, condition)),
  remove: (key, condition) => around('store.remove', () => store.remove(key, condition)),
});

const aroundCloud = (cloud: Cloud, around: Around): Cloud => ({
  machines: (scope, cluster) => around('cloud.machines', () => cloud.machines(scope, cluster)),
  launched: (scope, cluster, launch) =>
    around('cloud.launched', () => cloud.launched(scope, cluster, launch)),
  launch: (request) => around('cloud.launch', () => cloud.launch(request)),
  terminate: (request) => around('cloud.terminate', () => cloud.terminate(request)),
  mark: (request) => around('cloud.mark', () => cloud.mark(request)),
});

/** The engine with `around` about every call that it makes to the outside. */
export const aroundPorts = (engine: Engine, around: Around): Engine => ({
  ...engine,
  store: aroundStore(engine.store, around),
  wake: { send: (body, options) => around('wake.send', () => engine.wake.send(body, options)) },
  clouds: Object.fromEntries(
    Object.entries(engine.clouds).map(([name, cloud]) => [name, aroundCloud(cloud, around)]),
  ),
  catalogue: {
    offerings: (pools) => around('catalogue.offerings', () => engine.catalogue.offerings(pools)),
  },
  mesos: {
    agents: () => around('mesos.agents', () => engine.mesos.agents()),
    deactivate: (agent) => around('mesos.deactivate', () => engine.mesos.deactivate(agent)),
    reactivate: (agent) => around('mesos.reactivate', () => engine.mesos.reactivate(agent)),
    drain: (agent, graceMs) => around('mesos.drain', () => engine.mesos.drain(agent, graceMs)),
    markGone: (agent) => around('mesos.markGone', () => engine.mesos.markGone(agent)),
  },
  marathon: {
    queue: () => around('marathon.queue', () => engine.marathon.queue()),
    tasks: (runSpecs) => around('marathon.tasks', () => engine.marathon.tasks(runSpecs)),
    hosted: (agents) => around('marathon.hosted', () => engine.marathon.hosted(agents)),
    apps: (runSpecs) => around('marathon.apps', () => engine.marathon.apps(runSpecs)),
    scale: (runSpec, instances) => around('marathon.scale', () => engine.marathon.scale(runSpec, instances)),
    kill: (request) => around('marathon.kill', () => engine.marathon.kill(request)),
    stopDeployment: (id) => around('marathon.stopDeployment', () => engine.marathon.stopDeployment(id)),
    resetDelay: (runSpec) => around('marathon.resetDelay', () => engine.marathon.resetDelay(runSpec)),
  },
  notifiers: engine.notifiers.map((notifier) => ({
    tell: (notice) => around('notifier.tell', () => notifier.tell(notice)),
  })),
});

/** `before`: the call is never made. `after`: it takes effect and its answer is lost. */
export const MODES = ['before', 'after'] as const;
export type Mode = (typeof MODES)[number];

export class Crash extends Error {}

/** The process dies at its `nth` call (from 1): nothing that it does later reaches anything. */
export const crashAt = (nth: number, mode: Mode): Around & { readonly at: () => string | undefined } => {
  let calls = 0;
  let at: string | undefined;
  const around: Around = async (name, call) => {
    if (at !== undefined) throw new Crash(`dead since ${at}`);
    calls += 1;
    if (calls < nth) return call();
    at = `${mode} call ${nth}, ${name}`;
    if (mode === 'after') await call().catch(() => undefined);
    throw new Crash(at);
  };
  return Object.assign(around, { at: () => at });
};

/** Stops at its `nth` call, before or after it took effect, until it is told to go on. */
export const pauseAt = (
  nth: number,
  mode: Mode,
): Around & { readonly goOn: () => void; readonly at: () => string | undefined } => {
  let calls = 0;
  let at: string | undefined;
  let goOn = (): void => undefined;
  const gate = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  const around: Around = async (name, call) => {
    calls += 1;
    if (calls !== nth) return call();
    at = `${mode} call ${nth}, ${name}`;
    if (mode === 'before') {
      await gate;
      return call();
    }
    const made = call();
    await Promise.all([gate, made.catch(() => undefined)]);
    return made;
  };
  return Object.assign(around, { goOn: () => goOn(), at: () => at });
};

/** Counts calls by name. */
export const counting = (): Around & { readonly counts: ReadonlyMap<string, number> } => {
  const counts = new Map<string, number>();
  const around: Around = (name, call) => {
    counts.set(name, (counts.get(name) ?? 0) + 1);
    return call();
  };
  return Object.assign(around, { counts });
};

/** Each call of the name fails as the list says, in order: `undefined` lets it through. With `after` the call takes
 *  effect first. */
export const failing = (
  name: string,
  plan: readonly (Failure | undefined)[],
  mode: Mode = 'before',
): Around => {
  const left = [...plan];
  return async (called, call) => {
    const failure = called === name ? left.shift() : undefined;
    if (failure === undefined) return call();
    if (mode === 'after') await call();
    throw failure;
  };
};

export const timedOut = (): Failure =>
  new Failure('unknown-outcome', 'The connection ended before the answer came.', { code: 'TimeoutError' });
