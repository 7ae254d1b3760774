// What a listing leaves out must be counted all the same: not bought again, not spent twice.
import { expect, it } from '@jest/globals';
import { plan } from '../../lib/core/plan';
import { fold } from '../../lib/core/remember';
import type { Machine } from '../../lib/core/model/machine';
import type { Memory } from '../../lib/core/model/memory';
import type { Outcome } from '../../lib/core/model/outcome';
import type { Plan } from '../../lib/core/model/plan';
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
  some,
  source,
  waiting,
} from '../builders/fleet';

const scope = { cloud: 'aws', account: 'default', region: 'us-east-1' } as const;
const queue = [waiting(anApp('/a', { each: some(2, 4096), instances: 20 }), 20)];

const launchesOf = ({ actions }: Plan) =>
  actions.flatMap((action) => (action.kind === 'launch' ? [action] : []));

const at = (minute: number, memory: Memory, machines: readonly Machine[], complete: boolean) =>
  anInput({
    now: NOW + minute * MINUTE,
    turn: `turn-${minute + 1}`,
    memory,
    world: {
      ...aWorld({ queue }),
      clouds: [
        {
          ...source(machines, {
            at: NOW + minute * MINUTE,
            complete,
            faults: complete ? [] : ['throttled'],
          }),
          scope,
        },
      ],
      agents: source([], { at: NOW + minute * MINUTE }),
    },
  });

it('does not buy again what boots while the listing fails', () => {
  const first = plan(anInput({ world: aWorld({ queue }) }));
  const machines: Machine[] = [];
  const outcomes = launchesOf(first).map((action): Outcome => {
    const [offering] = action.offerings;
    if (offering === undefined) throw new Error('a launch without offerings');
    const made = Array.from({ length: action.count }, (_, nth) => ({ id: `${action.id}-${nth}`, offering }));
    for (const { id } of made)
      machines.push(
        aMachine(id, {
          zone: offering.zone,
          shape: offering.shape,
          market: offering.market,
          launchedAt: NOW,
          launch: action.id,
        }),
      );
    return {
      kind: 'launched',
      action: action.id,
      pool: action.pool,
      at: NOW,
      asked: action.count,
      errors: [],
      machines: made,
    };
  });
  expect(machines).not.toHaveLength(0);
  const listed = plan(at(1, fold(first.memory, outcomes), machines, true));
  expect(launchesOf(listed)).toEqual([]);
  const blind = plan(at(2, listed.memory, [], false));
  expect(launchesOf(blind)).toEqual([]);
});

it('buys no floor for a pool of which neither machines nor agents are known', () => {
  const unread = { complete: false, faults: ['unreachable'] };
  const input = anInput({
    spec: aSpec({ pools: [aPool({ size: { ...aPool().size, min: 5 } })] }),
    world: { ...aWorld(), clouds: [{ ...source([], unread), scope }], agents: source([], unread) },
  });
  expect(launchesOf(plan(input))).toEqual([]);
});

it('prices the agents whose machines the listing left out, so that the spend cap still binds', () => {
  const machines = ['i-1', 'i-2', 'i-3'].map((id, nth) =>
    aMachine(id, { market: nth === 0 ? 'spot' : 'on-demand' }),
  );
  const agents = machines.map((machine) => anAgent(machine, { used: some(2, 4096) }));
  const seeing = (shown: readonly Machine[], complete: boolean) => {
    const { cost } = plan(
      anInput({
        world: { ...aWorld({ agents }), clouds: [{ ...source(shown, { complete }), scope }] },
      }),
    );
    return cost.nowUsdPerHour;
  };
  expect(seeing(machines, true)).toBeGreaterThan(0);
  expect(seeing([], false)).toBeCloseTo(seeing(machines, true), 9);
  expect(seeing([], true)).toBe(0);
});

it('counts a pool as large and as dear as it was last seen whole, when neither machines nor agents are seen', () => {
  const machines = Array.from({ length: 6 }, (_, nth) => aMachine(`i-${nth}`));
  const agents = machines.map((machine) => anAgent(machine, { used: anAgent(machine).total }));
  const usdPerHour = 6 * 0.2016;
  const spec = aSpec({
    pools: [aPool({ size: { min: 0, max: 7 } })],
    limits: { machines: 1000, usdPerHour: usdPerHour + 0.1 },
  });
  const seen = plan(anInput({ spec, world: aWorld({ machines, agents }) }));
  expect(seen.memory.seen).toMatchObject([{ pool: 'web', machines: 6 }]);
  const blind = anInput({
    spec,
    memory: seen.memory,
    world: {
      ...aWorld({ queue }),
      clouds: [{ ...source([], { complete: false, faults: ['denied'] }), scope }],
      agents: source([], { complete: false, faults: ['cut off'] }),
    },
  });
  expect(launchesOf(plan(blind))).toEqual([]);
  expect(launchesOf(plan({ ...blind, memory: { ...seen.memory, seen: [] } }))).not.toEqual([]);
});
