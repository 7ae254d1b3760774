import { describe, expect, test } from '@jest/globals';
import { references } from '../../lib/wiring/references';

const secrets = references({
  ssm: { resolve: async (reference) => `from the store: ${reference}` },
  variable: (name) => (name === 'TOKEN' ? 'from the environment' : undefined),
});

describe('a reference', () => {
  test.each([
    ['ssm:/muster/token', 'from the store: ssm:/muster/token'],
    ['env:TOKEN', 'from the environment'],
    ['ami-0123456789abcdef0', 'ami-0123456789abcdef0'],
    ['projects/acme/global/images/family/agent', 'projects/acme/global/images/family/agent'],
  ])('%s leads to its value', async (reference, value) => {
    expect(await secrets.resolve(reference)).toBe(value);
  });

  test('to a variable that is not set names it, and where it is asked for', async () => {
    await expect(secrets.resolve('env:NOWHERE')).rejects.toMatchObject({
      kind: 'permanent',
      message: expect.stringMatching(/NOWHERE is not set.*env:NOWHERE/),
    });
  });

  // Whoever read muster.yaml would know the token otherwise.
  test('to a place that cannot be read is never the secret itself', async () => {
    await expect(secrets.resolve('gcp:projects/acme/secrets/token')).rejects.toMatchObject({
      kind: 'permanent',
      message: expect.stringContaining('no client of Secret Manager'),
    });
  });
});
