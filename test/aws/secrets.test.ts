import { afterEach, expect, test } from '@jest/globals';
import { z } from 'zod';
import { resolveImage, SsmSecrets } from '../../lib/aws/secrets';
import { NOW } from './requests';
import { type Received, type Reply, TEST_CREDENTIALS, wireServer } from './wire-server';

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const thing of open.splice(0).reverse()) await thing.close();
});

const error = (type: string, status = 400): Reply => ({
  status,
  body: JSON.stringify({ __type: type, message: `${type} it is` }),
});

/** A parameter store with the given values; names that start with `/forbidden` fail a call as a whole. */
const store = async (
  values: Record<string, string>,
  interfere: (request: Received) => Reply | undefined = () => undefined,
) => {
  const server = await wireServer((request) => {
    const given = interfere(request);
    if (given !== undefined) return given;
    const Names = namesIn(request);
    if (Names.some((name) => name.startsWith('/forbidden'))) return error('AccessDeniedException');
    return {
      body: JSON.stringify({
        Parameters: Names.flatMap((name) => {
          const [bare = '', version] = name.split(':');
          const value = values[bare];
          const selected = version === undefined ? {} : { Selector: `:${version}` };
          return value === undefined ? [] : [{ Name: bare, Value: value, Version: 3, ...selected }];
        }),
        InvalidParameters: Names.filter((name) => !((name.split(':')[0] ?? '') in values)),
      }),
    };
  });
  const time = { now: NOW };
  const secrets = new SsmSecrets({
    region: 'eu-central-1',
    clock: { now: () => time.now, sleep: () => Promise.resolve() },
    endpoint: server.endpoint,
    credentials: TEST_CREDENTIALS,
    cacheMs: 60_000,
  });
  open.push(server, secrets);
  return { server, secrets, time };
};
const call = z.object({ Names: z.array(z.string()), WithDecryption: z.boolean() });
const namesIn = ({ body }: Received): string[] => call.parse(JSON.parse(body)).Names;

const asked = (received: readonly Received[]): unknown[] =>
  received.map(({ action, body }) => [action, call.parse(JSON.parse(body))]);

test('a value is asked for once, decrypted, and believed for a minute', async () => {
  const { server, secrets, time } = await store({ '/muster/c1/token': 'hunter2' });
  expect(await secrets.resolve('ssm:/muster/c1/token')).toBe('hunter2');
  time.now += 59_999;
  expect(await secrets.resolve('ssm:/muster/c1/token')).toBe('hunter2');
  expect(asked(server.received)).toEqual([
    ['GetParameters', { Names: ['/muster/c1/token'], WithDecryption: true }],
  ]);
  time.now += 1;
  await secrets.resolve('ssm:/muster/c1/token');
  expect(server.received).toHaveLength(2);
});

test('names asked for together go out ten at a time, each once', async () => {
  const values = Object.fromEntries(Array.from({ length: 12 }, (_, n) => [`/p/${n}`, `value ${n}`]));
  const { server, secrets } = await store(values);
  const names = [...Object.keys(values), '/p/0'];
  const got = await Promise.all(names.map((name) => secrets.resolve(`ssm:${name}`)));
  expect(got).toEqual(names.map((name) => values[name]));
  const sizes = server.received.map((request) => namesIn(request).length);
  expect(sizes).toEqual([10, 2]);
});

test('a version can be named', async () => {
  const { secrets } = await store({ '/p': 'v' });
  expect(await secrets.resolve('ssm:/p:3')).toBe('v');
});

test('a missing parameter is named and not remembered as missing', async () => {
  const values: Record<string, string> = {};
  const { secrets } = await store(values);
  await expect(secrets.resolve('ssm:/nowhere')).rejects.toMatchObject({
    kind: 'permanent',
    code: 'ParameterNotFound',
    message: expect.stringMatching(/\/nowhere does not exist in eu-central-1.*put-parameter/),
  });
  values['/nowhere'] = 'here now';
  expect(await secrets.resolve('ssm:/nowhere')).toBe('here now');
});

test('a forbidden parameter fails alone, though it fails the call it is in', async () => {
  const { secrets } = await store({ '/a': 'A', '/b': 'B' });
  const [a, forbidden, b] = await Promise.allSettled(
    ['/a', '/forbidden/x', '/b'].map((name) => secrets.resolve(`ssm:${name}`)),
  );
  expect([a, b]).toEqual([
    { status: 'fulfilled', value: 'A' },
    { status: 'fulfilled', value: 'B' },
  ]);
  expect(forbidden).toMatchObject({
    status: 'rejected',
    reason: { kind: 'permanent', message: expect.stringMatching(/\/forbidden\/x.*policy/) },
  });
});

test('a throttled store is asked again by the client, and then said to be throttled', async () => {
  const { server, secrets } = await store({}, () => error('ThrottlingException'));
  await expect(secrets.resolve('ssm:/a')).rejects.toMatchObject({ kind: 'throttled' });
  expect(server.received.length).toBeGreaterThan(1);
});

test('what is no reference is refused without being repeated', async () => {
  const { server, secrets } = await store({});
  const failure = await secrets.resolve('hunter2').catch((thrown: unknown) => thrown);
  expect(failure).toMatchObject({ kind: 'permanent', code: 'NotAReference' });
  expect(String(failure)).not.toContain('hunter2');
  expect(server.received).toEqual([]);
});

test('an image comes from a parameter, public or own, or is an id already', async () => {
  const name = '/aws/service/debian/release/13/latest/arm64';
  const { secrets } = await store({ [name]: 'ami-0abc\n', '/own': 'not an image' });
  expect(await resolveImage(secrets, `ssm:${name}`)).toBe('ami-0abc');
  expect(await resolveImage(secrets, 'ami-1')).toBe('ami-1');
  await expect(resolveImage(secrets, 'ssm:/own')).rejects.toMatchObject({
    kind: 'permanent',
    code: 'NotAnImage',
  });
  await expect(resolveImage(secrets, 'baked')).rejects.toMatchObject({ code: 'NotAnImage' });
});
