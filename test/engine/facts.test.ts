import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import type { Fact } from '../../lib/core/model/signal';
import { createMemoryStore } from '../../lib/embedded/memory-store';
import { readFacts, storeFact } from '../../lib/engine/facts';
import { MINUTE, NOW } from '../builders/fleet';

const scope = { kind: 'cluster', cluster: 'prod' } as const;
const alarm = (name: string, at: number, state: 'OK' | 'ALARM'): Fact => ({
  scope,
  subject: name,
  dedupeKey: 'state',
  at,
  expiresAt: at + MINUTE,
  body: { kind: 'alarm', name, state },
});

describe('facts', () => {
  test('of one subject and kind are one, and the newer event wins in whatever order they come', async () => {
    const events = fc.array(
      fc.record({ name: fc.constantFrom('a', 'b', 'a/b'), at: fc.integer({ min: 0, max: 5 }) }),
      { minLength: 1, maxLength: 12 },
    );
    await fc.assert(
      fc.asyncProperty(events, async (list) => {
        const store = createMemoryStore();
        for (const { name, at } of list)
          await storeFact(store, alarm(name, NOW + at, at % 2 === 0 ? 'OK' : 'ALARM'));
        const { value, complete } = await readFacts(store, [scope], NOW);
        const newest = new Map<string, number>();
        for (const { name, at } of list) newest.set(name, Math.max(newest.get(name) ?? 0, at));
        expect(complete).toBe(true);
        expect(new Map(value.map(({ subject, at }) => [subject, at - NOW]))).toEqual(newest);
      }),
    );
  });

  test('stay an hour longer than they hold, so that a late turn can say that it was too late', async () => {
    const store = createMemoryStore();
    await storeFact(store, alarm('a', NOW, 'ALARM'));
    await store.dropExpired(NOW + 60 * MINUTE);
    expect((await readFacts(store, [scope], NOW)).value.length).toBe(1);
    await store.dropExpired(NOW + 62 * MINUTE);
    expect((await readFacts(store, [scope], NOW)).value).toEqual([]);
  });
});
