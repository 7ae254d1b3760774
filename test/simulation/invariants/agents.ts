// S7, S9, S10, S12, S21, S22, S24: words to the master.
import type { Agent } from '../../../lib/core/model/agent';
import type { Source } from '../../../lib/core/model/world';
import { DIMENSIONS } from '../../../lib/core/model/resources';
import type { Process } from '../call';
import { POOL_TAG } from '../truth';
import { breach, type Invariant, type Watch } from './invariant';
import { agentIn } from './requests';

const TAKES = ['deactivate', 'markGone', 'drain'] as const;

const withinDisruptionBudget: Invariant = {
  name: 'S7',
  sentence: 'No more machines of a pool are being given back at once than its budget; zero means zero.',
  watch: ({ truth, spec }) => {
    /** Agents that we have asked to be offered no more, by machine. */
    const leaving = new Map<string, string>();
    return {
      after: (call, answer) => {
        const back = agentIn(call, 'reactivate');
        if (back !== undefined && answer.kind === 'answered') leaving.delete(back);
        const agent = agentIn(call, 'deactivate');
        const machine = agent === undefined ? undefined : truth.machineOf(agent);
        if (agent === undefined || machine === undefined || answer.kind !== 'answered') return undefined;
        // What the cloud takes anyway is no wish of ours.
        if (truth.condemnedAt(machine) !== undefined) return undefined;
        leaving.set(agent, machine);
        const live = truth.ours().filter(({ isLive }) => isLive);
        for (const { name, disruption } of spec.pools) {
          const here = live.filter(({ tags }) => tags.get(POOL_TAG) === name);
          const ids = new Set(here.map(({ id }) => id));
          const count = [...leaving.values()].filter((id) => ids.has(id)).length;
          const { budget } = disruption;
          const most = 'agents' in budget ? budget.agents : Math.ceil((here.length * budget.percent) / 100);
          // A machine that dies makes the share smaller while agents leave already.
          if (ids.has(machine) && count > most + ('percent' in budget ? 1 : 0))
            return breach(agent, `${count} machines of pool ${name} leave at once, of at most ${most}`);
        }
        return undefined;
      },
    };
  },
};

/** The times at which an answer of the master showed each agent deactivated and empty. */
type Reads = Map<string, number[]>;

const READ_APART_MS = 5000;

const proofOfDeath: Invariant = {
  name: 'S9',
  sentence:
    'An agent is marked gone only when the cloud reports its machine dead or condemned, or it was read deactivated and empty twice.',
  watch: ({ truth, heap }) => {
    const reads: Reads = new Map();
    return {
      told: (call, answer) => {
        if (call.name !== 'mesos.agents' || answer.kind !== 'answered') return undefined;
        for (const agent of (answer.value as Source<readonly Agent[]>).value) {
          if (agent.deactivated && DIMENSIONS.every((dimension) => agent.used[dimension] === 0))
            reads.set(agent.id, [...(reads.get(agent.id) ?? []), heap.now()].slice(-20));
          else reads.delete(agent.id);
        }
        return undefined;
      },
      before: (call) => {
        const agent = agentIn(call, 'markGone');
        if (agent === undefined) return undefined;
        const id = truth.machineOf(agent);
        if (id === undefined) return breach(agent, `agent ${agent} is of no machine and is marked gone`);
        if (truth.machine(id)?.isLive !== true || (truth.condemnedAt(id) ?? Infinity) <= heap.now())
          return undefined;
        if ((truth.tasksOn(agent) ?? 0) > 0)
          return breach(agent, `agent ${agent} runs ${truth.tasksOn(agent)} tasks and is marked gone`);
        const seen = reads.get(agent) ?? [];
        const [first = 0, last = 0] = [seen[0], seen.at(-1)];
        return last - first >= READ_APART_MS - 1000
          ? undefined
          : breach(
              agent,
              `agent ${agent} is marked gone and was not read empty twice: ${seen.map((at) => heap.now() - at).join(' ')} ms before`,
            );
      },
    };
  },
};

const STALE_MS = 2 * 60_000;
/** An effect is sent within a minute of its decision. */
const SENT_WITHIN_MS = 60_000;

const freshSight: Invariant = {
  name: 'S10',
  sentence:
    'Nothing is given back on a sight of the master or the cloud that is old, incomplete or empty (S24).',
  watch: ({ heap, truth }) => {
    const sights = new Map<Process, { at: number; why?: string; cloud?: string }>();
    return {
      told: (call, answer) => {
        if (call.name !== 'mesos.agents' && call.name !== 'cloud.machines') return undefined;
        const sight = sights.get(call.process) ?? { at: heap.now() };
        sights.set(call.process, sight);
        const faulty =
          answer.kind !== 'answered' || !(answer.value as Source<readonly unknown[]>).complete
            ? `${call.name} could not be read completely`
            : undefined;
        if (call.name === 'mesos.agents') {
          sight.at = heap.now();
          if (faulty !== undefined) sight.why = faulty;
          else if (
            (answer.kind === 'answered' ? (answer.value as Source<readonly Agent[]>).value : []).length === 0
          )
            sight.why = 'the master listed no agent';
        } else if (faulty !== undefined) sight.cloud = faulty;
        return undefined;
      },
      before: (call) => {
        const agent = agentIn(call, ...TAKES);
        const machine = truth.machineOf(agent ?? '');
        if (agent === undefined || machine === undefined) return undefined;
        // What the cloud reports dead or condemned is handled at any sight of the others.
        if (truth.condemnedAt(machine) !== undefined || truth.machine(machine)?.isLive !== true)
          return undefined;
        const sight = sights.get(call.process);
        const why = sight?.why ?? sight?.cloud;
        if (sight === undefined)
          return breach(agent, `agent ${agent} is given back by a turn that has not looked`);
        if (why !== undefined) return breach(agent, `agent ${agent} is given back though ${why}`);
        return heap.now() - sight.at > STALE_MS + SENT_WITHIN_MS
          ? breach(
              agent,
              `agent ${agent} is given back on a sight ${Math.round((heap.now() - sight.at) / 1000)} s old`,
            )
          : undefined;
      },
    };
  },
};

const fewAtOnce: Invariant = {
  name: 'S12',
  sentence: 'One turn gives back at most a tenth of the fleet, or ten machines.',
  watch: ({ truth }) => {
    const taken = new Map<Process, Set<string>>();
    return {
      before: (call) => {
        const agent = agentIn(call, 'deactivate', 'drain');
        if (agent === undefined) return undefined;
        const mine = taken.get(call.process) ?? new Set<string>();
        taken.set(call.process, mine.add(agent));
        const most = Math.max(10, Math.ceil(truth.ours().filter(({ isLive }) => isLive).length / 10));
        return mine.size > most
          ? breach(agent, `one turn gives back ${mine.size} machines, of at most ${most}`)
          : undefined;
      },
    };
  },
};

const notOurs: Invariant = {
  name: 'S21',
  sentence: 'Control nodes and agents that were never ours are left alone.',
  watch: ({ truth }) => ({
    before: (call) => {
      const agent = agentIn(call, ...TAKES, 'reactivate');
      if (agent === undefined) return undefined;
      return truth.machineOf(agent) === undefined
        ? breach(agent, `${call.name} is asked about ${agent}, which is none of ours`)
        : undefined;
    },
  }),
};

/** Clocks that are kept by the network are right to so much. */
const CLOCK_MS = 5000;

const idleLongEnough: Invariant = {
  name: 'S22b',
  sentence: 'An agent is given back as idle only when it really ran nothing for as long as its pool says.',
  watch: ({ truth, spec, heap }) => {
    /** Those that are emptied on purpose need not have been idle. */
    const emptied = new Set<string>();
    const planned: Watch['planned'] = (_input, plan) => {
      for (const { agent, drain } of plan.memory.leaving) if (drain !== undefined) emptied.add(agent);
      return undefined;
    };
    const before: Watch['before'] = (call) => {
      const agent = agentIn(call, 'deactivate');
      const machine = agent === undefined ? undefined : truth.machine(truth.machineOf(agent) ?? '');
      if (agent === undefined || emptied.has(agent)) return undefined;
      if (machine === undefined || truth.condemnedAt(machine.id) !== undefined) return undefined;
      const pool = spec.pools.find(({ name }) => name === machine.tags.get(POOL_TAG));
      const busyAt = truth.busyAt(agent) ?? 0;
      // What was placed since the turn looked is why an agent is read empty again before it is marked gone.
      if (busyAt >= call.process.startedAt) return undefined;
      const idle = heap.now() - Math.max(busyAt, machine.launchedAt);
      return pool !== undefined && idle < pool.disruption.emptyForMs - CLOCK_MS
        ? breach(agent, `agent ${agent} ran something ${Math.round(idle / 1000)} s ago and is given back`)
        : undefined;
    };
    return { planned, before };
  },
};

export const agentInvariants = [
  withinDisruptionBudget,
  proofOfDeath,
  freshSight,
  fewAtOnce,
  notOurs,
  idleLongEnough,
] as const;
