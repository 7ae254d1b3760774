// The registration contract: a machine whose agent has not registered with the right pool by its deadline is ended, and
// scale-out buys what is missing again. It is never ended on incomplete sight, and never while an agent on it runs
// anything. (Ghosts, gray agents and dead machines are judged by later behaviours of this step.)
import { type Failed, forgive, strike, strikesOf, STRIKES_TO_OPEN } from '../breaker';
import type { Joined } from '../join';
import { isClosing, isEmpty } from '../leaving';
import type { Strikes } from '../model/memory';
import type { Action, Blocked, Terminate } from '../model/plan';
import type { Step } from '../step';
import { machineImage, poolScope, type View } from '../view';

export const heal: Step = (view) => {
  const missing = view.join.joined.filter((entry) => isMissing(entry, view));
  const failed = missing.filter((entry) => neverJoined(entry, view));
  const lost = missing.filter((entry) => !failed.includes(entry)).map(lostAgent);
  const stillborn = view.join.joined.filter(isStillborn);
  const blocked = [...failed.filter(({ agent }) => isBusy(agent)).map(busy), ...lost];
  const ending = failed.filter(({ agent }) => !isBusy(agent));
  const failures = [...ending, ...stillborn]
    .filter((entry) => isTimely(entry, view))
    .map((entry) => failureOf(entry, view));
  const strikes = forgive(strike(view.memory.strikes, failures, view.now), view);
  const memory = { ...view.memory, strikes };
  const opened = strikes.filter((entry) => entry.openedAt === view.now && !wasOpened(entry, view));
  const alarms = opened.map(
    (entry, nth): Action => ({
      kind: 'notify',
      id: `${view.turn}.${view.round}.b${nth}`,
      step: 'heal',
      alarm: 'breaker-open',
      subject: entry.pool,
      why: `${entry.machines.length} machines of image ${entry.image} never registered: nothing more is bought for pool ${entry.pool} until its image changes, or one try in an hour`,
    }),
  );
  return { actions: [...terminations(ending, view), ...alarms], blocked, memory };
};

/** Where either list is incomplete, a missing agent is unknown and not missing. One that is given back is missed by nobody. */
const isMissing = ({ machine, standing }: Joined, view: View): boolean => {
  const pool = view.pools.get(machine.pool ?? '');
  const isSeen = pool !== undefined && poolScope(view, pool)?.complete === true;
  return standing === 'never-joined' && isSeen && view.world.agents.complete && !isClosing(view, machine.id);
};

/** An agent that nobody lists any more may run tasks beyond the master's reach: its machine never joined only if no turn
 *  has seen it. One that announces another pool is there to be seen. */
const neverJoined = ({ machine, agent }: Joined, view: View): boolean =>
  agent !== undefined || view.memory.unjoined.includes(machine.id);

const lostAgent = ({ machine }: Joined): Blocked => ({
  step: 'heal',
  code: 'waiting',
  subject: machine.id,
  count: 1,
  why: 'no agent of it is listed any more; it may be out of reach and run tasks, so it stays',
});

/** Milliseconds after the deadline in which a failure is told in time. */
const TIMELY_MS = 10 * 60_000;

/** A machine that was there long before is missed for another reason than its image: the master has just failed over,
 *  or its agent had registered and is gone. */
const isTimely = ({ machine }: Joined, view: View): boolean => {
  const deadline = view.pools.get(machine.pool ?? '')?.registerWithinMs ?? 0;
  return view.now - machine.launchedAt <= deadline + TIMELY_MS;
};

/** Opened in an earlier round of the same moment: people were told. */
const wasOpened = (entry: Strikes, view: View): boolean =>
  view.memory.strikes.some(
    ({ pool, image, openedAt }) =>
      pool === entry.pool && image === entry.image && openedAt === entry.openedAt,
  );

/** The cloud ended it by itself right after the launch (a key it may not use, a snapshot it cannot read). */
const STILLBORN = /^(Client\.(?!UserInitiated|InstanceInitiated)|Server\.InternalError)/;

const isStillborn = ({ machine, standing }: Joined): boolean =>
  standing === 'ending' && machine.pool !== undefined && STILLBORN.test(machine.stateReason ?? '');

const isBusy = (agent: Joined['agent']): boolean => agent !== undefined && !isEmpty(agent);

const busy = ({ machine, agent }: Joined): Blocked => ({
  step: 'heal',
  code: 'waiting',
  subject: machine.id,
  count: 1,
  why: `its agent ${agent?.id ?? ''} registered with another pool and runs tasks; it stays until they have moved`,
});

const failureOf = ({ machine }: Joined, view: View): Failed => ({
  pool: machine.pool ?? '',
  image: machineImage(view, machine),
  machine: machine.id,
  launchedAt: machine.launchedAt,
});

/** One batched call for each pool. */
const terminations = (ending: readonly Joined[], view: View): readonly Terminate[] => {
  const pools = [...new Set(ending.map(({ machine }) => machine.pool ?? ''))].sort();
  return pools.flatMap((name, nth): readonly Terminate[] => {
    const pool = view.pools.get(name);
    if (pool === undefined) return [];
    const machines = ending.filter(({ machine }) => machine.pool === name).map(({ machine }) => machine.id);
    const minutes = Math.round(pool.registerWithinMs / 60_000);
    const count = strikesOf(view.memory, view, name)?.machines.length ?? 0;
    return [
      {
        kind: 'terminate',
        id: `${view.turn}.${view.round}.t${nth}`,
        step: 'heal',
        pool: name,
        cloud: pool.cloud,
        account: pool.account,
        region: pool.region,
        machines,
        why: `no agent of pool ${name} registered from ${machines.length === 1 ? 'it' : 'them'} within ${minutes} min (${count} of ${STRIKES_TO_OPEN} strikes before)`,
      },
    ];
  });
};
