import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { check } from '../../lib/core/check';
import type { Action, Launch, Plan, Terminate } from '../../lib/core/model/plan';
import { plan } from '../../lib/core/plan';
import { type PlanInput, viewOf } from '../../lib/core/view';
import { launchesIn } from '../builders/core-turns';
import { fleets } from '../builders/core-worlds';
import {
  aMachine,
  anAgent,
  anApp,
  anInput,
  aSpec,
  aWorld,
  MINUTE,
  NOW,
  offeringsOf,
  remembering,
  some,
  waiting,
} from '../builders/fleet';

const busy = aMachine('i-busy');
const stray = aMachine('i-stray', { pool: 'gone' });
const input = anInput({
  spec: aSpec({ limits: { machines: 5, usdPerHour: 3 } }),
  world: aWorld({
    machines: [busy, stray],
    agents: [anAgent(busy, { used: some(1, 1024) })],
    queue: [waiting(anApp('/a', { each: some(3, 6000) }), 2)],
  }),
});
const sound = plan(input);
const [bought] = launchesIn(sound);
if (bought === undefined) throw new Error('the sound plan buys something');
const end = (machines: readonly string[], more: Partial<Terminate> = {}): Terminate => ({
  kind: 'terminate',
  id: 'end',
  step: 'heal',
  pool: 'web',
  cloud: 'aws',
  account: 'default',
  region: 'us-east-1',
  machines,
  why: '',
  ...more,
});
const buying = (more: Partial<Launch>): readonly Action[] => [{ ...bought, ...more }];
const offered = (more: Partial<Launch['offerings'][number]>): readonly Action[] =>
  buying({ offerings: bought.offerings.map((offering) => ({ ...offering, ...more })) });
const faultsOf = (more: Partial<Plan>, on: PlanInput = input): string =>
  check({ ...sound, ...more }, viewOf(on)).join('\n');

describe('check', () => {
  test('finds nothing in a sound plan', () => {
    expect(faultsOf({})).toBe('');
  });

  test.each<readonly [string, string, readonly Action[]]>([
    ['two actions of one id', 'S2: two actions bear the same id', [bought, bought]],
    ['a launch of nothing', 'launches 0 machines', buying({ count: 0 })],
    ['a launch of half a machine', 'launches 1.5 machines', buying({ count: 1.5 })],
    ['a launch without an offering', 'names no offering', buying({ offerings: [] })],
    ['an unknown pool', 'S5: turn-1.1.0 launches into the unknown pool nowhere', buying({ pool: 'nowhere' })],
    ['a zone that the pool does not have', 'S14', offered({ zone: 'us-east-1f' })],
    ['a market that the pool does not have', 'S14', offered({ market: 'spot' })],
    ['a shape that the pool does not allow', 'S14', offered({ shape: 'p5.48xlarge' })],
    ['another region', 'S14', offered({ region: 'eu-west-1' })],
    ['another cloud', 'S14', offered({ cloud: 'gce' })],
    ['more machines than the cluster may have', 'S3: the cluster would have', buying({ count: 5 })],
    [
      'a price above the cap',
      'S4',
      buying({
        count: 4,
        offerings: offeringsOf()
          .slice(-1)
          .map((one) => ({ ...one, usdPerHour: 9 })),
      }),
    ],
    ['the end of a machine that no cloud lists', 'which no cloud lists as ours', [end(['i-other'])]],
    ['the end of a machine of another pool', 'which is not of pool web', [end(['i-stray'])]],
    [
      'the end of a machine that runs tasks',
      'S1: end ends i-busy, whose agent runs tasks',
      [end(['i-busy'])],
    ],
  ])('reports %s', (_name, fault, actions) => {
    expect(faultsOf({ actions })).toContain(fault);
  });

  test('reports a launch of two markets', () => {
    const [first] = bought.offerings;
    const mixed = first === undefined ? [] : [first, { ...first, market: 'spot' as const }];
    expect(faultsOf({ actions: buying({ offerings: mixed }) })).toContain('mixes markets');
  });

  test('reports more machines than a pool may have', () => {
    const [pool] = input.spec.pools;
    const small = { ...input.spec, pools: pool === undefined ? [] : [{ ...pool, size: { min: 0, max: 2 } }] };
    expect(faultsOf({ actions: buying({ count: 2 }) }, { ...input, spec: small })).toContain(
      'S3: pool web would have 3 machines of 2',
    );
  });

  test('reports a cold offering', () => {
    const [first] = bought.offerings;
    const key = `aws/us-east-1/${first?.zone}/${first?.shape}/*`;
    const cold = [{ key, code: 'x', failures: 1, since: NOW, until: NOW + MINUTE }];
    expect(faultsOf({}, { ...input, memory: remembering({ cold }) })).toContain('L7');
  });

  test('reports a purchase for a pool whose breaker has just opened', () => {
    const machines = ['x', 'y', 'z'].map((id) => ({ id, at: NOW }));
    const strikes = [{ pool: 'web', image: 'ami-1@b1', machines, openedAt: NOW }];
    expect(faultsOf({ memory: { ...sound.memory, strikes } })).toContain('L3');
  });

  test('reports anything done while paused', () => {
    const pause = { since: NOW, by: 'ann', reason: 'x' };
    expect(faultsOf({ memory: { ...sound.memory, pause } })).toContain('S27');
  });

  test('reports a row that is forgotten, that does not add up, or that waits without a reason', () => {
    const [line] = sound.demand;
    if (line === undefined) throw new Error('the plan has a line');
    expect(faultsOf({ demand: [] })).toContain('L2: /a waits and the plan does not mention it');
    expect(faultsOf({ demand: [{ ...line, onBought: line.onBought + 1 }] })).toContain('do not add up');
    const left = { ...line, onBought: line.onBought - 1, unplaced: 1 };
    expect(faultsOf({ demand: [left] })).toContain('L2: 1 of /a stay unplaced without a reason');
    const other = [{ step: 'scale-out', code: 'pool-limit', subject: '/b', count: 1, why: 'x' }] as const;
    expect(faultsOf({ demand: [left], blocked: other })).toContain('without a reason');
    const whole = [{ ...other[0], subject: 'web' }];
    expect(faultsOf({ demand: [left], blocked: whole })).toBe('');
  });

  test('reports a plan whose every launch was made one too large for its pool', () => {
    fc.assert(
      fc.property(fleets, (fleet) => {
        const made = plan(fleet);
        const view = viewOf(fleet);
        const greedy = made.actions.map((action) =>
          action.kind === 'launch' ? { ...action, count: action.count + 300 } : action,
        );
        const faults = check({ ...made, actions: greedy }, view);
        expect(faults.some((fault) => fault.startsWith('S3'))).toBe(launchesIn(made).length > 0);
      }),
      { numRuns: 60 },
    );
  });
});
