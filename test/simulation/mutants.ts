// Engines with one thing wrong: each guard left out of the plan's list, each condition of the engine and its adapters
// dropped by a decorator. What finds none of them finds nothing.
import { GUARDS, plan as makePlan } from '../../lib/core/plan';
import type { Plan } from '../../lib/core/model/plan';
import type { Machine } from '../../lib/core/model/machine';
import type { Pool, Spec } from '../../lib/core/model/spec';
import type { Source } from '../../lib/core/model/world';
import type { Engine } from '../../lib/engine/engine';
import { Failure, isFailure } from '../../lib/engine/failure';
import type { Cloud, Store } from '../../lib/engine/ports';
import type { Scene } from './scene';
import type { Mutant } from './simulator';
import { POOL_TAG } from './truth';

export type NamedMutant = Mutant & {
  readonly name: string;
  /** The invariants one of which is expected to be broken. */
  readonly breaks: readonly string[];
};

const withStore = (engine: Engine, change: (store: Store) => Partial<Store>): Engine => ({
  ...engine,
  store: { ...methods(engine.store), ...change(engine.store) },
});

const methods = (store: Store): Store => ({
  get: async (key) => store.get(key),
  list: async (pk, options) => store.list(pk, options),
  put: async (item, condition) => store.put(item, condition),
  update: async (key, change, condition) => store.update(key, change, condition),
  remove: async (key, condition) => store.remove(key, condition),
});

const withCloud = (engine: Engine, change: (cloud: Cloud) => Partial<Cloud>): Engine => {
  const { aws } = engine.clouds;
  if (aws === undefined) return engine;
  const plain: Cloud = {
    machines: async (scope, cluster) => aws.machines(scope, cluster),
    launch: async (request) => aws.launch(request),
    launched: async (scope, cluster, launch) => aws.launched(scope, cluster, launch),
    terminate: async (request) => aws.terminate(request),
    mark: async (request) => aws.mark(request),
  };
  return { ...engine, clouds: { aws: { ...plain, ...change(aws) } } };
};

const withSpec = (engine: Engine, change: (spec: Spec) => Spec): Engine => ({
  ...engine,
  spec: change(engine.spec),
});
const withPools = (engine: Engine, change: (pool: Pool) => Pool): Engine =>
  withSpec(engine, (spec) => ({ ...spec, pools: spec.pools.map(change) }));

const withPlan = (engine: Engine, change: (plan: Plan) => Plan): Engine => ({
  ...engine,
  plan: (input) => change(makePlan(input)),
});

const GUARD_BREAKS: Readonly<Record<string, readonly string[]>> = {
  pause: ['S27', 'check'],
  'stale-view': ['S10', 'S1', 'check'],
  limits: ['S3', 'check'],
  spend: ['S4', 'check'],
};

const lessGuards: readonly NamedMutant[] = GUARDS.map((guard) => ({
  name: `no guard ${guard.name}`,
  breaks: GUARD_BREAKS[guard.name] ?? ['check'],
  beneath: (engine) => ({
    ...engine,
    plan: (input) =>
      makePlan(
        input,
        GUARDS.filter((other) => other !== guard),
      ),
  }),
}));

const storeMutants: readonly NamedMutant[] = [
  {
    name: 'the head is written whatever its epoch',
    breaks: ['S17', 'S6'],
    beneath: (engine) =>
      withStore(engine, (store) => ({
        update: async (key, change, condition) =>
          store.update(key, change, key.sk === 'head' ? undefined : condition),
      })),
  },
  {
    name: 'memory is written whatever its version',
    breaks: ['S17'],
    beneath: (engine) =>
      withStore(engine, (store) => ({
        put: async (item, condition) =>
          store.put(item, item.sk.startsWith('memory#') ? undefined : condition),
      })),
  },
  {
    name: 'intents are listed and never stored',
    breaks: ['S6', 'L6'],
    above: (engine) =>
      withStore(engine, (store) => ({
        put: async (item, condition) =>
          item.sk.startsWith('intent#') ? undefined : store.put(item, condition),
        update: async (key, change, condition) =>
          store.update(key, change, key.sk.startsWith('intent#') ? undefined : condition),
      })),
  },
  {
    name: 'a pause is acknowledged and forgotten',
    breaks: ['S27'],
    beneath: (engine) =>
      withStore(engine, (store) => ({
        put: async (item, condition) =>
          item.sk.startsWith('pause#') ? undefined : store.put(item, condition),
      })),
  },
  {
    name: 'wakes are never sent',
    breaks: ['L6'],
    above: (engine) => ({ ...engine, wake: { send: async () => undefined } }),
  },
];

const cloudMutants: readonly NamedMutant[] = [
  {
    name: 'each attempt has a token of its own',
    breaks: ['S2'],
    beneath: (engine, { heap }) =>
      withCloud(engine, (cloud) => ({
        launch: async (request) =>
          cloud.launch({ ...request, token: `${request.token}${heap.steps()}`.slice(-60) }),
      })),
  },
  {
    name: 'one machine more than asked',
    breaks: ['S2'],
    beneath: (engine) =>
      withCloud(engine, (cloud) => ({
        launch: async (request) => cloud.launch({ ...request, count: request.count + 1 }),
      })),
  },
  {
    name: 'a timeout counts as a refusal',
    breaks: ['S18'],
    above: (engine) =>
      withCloud(engine, (cloud) => ({
        launch: async (request) => {
          try {
            return await cloud.launch(request);
          } catch (error) {
            if (!isFailure(error, 'unknown-outcome')) throw error;
            throw new Failure('transient', 'It timed out, so nothing was done.');
          }
        },
      })),
  },
  {
    name: 'ownership is not looked at',
    breaks: ['S5', 'S21'],
    beneath: (engine, scene) =>
      withCloud(engine, (cloud) => ({
        machines: async (scope, cluster) => everybodys(await cloud.machines(scope, cluster), scene),
        terminate: async (request) => {
          scene.world.ec2.TerminateInstances({ InstanceIds: request.machines });
          return { done: request.machines, failed: [] };
        },
      })),
  },
  {
    name: 'what is ended lives on',
    breaks: ['L1', 'L3', 'S26', 'S1'],
    beneath: (engine) =>
      withCloud(engine, () => ({ terminate: async ({ machines }) => ({ done: machines, failed: [] }) })),
  },
  {
    name: 'a listing that is cut off is believed',
    breaks: ['S10'],
    above: (engine) =>
      withCloud({ ...engine, mesos: believing(engine.mesos) }, (cloud) => ({
        machines: async (scope, cluster) => ({ ...(await cloud.machines(scope, cluster)), complete: true }),
      })),
  },
];

const believing = (mesos: Engine['mesos']): Engine['mesos'] => ({
  agents: async () => ({ ...(await mesos.agents()), complete: true }),
  deactivate: async (agent) => mesos.deactivate(agent),
  reactivate: async (agent) => mesos.reactivate(agent),
  drain: async (agent, graceMs) => mesos.drain(agent, graceMs),
  markGone: async (agent) => mesos.markGone(agent),
});

/** Machines of others, as if they were of our first pool. */
const everybodys = (source: Source<readonly Machine[]>, { truth }: Scene): Source<readonly Machine[]> => {
  const [one] = source.value;
  const known = new Set(source.value.map(({ id }) => id));
  const others = truth
    .machines()
    .filter(({ id, isLive, tags }) => isLive && !known.has(id) && tags.get(POOL_TAG) !== '-');
  if (one === undefined) return source;
  const value = others.map(
    ({ id, zone, shape, launchedAt }): Machine => ({ ...one, id, zone, shape, launchedAt, state: 'running' }),
  );
  return { ...source, value: [...source.value, ...value] };
};

const specMutants: readonly NamedMutant[] = [
  {
    name: 'an idle agent is given back at once',
    breaks: ['S22b'],
    beneath: (engine) =>
      withPools(engine, (pool) => ({ ...pool, disruption: { ...pool.disruption, emptyForMs: 0 } })),
  },
  {
    name: 'a machine has a minute to register',
    breaks: ['S22', 'S1'],
    beneath: (engine) => withPools(engine, (pool) => ({ ...pool, registerWithinMs: 60_000 })),
  },
  {
    name: 'the budget is not looked at',
    breaks: ['S7', 'S12'],
    beneath: (engine) =>
      withPools(engine, (pool) => ({
        ...pool,
        disruption: { ...pool.disruption, budget: { agents: 1000 } },
      })),
  },
  {
    name: 'the least size is not looked at',
    breaks: ['S3'],
    beneath: (engine) => withPools(engine, (pool) => ({ ...pool, size: { ...pool.size, min: 0 } })),
  },
  {
    name: 'the largest size is not looked at',
    breaks: ['S3'],
    beneath: (engine) => withPools(engine, (pool) => ({ ...pool, size: { ...pool.size, max: 1000 } })),
  },
  {
    name: 'the cap is not looked at',
    breaks: ['S4'],
    beneath: (engine) =>
      withSpec(engine, (spec) => ({ ...spec, limits: { machines: spec.limits.machines } })),
  },
];

const planMutants: readonly NamedMutant[] = [
  {
    name: 'an agent is marked gone without a second look',
    breaks: ['S9', 'check', 'S1'],
    beneath: (engine) =>
      withPlan(engine, (plan) => ({
        ...plan,
        actions: plan.actions.map((action) =>
          action.kind === 'deactivate' ? { ...action, kind: 'mark-gone' } : action,
        ),
      })),
  },
  {
    name: 'the time to send is not looked at',
    breaks: ['S6'],
    above: (engine) => {
      const now = engine.clock.now();
      return { ...engine, clock: { ...engine.clock, now: () => now } };
    },
  },
  {
    name: 'a plan depends on how often it was made',
    breaks: ['S13'],
    beneath: (engine, { heap }) =>
      withPlan(engine, (plan) => ({ ...plan, cost: { ...plan.cost, boundUsdPerHour: heap.steps() } })),
  },
];

export const MUTANTS: readonly NamedMutant[] = [
  ...lessGuards,
  ...storeMutants,
  ...cloudMutants,
  ...specMutants,
  ...planMutants,
];
