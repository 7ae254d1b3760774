import { expect, test } from '@jest/globals';
import { createMemoryStore } from '../../lib/embedded/memory-store';
import { storeContract } from '../contract/store';

storeContract('The memory store', async () => ({ store: createMemoryStore(), close: async () => undefined }));

test('expired items stay until they are dropped, and only they are dropped', async () => {
  const store = createMemoryStore();
  await store.put({ pk: 'p', sk: 'past', expiresAt: 100 });
  await store.put({ pk: 'p', sk: 'later', expiresAt: 101 });
  await store.put({ pk: 'p', sk: 'never' });
  expect(await store.list('p')).toHaveLength(3);
  expect(await store.dropExpired(100_999)).toBe(1);
  expect((await store.list('p')).map(({ sk }) => sk)).toEqual(['later', 'never']);
});
