// What must be true at the end of the story. Each is read from the world and from what is remembered, not from what was
// said on the way.
import { attributeText } from '../core/model/attributes';
import type { Memory } from '../core/model/memory';
import type { TurnReport } from '../engine/reconcile';
import { recall } from '../engine/recall';
import { engineOf } from '../wiring/engine';
import { runAgainAfter } from './bystander';
import type { Home } from './home';
import { type Chosen, type Notes, tasksWanted } from './story';

export type Expectation = { readonly text: string; readonly holds: boolean };
type Done = Extract<TurnReport, { kind: 'done' }>;

export const expectations = async (
  home: Home,
  turns: readonly Done[],
  notes: Notes,
): Promise<readonly Expectation[]> => {
  const { world, outside, spec, local } = home;
  const running = world.marathon.tasks({ status: 'running' }).length;
  const engine = await machinesOf(home);
  const { memory } = await recall(outside.store, spec.cluster);
  const floor = Math.max(0, ...memory.floors.map(({ min }) => min));
  const outcomes = turns.flatMap((turn) => turn.outcomes);
  const refusals = outcomes.flatMap((outcome) => (outcome.kind === 'launched' ? outcome.errors : []));
  const ended = outcomes.flatMap((outcome) => (outcome.kind === 'terminated' ? outcome.machines : []));
  const failed = world.chronicle
    .entries()
    .filter(({ kind }) => kind === 'boot-failed')
    .map(({ subject }) => subject);
  const step = turns
    .flatMap(({ plans }) => plans)
    .sort((a, b) => b.cost.boughtUsdPerHour - a.cost.boughtUsdPerHour)[0];
  const ratio = step === undefined ? Infinity : step.cost.boughtUsdPerHour / step.cost.boundUsdPerHour;
  const parked = await outside.store.list('parked');
  return [
    {
      text: `all ${tasksWanted()} tasks of the workload run (${running} do)`,
      holds: running === tasksWanted(),
    },
    {
      text: `each of the ${engine.live} live machines has its agent, with its pool, zone and instance id as labels`,
      holds: engine.live > 0 && engine.labelled === engine.live,
    },
    {
      text: `an offering without capacity was met and something else was bought in the same turn`,
      holds: refusals.length > 0 && turns.some(boughtDespite),
    },
    {
      text: `the machine that never registered (${failed.join(', ')}) was ended, and what it was bought for runs elsewhere`,
      holds: failed.length > 0 && failed.every((id) => ended.includes(id)) && running === tasksWanted(),
    },
    {
      text: `the alert holds the pool at ${floor} machines or more, and it has ${engine.live}`,
      holds: floor > 0 && engine.live >= floor,
    },
    {
      text: `the largest purchase costs at most 1.1 x its lower bound after Marathon's own placement (${ratio.toFixed(3)} x)`,
      holds: ratio <= 1.1,
    },
    ...departuresOf(home, memory, notes),
    {
      text: 'no event was parked and no message is dead',
      holds: parked.length === 0 && (await local.deadLetters.size()) === 0,
    },
  ];
};

/** Mesos misses an agent after five pings at 15 s, and marks it unreachable at the next (semantics §0). */
const MESOS_ALONE_S = 75;
/** Without the event the next tick would come too late for this. */
const AGAIN_S = 45;
/** EC2's notice. */
const NOTICE_S = 120;

const departuresOf = ({ world }: Home, { drained }: Memory, notes: Notes): readonly Expectation[] => {
  const { noticed, dead, drained: asked } = notes;
  return [
    ...(noticed === undefined ? [] : [emptiedInTime(noticed, drained)]),
    ...(dead === undefined ? [] : [ranAgain(dead, world)]),
    ...(asked === undefined ? [] : [emptiedAsAsked(asked, drained)]),
  ];
};

const emptiedInTime = ({ machine, tasks, at }: Chosen, drained: Memory['drained']): Expectation => {
  const met = drained.find((one) => one.machine === machine);
  const seconds = ((met?.at ?? Infinity) - at) / 1000;
  return {
    text: `${machine}, of which EC2 gave notice, ${met === undefined ? 'was not emptied' : `was emptied of its ${tasks} tasks and ended ${seconds.toFixed(0)} s later`}, before EC2 took it`,
    holds: met?.end === 'done' && met.cause === 'interruption' && seconds <= NOTICE_S,
  };
};

const ranAgain = ({ machine, tasks, at }: Chosen, world: Home['world']): Expectation => {
  const seconds = Math.ceil((runAgainAfter(world, at, tasks) ?? Infinity) / 1000);
  return {
    text: `the ${tasks} tasks of ${machine}, whose host died, ${seconds === Infinity ? 'have not run again' : `ran again ${seconds} s later`} (Mesos alone notices after ${MESOS_ALONE_S} to 98 s)`,
    holds: seconds <= AGAIN_S,
  };
};

const emptiedAsAsked = (asked: NonNullable<Notes['drained']>, drained: Memory['drained']): Expectation => {
  const met = drained.find((one) => one.machine === asked.machine);
  const short = asked.shortfalls();
  return {
    text: `${asked.machine} was emptied as asked, and meanwhile no service had fewer healthy tasks than it wants (${short.length} of them had)`,
    holds: met?.end === 'done' && met.cause === 'asked' && short.length === 0,
  };
};

/** A turn in which an offering was refused and a machine bought. */
const boughtDespite = (turn: Done): boolean => {
  const launches = turn.outcomes.flatMap((outcome) => (outcome.kind === 'launched' ? [outcome] : []));
  return (
    launches.some(({ errors }) => errors.length > 0) && launches.some(({ machines }) => machines.length > 0)
  );
};

/** Live machines by the cloud, and how many of them have an agent that announces them rightly. */
const machinesOf = async ({
  outside,
  spec,
}: Home): Promise<{ readonly live: number; readonly labelled: number }> => {
  const pool = spec.pools[0];
  const cloud = outside.clouds.aws;
  if (pool === undefined || cloud === undefined) return { live: 0, labelled: 0 };
  const engine = engineOf(outside, spec.cluster);
  const [machines, agents] = await Promise.all([
    cloud.machines({ cloud: 'aws', account: pool.account, region: pool.region }, spec.cluster),
    engine.mesos.agents(),
  ]);
  const live = machines.value.filter(({ state }) => state === 'running' || state === 'pending');
  const labelled = live.filter((machine) =>
    agents.value.some(({ attributes }) => {
      const text = (name: string): string =>
        attributes[name] === undefined ? '' : attributeText(attributes[name]);
      return (
        text('instance_id') === machine.id && text('pool') === machine.pool && text('zone') === machine.zone
      );
    }),
  );
  return { live: live.length, labelled: labelled.length };
};
