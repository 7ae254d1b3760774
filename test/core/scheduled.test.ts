import { describe, expect, test } from '@jest/globals';
import type { Agent } from '../../lib/core/model/agent';
import { text } from '../../lib/core/model/attributes';
import type { Machine } from '../../lib/core/model/machine';
import type { Drained, Leaving } from '../../lib/core/model/memory';
import type { Disruption, ScheduledDrain } from '../../lib/core/model/spec';
import { drain } from '../../lib/core/steps/drain';
import { schedule } from '../../lib/core/steps/schedule';
import { type PlanInput, viewOf } from '../../lib/core/view';
import {
  aMachine,
  anAgent,
  anInput,
  aPool,
  aSpec,
  aWorld,
  MINUTE,
  NOW,
  remembering,
  some,
} from '../builders/fleet';

const HOUR = 60 * MINUTE;
const SINCE = NOW - 10 * MINUTE;
const CALM: Disruption = { budget: { percent: 100 }, windows: [], emptyForMs: 24 * HOUR };

type More = {
  readonly drain?: Partial<ScheduledDrain>;
  readonly until?: number;
  readonly leaving?: readonly Leaving[];
  readonly drained?: readonly Drained[];
  readonly disruption?: Disruption;
  readonly denied?: boolean;
};

/** Six agents at work, the nth launched nth hours before the window, the last a minute ago; odd ones have storage=ssd. */
const inputOf = (more: More = {}): PlanInput => {
  const machines: Machine[] = Array.from({ length: 6 }, (_, nth) =>
    aMachine(`i-${nth}`, { launchedAt: nth === 5 ? NOW - MINUTE : SINCE - (nth + 1) * HOUR }),
  );
  const agents: Agent[] = machines.map((machine, nth) => {
    const agent = anAgent(machine, { used: some(1, 1024) });
    return nth % 2 === 1 ? { ...agent, attributes: { ...agent.attributes, storage: text('ssd') } } : agent;
  });
  const until = more.until ?? NOW + 50 * MINUTE;
  const its = { attributes: {}, atOnce: 2, ...more.drain, since: SINCE };
  return anInput({
    spec: aSpec({ pools: [aPool({ disruption: more.disruption ?? CALM })] }),
    world: aWorld(
      { machines, agents },
      {
        schedules: [{ name: 'patch', pool: 'web', min: 0, until, drain: its }],
        denied: more.denied === true ? [{ pool: 'web', until: NOW + HOUR }] : [],
      },
    ),
    memory: remembering({ leaving: more.leaving ?? [], drained: more.drained ?? [] }),
  });
};
const begunBy = (input: PlanInput) =>
  drain(viewOf(input), []).memory.leaving.filter(({ since }) => since === NOW);
const machinesBy = (more: More = {}) =>
  begunBy(inputOf(more))
    .map(({ machine }) => machine)
    .sort();

const leavingOf = (nth: number): Leaving => ({
  agent: `agent-i-${nth}`,
  machine: `i-${nth}`,
  pool: 'web',
  phase: 'closing',
  since: NOW - 5 * MINUTE,
  emptyAt: [],
  drain: {
    cause: 'schedule',
    wish: `i-${nth}`,
    by: 'the schedule patch',
    reason: 'it is due by the calendar',
    deadline: NOW + 50 * MINUTE,
    graceMs: 30_000,
    force: false,
    condemned: false,
  },
});
const drainedOf = (nth: number, since = NOW - 5 * MINUTE): Drained => ({
  agent: `agent-i-${nth}`,
  machine: `i-${nth}`,
  pool: 'web',
  cause: 'schedule',
  wish: `i-${nth}`,
  end: 'failed',
  since,
  at: NOW,
  why: 'no room',
});

describe('a scheduled drain', () => {
  test('takes the oldest first, so many at a time, until the window closes', () => {
    expect(machinesBy()).toEqual(['i-3', 'i-4']);
    expect(machinesBy({ drain: { atOnce: 1 } })).toEqual(['i-4']);
    expect(begunBy(inputOf())).toMatchObject([
      { drain: { cause: 'schedule', by: 'the schedule patch', deadline: NOW + 50 * MINUTE, force: false } },
      { drain: { cause: 'schedule' } },
    ]);
  });

  test('goes on to the next as each has ended, and tries none twice in one window', () => {
    expect(machinesBy({ leaving: [leavingOf(4)] })).toEqual(['i-3']);
    expect(machinesBy({ leaving: [leavingOf(4), leavingOf(3)] })).toEqual([]);
    expect(machinesBy({ drained: [drainedOf(4), drainedOf(3)] })).toEqual(['i-1', 'i-2']);
    expect(machinesBy({ drained: [drainedOf(4, SINCE - HOUR)] })).toEqual(['i-3', 'i-4']);
  });

  test('means only machines that were there when the window opened, so that none is drained that was bought for it', () => {
    expect(machinesBy({ drain: { atOnce: 10 } })).toEqual(['i-0', 'i-1', 'i-2', 'i-3', 'i-4']);
  });

  test('means by attribute and by age only those that match', () => {
    expect(machinesBy({ drain: { atOnce: 10, attributes: { storage: 'ssd' } } })).toEqual(['i-1', 'i-3']);
    expect(machinesBy({ drain: { atOnce: 10, olderThanMs: 4 * HOUR } })).toEqual(['i-3', 'i-4']);
    expect(machinesBy({ drain: { attributes: { storage: 'hdd' } } })).toEqual([]);
  });

  test('keeps within the budget and out of blackout windows, and begins nothing in its last moments', () => {
    const one: Disruption = { ...CALM, budget: { agents: 1 } };
    expect(machinesBy({ drain: { atOnce: 4 }, disruption: one })).toEqual(['i-4']);
    expect(machinesBy({ denied: true })).toEqual([]);
    expect(machinesBy({ until: NOW + 20_000 })).toEqual([]);
  });

  test('names what stands in its way, of a large pool only of the first few', () => {
    const { blocked } = drain(viewOf(inputOf({ denied: true })), []);
    expect(blocked.map(({ code }) => code)).toEqual(Array.from({ length: 5 }, () => 'window'));
  });

  test('holds no minimum', () => {
    expect(schedule(viewOf(inputOf()), []).memory.floors).toEqual([]);
  });
});
