import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import type { Agent } from '../../../lib/core/model/agent';
import type { Machine } from '../../../lib/core/model/machine';
import { times } from '../../../lib/core/model/resources';
import type { Headroom, Pool } from '../../../lib/core/model/spec';
import { plan } from '../../../lib/core/plan';
import type { PlanInput } from '../../../lib/core/view';
import { afterAnswer, afterBoot, boughtIn, endsIn, launchesIn } from '../../builders/core-turns';
import { aWish } from '../../builders/core-worlds';
import {
  aMachine,
  anAgent,
  anApp,
  anInput,
  aPool,
  aSpec,
  aWorld,
  MINUTE,
  NOW,
  remembering,
  SHAPES,
  some,
  source,
  waiting,
  ZONES,
} from '../../builders/fleet';

/** Agents of m7i.xlarge in the zones in turn, each used to the given share. */
const fleetOf = (count: number, share: number): { machines: Machine[]; agents: Agent[] } => {
  const total = SHAPES.find(({ name }) => name === 'm7i.xlarge')?.allocatable ?? some(0, 0);
  const used = { ...times(total, share), ports: 0, diskMib: 0 };
  const machines = Array.from({ length: count }, (_, nth) =>
    aMachine(`i-${nth}`, { zone: ZONES[nth % 3] ?? ZONES[0] }),
  );
  return { machines, agents: machines.map((machine) => anAgent(machine, { used })) };
};
const spare = (headroom: Partial<Headroom>, more: Partial<Pool> = {}): Pool =>
  aPool({ headroom: { agents: 0, percent: 0, shapes: [], ...headroom }, ...more });
const inputOf = (pool: Pool, count = 8, share = 1, more: Partial<PlanInput> = {}): PlanInput =>
  anInput({ spec: aSpec({ pools: [pool] }), world: aWorld(fleetOf(count, share)), ...more });
const capped = (input: PlanInput, usdPerHour: number): PlanInput => ({
  ...input,
  spec: { ...input.spec, limits: { ...input.spec.limits, usdPerHour } },
});

describe('headroom', () => {
  test.each([
    ['in agents', spare({ agents: 2 }), 2],
    ['in percent of a full pool', spare({ percent: 20 }), 2],
    ['in shapes', spare({ shapes: [{ count: 3, cpuMilli: 3000, memMib: 4096 }] }), 3],
    ['for a utilisation target', spare({}, { targetUtilisationPercent: 80 }), 2],
  ])('%s is bought', (_name, pool, agents) => {
    const made = plan(inputOf(pool));
    const xlarges = launchesIn(made).reduce((sum, { offerings: [best], count }) => {
      const shape = SHAPES.find(({ name }) => name === best?.shape);
      return sum + (count * (shape?.total.cpuMilli ?? 0)) / 4000;
    }, 0);
    expect(xlarges).toBeGreaterThanOrEqual(agents * 0.75);
    expect(xlarges).toBeLessThanOrEqual(agents + 1);
  });

  test('that is there already is not bought, whichever framework uses the rest', () => {
    for (const pool of [spare({ percent: 20 }), spare({}, { targetUtilisationPercent: 80 })])
      expect(boughtIn(plan(inputOf(pool, 8, 0.25)))).toBe(0);
    expect(boughtIn(plan(inputOf(spare({ agents: 2 }), 2, 0)))).toBe(0);
  });

  test('in agents is so many machines and not one large one', () => {
    const empty = inputOf(spare({ agents: 3 }), 0);
    expect(boughtIn(plan(empty))).toBe(3);
    expect(boughtIn(plan(afterBoot(empty, plan(empty))))).toBe(0);
  });

  test('is not bought on a partial view of the agents', () => {
    const input = inputOf(spare({ percent: 20 }));
    const agents = { ...input.world.agents, complete: false };
    expect(boughtIn(plan({ ...input, world: { ...input.world, agents } }))).toBe(0);
  });

  test('that cannot be had is named', () => {
    const made = plan(inputOf(spare({ agents: 2 }, { size: { min: 0, max: 8 } })));
    expect(made.blocked).toMatchObject([{ subject: 'headroom:web/agents', code: 'pool-limit', count: 2 }]);
  });

  test('asks for none of its own: once it is there, nothing more is bought', () => {
    const shape = fc.record({
      count: fc.integer({ min: 1, max: 4 }),
      cpuMilli: fc.constantFrom(500, 3000),
      memMib: fc.constantFrom(256, 8000),
    });
    const pools = fc.oneof(
      fc.nat(3).map((agents) => spare({ agents })),
      fc.constantFrom(10, 35, 60).map((percent) => spare({ percent })),
      fc.constantFrom(50, 80, 95).map((target) => spare({}, { targetUtilisationPercent: target })),
      fc.array(shape, { maxLength: 2 }).map((shapes) => spare({ shapes })),
    );
    const shares = fc.constantFrom(0, 0.25, 0.5, 0.8, 1);
    fc.assert(
      fc.property(pools, fc.nat(9), shares, (pool, count, share) => {
        const input = inputOf(pool, count, share);
        const made = plan(input);
        expect(boughtIn(plan(afterAnswer(input, made)))).toBe(0);
        expect(boughtIn(plan(afterBoot(input, made)))).toBe(0);
      }),
    );
  });
});

describe('a floor', () => {
  test('is the minimum of the pool, spread over its zones', () => {
    const made = plan(inputOf(aPool({ size: { min: 6, max: 9 } }), 0));
    expect(launchesIn(made).map(({ count, offerings: [best] }) => [best?.zone, count])).toEqual(
      ZONES.map((zone) => [zone, 2]),
    );
  });

  test('that is raised by one goes to the emptiest zone', () => {
    const input = inputOf(aPool({ size: { min: 5, max: 9 } }), 4);
    expect(launchesIn(plan(input)).map(({ offerings: [best] }) => best?.zone)).toEqual([ZONES[1]]);
  });

  test('is that of an open schedule or of a wish while it lasts, the highest of them', () => {
    const open = [{ name: 'office', pool: 'web', min: 3, until: NOW + 60 * MINUTE }];
    const input = inputOf(aPool({ size: { min: 1, max: 9 } }), 0);
    expect(boughtIn(plan({ ...input, world: { ...input.world, schedules: open } }))).toBe(3);
    const wished = { ...input.world, schedules: open, facts: source([aWish('web', 5)]) };
    expect(boughtIn(plan({ ...input, world: wished }))).toBe(5);
    expect(boughtIn(plan({ ...input, now: NOW + 31 * MINUTE, world: wished }))).toBe(3);
  });

  test('counts what is bought for tasks, and never lifts a pool over its largest size', () => {
    const queue = source([waiting(anApp('/a', { each: some(3, 4096) }), 4)]);
    const input = inputOf(aPool({ size: { min: 5, max: 9 } }), 0);
    expect(boughtIn(plan({ ...input, world: { ...input.world, queue } }))).toBe(5);
    const memory = remembering({
      floors: [{ id: 'wish/x', pool: 'web', min: 50, until: NOW + MINUTE, because: 'x' }],
    });
    expect(boughtIn(plan({ ...input, memory }))).toBe(9);
  });
});

describe('the spend cap', () => {
  const queue = source([waiting(anApp('/a', { each: some(3, 6000) }), 10)]);
  const wanting = inputOf(aPool(), 2);
  const input = { ...wanting, world: { ...wanting.world, queue } };

  test('shrinks what is bought and says so with figures', () => {
    const made = plan(capped(input, 2));
    expect(boughtIn(made)).toBeGreaterThan(0);
    expect(made.cost.nowUsdPerHour + made.cost.boughtUsdPerHour).toBeLessThanOrEqual(2);
    const [row] = made.demand;
    expect(row?.unplaced).toBeGreaterThan(0);
    expect(row?.why).toContain('the spend cap allows no more machines');
    const told = made.blocked.find(({ subject }) => subject === 'prod');
    expect(told?.code).toBe('spend-cap');
    expect(told?.count).toBeGreaterThan(0);
    expect(told?.why).toMatch(
      /up to \$\d+\.\d\d an hour more on top of \$0\.40, \$\d+ a month; the cap is \$2\.00 an hour, \$1460 a month/,
    );
  });

  test('that lies below what is spent already buys nothing more', () => {
    expect(boughtIn(plan(capped(input, 0.1)))).toBe(0);
  });

  test('lets a replacement of a failed machine pass, and only that', () => {
    const late = aMachine('i-late', { launchedAt: NOW - 16 * MINUTE });
    const { machines, agents } = fleetOf(2, 1);
    const world = aWorld({ machines: [...machines, late], agents, queue: queue.value });
    const made = plan(capped({ ...input, world }, 0.1));
    expect(endsIn(made)).toHaveLength(1);
    expect(launchesIn(made)).toMatchObject([{ count: 1, replaces: ['i-late'] }]);
  });

  test('lets it pass once: the machine is listed for a while after its replacement is bought', () => {
    const late = aMachine('i-late', { launchedAt: NOW - 16 * MINUTE });
    const { machines, agents } = fleetOf(2, 1);
    const world = aWorld({ machines: [...machines, late], agents, queue: queue.value });
    const first = capped({ ...input, world }, 0.1);
    expect(boughtIn(plan(afterAnswer(first, plan(first))))).toBe(0);
  });
});

describe('a breaker that lets one machine try', () => {
  const memory = remembering({
    strikes: [
      {
        pool: 'web',
        image: 'ami-1@b1',
        machines: [],
        openedAt: NOW - 61 * MINUTE,
      },
    ],
  });
  const queue = source([waiting(anApp('/a', { each: some(3, 6000) }), 10)]);
  const base = inputOf(aPool(), 0);
  const input = { ...base, memory, world: { ...base.world, queue } };

  test('buys one, and no second while the first is on its way, listed or not', () => {
    const made = plan(input);
    expect(boughtIn(made)).toBe(1);
    const answered = afterAnswer(input, made);
    expect(boughtIn(plan(answered))).toBe(0);
    const booting = aMachine('i-1', { launchedAt: NOW - MINUTE });
    const listed = { ...aWorld({ machines: [booting], queue: queue.value }) };
    expect(boughtIn(plan({ ...input, world: listed }))).toBe(0);
    expect(made.blocked).toMatchObject([{ code: 'breaker-open', subject: '/a' }]);
  });

  test('buys all again once that one has registered', () => {
    const booted = afterBoot(input, plan(input));
    // Marathon took what the new agent offered.
    const served = queue.value.map((item) => ({ ...item, lastUsedOfferAt: booted.now - MINUTE }));
    const then = { ...booted, world: { ...booted.world, queue: source(served) } };
    const made = plan(then);
    expect(made.memory.strikes).toEqual([]);
    expect(made.demand).toMatchObject([{ unplaced: 0 }]);
  });
});
