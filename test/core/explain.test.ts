import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { clock, explain, explainOutcome } from '../../lib/core/explain';
import { plan } from '../../lib/core/plan';
import { fleets } from '../builders/core-worlds';
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
} from '../builders/fleet';

const [offering] = offeringsOf();
if (offering === undefined) throw new Error('there is an offering');

describe('a plan in sentences', () => {
  test('tells what it does, for whom, what it cannot do and why, what that costs, and what is odd', () => {
    const old = aMachine('i-old', { launchedAt: NOW - 600 * MINUTE });
    const late = aMachine('i-late', { launchedAt: NOW - 16 * MINUTE });
    const input = anInput({
      spec: aSpec({ pools: [aPool({ size: { min: 0, max: 4 } })] }),
      world: aWorld({
        machines: [old, late, aMachine('i-lost', { pool: 'batch' })],
        agents: [
          anAgent(old, { used: some(2, 8192) }),
          anAgent(aMachine('i-gone')),
          anAgent(aMachine('i-x'), { id: 'theirs', hostname: 'db-1', attributes: {} }),
        ],
        queue: [
          waiting(anApp('/shop/web', { each: some(1.5, 4096) }), 3),
          waiting(anApp('/shop/search', { each: some(30, 1024) }), 1),
          waiting(anApp('/shop/crash'), 2, { backoffMs: 40_500 }),
          waiting(anApp('/shop/young'), 1, { since: NOW - 1000 }),
        ],
      }),
    });
    expect(explain(plan(input))).toMatchInlineSnapshot(`
[
  "End 1 machine of pool web (i-late): no agent of pool web registered from it within 15 min (0 of 3 strikes before).",
  "/shop/crash wants 2 instances (1 cpu, 2048 MiB each): waits 41 s after failures; machines do not cure that.",
  "/shop/search wants 1 instance (30 cpu, 1024 MiB each): agents lack cpus; one instance is larger than every shape that the pools allow; 1 stays without room.",
  "/shop/web wants 3 instances (1.5 cpu, 4096 MiB each): agents lack cpus; 3 fit on agents that are there.",
  "/shop/young wants 1 instance (1 cpu, 2048 MiB each): is only seconds old; Marathon may place it by itself.",
  "Machine i-lost names the pool batch, which muster.yaml does not have.",
  "Agent agent-i-gone on i-gone.internal belongs to no machine that the cloud lists.",
  "Agent theirs on db-1 is none of ours; its room counts, and nothing is done to it.",
]
`);
  });

  test('tells when what is cold may be tried again', () => {
    const cold = [
      { key: 'aws/us-east-1/*/*/*', code: 'x', failures: 1, since: NOW, until: NOW + 3 * MINUTE },
    ];
    const world = aWorld({ queue: [waiting(anApp('/a'), 2)] });
    expect(explain(plan(anInput({ world, memory: remembering({ cold }) })))).toMatchInlineSnapshot(`
[
  "/a wants 2 instances (1 cpu, 2048 MiB each): agents lack cpus; the offerings that would take it had a capacity error lately; 2 stay without room.",
  "Not done for 2 of /a, offerings-cold: agents lack cpus; the offerings that would take it had a capacity error lately (until 08:03 UTC).",
  "Not done for web, offerings-cold: every offering had a capacity error lately (until 08:03 UTC).",
]
`);
  });

  test('tells by whom it is paused, and what the cap leaves out', () => {
    const world = aWorld({ queue: [waiting(anApp('/a', { each: some(3, 6000) }), 6)] });
    const pause = { since: NOW, by: 'ann', reason: 'a fire in the data centre', until: NOW + 90 * MINUTE };
    expect(explain(plan(anInput({ world, memory: remembering({ pause }) })))).toMatchInlineSnapshot(`
[
  "/a wants 6 instances (3 cpu, 6000 MiB each): agents lack cpus; 6 stay without room.",
  "Not done for 2 of web, paused: they would be bought; ann paused it: a fire in the data centre (until 09:30 UTC).",
]
`);
    const spec = aSpec({ limits: { machines: 50, usdPerHour: 1 } });
    expect(explain(plan(anInput({ world, spec })))).toMatchInlineSnapshot(`
[
  "Buy 1 x m7i.4xlarge on-demand in us-east-1a for pool web at $0.806 an hour; if that has no capacity, m7i.4xlarge on-demand in us-east-1b.",
  "/a wants 6 instances (3 cpu, 6000 MiB each): agents lack cpus; the spend cap allows no more machines; 5 get room from what is bought now, 1 stays without room.",
  "Not done for prod, spend-cap: all that is wanted would cost up to $1.07 an hour more on top of $0.00, $782 a month; the cap is $1.00 an hour, $730 a month.",
  "The fleet costs $0.000 an hour now; this plan adds $0.806 an hour after Marathon's own placement (the same by packing alone); no plan can cost less than $0.806 (volume), so this is 1.000 times the bound.",
]
`);
  });

  test('says that there is nothing to do, also where something is odd', () => {
    const theirs = anAgent(aMachine('i-x'), { id: 'theirs', hostname: 'db-1', attributes: {} });
    expect(explain(plan(anInput()))).toEqual([
      'Nothing to do: every task has a place and every pool has its size.',
    ]);
    const sentences = explain(plan(anInput({ world: aWorld({ agents: [theirs] }) })));
    expect(sentences).toHaveLength(2);
    expect(sentences[1]).toContain('theirs on db-1');
  });

  test('names every source that could not be seen', () => {
    const world = aWorld(
      {},
      { offerings: source([], { complete: false, faults: ['no prices of us-east-1'] }) },
    );
    expect(explain(plan(anInput({ world })))).toContain('No prices of us-east-1.');
  });

  test('says each thing once', () => {
    fc.assert(
      fc.property(fleets, (input) => {
        const sentences = explain(plan(input));
        expect(new Set(sentences).size).toBe(sentences.length);
      }),
      { numRuns: 60 },
    );
  });
});

describe('an outcome in sentences', () => {
  test('names the machines, and each offering that refused with its code', () => {
    const error = {
      offering,
      code: 'InsufficientInstanceCapacity',
      message: 'none left',
      kind: 'capacity' as const,
    };
    const base = { kind: 'launched' as const, action: 'a', pool: 'web', at: NOW, asked: 2 };
    expect(explainOutcome({ ...base, machines: [{ id: 'i-1', offering }], errors: [error] })).toEqual([
      'Bought 1 of 2 for pool web: i-1 (m7i.large spot in us-east-1a).',
      'No capacity from m7i.large spot in us-east-1a: InsufficientInstanceCapacity (none left); it stays cold for a while.',
    ]);
    expect(explainOutcome({ ...base, machines: [], errors: [] })).toEqual([
      'Nothing was bought of the 2 asked for in pool web.',
    ]);
  });

  test('names what could not be ended, what is unknown and what was refused', () => {
    const failed = [{ id: 'i-2', message: 'termination protection is on' }];
    expect(explainOutcome({ kind: 'terminated', action: 'a', at: NOW, machines: ['i-1'], failed })).toEqual([
      'Ended i-1.',
      'Could not end i-2: termination protection is on.',
    ]);
    expect(explainOutcome({ kind: 'unknown', action: 'a', at: NOW, message: 'timed out' })[0]).toContain(
      'it will be read back',
    );
  });
});

test('a moment is told as the time of day', () => {
  expect(clock(NOW + 5 * MINUTE)).toBe('08:05 UTC');
});
