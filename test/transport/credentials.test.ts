import { describe, expect, test } from '@jest/globals';
import { authorizationOf, createCredentials } from '../../lib/transport/credentials';

describe('credentials', () => {
  test.each([
    ['ops:s3cret', 'Basic b3BzOnMzY3JldA=='],
    ['ops:with:colons', `Basic ${Buffer.from('ops:with:colons').toString('base64')}`],
    ['ops:', 'Basic b3BzOg=='],
    ['ops:s3cret\n', 'Basic b3BzOnMzY3JldA=='],
    ['bearer abc.def', 'Bearer abc.def'],
    ['Bearer abc.def', 'Bearer abc.def'],
    ['token=eyJ0', 'token=eyJ0'],
  ])('%j becomes its header', (secret, header) => {
    expect(authorizationOf(secret, 'mesos.auth')).toBe(header);
  });

  test.each(['', 'justaword', ':nouser', 'two\nlines:x', 'bearer a b'])(
    '%j is refused by the name of its setting and never shown',
    (secret) => {
      let message = '';
      try {
        authorizationOf(secret, 'mesos.auth');
      } catch (error) {
        message = String(error);
      }
      expect(message).toContain('mesos.auth');
      if (secret !== '') expect(message).not.toContain(secret.trim());
    },
  );

  test('are resolved once, and anew after they were refused', async () => {
    const values = ['a:1', 'a:2'];
    const secrets = { resolve: async () => values.shift() ?? 'none' };
    const credentials = createCredentials({ auth: 'ssm:/x', secrets, setting: 'mesos.auth' });
    const first = await credentials.headers();
    expect(await credentials.headers()).toEqual(first);
    credentials.forget();
    expect(await credentials.headers()).not.toEqual(first);
  });

  test('are no header at all when none are configured', async () => {
    const secrets = { resolve: () => Promise.reject(new Error('asked')) };
    expect(await createCredentials({ secrets, setting: 'mesos.auth' }).headers()).toEqual({});
  });
});
