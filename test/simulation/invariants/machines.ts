// S1, S2, S3, S4, S5, S22: what is bought and what is ended.
import type { LaunchRequest } from '../../../lib/engine/ports';
import type { Call } from '../call';
import { CLUSTER_TAG, LAUNCH_TAG, POOL_TAG, type TrueMachine } from '../truth';
import { breach, type Breach, type Invariant } from './invariant';
import { endsIn, launchIn } from './requests';

/** The live machines that a call is about to end, as they really are. */
const ending = (call: Call, machines: () => readonly TrueMachine[]): readonly TrueMachine[] => {
  const ids = new Set(endsIn(call)?.machines);
  return ids.size === 0 ? [] : machines().filter(({ id, isLive }) => ids.has(id) && isLive);
};

const onlyEmpty: Invariant = {
  name: 'S1',
  sentence: 'A machine is ended by us only when its agent runs nothing, or the cloud has condemned it.',
  watch: ({ truth, heap }) => ({
    before: (call) => {
      for (const { id } of ending(call, truth.machines)) {
        if ((truth.condemnedAt(id) ?? Infinity) <= heap.now()) continue;
        const busy = truth.agentsOf(id).find((agent) => (truth.tasksOn(agent) ?? 0) > 0);
        if (busy !== undefined)
          return breach(id, `${id} is ended while agent ${busy} runs ${truth.tasksOn(busy)} tasks`);
      }
      return undefined;
    },
  }),
};

const onceOnly: Invariant = {
  name: 'S2',
  sentence: 'A launch brings no more machines than it asked for, whatever is repeated.',
  watch: ({ truth }) => {
    const asked = new Map<string, LaunchRequest>();
    return {
      before: (call) => {
        const request = launchIn(call);
        if (request === undefined) return undefined;
        const first = asked.get(request.launch) ?? request;
        asked.set(request.launch, first);
        return JSON.stringify(first) === JSON.stringify(request)
          ? undefined
          : breach(request.launch, `launch ${request.launch} is sent again as another request`);
      },
      after: (call) => {
        const request = launchIn(call);
        if (request === undefined) return undefined;
        const made = truth.machines().filter(({ tags }) => tags.get(LAUNCH_TAG) === request.launch).length;
        return made > request.count
          ? breach(
              request.launch,
              `launch ${request.launch} asked for ${request.count} and has ${made} machines`,
            )
          : undefined;
      },
    };
  },
};

const withinLimits: Invariant = {
  name: 'S3',
  sentence:
    'Live machines never exceed the size of a pool or of the cluster, and never fall below it by our act.',
  watch: ({ truth, spec }) => {
    const above = (): Breach | undefined => {
      const live = truth.ours().filter(({ isLive }) => isLive);
      if (live.length > spec.limits.machines)
        return breach('cluster', `${live.length} machines live, of at most ${spec.limits.machines}`);
      for (const { name, size } of spec.pools) {
        const count = live.filter(({ tags }) => tags.get(POOL_TAG) === name).length;
        if (count > size.max)
          return breach(name, `pool ${name} has ${count} live machines of at most ${size.max}`);
      }
      return undefined;
    };
    return {
      after: (call) => (launchIn(call) === undefined ? undefined : above()),
      before: (call) => {
        const joined = ending(call, truth.ours).filter(({ id }) => truth.joinedAt(id) !== undefined);
        for (const { name, size } of spec.pools) {
          const leaving = joined.filter(({ tags }) => tags.get(POOL_TAG) === name).length;
          if (leaving === 0) continue;
          const live = truth
            .ours()
            .filter(({ isLive, tags }) => isLive && tags.get(POOL_TAG) === name).length;
          if (live - leaving < size.min)
            return breach(
              name,
              `pool ${name} is left with ${live - leaving} machines of at least ${size.min}`,
            );
        }
        return undefined;
      },
    };
  },
};

/** Failed machines are replaced whatever the cap says; what they cost was spent before. */
const LOST_FOR_MS = 60 * 60_000;

const withinBudget: Invariant = {
  name: 'S4',
  sentence: 'The committed price an hour never exceeds the cap, but for what was lost and is replaced.',
  watch: ({ truth, spec, heap, world }) => {
    const lost: { readonly at: number; readonly usd: number }[] = [];
    const prices = new Map<string, number>();
    world.chronicle.subscribe(({ kind, subject }) => {
      if (kind !== 'machine-ending' && kind !== 'machine-ended') return;
      const usd = prices.get(subject);
      prices.delete(subject);
      if (usd !== undefined) lost.push({ at: heap.now(), usd });
    });
    return {
      after: (call) => {
        const cap = spec.limits.usdPerHour;
        if (cap === undefined || launchIn(call) === undefined) return undefined;
        const live = truth.ours().filter(({ isLive }) => isLive);
        for (const machine of live) prices.set(machine.id, truth.usdPerHour(machine));
        const spent = live.reduce((sum, machine) => sum + truth.usdPerHour(machine), 0);
        while ((lost[0]?.at ?? Infinity) < heap.now() - LOST_FOR_MS) lost.shift();
        const allowed = cap + lost.reduce((sum, { usd }) => sum + usd, 0);
        return spent > allowed + 1e-6
          ? breach('cluster', `$${spent.toFixed(2)} an hour are committed, of $${cap} and what was lost`)
          : undefined;
      },
    };
  },
};

const onlyOurs: Invariant = {
  name: 'S5',
  sentence: 'Nothing without our ownership tag and cluster is touched.',
  watch: ({ truth, spec }) => {
    let foreign: readonly TrueMachine[] = [];
    return {
      before: (call) => {
        const isOurs = ({ tags }: TrueMachine): boolean =>
          tags.get(CLUSTER_TAG) === spec.cluster && tags.has(POOL_TAG);
        foreign = ending(call, truth.machines).filter((machine) => !isOurs(machine));
        return undefined;
      },
      after: () => {
        const touched = foreign.find(({ id }) => truth.machine(id)?.isLive !== true);
        foreign = [];
        return touched === undefined
          ? undefined
          : breach(touched.id, `${touched.id} is not ours and is ended`);
      },
    };
  },
};

/** Clocks that are kept by the network are right to so much. */
const CLOCK_MS = 5000;

const graceKept: Invariant = {
  name: 'S22',
  sentence: 'No jump of a clock shortens a grace: neither the time to register nor the time to be idle.',
  watch: ({ truth, spec, heap }) => {
    const early = (id: string, machine: TrueMachine): Breach | undefined => {
      const pool = spec.pools.find(({ name }) => name === machine.tags.get(POOL_TAG));
      if (pool === undefined || truth.condemnedAt(id) !== undefined) return undefined;
      const age = heap.now() - machine.launchedAt;
      return truth.joinedAt(id) === undefined && age < pool.registerWithinMs - CLOCK_MS
        ? breach(
            id,
            `${id} is ended ${Math.round(age / 1000)} s after its launch, before its time to register is over`,
          )
        : undefined;
    };
    return {
      before: (call) => {
        for (const machine of ending(call, truth.ours)) {
          const found = early(machine.id, machine);
          if (found !== undefined) return found;
        }
        return undefined;
      },
    };
  },
};

export const machineInvariants = [
  onlyEmpty,
  onceOnly,
  withinLimits,
  withinBudget,
  onlyOurs,
  graceKept,
] as const;
