import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { createMemoryStore } from '../../lib/embedded/memory-store';
import { claim, listIntents, readHead, release, want } from '../../lib/engine/head';
import type { Sender, Store } from '../../lib/engine/ports';
import { NOW } from '../builders/fleet';

const C = 'prod';
const LEASE = 60_000;
const noWake: Sender = { send: async () => undefined };
const collect = (): Sender & { readonly sent: string[] } => {
  const sent: string[] = [];
  return {
    sent,
    send: async (body) => {
      sent.push(body);
    },
  };
};

describe('the head item', () => {
  test('is held by one turn at a time until its lease ends', async () => {
    const store = createMemoryStore();
    expect(await claim(store, C, NOW, LEASE)).toMatchObject({ epoch: NOW });
    expect(await claim(store, C, NOW + 1, LEASE)).toBeUndefined();
    expect(await claim(store, C, NOW + LEASE, LEASE)).toMatchObject({ epoch: NOW + LEASE });
  });

  test('counts epochs upwards even when the clock stands still or goes back', async () => {
    const store = createMemoryStore();
    const first = await claim(store, C, NOW, 0);
    const second = await claim(store, C, NOW, 0);
    const third = await claim(store, C, NOW - 1000, 0);
    expect([first?.epoch, second?.epoch, third?.epoch]).toEqual([NOW, NOW + 1, undefined]);
  });

  test('lets a deposed turn list no intent', async () => {
    const store = createMemoryStore();
    const old = await claim(store, C, NOW, LEASE);
    const young = await claim(store, C, NOW + LEASE, LEASE);
    if (old === undefined || young === undefined) throw new Error('both turns should have had the lease');
    await expect(listIntents(store, old, ['a'])).rejects.toMatchObject({ kind: 'conflict', code: 'deposed' });
    await listIntents(store, young, ['b']);
    await release(store, noWake, old);
    expect(await readHead(store, C)).toMatchObject({ intents: ['b'], leaseUntil: NOW + 2 * LEASE });
  });

  test('sends one wake for many events until it is claimed', async () => {
    const store = createMemoryStore();
    const answers = [];
    for (let nth = 0; nth < 5; nth += 1)
      answers.push(await want(store, C, { count: 1, now: NOW + nth, always: false }));
    expect(answers).toEqual([{ delayMs: 0 }, 'never', 'never', 'never', 'never']);
    await claim(store, C, NOW + 10, LEASE);
    expect(await want(store, C, { count: 1, now: NOW + 2_000, always: false })).toEqual({ delayMs: 0 });
  });

  test('sends a wake again for a tick or a redelivered batch, and after ten seconds', async () => {
    const store = createMemoryStore();
    await want(store, C, { count: 1, now: NOW, always: false });
    expect(await want(store, C, { count: 1, now: NOW + 1, always: true })).toEqual({ delayMs: 0 });
    expect(await want(store, C, { count: 1, now: NOW + 10_001, always: false })).toEqual({ delayMs: 0 });
  });

  test('lets events gather for a second when a turn has just begun', async () => {
    const store = createMemoryStore();
    await claim(store, C, NOW, 0);
    expect(await want(store, C, { count: 1, now: NOW + 200, always: false })).toEqual({ delayMs: 1_000 });
    expect(await want(store, C, { count: 1, now: NOW + 300, always: false })).toBe('never');
  });

  test('a release that missed events wakes again, and one that covered all does not', async () => {
    const store = createMemoryStore();
    const wake = collect();
    const head = await claim(store, C, NOW, LEASE);
    if (head === undefined) throw new Error('the lease should be free');
    await want(store, C, { count: 3, now: NOW + 1, always: false });
    await release(store, wake, head);
    expect(wake.sent.length).toBe(1);
    const next = await claim(store, C, NOW + 2, LEASE);
    if (next === undefined) throw new Error('the lease should be free again');
    await release(store, wake, next);
    expect(wake.sent.length).toBe(1);
  });

  test('a release that missed a storm lets a second of it pass, so that the next turn covers it', async () => {
    const store = createMemoryStore();
    const delays: (number | undefined)[] = [];
    const wake: Sender = {
      send: async (_body, options) => void delays.push(options?.delayMs),
    };
    for (const count of [1, 1000]) {
      const head = await claim(store, C, NOW, LEASE);
      if (head === undefined) throw new Error('the lease should be free');
      await want(store, C, { count, now: NOW + 1, always: false });
      await release(store, wake, head);
    }
    expect(delays).toEqual([0, 1000]);
  });

  test('no interleaving of events and turns loses a wake-up', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.integer({ min: 1, max: 4 }), async (scheduler, events) => {
        const inner = createMemoryStore();
        const step = <T>(work: () => Promise<T>): Promise<T> =>
          scheduler.schedule(Promise.resolve(undefined)).then(work);
        const store: Store = {
          get: (key) => step(() => inner.get(key)),
          list: (pk, options) => step(() => inner.list(pk, options)),
          put: (item, condition) => step(() => inner.put(item, condition)),
          update: (key, change, condition) => step(() => inner.update(key, change, condition)),
          remove: (key, condition) => step(() => inner.remove(key, condition)),
        };
        let covered = 0;
        const turns: Promise<void>[] = [];
        const wake: Sender = {
          send: async () => {
            turns.push(turn());
          },
        };
        const turn = async (): Promise<void> => {
          const head = await claim(store, C, NOW, LEASE);
          if (head === undefined) return;
          covered = Math.max(covered, head.wanted);
          await release(store, wake, head);
        };
        const event = async (): Promise<void> => {
          if ((await want(store, C, { count: 1, now: NOW, always: false })) !== 'never') await wake.send('');
        };
        const arrivals = Array.from({ length: events }, event);
        await scheduler.waitFor(Promise.all(arrivals));
        for (let done = 0; done < turns.length; done += 1)
          await scheduler.waitFor(turns[done] ?? Promise.resolve());
        expect(covered).toBe(events);
      }),
      { numRuns: 500 },
    );
  });
});
