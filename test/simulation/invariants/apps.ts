// S8, S11, S16: what our acts do to the tasks of others.
import { type Call, isDeed } from '../call';
import type { Scene } from '../scene';
import { breach, type Invariant } from './invariant';
import { agentIn, endsIn } from './requests';

/** Instances that serve, by app, as they really are: one on a machine that is dead or condemned does not, whatever
 *  Marathon believes. */
const serving = ({ world, truth }: Scene): ReadonlyMap<string, number> => {
  const live = new Set(truth.machines().flatMap(({ id, isLive }) => (isLive ? truth.agentsOf(id) : [])));
  const counts = new Map<string, number>();
  for (const { runSpecId, condition, healthy, agentId } of world.marathon.instances()) {
    if (condition !== 'Running' || healthy === false || agentId === undefined || !live.has(agentId)) continue;
    const machine = truth.machineOf(agentId);
    if (machine !== undefined && truth.condemnedAt(machine) !== undefined) continue;
    counts.set(runSpecId, (counts.get(runSpecId) ?? 0) + 1);
  }
  return counts;
};

const floorOf = (target: number, labels: Readonly<Record<string, string>>): number => {
  const label = labels['muster/min-healthy'];
  return label === undefined ? Math.max(0, target - 1) : Number(label);
};

const neverBelowFloor: Invariant = {
  name: 'S8',
  sentence: "No act of ours lowers an app's healthy instances below its floor.",
  watch: (scene) => {
    let before: ReadonlyMap<string, number> | undefined;
    return {
      before: (call) => {
        const matters = isDeed(call) && call.name !== 'cloud.launch' && scene.world.marathon.isUp();
        before = matters ? serving(scene) : undefined;
        return undefined;
      },
      after: (call) => {
        if (before === undefined || !scene.world.marathon.isUp()) return undefined;
        const now = serving(scene);
        for (const [id, count] of before) {
          const left = now.get(id) ?? 0;
          if (left >= count) continue;
          const app = scene.world.marathon.apps().find((one) => one.id === id);
          const floor = app === undefined ? 0 : floorOf(app.instances, app.labels);
          if (left < floor)
            return breach(id, `${call.name} leaves ${left} healthy instances of ${id}, of at least ${floor}`);
        }
        return undefined;
      },
    };
  },
};

const MINUTE = 60_000;
const MASS_WINDOW_MS = 10 * MINUTE;
const MASS_SHARE = 0.2;
/** The master takes so long to call an agent unreachable, and a plan that long to see it. */
const SEEN_AFTER_MS = 3 * MINUTE;

const massBrake: Invariant = {
  name: 'S11',
  sentence:
    'While more than a fifth of the agents turned unhealthy without a word of the cloud, nothing is given back or repaired.',
  watch: ({ world, truth, heap }) => {
    const lost = new Map<string, number>();
    world.chronicle.subscribe(({ kind, subject, at }) => {
      if (kind === 'agent-unreachable') lost.set(subject, at);
      if (kind === 'agent-returned' || kind === 'agent-removed' || kind === 'agent-gone')
        lost.delete(subject);
    });
    const massive = (): string | undefined => {
      const now = heap.now();
      const live = new Set(truth.ours().flatMap(({ id, isLive }) => (isLive ? truth.agentsOf(id) : [])));
      const since = [...lost].filter(
        ([agent, at]) => live.has(agent) && now - at < MASS_WINDOW_MS && now - at > SEEN_AFTER_MS,
      );
      const all = (truth.agents() ?? []).filter(({ id }) => live.has(id)).length + since.length;
      return since.length > all * MASS_SHARE
        ? `${since.length} of ${all} agents were lost within minutes`
        : undefined;
    };
    const unasked = (call: Call): readonly string[] => {
      const agent = agentIn(call, 'deactivate', 'markGone', 'drain');
      const machine = agent === undefined ? undefined : truth.machineOf(agent);
      const machines = endsIn(call)?.machines ?? (machine === undefined ? [] : [machine]);
      return machines.filter(
        (id) => truth.condemnedAt(id) === undefined && truth.machine(id)?.isLive === true,
      );
    };
    return {
      before: (call) => {
        if (lost.size === 0 || call.name === 'cloud.launch' || !isDeed(call)) return undefined;
        const [machine] = unasked(call);
        // One that is marked gone already runs nothing; ending its machine is the rest of what was begun before.
        const why =
          machine === undefined || truth.agentsOf(machine).some((id) => lost.has(id)) ? undefined : massive();
        return machine === undefined || why === undefined
          ? undefined
          : breach(machine, `${call.name} is asked for ${machine} while ${why}`);
      },
    };
  },
};

const dataStays: Invariant = {
  name: 'S16',
  sentence: "No agent with an app's data, and no protected task, is given back.",
  watch: (scene) => {
    const homes = (agent: string): string | undefined => {
      if (!scene.world.marathon.isUp()) return undefined;
      const apps = new Map(scene.world.marathon.apps().map((app) => [app.id, app]));
      const found = scene.world.marathon
        .instances()
        .find(
          ({ agentId, runSpecId }) =>
            agentId === agent && JSON.stringify(apps.get(runSpecId) ?? {}).includes('"persistent"'),
        );
      return found?.instanceId;
    };
    return {
      before: (call) => {
        const named = agentIn(call, 'deactivate', 'markGone', 'drain');
        const ended = (endsIn(call)?.machines ?? []).filter((id) => scene.truth.machine(id)?.isLive === true);
        for (const agent of named === undefined ? ended.flatMap((id) => scene.truth.agentsOf(id)) : [named]) {
          const machine = scene.truth.machineOf(agent) ?? '';
          if (scene.truth.condemnedAt(machine) !== undefined || scene.truth.machine(machine)?.isLive !== true)
            continue;
          const task = homes(agent);
          if (task !== undefined)
            return breach(agent, `${call.name} takes ${agent}, which is the home of ${task}`);
        }
        return undefined;
      },
    };
  },
};

export const appInvariants = [neverBelowFloor, massBrake, dataStays] as const;
