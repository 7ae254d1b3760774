import { describe, expect, test } from '@jest/globals';
import { once } from '../../lib/wiring/functions';

describe('what a function makes once', () => {
  test('is one for all who ask, even at the same time', async () => {
    let made = 0;
    const get = once(async () => (made += 1));
    expect(await Promise.all([get(), get()])).toEqual([1, 1]);
    expect(await get()).toBe(1);
  });

  test('is made again after it failed: a function that is kept warm is not lost for good', async () => {
    let tries = 0;
    const get = once(async () => {
      tries += 1;
      if (tries === 1) throw new Error('not yet');
      return tries;
    });
    await expect(get()).rejects.toThrow('not yet');
    expect(await get()).toBe(2);
  });
});
