// The registration contract: a machine whose agent has not registered with the right pool by its deadline is ended, and
// scale-out buys what is missing again. It is never ended on incomplete sight, and never while an agent on it runs
// anything. (Ghosts, gray agents and dead machines are judged by later behaviours of this step.)
import { type Failed, forgive, strike, strikesOf, STRIKES_TO_OPEN } from '../breaker';
import type { Joined } from '../join';
import type { Action, Blocked, Terminate } from '../model/plan';
import { DIMENSIONS } from '../model/resources';
import type { Step } from '../step';
import { machineImage, poolScope, type View } from '../view';

export const heal: Step = (view) => {
  const failed = view.join.joined.filter((entry) => neverJoined(entry, view));
  const stillborn = view.join.joined.filter(isStillborn);
  const blocked = failed.filter(({ agent }) => isBusy(agent)).map(busy);
  const ending = failed.filter(({ agent }) => !isBusy(agent));
  const failures = [...ending, ...stillborn].map((entry) => failureOf(entry, view));
  const strikes = forgive(strike(view.memory.strikes, failures, view.now), view);
  const memory = { ...view.memory, strikes };
  const opened = strikes.filter(({ openedAt }) => openedAt === view.now);
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

const neverJoined = ({ machine, standing }: Joined, view: View): boolean => {
  const pool = view.pools.get(machine.pool ?? '');
  return standing === 'never-joined' && pool !== undefined && poolScope(view, pool)?.complete === true;
};

/** The cloud ended it by itself right after the launch (a key it may not use, a snapshot it cannot read). */
const STILLBORN = /^(Client\.(?!UserInitiated|InstanceInitiated)|Server\.InternalError)/;

const isStillborn = ({ machine, standing }: Joined): boolean =>
  standing === 'ending' && machine.pool !== undefined && STILLBORN.test(machine.stateReason ?? '');

const isBusy = (agent: Joined['agent']): boolean =>
  agent !== undefined && DIMENSIONS.some((dimension) => agent.used[dimension] > 0);

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
