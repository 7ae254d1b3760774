// Failover on the cloud's proof: an agent whose machine its cloud reports dead is marked gone at once, and not after the 75
// to 98 s that Mesos takes to miss it. Marathon then delays its launches as if its services had failed, so the delay is
// ended; what Marathon still believes to be running there is wiped, unless it has a volume (semantics §5.3).
import type { Agent } from '../model/agent';
import type { AppTask } from '../model/app';
import { isDead } from '../model/machine';
import type { Buried } from '../model/memory';
import type { Action, AppRequest } from '../model/plan';
import type { Step, StepResult } from '../step';
import type { View } from '../view';

/** So many a turn: each is a write to the masters' registry. */
const MOST_A_TURN = 50;
/** What was running there turns gone in Marathon within seconds; what has not by then never heard of it. */
const LEFT_OVER_MS = 5000;
/** For how long the launches of its services are not delayed, and for how long it is looked after at all. */
const UNDELAYED_MS = 2 * 60_000;
const LOOKED_AFTER_MS = 10 * 60_000;

export const bury: Step = (view): StepResult => {
  if (view.round > 1 || !view.world.agents.complete) return { actions: [], blocked: [], memory: view.memory };
  const dead = view.join.joined.flatMap(({ agent, machine }) =>
    agent !== undefined && isDead(machine) && view.pools.has(machine.pool ?? '') ? [{ agent, machine }] : [],
  );
  const known = new Set(view.memory.buried.map(({ agent }) => agent));
  const fresh = dead.filter(({ agent }) => !known.has(agent.id)).slice(0, MOST_A_TURN);
  const buried = [
    ...view.memory.buried.filter(({ at }) => view.now - at < LOOKED_AFTER_MS),
    ...fresh.map(({ agent, machine }) => ({
      agent: agent.id,
      machine: machine.id,
      at: view.now,
      runSpecs: runSpecsOn(agent, view),
    })),
  ];
  const looked = new Set(buried.map(({ agent }) => agent));
  const marks = dead
    .filter(({ agent }) => looked.has(agent.id) && !agent.recovered)
    .map(
      ({ agent, machine }, nth): Action => ({
        kind: 'mark-gone',
        id: `${view.turn}.${view.round}.g${nth}`,
        step: 'heal',
        pool: machine.pool ?? '',
        agent: agent.id,
        machine: machine.id,
        why: `the cloud reports its machine ${machine.state}`,
      }),
    );
  const asks = [...delays(buried, view), ...leftovers(buried, view)].map(
    ({ request, why }, nth): Action => ({
      kind: 'app',
      id: `${view.turn}.${view.round}.h${nth}`,
      step: 'heal',
      request,
      why,
    }),
  );
  return { actions: [...marks, ...asks], blocked: [], memory: { ...view.memory, buried } };
};

const runSpecsOn = (agent: Agent, view: View): Buried['runSpecs'] =>
  view.memory.leaving.find((entry) => entry.agent === agent.id)?.drain?.runSpecs ??
  view.world.hosted.value.find((row) => row.agent === agent.id)?.runSpecs ??
  [];

type Ask = { readonly request: AppRequest; readonly why: string };

/** An app that waits after failures, which were the death of its agent. */
const delays = (buried: readonly Buried[], view: View): readonly Ask[] => {
  const affected = new Set(
    buried.flatMap(({ at, runSpecs }) => (view.now - at < UNDELAYED_MS ? runSpecs.map(({ id }) => id) : [])),
  );
  const delayed = view.world.queue.value.filter(
    ({ runSpec, backoffMs }) => backoffMs > 0 && affected.has(runSpec.id),
  );
  return [...new Set(delayed.map(({ runSpec }) => runSpec.id))].sort().map((runSpec) => ({
    request: { call: 'reset-delay', runSpec },
    why: 'its instances did not fail, their machine died',
  }));
};

/** Of a recovered agent Mesos tells nobody anything (semantics §1.4): its tasks are wiped at once. */
const leftovers = (buried: readonly Buried[], view: View): readonly Ask[] => {
  const recovered = new Set(view.world.agents.value.flatMap(({ id, recovered: is }) => (is ? [id] : [])));
  const due = new Set(
    buried.flatMap(({ agent, at }) => (recovered.has(agent) || view.now - at >= LEFT_OVER_MS ? [agent] : [])),
  );
  return view.world.apps.value.flatMap(({ runSpec, tasks }): readonly Ask[] => {
    const left = tasks.filter((task) => due.has(task.agentId) && isListed(task)).map(({ id }) => id);
    if (left.length === 0 || runSpec.resident) return [];
    const { id, kind, instances } = runSpec;
    return [
      {
        request: {
          call: 'kill',
          runSpec: id,
          runSpecKind: kind,
          tasks: left,
          how: 'wipe',
          instances,
          keeps: 0,
        },
        why: 'Marathon still counts on tasks of a dead machine',
      },
    ];
  });
};

const isListed = ({ condition }: AppTask): boolean =>
  !['Killed', 'Finished', 'Failed', 'Gone'].includes(condition);
