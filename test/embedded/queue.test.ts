import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { openFileStore } from '../../lib/embedded/file-store';
import { createMemoryStore } from '../../lib/embedded/memory-store';
import { openQueue } from '../../lib/embedded/queue';
import { Failure } from '../../lib/engine/failure';
import type { Store } from '../../lib/engine/ports';
import { type OpenQueue, queueContract, VISIBILITY_MS } from '../contract/queue';
import { steppedClock } from '../contract/stepped-clock';
import { temporaryDirectories } from './temporary-directory';

const newDirectory = temporaryDirectories();
const now = { max: 10, waitMs: 0 };

const openOn = (store: Store, clock = steppedClock()) => {
  const each = { store, clock, visibilityMs: VISIBILITY_MS };
  const queue = openQueue({ ...each, name: 'events', deadLetter: { name: 'dead', maxReceives: 2 } });
  return {
    queue,
    deadLetters: openQueue({ ...each, name: 'dead' }),
    clock,
    pass: (ms: number) => clock.pass(ms),
  };
};

queueContract(
  'The embedded queue in memory',
  async (): Promise<OpenQueue> => ({
    ...openOn(createMemoryStore()),
    close: async () => undefined,
  }),
);
queueContract('The embedded queue on disk', async (): Promise<OpenQueue> => {
  const store = await openFileStore({ directory: await newDirectory(), onWarning: () => undefined });
  return { ...openOn(store), close: () => store.close() };
});

describe('The embedded queue', () => {
  test('keeps its messages, their delays and how often they were received over a restart', async () => {
    const directory = await newDirectory();
    const clock = steppedClock();
    const first = await openFileStore({ directory, onWarning: () => undefined });
    const before = openOn(first, clock);
    await before.queue.send('held');
    await before.queue.receive(now);
    await before.queue.send('waiting');
    await before.queue.send('delayed', { delayMs: 60_000 });
    await first.close();

    const second = await openFileStore({ directory, onWarning: () => undefined });
    const after = openOn(second, clock);
    // The clock stands where it stood: ids of the former process must not be taken again.
    await after.queue.send('new');
    expect((await after.queue.receive(now)).map(({ body }) => body).sort()).toEqual(['new', 'waiting']);
    await clock.pass(VISIBILITY_MS);
    expect(await after.queue.receive(now)).toMatchObject([
      { body: 'held', receives: 2 },
      { body: 'waiting', receives: 2 },
      { body: 'new', receives: 2 },
    ]);
    expect(await after.queue.size()).toBe(4);
    await second.close();
  });

  test('wakes for a delayed message when its time comes, not at the end of the wait', async () => {
    const { queue, clock } = openOn(createMemoryStore());
    const start = clock.now();
    await queue.send('later', { delayMs: 5000 });
    const waiting = queue.receive({ max: 1, waitMs: 20_000 }).then((found) => ({ found, at: clock.now() }));
    await clock.pass(20_000);
    expect(await waiting).toMatchObject({ found: [{ body: 'later' }], at: start + 5000 });
  });

  test('finds what can be received behind any number of hidden messages', async () => {
    const { queue } = openOn(createMemoryStore());
    for (let at = 0; at < 500; at += 1) await queue.send(`hidden ${at}`, { delayMs: 1000 });
    await queue.send('seen');
    expect(await queue.receive({ max: 1, waitMs: 0 })).toMatchObject([{ body: 'seen' }]);
  });

  test('that is closed ends every wait and keeps its messages', async () => {
    const { queue, clock } = openOn(createMemoryStore());
    const waiting = queue.receive({ max: 1, waitMs: 20_000 });
    await clock.pass(0);
    queue.close();
    expect(await waiting).toEqual([]);
    await queue.send('kept');
    expect(await queue.size()).toBe(1);
  });

  test('an old receipt does not remove a message that somebody else has now', async () => {
    const { queue, clock } = openOn(createMemoryStore());
    await queue.send('a');
    const first = await queue.receive(now);
    await clock.pass(VISIBILITY_MS);
    const second = await queue.receive(now);
    await queue.acknowledge(first);
    expect(await queue.size()).toBe(1);
    await queue.acknowledge(second);
    expect(await queue.size()).toBe(0);
  });

  test('a write that fails at any moment loses no message and acknowledges none that was not handled', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.boolean(), { maxLength: 60 }),
        fc.integer({ min: 1, max: 8 }),
        async (fails, count) => {
          const { store, clock } = { store: createMemoryStore(), clock: steppedClock() };
          const flaky = failingWrites(store, fails);
          const { queue, deadLetters } = openOn(flaky, clock);
          const sent: string[] = [];
          const seen = new Set<string>();
          const quietly = (promise: Promise<unknown>) => promise.catch(() => undefined);
          for (let at = 0; at < count; at += 1)
            await quietly(queue.send(`${at}`).then(() => sent.push(`${at}`)));
          for (let round = 0; round < 60; round += 1) {
            for (const source of [queue, deadLetters])
              await quietly(
                source.receive(now).then((found) => {
                  for (const { body } of found) seen.add(body);
                  // Every other one is not handled, so that dead letters come up too.
                  return source.acknowledge(found.filter((_, at) => at % 2 === 0));
                }),
              );
            await clock.pass(VISIBILITY_MS);
          }
          expect([...seen]).toEqual(expect.arrayContaining(sent));
          expect(await queue.size()).toBe(0);
        },
      ),
      { numRuns: 40 },
    );
  });
});

/** Fails the writes that the list says, before or after they are done; then works. */
const failingWrites = (store: Store, fails: readonly boolean[]): Store => {
  let at = 0;
  const guard = async <T>(write: () => Promise<T>): Promise<T> => {
    const [isLost, isDone] = [fails[at], fails[at + 1]];
    at += 2;
    if (isLost !== true) return write();
    if (isDone === true) await write().catch(() => undefined);
    throw new Failure('unknown-outcome', 'lost');
  };
  return {
    ...store,
    put: (...given) => guard(() => store.put(...given)),
    update: (...given) => guard(() => store.update(...given)),
    remove: (...given) => guard(() => store.remove(...given)),
  };
};
