import { describe, expect, test } from '@jest/globals';
import { smallWorld } from './small-world';

describe('the parameter store', () => {
  test('shows a SecureString only to those who ask to decrypt', () => {
    const { ssm } = smallWorld();
    ssm.PutParameter({ Name: '/muster/prod/secret', Type: 'SecureString', Value: 'hunter2' });
    const sealed = ssm.GetParameter({ Name: '/muster/prod/secret' }).Parameter;
    expect(sealed.Value).not.toContain('hunter2');
    expect(ssm.GetParameter({ Name: '/muster/prod/secret', WithDecryption: true }).Parameter).toMatchObject({
      Value: 'hunter2',
      Version: 1,
      ARN: 'arn:aws:ssm:us-east-1:123456789012:parameter/muster/prod/secret',
    });
  });

  test('overwrites only when told to, and counts versions', () => {
    const { ssm } = smallWorld();
    ssm.PutParameter({ Name: 'a', Type: 'String', Value: '1' });
    expect(() => ssm.PutParameter({ Name: 'a', Type: 'String', Value: '2' })).toThrow('already exists');
    expect(ssm.PutParameter({ Name: 'a', Value: '2', Overwrite: true }).Version).toBe(2);
    expect(() => ssm.PutParameter({ Name: 'b', Value: '2' })).toThrow('parameter type is required');
  });

  test('names what is missing, singly or in a list', () => {
    const { ssm } = smallWorld();
    ssm.PutParameter({ Name: '/a', Type: 'String', Value: '1' });
    expect(() => ssm.GetParameter({ Name: '/b' })).toThrow('/b not found');
    const answer = ssm.GetParameters({ Names: ['/a', '/b'] });
    expect([answer.Parameters.map(({ Name }) => Name), answer.InvalidParameters]).toEqual([['/a'], ['/b']]);
  });

  test('lists a path by pages of ten, deeper ones only when recursive', () => {
    const { ssm } = smallWorld();
    for (let number = 10; number < 22; number += 1)
      ssm.PutParameter({ Name: `/p/${number}`, Type: 'String', Value: 'x' });
    ssm.PutParameter({ Name: '/p/deep/er', Type: 'String', Value: 'x' });
    const first = ssm.GetParametersByPath({ Path: '/p' });
    expect(first.Parameters).toHaveLength(10);
    expect(ssm.GetParametersByPath({ Path: '/p', NextToken: first.NextToken ?? '' }).Parameters).toHaveLength(
      2,
    );
    const rest = ssm.GetParametersByPath({ Path: '/p/', Recursive: true, NextToken: '10' });
    expect(rest.Parameters.map(({ Name }) => Name)).toContain('/p/deep/er');
  });
});
