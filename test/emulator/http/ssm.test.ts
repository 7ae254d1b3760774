import {
  GetParameterCommand,
  GetParametersByPathCommand,
  GetParametersCommand,
  PutParameterCommand,
  SSMClient,
} from '@aws-sdk/client-ssm';
import { describe, expect, test } from '@jest/globals';
import type { Serving } from './served-world';
import { send, serving } from './served-world';

const client = (served: Serving, accessKeyId = 'AKIDEXAMPLE'): SSMClient =>
  new SSMClient({
    region: 'us-east-1',
    endpoint: served.ssmUrl,
    credentials: { accessKeyId, secretAccessKey: 'not-a-secret' },
    maxAttempts: 1,
  });

describe('the parameter store as its own client sees it', () => {
  test('gives a secret in clear only when asked to, with its time as a time', async () => {
    const served = await serving();
    const ssm = client(served);
    await ssm.send(
      new PutParameterCommand({ Name: '/muster/c1/mesos', Value: 'ops:s3cret', Type: 'SecureString' }),
    );
    const open = await ssm.send(new GetParameterCommand({ Name: '/muster/c1/mesos', WithDecryption: true }));
    expect(open.Parameter).toMatchObject({ Value: 'ops:s3cret', Type: 'SecureString', Version: 1 });
    expect(open.Parameter?.LastModifiedDate?.getTime()).toBe(served.world.now());
    const sealed = await ssm.send(new GetParameterCommand({ Name: '/muster/c1/mesos' }));
    expect(sealed.Parameter?.Value).not.toContain('s3cret');
  });

  test('names what is not there', async () => {
    const served = await serving();
    const ssm = client(served);
    await expect(ssm.send(new GetParameterCommand({ Name: '/nothing' }))).rejects.toMatchObject({
      name: 'ParameterNotFound',
      $fault: 'client',
    });
    const several = await ssm.send(new GetParametersCommand({ Names: ['/nothing'] }));
    expect(several).toMatchObject({ Parameters: [], InvalidParameters: ['/nothing'] });
  });

  test('reads a path in pages of ten at most', async () => {
    const served = await serving();
    const ssm = client(served);
    for (let n = 10; n < 25; n += 1)
      await ssm.send(new PutParameterCommand({ Name: `/muster/c1/p${n}`, Value: `${n}`, Type: 'String' }));
    const first = await ssm.send(new GetParametersByPathCommand({ Path: '/muster/c1', Recursive: true }));
    expect(first.Parameters).toHaveLength(10);
    const rest = await ssm.send(
      new GetParametersByPathCommand({
        Path: '/muster/c1',
        Recursive: true,
        ...(first.NextToken === undefined ? {} : { NextToken: first.NextToken }),
      }),
    );
    expect(rest.Parameters).toHaveLength(5);
    expect(rest.NextToken).toBeUndefined();
  });

  test('refuses what it does not know: a key, an operation, a body', async () => {
    const served = await serving({ aws: { accessKeyId: 'AKIDEXAMPLE' } });
    await expect(
      client(served, 'AKIDOTHER').send(new GetParameterCommand({ Name: '/x' })),
    ).rejects.toMatchObject({ name: 'UnrecognizedClientException' });
    const open = await serving();
    const post = (target: string, body: string) =>
      send(open.ssmUrl, { method: 'POST', headers: { 'X-Amz-Target': `AmazonSSM.${target}` }, body });
    expect((await post('SendCommand', '{}')).body).toContain('UnknownOperationException');
    expect((await post('GetParameter', '{')).body).toContain('SerializationException');
    expect((await post('GetParameter', '{"Name":1}')).body).toContain('ValidationException');
  });
});
