// The allocator: once an interval, and at once when an agent comes or a framework revives. Only agents at which
// something changed are looked at, so that a quiet cluster costs nothing.
import type { Resources } from '../../core/model/resources';
import { add, fits } from '../../core/model/resources';
import { LEAST_OFFER } from '../settings';
import type { Agent, Framework, Master, OfferAnswer } from './master';
import { unavailability } from './machines';
import { freeOf } from './master';
import { idleReserved } from './reservations';

/** Something may be free there now. */
export const considerAgent = (master: Master, agent: Agent): void => {
  master.candidates.add(agent);
  plan(master, nextTick(master));
};

/** As above, without waiting for the interval. */
export const considerAgentNow = (master: Master, agent: Agent): void => {
  master.candidates.add(agent);
  plan(master, master.base.timeline.now());
};

/** REVIVE: filters are forgotten and everything is offered again. */
export const revive = (master: Master): void => {
  master.suppressed = false;
  for (const agent of master.agents.values()) {
    agent.filter = undefined;
    if (agent.standing === 'registered') master.candidates.add(agent);
  }
  plan(master, master.base.timeline.now());
};

export const suppress = (master: Master): void => {
  master.suppressed = true;
  master.allocation?.cancel();
  master.allocation = undefined;
};

const nextTick = (master: Master): number => {
  const { timeline, settings } = master.base;
  const interval = settings.mesos.allocationIntervalMs;
  const passed = timeline.now() - master.startedAt;
  return master.startedAt + (Math.floor(passed / interval) + 1) * interval;
};

const plan = (master: Master, time: number): void => {
  if (master.suppressed || !master.leads) return;
  const { timeline } = master.base;
  if (master.allocation !== undefined && time > timeline.now()) return;
  master.allocation?.cancel();
  master.allocation = timeline.at(time, () => {
    master.allocation = undefined;
    allocate(master);
  });
};

const allocate = (master: Master): void => {
  const framework = [...master.frameworks.values()].find((one) => one.scheduler !== undefined);
  if (framework === undefined || !framework.connected || master.suppressed || !master.leads) return;
  const round = master.base.dice.shuffle('offers', [...master.candidates]);
  master.candidates.clear();
  for (const agent of round) {
    if (master.suppressed) master.candidates.add(agent);
    else offerAgent(master, framework, agent);
  }
};

const offerAgent = (master: Master, framework: Framework, agent: Agent): void => {
  if (!isOffered(agent)) return;
  const free = visibleTo(framework, agent);
  const sum = [...free.values()].reduce(add, idleReserved(agent));
  if (sum.cpuMilli < LEAST_OFFER.cpuMilli && sum.memMib < LEAST_OFFER.memMib) return;
  if (isFiltered(master, agent, sum)) return;
  master.offerNumber += 1;
  const id = `${master.leaderId}-O${master.offerNumber}`;
  const answer = framework.scheduler?.offer({
    id,
    agent,
    free,
    unavailability: unavailability(master, agent),
  });
  if (answer !== undefined) conclude(master, agent, sum, answer);
};

const conclude = (master: Master, agent: Agent, free: Resources, answer: OfferAnswer): void => {
  if (answer.kind === 'accepted') {
    // The rest of an accepted offer comes back without a filter.
    considerAgent(master, agent);
    return;
  }
  const { timeline } = master.base;
  const until = timeline.now() + answer.forMs;
  agent.filter = { until, refused: free };
  timeline.at(until, () => {
    if (agent.filter?.until === until) considerAgent(master, agent);
  });
};

/** A dead agent that nobody has missed yet is offered like any other (B3). */
export const isOffered = (agent: Agent): boolean =>
  agent.standing === 'registered' && agent.connected && !agent.deactivated;

/** A filter covers what was refused or less: an agent with more to give is offered again at once. */
const isFiltered = (master: Master, agent: Agent, free: Resources): boolean =>
  agent.filter !== undefined &&
  agent.filter.until > master.base.timeline.now() &&
  fits(free, agent.filter.refused);

const visibleTo = (framework: Framework, agent: Agent): ReadonlyMap<string, Resources> => {
  const free = new Map<string, Resources>();
  for (const role of agent.total.keys()) {
    if (role === '*' || framework.roles.includes(role)) free.set(role, freeOf(agent, role));
  }
  return free;
};
