import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import type { Agent } from '../../lib/core/model/agent';
import type { AppState } from '../../lib/core/model/app';
import type { Machine } from '../../lib/core/model/machine';
import type { Memory } from '../../lib/core/model/memory';
import type { Fact, FactBody } from '../../lib/core/model/signal';
import { protectedUntil } from '../../lib/core/overrides';
import { plan } from '../../lib/core/plan';
import { drain } from '../../lib/core/steps/drain';
import { schedule } from '../../lib/core/steps/schedule';
import { type PlanInput, viewOf } from '../../lib/core/view';
import type { AppWindow } from '../../lib/core/model/world';
import { boughtIn, launchesIn } from '../builders/core-turns';
import { drainingFleets } from '../builders/draining-worlds';
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
  some,
  source,
  waiting,
} from '../builders/fleet';

const WORD = { by: 'ada', reason: 'a demo' } as const;
const said = (subject: string, body: FactBody, more: Partial<Fact> = {}): Fact => ({
  scope: { kind: 'cluster', cluster: 'prod' },
  subject,
  dedupeKey: 'last',
  at: NOW - MINUTE,
  expiresAt: NOW + 60 * MINUTE,
  body,
  ...more,
});
const protect = (subject: string, more: Partial<Fact> = {}) =>
  said(subject, { kind: 'protect', ...WORD }, more);
const asked = (subject: string, more: { force?: boolean; replacementFirst?: boolean } = {}) =>
  said(subject, { kind: 'drain', ...WORD, deadline: NOW + 60 * MINUTE, force: false, ...more });

const CALM = { budget: { percent: 100 }, windows: [], emptyForMs: 24 * 60 * MINUTE } as const;
const USED = some(3, 8192);

/** Agents at work, and what was said. */
const fleetOf = (count: number, facts: readonly Fact[], memory: Partial<Memory> = {}): PlanInput => {
  const machines: Machine[] = Array.from({ length: count }, (_, nth) => aMachine(`i-${nth}`));
  const agents: Agent[] = machines.map((machine) => anAgent(machine, { used: USED }));
  return anInput({
    spec: aSpec({ pools: [aPool({ disruption: CALM })] }),
    world: aWorld({ machines, agents }, { facts: source(facts) }),
    memory: remembering(memory),
  });
};
const drained = (input: PlanInput) => {
  const { memory, blocked } = drain(viewOf(input), []);
  return { begun: memory.leaving.map(({ machine }) => machine), codes: blocked.map(({ code }) => code) };
};

describe('what is protected', () => {
  test.each(['i-0', 'agent-i-0', 'i-0.internal'])('by the name %s is not drained', (name) => {
    expect(drained(fleetOf(3, [asked('i-0')])).begun).toEqual(['i-0']);
    expect(drained(fleetOf(3, [asked('i-0'), protect(name)]))).toEqual({ begun: [], codes: ['protected'] });
    expect(drained(fleetOf(3, [asked('i-1'), protect(name)])).begun).toEqual(['i-1']);
  });

  test('says who protects it, why, and until when', () => {
    const view = viewOf(fleetOf(3, [protect('i-0'), protect('/shop', { expiresAt: NOW + MINUTE })]));
    expect(protectedUntil(view, { machine: 'i-0', app: '/shop' })).toEqual({
      why: 'ada protects it: a demo',
      until: NOW + 60 * MINUTE,
    });
    expect(protectedUntil(view, { app: '/api' })).toBeUndefined();
  });

  test('is drained by force, after its time, and once somebody takes that back', () => {
    expect(drained(fleetOf(3, [asked('i-0', { force: true }), protect('i-0')])).begun).toEqual(['i-0']);
    expect(drained(fleetOf(3, [asked('i-0'), protect('i-0', { expiresAt: NOW })])).begun).toEqual(['i-0']);
    const back = said('i-0', { kind: 'unprotect', ...WORD }, { at: NOW });
    expect(drained(fleetOf(3, [asked('i-0'), protect('i-0'), back])).begun).toEqual(['i-0']);
    const earlier = { ...back, at: NOW - 2 * MINUTE };
    expect(drained(fleetOf(3, [asked('i-0'), protect('i-0'), earlier])).begun).toEqual([]);
  });

  test('of an app is not moved off an agent that is drained, but where its machine is taken anyway', () => {
    expect(callsFor(false, [])).toEqual(['scale']);
    expect(callsFor(false, [protect('/shop')])).toEqual([]);
    expect(callsFor(true, [protect('/shop')])).toEqual(['scale']);
  });

  test('by its own window is moved only while that is open, and where its machine is taken anyway', () => {
    const label = { 'muster/window': '0 2 * * 6 4h Europe/Berlin' };
    const app: AppState = { ...shop, runSpec: { ...shop.runSpec, labels: label } };
    expect(callsFor(false, [], app)).toEqual([]);
    expect(callsFor(false, [], app, [{ runSpec: '/shop', until: NOW + MINUTE }])).toEqual(['scale']);
    expect(callsFor(false, [], app, [{ runSpec: '/api', until: NOW + MINUTE }])).toEqual([]);
    expect(callsFor(true, [], app)).toEqual(['scale']);
  });

  test('is never where a drain begins that was not forced', () => {
    let begun = 0;
    fc.assert(
      fc.property(drainingFleets, fc.nat(5), (input, nth) => {
        const name = `i-${nth}`;
        const other = asked(`i-${(nth + 1) % 6}`);
        const value = [...input.world.facts.value, asked(name), other, protect(name)];
        const spec = aSpec({ pools: [aPool({ disruption: CALM })] });
        const view = viewOf({
          ...input,
          spec,
          world: { ...input.world, facts: { ...input.world.facts, value } },
        });
        const before = new Set(input.memory.leaving.map(({ machine }) => machine));
        const fresh = drain(view, []).memory.leaving.filter(({ machine }) => !before.has(machine));
        begun += fresh.length;
        expect(fresh.map(({ machine }) => machine)).not.toContain(name);
      }),
      { numRuns: 400 },
    );
    expect(begun).toBeGreaterThan(20);
  });
});

/** What is asked of the app while one of its agents is drained. */
const callsFor = (
  condemned: boolean,
  facts: readonly Fact[],
  app: AppState = shop,
  windows: readonly AppWindow[] = [],
): readonly string[] => {
  const input = fleetOf(3, facts, {
    leaving: [
      {
        agent: 'agent-i-0',
        machine: 'i-0',
        pool: 'web',
        phase: 'closing',
        since: NOW - MINUTE,
        emptyAt: [],
        drain: {
          cause: condemned ? 'interruption' : 'asked',
          ...WORD,
          deadline: NOW + 60 * MINUTE,
          graceMs: 30_000,
          force: condemned,
          condemned,
          runSpecs: [{ id: '/shop', kind: 'app' }],
        },
      },
    ],
  });
  const { actions } = drain(
    viewOf({ ...input, world: { ...input.world, apps: source([app]), windows } }),
    [],
  );
  return actions.flatMap((action) => (action.kind === 'app' ? [action.request.call] : []));
};

const shop: AppState = {
  runSpec: anApp('/shop', { instances: 2, each: some(0.1, 64) }),
  maximumOverCapacity: 1,
  deployments: [],
  tasks: [0, 1].map((nth) => ({
    id: `/shop.${nth}`,
    runSpec: '/shop',
    version: '1',
    condition: 'Running',
    host: `i-${nth}.internal`,
    agentId: `agent-i-${nth}`,
    healthy: true,
    startedAt: NOW - 10 * MINUTE,
  })),
};

describe('what is excluded', () => {
  const demanding = (facts: readonly Fact[]): PlanInput => {
    const queue = [waiting(anApp('/shop', { each: some(3, 12_288) }), 6)];
    return anInput({ world: aWorld({ queue }, { facts: source(facts) }) });
  };
  const exclude = (
    more: { shape?: string; zone?: string },
    kind: 'exclude' | 'include' = 'exclude',
    at = NOW - MINUTE,
  ) => said('web', { kind, ...WORD, pool: 'web', ...more }, { at, dedupeKey: JSON.stringify(more) });
  const offered = (input: PlanInput) => launchesIn(plan(input)).flatMap(({ offerings }) => offerings);

  test('is not bought, neither as a first choice nor as another', () => {
    const before = offered(demanding([]));
    const [shape, zone] = [before[0]?.shape ?? '', before[0]?.zone ?? ''];
    const without = offered(demanding([exclude({ shape })]));
    expect(without.length).toBeGreaterThan(0);
    expect(without.map((one) => one.shape)).not.toContain(shape);
    expect(offered(demanding([exclude({ zone })])).map((one) => one.zone)).not.toContain(zone);
    const both = offered(demanding([exclude({ shape, zone })]));
    expect(both.some((one) => one.shape === shape && one.zone === zone)).toBe(false);
    expect(both.some((one) => one.shape === shape)).toBe(true);
  });

  test('is bought again once it is let in, and meant another pool from the beginning', () => {
    const all = exclude({});
    expect(boughtIn(plan(demanding([all])))).toBe(0);
    expect(boughtIn(plan(demanding([all, exclude({}, 'include', NOW)])))).toBeGreaterThan(0);
    const other = said('batch', { kind: 'exclude', ...WORD, pool: 'batch' });
    expect(boughtIn(plan(demanding([other])))).toBeGreaterThan(0);
  });

  test('is named as the reason why nothing is bought', () => {
    const made = plan(demanding([exclude({})]));
    expect(made.blocked).toContainEqual(
      expect.objectContaining({ code: 'excluded', subject: '/shop', until: NOW + 60 * MINUTE }),
    );
    expect(made.blocked).toContainEqual(
      expect.objectContaining({ code: 'excluded', subject: 'web', why: 'ada excludes everything: a demo' }),
    );
  });
});

describe('a size that somebody asked for', () => {
  const scale = (min: number, at = NOW - MINUTE) =>
    said('web', { kind: 'scale', ...WORD, pool: 'web', min }, { at });
  const floorsOf = (input: PlanInput) => schedule(viewOf(input), []).memory.floors;

  test('holds the pool, and a lower one lets go at once', () => {
    const floors = floorsOf(fleetOf(2, [scale(5)]));
    expect(floors).toMatchObject([{ pool: 'web', min: 5, until: NOW + 60 * MINUTE }]);
    expect(boughtIn(plan(fleetOf(2, [scale(5)])))).toBe(3);
    expect(floorsOf(fleetOf(2, [scale(3)], { floors }))).toMatchObject([{ min: 3 }]);
    expect(floorsOf(fleetOf(2, [scale(0)], { floors }))).toEqual([]);
  });

  test('stays while the facts cannot be read', () => {
    const floors = floorsOf(fleetOf(2, [scale(5)]));
    const input = fleetOf(2, [], { floors });
    const facts = source<readonly Fact[]>([], { complete: false, faults: ['no'] });
    expect(floorsOf({ ...input, world: { ...input.world, facts } })).toEqual(floors);
  });
});

describe('a machine that is to be replaced before it is drained', () => {
  const replace = asked('i-0', { replacementFirst: true });

  test('waits until the one in its place has registered', () => {
    const made = plan(fleetOf(3, [replace]));
    expect(boughtIn(made)).toBe(1);
    expect(made.memory.leaving.filter(({ drain: its }) => its !== undefined)).toEqual([]);
    expect(made.blocked).toContainEqual(expect.objectContaining({ code: 'waiting', subject: 'i-0' }));
  });

  test('is drained then, and no other is bought for it', () => {
    const { memory } = plan(fleetOf(3, [replace]));
    const later = plan(fleetOf(4, [replace], { floors: memory.floors }));
    expect(later.memory.leaving).toMatchObject([{ machine: 'i-0', drain: { wish: 'i-0' } }]);
    expect(boughtIn(later)).toBe(0);
  });

  test('is let go of once it was drained or is wanted after all', () => {
    const { memory } = plan(fleetOf(3, [replace]));
    const back = said('i-0', { kind: 'undrain', ...WORD }, { at: NOW });
    expect(plan(fleetOf(3, [replace, back], { floors: memory.floors })).memory.floors).toEqual([]);
    const drainedOne = {
      agent: 'agent-i-0',
      machine: 'i-0',
      pool: 'web',
      cause: 'asked',
      wish: 'i-0',
      end: 'done',
      since: NOW,
      at: NOW,
      why: 'its machine is ended',
    } as const;
    const over = plan(fleetOf(3, [replace], { floors: memory.floors, drained: [drainedOne] }));
    expect(over.memory.floors).toEqual([]);
  });

  test('keeps its number while its machine cannot be seen', () => {
    const { floors } = plan(fleetOf(3, [replace])).memory;
    const input = fleetOf(3, [replace], { floors });
    const [cloud] = input.world.clouds;
    const clouds = cloud === undefined ? [] : [{ ...cloud, complete: false, value: [] }];
    expect(plan({ ...input, world: { ...input.world, clouds } }).memory.floors).toEqual(floors);
  });
});
