// Each brake by what it does, and by what happens without it: a guard that nothing misses is a wish.
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { check } from '../../../lib/core/check';
import { limits } from '../../../lib/core/guards/limits';
import { massFailure } from '../../../lib/core/guards/mass-failure';
import { pause } from '../../../lib/core/guards/pause';
import { spend } from '../../../lib/core/guards/spend';
import { staleView } from '../../../lib/core/guards/stale-view';
import type { Guard } from '../../../lib/core/guards/guard';
import type { Launch, Plan } from '../../../lib/core/model/plan';
import { GUARDS, plan } from '../../../lib/core/plan';
import { type PlanInput, viewOf } from '../../../lib/core/view';
import { boughtIn, endsIn, launchesIn } from '../../builders/core-turns';
import { fleets } from '../../builders/core-worlds';
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
  offeringsOf,
  remembering,
  some,
  source,
  waiting,
} from '../../builders/fleet';

const without = (guard: Guard): readonly Guard[] => GUARDS.filter(({ name }) => name !== guard.name);
const faults = (input: PlanInput, made: Plan): readonly string[] => check(made, viewOf(input));
const row = waiting(anApp('/a', { each: some(3, 6000) }), 4);
const [best] = offeringsOf().filter(({ shape, market }) => shape === 'm7i.xlarge' && market === 'on-demand');
const launch = (count: number, more: Partial<Launch> = {}): Launch => ({
  kind: 'launch',
  id: 'turn-1.1.0',
  step: 'scale-out',
  pool: 'web',
  cloud: 'aws',
  account: 'default',
  region: 'us-east-1',
  offerings: best === undefined ? [] : [best],
  count,
  replaces: [],
  why: '',
  ...more,
});
/** The plan of a quiet fleet with these launches put into it, as a fit that forgot a limit would. */
const forgetful = (input: PlanInput, launches: readonly Launch[]): Plan => ({
  ...plan(input),
  actions: launches,
});
const late = aMachine('i-late', { launchedAt: NOW - 16 * MINUTE });
const ready = aMachine('i-ready', { launchedAt: NOW - 600 * MINUTE });
const failing = anInput({
  world: aWorld({ machines: [late, ready], agents: [anAgent(ready)], queue: [row] }),
});

describe('pause', () => {
  const paused = { since: NOW - MINUTE, by: 'ann', reason: 'a fire' };
  const input = { ...failing, memory: remembering({ pause: paused }) };

  test('holds every purchase and every end, with the name and the reason', () => {
    const made = plan(input);
    expect(made.actions).toEqual([]);
    const held = made.blocked.filter(({ code }) => code === 'paused');
    expect(held).toMatchObject([
      { step: 'heal', subject: 'web', count: 1, why: 'they would be ended; ann paused it: a fire' },
      { step: 'scale-out', subject: 'web', why: 'they would be bought; ann paused it: a fire' },
    ]);
    expect(faults(input, made)).toEqual([]);
  });

  test('remembers nothing as bought that was held', () => {
    expect(plan(input).memory.bought).toEqual([]);
  });

  test('ends by itself', () => {
    const memory = remembering({ pause: { ...paused, until: NOW } });
    expect(boughtIn(plan({ ...input, memory }))).toBeGreaterThan(0);
  });

  test('is missed: without it a paused fleet changes', () => {
    expect(faults(input, plan(input, without(pause)))).toContainEqual(expect.stringContaining('S27'));
  });
});

describe('a stale or partial view', () => {
  const { world } = failing;
  const [cloud] = world.clouds;
  const old = NOW - 3 * MINUTE;
  const blind: readonly [string, PlanInput][] = [
    [
      'an old list of machines',
      { ...failing, world: { ...world, clouds: cloud ? [{ ...cloud, at: old }] : [] } },
    ],
    ['an old list of agents', { ...failing, world: { ...world, agents: { ...world.agents, at: old } } }],
    ['no agent at all', { ...failing, world: { ...world, agents: source([]) } }],
  ];

  test.each(blind)('with %s ends nothing and goes on buying', (_name, input) => {
    const made = plan(input);
    expect(endsIn(made)).toEqual([]);
    expect(boughtIn(made)).toBeGreaterThan(0);
    expect(made.blocked).toContainEqual(expect.objectContaining({ code: 'stale-view', subject: 'web' }));
  });

  test.each(blind)('is missed: without it %s ends a machine', (_name, input) => {
    expect(endsIn(plan(input, without(staleView)))).not.toEqual([]);
  });

  test('makes no replacement of what stays: the cap binds it', () => {
    const [, [, input] = ['', failing]] = blind;
    const capped = { ...input, spec: aSpec({ limits: { machines: 9, usdPerHour: 0.1 } }) };
    expect(launchesIn(plan(capped))).toEqual([]);
    const uncapped = launchesIn(plan(input));
    expect(uncapped.flatMap(({ replaces }) => replaces)).toEqual([]);
  });
});

describe('the limits', () => {
  const input = anInput({ spec: aSpec({ pools: [aPool({ size: { min: 0, max: 3 } })] }) });

  test('cut what a forgetful fit wants to the room of the pool and say so', () => {
    const view = viewOf(input);
    const cut = limits.narrow(forgetful(input, [launch(2), launch(4, { id: 'x' })]), view);
    expect(launchesIn(cut).map(({ count }) => count)).toEqual([2, 1]);
    expect(cut.blocked).toMatchObject([{ code: 'pool-limit', subject: 'web', count: 3 }]);
    expect(check(cut, view)).toEqual([]);
  });

  test('cut it to the room of the cluster over all pools', () => {
    const few = { ...input, spec: { ...input.spec, limits: { machines: 1 } } };
    const cut = limits.narrow(forgetful(few, [launch(2)]), viewOf(few));
    expect(launchesIn(cut).map(({ count }) => count)).toEqual([1]);
    expect(cut.blocked).toMatchObject([{ code: 'cluster-limit' }]);
  });

  test('is missed: without it the plan is over the limit', () => {
    const over = forgetful(input, [launch(4)]);
    const rest = without(limits).reduce((draft, guard) => guard.narrow(draft, viewOf(input)), over);
    expect(faults(input, rest)).toContainEqual(expect.stringContaining('S3'));
  });
});

describe('the spend cap', () => {
  const input = anInput({ spec: aSpec({ limits: { machines: 90, usdPerHour: 0.5 } }) });

  test('cuts what a forgetful fit wants, counting the dearest offering, and gives the figures', () => {
    const view = viewOf(input);
    const cut = spend.narrow(forgetful(input, [launch(4)]), view);
    expect(boughtIn(cut)).toBe(2);
    expect(cut.blocked[0]?.why).toBe('$0.00 an hour are spent now ($0 a month) and the cap is $0.50 an hour');
    expect(check(cut, view)).toEqual([]);
  });

  test('lets replacements through and cuts the rest of the same launch', () => {
    const cut = spend.narrow(forgetful(input, [launch(9, { replaces: ['a', 'b', 'c'] })]), viewOf(input));
    expect(boughtIn(cut)).toBe(5);
  });

  test('claims no packing and no bound for what it has cut', () => {
    const cut = spend.narrow(forgetful(input, [launch(4)]), viewOf(input));
    expect(cut.cost).toMatchObject({ boundKind: 'none', boundUsdPerHour: 0 });
    expect(cut.cost.boughtUsdPerHour).toBeCloseTo(0.4032);
    expect(cut.cost.packedUsdPerHour).toBe(cut.cost.boughtUsdPerHour);
  });

  test('is missed: without it the plan is over the cap', () => {
    const over = forgetful(input, [launch(4)]);
    const rest = without(spend).reduce((draft, guard) => guard.narrow(draft, viewOf(input)), over);
    expect(faults(input, rest)).toContainEqual(expect.stringContaining('S4'));
  });
});

describe('the guards', () => {
  test('only ever narrow: fewer actions, smaller launches, more reasons, and the rows still add up', () => {
    const pick = fc.subarray([...GUARDS]);
    fc.assert(
      fc.property(fleets, pick, (input, some) => {
        const loose = plan(input, []);
        const tight = plan(input, some);
        const counts = new Map(launchesIn(loose).map(({ id, count }) => [id, count]));
        for (const { id, count } of launchesIn(tight)) expect(count).toBeLessThanOrEqual(counts.get(id) ?? 0);
        const ids = new Set(loose.actions.map(({ id }) => id));
        for (const { id } of tight.actions) expect(ids).toContain(id);
        expect(tight.blocked.slice(0, loose.blocked.length)).toEqual(loose.blocked);
        for (const line of tight.demand)
          expect(line.onExisting + line.onComing + line.onBought + line.unplaced).toBe(line.count);
      }),
      { numRuns: 60 },
    );
  });

  test('applied twice are as if applied once', () => {
    fc.assert(
      fc.property(fleets, (input) => {
        const made = plan(input);
        const again = GUARDS.reduce((draft, guard) => guard.narrow(draft, viewOf(input)), made);
        expect(launchesIn(again)).toEqual(launchesIn(made));
      }),
      { numRuns: 60 },
    );
  });
});

describe('the mass-failure brake', () => {
  const old = { launchedAt: NOW - 600 * MINUTE };
  const fleet = (lost: number, more: Partial<PlanInput> = {}): PlanInput => {
    const machines = Array.from({ length: 10 }, (_, nth) => aMachine(`i-${nth}`, old));
    const agents = machines.map((machine, nth) => anAgent(machine, nth < lost ? { active: false } : {}));
    const leaving = agents.slice(5).map(({ id }, nth) => ({
      agent: id,
      machine: `i-${nth + 5}`,
      pool: 'web',
      phase: 'idle' as const,
      since: NOW - 60 * MINUTE,
      emptyAt: [],
    }));
    return anInput({ world: aWorld({ machines, agents }), memory: remembering({ leaving }), ...more });
  };
  const taken = (made: Plan) => made.actions.filter(({ kind }) => kind === 'deactivate');

  test('gives back nothing while more than a fifth of the agents are out of reach, and says so', () => {
    expect(taken(plan(fleet(2)))).toHaveLength(1);
    expect(taken(plan(fleet(3)))).toEqual([]);
    expect(plan(fleet(3)).blocked).toContainEqual(
      expect.objectContaining({
        code: 'mass-failure',
        subject: 'web',
        why: expect.stringContaining('3 of 10'),
      }),
    );
  });

  test('is missed: without it an agent is given back in the middle of it', () => {
    expect(taken(plan(fleet(3), without(massFailure)))).toHaveLength(1);
  });

  test('holds back neither purchases nor what the cloud reports dead', () => {
    const input = fleet(4);
    const [first] = input.world.clouds;
    const machines = (first?.value ?? []).map((machine, nth) =>
      nth === 9 ? { ...machine, state: 'terminated' as const } : machine,
    );
    const clouds = first === undefined ? [] : [{ ...first, value: machines }];
    const made = plan({ ...input, world: { ...input.world, clouds, queue: source([row]) } });
    expect(made.actions).toContainEqual(expect.objectContaining({ kind: 'mark-gone', machine: 'i-9' }));
    const busy = input.world.agents.value.map((agent) => ({ ...agent, used: agent.total }));
    const hungry = { ...input, world: { ...input.world, agents: source(busy), queue: source([row]) } };
    expect(boughtIn(plan(hungry))).toBeGreaterThan(0);
  });
});
