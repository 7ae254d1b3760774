import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { isImpaired } from '../../../lib/core/impaired';
import { impairedZone } from '../../../lib/core/guards/impaired-zone';
import { GUARDS, plan } from '../../../lib/core/plan';
import { failOver } from '../../../lib/core/steps/fail-over';
import { type PlanInput, viewOf } from '../../../lib/core/view';
import type { Fact } from '../../../lib/core/model/signal';
import { launchesIn } from '../../builders/core-turns';
import {
  aMachine,
  anAgent,
  anApp,
  anInput,
  aWorld,
  MINUTE,
  NOW,
  remembering,
  source,
  waiting,
  ZONES,
} from '../../builders/fleet';

/** Machines by zone, of which the first so many are out of reach. */
const zonesOf = (
  counts: readonly (readonly [all: number, lost: number])[],
  more: Partial<PlanInput> = {},
) => {
  const machines = counts.flatMap(([all], zone) =>
    Array.from({ length: all }, (_, nth) =>
      aMachine(`i-${zone}-${nth}`, { zone: ZONES[zone] ?? '', launchedAt: NOW - 600 * MINUTE }),
    ),
  );
  const agents = machines.map((machine) => {
    const [, zone = 0, nth = 0] = machine.id.split('-').map(Number);
    return anAgent(machine, nth < (counts[zone]?.[1] ?? 0) ? { active: false } : {});
  });
  return anInput({ world: aWorld({ machines, agents, queue: [waiting(anApp('/a'), 400)] }), ...more });
};

const impaired = (input: PlanInput): readonly string[] =>
  ZONES.filter((zone) =>
    isImpaired(
      { cloud: 'aws', region: 'us-east-1', zone },
      failOver(viewOf(input), []).memory.cold,
      input.now,
    ),
  );

describe('an impaired zone', () => {
  const bad = zonesOf([
    [8, 6],
    [8, 0],
    [8, 0],
  ]);

  test('is one in which most agents are out of reach, three at least, while another zone is well', () => {
    const zone = fc.nat(12).chain((all) => fc.tuple(fc.constant(all), fc.nat(all)));
    fc.assert(
      fc.property(fc.tuple(zone, zone, zone), (counts) => {
        const isBad = ([all, lost]: readonly [number, number]): boolean => lost >= 3 && lost * 2 > all;
        const all = counts.filter(([size]) => size > 0);
        const expected = all.every(isBad) ? [] : ZONES.filter((_, nth) => isBad(counts[nth] ?? [0, 0]));
        expect(impaired(zonesOf(counts))).toEqual(expected);
      }),
    );
  });

  test('is bought nothing in, and the others are', () => {
    const zones = launchesIn(plan(bad)).flatMap(({ offerings }) =>
      offerings.map((offering) => offering.zone),
    );
    expect(zones).not.toContain('us-east-1a');
    expect(zones.length).toBeGreaterThan(0);
  });

  test('is one of which an operator says so, until the word expires', () => {
    const well = zonesOf([
      [8, 0],
      [8, 0],
      [8, 0],
    ]);
    const fact: Fact = {
      scope: { kind: 'cluster', cluster: 'prod' },
      subject: 'us-east-1b',
      dedupeKey: 'last',
      at: NOW,
      expiresAt: NOW + 5 * MINUTE,
      body: { kind: 'fail-over', target: 'zone', by: 'ada', reason: 'its power fails' },
    };
    const told = { ...well, world: { ...well.world, facts: source([fact]) } };
    expect(impaired(told)).toEqual(['us-east-1b']);
    expect(impaired({ ...told, now: NOW + 6 * MINUTE })).toEqual([]);
  });

  test('stays so for ten minutes after it looks well, and then returns', () => {
    const { memory } = failOver(viewOf(bad), []);
    const well = {
      ...zonesOf([
        [8, 0],
        [8, 0],
        [8, 0],
      ]),
      memory,
    };
    expect(impaired({ ...well, now: NOW + 9 * MINUTE })).toEqual(['us-east-1a']);
    expect(impaired({ ...well, now: NOW + 11 * MINUTE })).toEqual([]);
  });

  test('keeps what is there: without its guard an idle agent in it is given back', () => {
    const few = zonesOf([
      [4, 3],
      [30, 0],
      [30, 0],
    ]);
    const leaving = [
      {
        agent: 'agent-i-0-3',
        machine: 'i-0-3',
        pool: 'web',
        phase: 'idle' as const,
        since: NOW - 60 * MINUTE,
        emptyAt: [],
      },
    ];
    const quiet = {
      ...few,
      world: { ...few.world, queue: { ...few.world.queue, value: [] } },
      memory: remembering({ leaving }),
    };
    const given = (guards: typeof GUARDS) =>
      plan(quiet, guards).actions.filter((action) => action.kind === 'deactivate').length;
    expect(given(GUARDS)).toBe(0);
    expect(given(GUARDS.filter(({ name }) => name !== impairedZone.name))).toBe(1);
    expect(plan(quiet).blocked).toContainEqual(
      expect.objectContaining({ code: 'zone-impaired', subject: 'web' }),
    );
  });
});
