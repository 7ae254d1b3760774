// Advances every drain: offered no more, its tasks moved by copies that are healthy first, what is left killed when the
// deadline comes near, read empty twice, marked gone, ended. A drain can be taken back until its rest is killed, and ends by
// a name. Many drains share budgets and apps; none waits for another.
import { askedDrains } from '../drain/asked';
import { callsFor, endsFor } from '../drain/calls';
import { type Draining, isDrain, lookAtDrains, shown } from '../drain/entries';
import { movesFor } from '../drain/fleet';
import { settleDeadlines } from '../drain/deadlines';
import { isProven } from '../leaving';
import type { Drain, Leaving } from '../model/memory';
import type { Action, Notify } from '../model/plan';
import { once } from '../once';
import type { Step } from '../step';
import type { View } from '../view';
import { demandOf } from '../wanted';

export const drain: Step = (view, before) => {
  // Later rounds of a turn look at the same world, in which nothing that the first asked for is done yet.
  if (view.round > 1) return { actions: [], blocked: [], memory: view.memory };
  const { open, ended } = lookAtDrains(view);
  const others = view.memory.leaving.filter((entry) => !isDrain(entry));
  const drained = [...view.memory.drained, ...ended];
  const asked = askedDrains(view, [...others, ...open], drained);
  const going = [...takenBack(open, view), ...asked.begun];
  const wished = movesFor(going, view, before);
  const settled = settleDeadlines(going, wished.blockedBy, view);
  // Nothing is moved for a drain that is undone now, or whose rest is killed.
  const isSame = settled.entries.every((entry, nth) => entry === going[nth]);
  const moved = isSame ? wished : movesFor(settled.entries, view, before);
  const names = new Set(settled.entries.map(({ agent }) => agent));
  const leaving: readonly Leaving[] = [
    ...others.filter(({ agent }) => !names.has(agent)),
    ...settled.entries,
  ];
  return {
    actions: [
      ...words(settled.entries, view),
      ...settled.actions,
      ...moved.actions,
      ...alarms(settled.entries, view),
    ],
    blocked: [...asked.blocked, ...moved.blocked],
    memory: {
      ...view.memory,
      leaving: [...leaving].sort((a, b) => (a.agent < b.agent ? -1 : 1)),
      surges: moved.surges,
      drained: shown(drained, view),
    },
  };
};

/** Those of which somebody says so, and those that only save money once their room is wanted; unless what ran there was
 *  killed already. */
const takenBack = (open: readonly Draining[], view: View): readonly Draining[] => {
  const isWanted = once(() => demandOf(view).wanted.length > 0);
  const words = view.world.facts.value.filter(
    ({ body, expiresAt }) => body.kind === 'undrain' && expiresAt > view.now,
  );
  const hostnames = new Map(view.world.agents.value.map(({ id, hostname }) => [id, hostname]));
  return open.map((entry) => {
    const { agent, machine, phase, drain: its, since } = entry;
    const names = new Set([agent, machine, hostnames.get(agent)]);
    const word = words.find(({ subject, at }) => names.has(subject) && at >= since)?.body;
    if (phase === 'returning' || its.killedAt !== undefined) return entry;
    const why =
      word?.kind === 'undrain'
        ? `${word.by} took it back: ${word.reason}`
        : its.cause === 'consolidation' && !isProven(entry) && isWanted()
          ? 'its room is wanted again'
          : undefined;
    if (why === undefined) return entry;
    return {
      ...entry,
      phase: 'returning',
      emptyAt: [],
      drain: { ...its, undone: { end: 'cancelled', why } },
    };
  });
};

const words = (entries: readonly Draining[], view: View): readonly Action[] => {
  const byAgent = new Map(entries.map((entry) => [entry.agent, entry]));
  const prefix = `${view.turn}.${view.round}.d`;
  const reasons = {
    deactivate: ({ agent }: Leaving) => reasonOf(byAgent.get(agent)),
    reactivate: ({ agent }: Leaving) => byAgent.get(agent)?.drain.undone?.why ?? 'its drain was taken back',
  };
  const why = 'it was drained and the agent is gone';
  return [
    ...callsFor(entries, view, { step: 'drain', prefix, reasons }),
    ...endsFor(entries, view, { step: 'drain', prefix, why }),
  ];
};

const reasonOf = (entry: Draining | undefined): string =>
  entry === undefined ? 'it is drained' : `${entry.drain.by} wants it drained: ${entry.drain.reason}`;

/** The others are Muster's own idea or a hint, and are tried again. */
const isAsked = (cause: Drain['cause']): boolean =>
  cause === 'asked' || cause === 'schedule' || cause === 'maintenance';

/** People are told of a drain that did not come to its end, once. */
const alarms = (entries: readonly Draining[], view: View): readonly Notify[] => {
  const told = new Set(
    view.memory.leaving.flatMap(({ agent, drain: its }) => (its?.undone?.end === 'failed' ? [agent] : [])),
  );
  return entries
    .filter(({ agent, drain: its }) => its.undone?.end === 'failed' && isAsked(its.cause) && !told.has(agent))
    .map((entry, nth) => ({
      kind: 'notify',
      id: `${view.turn}.${view.round}.dn${nth}`,
      step: 'drain',
      alarm: 'drain-failed',
      subject: entry.machine,
      why: `it could not be drained in time and is offered again: ${entry.drain.undone?.why ?? ''}`,
    }));
};
