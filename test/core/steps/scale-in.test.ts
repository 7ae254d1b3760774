import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { check } from '../../../lib/core/check';
import { floorOf } from '../../../lib/core/floors';
import { takesTasks } from '../../../lib/core/hosts';
import { closingIn, isEmpty } from '../../../lib/core/leaving';
import type { Leaving } from '../../../lib/core/model/memory';
import type { Pool } from '../../../lib/core/model/spec';
import { placeAll } from '../../../lib/core/place';
import { plan } from '../../../lib/core/plan';
import { scaleIn } from '../../../lib/core/steps/scale-in';
import { Supply } from '../../../lib/core/supply';
import { budgetOf, type PlanInput, poolSize, type View, viewOf, withMemory } from '../../../lib/core/view';
import { demandOf, hostsAfter, openMarket, tallyOf, wantsOf } from '../../../lib/core/wanted';
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
  remembering,
  some,
  waiting,
} from '../../builders/fleet';

const whole = { budget: { percent: 100 }, windows: [], emptyForMs: 5 * MINUTE } as const;
const old = { launchedAt: NOW - 900 * MINUTE };

/** Idle agents on machines of these shapes, in this order, for longer than the pool wants. */
const idle = (
  shapes: readonly string[],
  pool: Partial<Pool> = {},
  more: Partial<PlanInput['world']> = {},
) => {
  const machines = shapes.map((shape, nth) => aMachine(`i-${nth}`, { ...old, shape }));
  const agents = machines.map((machine) => anAgent(machine));
  const leaving = machines.map(
    (machine, nth): Leaving => ({
      agent: agents[nth]?.id ?? '',
      machine: machine.id,
      pool: 'web',
      phase: 'idle',
      since: NOW - 6 * MINUTE,
      emptyAt: [],
    }),
  );
  const input = anInput({
    spec: aSpec({ pools: [aPool({ disruption: whole, ...pool })] }),
    world: { ...aWorld({ machines, agents }), ...more },
    memory: remembering({ leaving }),
  });
  return { input, agents, leaving };
};

const after = (input: PlanInput) => scaleIn(viewOf(input), []);
const machinesOf = (input: PlanInput, kind: 'deactivate' | 'reactivate' | 'mark-gone') =>
  after(input).actions.flatMap((action) => (action.kind === kind ? [action.machine] : []));

describe('idle agents', () => {
  test('leave the dearest first', () => {
    const { input } = idle(['m7i.large', 'm7i.4xlarge', 'm7i.xlarge'], { size: { min: 1, max: 9 } });
    expect(machinesOf(input, 'deactivate')).toEqual(['i-1', 'i-2']);
  });

  test('are remembered from the first look on, and leave no sooner than the pool says', () => {
    const { input } = idle(['m7i.large']);
    const first = after({ ...input, memory: remembering({}) });
    expect(first).toMatchObject({ actions: [], memory: { leaving: [{ phase: 'idle', since: NOW }] } });
    const early = [{ ...idle(['m7i.large']).leaving[0], since: NOW - 4 * MINUTE }] as Leaving[];
    expect(machinesOf({ ...input, memory: remembering({ leaving: early }) }, 'deactivate')).toEqual([]);
    expect(machinesOf(input, 'deactivate')).toEqual(['i-0']);
  });

  test('on which a framework has reserved something stay: its data may be there', () => {
    const { input, agents } = idle(['m7i.large']);
    const holding = agents.map((agent) => ({ ...agent, reserved: { db: some(1, 1024) } }));
    const world = { ...input.world, agents: { ...input.world.agents, value: holding } };
    expect(after({ ...input, world })).toMatchObject({ actions: [], memory: { leaving: [] } });
  });

  test('return for a floor that what cannot return any more would leave unmet', () => {
    const { input, agents, leaving } = idle(['m7i.large', 'm7i.large', 'm7i.large'], {
      size: { min: 2, max: 9 },
    });
    const deactivated = agents.map((agent) => ({ ...agent, active: false, deactivated: true }));
    const world = { ...input.world, agents: { ...input.world.agents, value: deactivated } };
    const proven = [NOW - 20_000, NOW - 10_000];
    const closing = leaving.map(
      (entry, nth): Leaving => ({ ...entry, phase: 'closing', emptyAt: nth < 2 ? proven : [] }),
    );
    const memory = remembering({ leaving: closing });
    expect(machinesOf({ ...input, world, memory }, 'reactivate')).toEqual(['i-2']);
  });

  test('leave ten at a time where the pool is small, so that an error of ours is not a whole fleet', () => {
    const { input } = idle(Array.from({ length: 30 }, () => 'm7i.large'));
    expect(machinesOf(input, 'deactivate').length).toBe(10);
  });

  test('are marked gone after the second of two reads that are five seconds apart', () => {
    const { input, agents, leaving } = idle(['m7i.large']);
    const [agent] = agents;
    const at = (emptyAt: readonly number[]): PlanInput => ({
      ...input,
      world: {
        ...input.world,
        agents: {
          ...input.world.agents,
          value: agent === undefined ? [] : [{ ...agent, active: false, deactivated: true }],
        },
      },
      memory: remembering({ leaving: leaving.map((entry) => ({ ...entry, phase: 'closing', emptyAt })) }),
    });
    expect(machinesOf(at([]), 'mark-gone')).toEqual([]);
    expect(machinesOf(at([NOW - 2000]), 'mark-gone')).toEqual([]);
    expect(machinesOf(at([NOW - 6000]), 'mark-gone')).toEqual(['i-0']);
  });

  test('of which one runs a task after all returns', () => {
    const { input, agents, leaving } = idle(['m7i.large']);
    const busy = agents.map((agent) => ({ ...agent, active: false, deactivated: true, used: some(1, 512) }));
    const world = { ...input.world, agents: { ...input.world.agents, value: busy } };
    const memory = remembering({ leaving: leaving.map((entry) => ({ ...entry, phase: 'closing' })) });
    expect(machinesOf({ ...input, world, memory }, 'reactivate')).toEqual(['i-0']);
  });

  test('stay for what waits and would fit on them alone', () => {
    const { input } = idle(['m7i.large', 'm7i.large']);
    const queue = { ...input.world.queue, value: [waiting(anApp('/a', { each: some(1, 1024) }), 1)] };
    expect(machinesOf({ ...input, world: { ...input.world, queue } }, 'deactivate').length).toBe(1);
  });
});

const unplaced = (view: View, memory: View['memory']): number => {
  const after = withMemory(view, memory);
  const wants = wantsOf(after, demandOf(after).wanted, openMarket(after));
  const context = { groupBy: view.spec.marathon.groupBy, tally: tallyOf(after, wants) };
  return placeAll(new Supply(hostsAfter(after, [])), wants, context).reduce(
    (sum, line) => sum + line.unplaced,
    0,
  );
};

/** Every agent that could be idle has been so for long, in pools of any budget. */
const idleFleets = fc
  .record({ input: fleets, agents: fc.integer({ min: 0, max: 6 }), min: fc.integer({ min: 0, max: 2 }) })
  .map(({ input, agents, min }): PlanInput => {
    const pools = input.spec.pools.map((pool) => ({
      ...pool,
      size: { ...pool.size, min },
      disruption: { ...whole, budget: { agents } },
    }));
    const calm = steady({ ...input, spec: { ...input.spec, pools } });
    const { leaving } = scaleIn(viewOf(calm), []).memory;
    const aged = leaving.map((entry) => ({ ...entry, since: entry.since - 60 * MINUTE }));
    return { ...calm, memory: { ...calm.memory, leaving: aged } };
  });

/** Without machines on their way and tasks that have only begun to wait: then nothing leaves at all. */
const steady = (input: PlanInput): PlanInput => {
  const { joined } = viewOf(input).join;
  const coming = new Set(
    joined.flatMap(({ machine, standing }) =>
      standing === 'launching' || standing === 'booting' ? [machine.id] : [],
    ),
  );
  const { clouds, queue } = input.world;
  return {
    ...input,
    memory: { ...input.memory, expected: [] },
    world: {
      ...input.world,
      clouds: clouds.map((cloud) => ({ ...cloud, value: cloud.value.filter(({ id }) => !coming.has(id)) })),
      queue: {
        ...queue,
        value: queue.value.map((item) => ({ ...item, since: Math.min(item.since, NOW - MINUTE) })),
      },
    },
  };
};

describe('giving back machines of any fleet', () => {
  test('takes only what runs nothing, within budget and least size, and leaves nobody without room', () => {
    let given = 0;
    fc.assert(
      fc.property(idleFleets, (input) => {
        const view = viewOf(input);
        const { actions, memory } = scaleIn(view, []);
        const agents = new Map(input.world.agents.value.map((agent) => [agent.id, agent]));
        for (const action of actions) {
          if (action.kind === 'mark') continue;
          expect(action.kind).toBe('deactivate');
          const agent = action.kind === 'deactivate' ? agents.get(action.agent) : undefined;
          expect(agent !== undefined && takesTasks(agent) && isEmpty(agent)).toBe(true);
        }
        given += actions.length;
        for (const pool of view.pools.values()) {
          const closing = closingIn(memory.leaving, pool.name).length;
          expect(closing).toBeLessThanOrEqual(budgetOf(pool, poolSize(view, pool)));
          if (closing > 0) expect(poolSize(view, pool) - closing).toBeGreaterThanOrEqual(floorOf(view, pool));
        }
        expect(unplaced(view, memory)).toBeLessThanOrEqual(unplaced(view, view.memory));
        expect(scaleIn(viewOf({ ...input, memory }), []).memory.leaving).toEqual(memory.leaving);
        expect(scaleIn(viewOf({ ...input, round: 2 }), []).actions).toEqual([]);
        expect(check(plan(input), view)).toEqual([]);
      }),
      { numRuns: 200 },
    );
    expect(given).toBeGreaterThan(5);
  });
});
