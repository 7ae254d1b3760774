import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { isLive } from '../../lib/core/model/machine';
import { readFacts } from '../../lib/engine/facts';
import { readHead } from '../../lib/engine/head';
import { recall } from '../../lib/engine/recall';
import { playStorm, type Storm, stormBody } from '../builders/event-storm';
import { SCOPE } from '../builders/emulated-fleet';
import { NOW } from '../builders/fleet';
import type { Message } from '../builders/lambda';

const EVENTS = 10_000;

/** Every twentieth event comes twice, the last of them as ones that were delivered before, and nothing in order. */
const storm = (order: readonly number[]): readonly Message[] => {
  const once = order.map((nth): Message => ({ id: `m${nth}`, body: stormBody(nth, NOW), sentAt: NOW }));
  const again = once
    .filter((_, at) => at % 20 === 0)
    .map(
      (message, at, all): Message => ({
        ...message,
        id: `${message.id}-again`,
        receives: at > all.length - 5 ? 2 : 1,
      }),
    );
  return [...once, ...again];
};

/** A permutation that a linear step makes: far apart neighbours, everything once. */
const mixed = Array.from({ length: EVENTS }, (_, at) => (at * 7919 + 13) % EVENTS);

const factsOf = async ({ fleet }: Storm) => {
  const scopes = [
    { kind: 'cluster', cluster: 'prod' },
    { kind: 'cloud', ...SCOPE },
  ] as const;
  return (await readFacts(fleet.engine.store, scopes, fleet.world.now())).value;
};

describe('10,000 events in one second', () => {
  test.each([50, 300, 1500])(
    'cost at most five turns, and none is lost (far ends take %i ms)',
    async (ms) => {
      const messages = storm(mixed);
      const result = await playStorm(messages, ms);
      console.info(
        `storm: ${result.messages} messages in 1 s, far ends ${ms} ms: ${result.turns} turns, ${result.held} wakes found the lease held, ${result.ingestWrites} writes by ingest, ${result.turnWrites} by turns`,
      );
      expect(result.failures).toBe(0);
      expect(result.turns).toBeGreaterThan(0);
      expect(result.turns).toBeLessThanOrEqual(5);
      const facts = await factsOf(result);
      // Four of five are about as many subjects; the fifth is one alert that fires over and over.
      expect(facts.length).toBe((EVENTS * 4) / 5 + 1);
      const head = await readHead(result.fleet.engine.store, 'prod');
      expect(head).toMatchObject({ wanted: messages.length, leaseUntil: 0, intents: [] });
      const { floors } = (await recall(result.fleet.engine.store, 'prod')).memory;
      expect(floors.length).toBe(1);
      expect(result.fleet.machines().filter(isLive).length).toBe(floors[0]?.min);
    },
  );
});

test('a small storm in any order ends in the same facts and the same fleet', async () => {
  const order = fc.shuffledSubarray(
    Array.from({ length: 40 }, (_, at) => at),
    { minLength: 40 },
  );
  const calm = await factsOf(await playStorm(storm(Array.from({ length: 40 }, (_, at) => at)), 200));
  const sorted = (facts: typeof calm) => facts.map((fact) => JSON.stringify(fact)).sort();
  await fc.assert(
    fc.asyncProperty(order, async (list) => {
      const result = await playStorm(storm(list), 200);
      expect(sorted(await factsOf(result))).toEqual(sorted(calm));
      const { floors } = (await recall(result.fleet.engine.store, 'prod')).memory;
      expect(floors.length).toBe(1);
      expect(result.fleet.machines().filter(isLive).length).toBe(floors[0]?.min);
    }),
    { numRuns: 10 },
  );
});
