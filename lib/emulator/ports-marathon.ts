// The engine's Marathon port straight over the emulated Marathon.
import type { AppState, AppTask, Hosted, RunSpec } from '../core/model/app';
import type { Deployment, KillRequest, Marathon } from '../engine/ports';
import type { Killed } from './marathon/api';
import { attempt, complete } from './ports-answers';
import type { EmulatedWorld } from './world';

export const marathonPort = (world: EmulatedWorld): Marathon => ({
  queue: async () => attempt(() => complete(world, world.marathon.queueItems())),
  tasks: async (runSpecs) => attempt(() => complete(world, world.marathon.portTasks(runSpecs))),
  hosted: async (agents) =>
    attempt(() =>
      complete(
        world,
        agents.map((agent) => hostedOn(world, agent)),
      ),
    ),
  apps: async (runSpecs) =>
    attempt(() =>
      complete(
        world,
        runSpecs.flatMap((runSpec) => stateOf(world, runSpec) ?? []),
      ),
    ),
  scale: async (runSpec, instances) =>
    attempt(() => ({ id: world.marathon.updateApp(runSpec, { instances }).deploymentId })),
  kill: async (request) => attempt(() => kill(world, request)),
  stopDeployment: async (id) => attempt(() => void world.marathon.cancelDeployment(id, { force: true })),
  resetDelay: async (runSpec) => attempt(() => world.marathon.resetDelay(runSpec)),
});

const hostedOn = (world: EmulatedWorld, agent: string): Hosted => {
  const apps = world.marathon.tasks().filter(({ slaveId }) => slaveId === agent);
  const pods = world.marathon
    .podStatuses()
    .filter(({ instances }) => instances.some(({ agentId }) => agentId === agent));
  const found = new Map<string, RunSpec['kind']>();
  for (const { appId } of apps) found.set(appId, 'app');
  for (const { id } of pods) found.set(id, 'pod');
  return { agent, runSpecs: [...found].map(([id, kind]) => ({ id, kind })) };
};

const stateOf = (world: EmulatedWorld, { id, kind }: Pick<RunSpec, 'id' | 'kind'>): AppState | undefined => {
  const runSpec = world.marathon.runSpec(id);
  if (runSpec === undefined || runSpec.kind !== kind) return undefined;
  return kind === 'app' ? appState(world, runSpec) : podState(world, runSpec);
};

const appState = (world: EmulatedWorld, runSpec: RunSpec): AppState => {
  const app = world.marathon.app(runSpec.id);
  const rows = new Map(world.marathon.appTasks(runSpec.id).map((row) => [row.id, row]));
  return {
    runSpec,
    maximumOverCapacity: app.upgradeStrategy.maximumOverCapacity,
    deployments: app.deployments.map(({ id }) => id),
    tasks: world.marathon.portTasks([runSpec]).flatMap((task): readonly AppTask[] => {
      const row = rows.get(task.id);
      if (task.agentId === undefined || row === undefined) return [];
      const results = row.healthCheckResults ?? [];
      const isPassed =
        results.length >= Math.min(1, app.healthChecks.length) && results.every(({ alive }) => alive);
      return [
        {
          ...task,
          agentId: task.agentId,
          healthy: task.condition === 'Running' && isPassed,
          ...(row.startedAt === undefined ? {} : { startedAt: Date.parse(row.startedAt) }),
        },
      ];
    }),
  };
};

const podState = (world: EmulatedWorld, runSpec: RunSpec): AppState => {
  const { instances } = world.marathon.podStatus(runSpec.id);
  const stable = new Set(instances.flatMap(({ id, status }) => (status === 'STABLE' ? [id] : [])));
  return {
    runSpec,
    maximumOverCapacity: 0,
    deployments: [],
    tasks: world.marathon
      .portTasks([runSpec])
      .flatMap((task): readonly AppTask[] =>
        task.agentId === undefined ? [] : [{ ...task, agentId: task.agentId, healthy: stable.has(task.id) }],
      ),
  };
};

const kill = (world: EmulatedWorld, request: KillRequest): Deployment | undefined => {
  const { runSpec, kind, tasks, how } = request;
  if (kind === 'pod') {
    world.marathon.killPodInstances(runSpec, tasks, { wipe: how === 'wipe' });
    return undefined;
  }
  return deploymentOf(world.marathon.killTasks(tasks, { scale: how === 'lower', wipe: how === 'wipe' }));
};

const deploymentOf = (killed: Killed): Deployment | undefined =>
  'deploymentId' in killed ? { id: killed.deploymentId } : undefined;
