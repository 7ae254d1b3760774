// The same requests that a real Mesos was recorded with, sent to the emulated one: status, text and headers must agree.
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import type { Credentials } from '../../../lib/emulator/http/credentials';
import type { Got, Serving } from './served-world';
import { send, serving } from './served-world';

const folder = new URL('../../fixtures/mesos-recordings-emulator/', import.meta.url);

const recorded = z.object({
  file: z.string(),
  request: z.string(),
  request_headers: z.record(z.string(), z.string()),
  request_body: z.string().nullable(),
  status: z.string(),
  response_headers: z.array(z.string()),
});
type Recorded = z.infer<typeof recorded>;

const RECORDINGS = readFileSync(new URL('index.jsonl', folder), 'utf8')
  .trim()
  .split('\n')
  .map((line) => recorded.parse(JSON.parse(line)));

const bodyOf = (file: string): string =>
  existsSync(new URL(file, folder)) ? readFileSync(new URL(file, folder), 'utf8') : '';

const named = (pattern: RegExp): [string, Recorded][] =>
  RECORDINGS.filter(({ file }) => pattern.test(file)).map((one) => [one.file, one]);

const replay = (url: string, one: Recorded): Promise<Got> => {
  const [method = 'GET', path = '/'] = one.request.split(' ');
  const { Host: _, ...headers } = one.request_headers;
  return send(`${url}${path}`, { method, headers, body: one.request_body ?? '' });
};

const COMPARED = ['content-type', 'location', 'www-authenticate', 'allow'] as const;

const headersOf = (one: Recorded): object => {
  const all = new Map(
    one.response_headers.map((line): [string, string] => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  return Object.fromEntries(COMPARED.flatMap((name) => (all.has(name) ? [[name, all.get(name)]] : [])));
};

const agree = (got: Got, one: Recorded, leader: string): void => {
  expect(`HTTP/1.1 ${got.status} ${got.reason}`).toBe(one.status);
  const location = got.headers.location?.replace(leader, '127.0.0.1:5060');
  const headers = { ...got.headers, ...(location === undefined ? {} : { location }) };
  expect(
    Object.fromEntries(COMPARED.flatMap((name) => (headers[name] ? [[name, headers[name]]] : []))),
  ).toEqual(headersOf(one));
  if (!one.file.endsWith('.json')) expect(got.body).toBe(bodyOf(one.file));
};

const leaderOf = (served: Serving): { url: string; address: string; other: string } => {
  const leader = served.world.mesos.leader();
  const index = leader.kind === 'leading' ? leader.index : 0;
  const url = served.masterUrls[index] ?? '';
  const other = served.masterUrls[(index + 1) % served.masterUrls.length] ?? '';
  return { url, address: url.replace('http://', ''), other };
};

describe('the emulated master beside a recorded one', () => {
  test.each(named(/^error-/))('refuses as in %s', async (_, one) => {
    const served = await serving();
    const { url, address } = leaderOf(served);
    agree(await replay(url, one), one, address);
  });

  test.each(named(/\.non-leader/))('points at the leader as in %s', async (_, one) => {
    const served = await serving();
    const { other, address } = leaderOf(served);
    agree(await replay(other, one), one, address);
  });

  test.each(named(/\.no-leader/))('has no leader to point at as in %s', async (_, one) => {
    const served = await serving();
    const { url, address } = leaderOf(served);
    served.world.troubles.masterFailover();
    agree(await replay(url, one), one, address);
  });

  test('a leader that was just elected is still recovering, then answers', async () => {
    const served = await serving({ mesos: { recoveryMs: 1_000 } });
    served.world.troubles.masterFailover();
    for (let ms = 0; served.world.mesos.leader().kind === 'no-leader' && ms < 60_000; ms += 100)
      served.clock.advance(100);
    const [[, one] = []] = named(/^ha-v1-GET_AGENTS\.no-quorum/);
    if (one === undefined) throw new Error('The recording is missing.');
    const { url, address } = leaderOf(served);
    agree(await replay(url, one), one, address);
    served.clock.advance(1_000);
    expect((await replay(url, one)).status).toBe(200);
  });

  const credentials: Credentials = {
    kind: 'basic',
    principals: [
      { name: 'ops', secret: 's3cret' },
      { name: 'reader', secret: 'r3ader', mayWrite: false },
    ],
  };

  test.each(named(/^auth-/))('asks for credentials as in %s', async (_, one) => {
    const served = await serving({ mesos: { credentials } });
    const { url, address } = leaderOf(served);
    agree(
      await replay(url, one),
      {
        ...one,
        response_headers: one.response_headers.map((line) =>
          line.replace('127.0.0.1:5070', '127.0.0.1:5060'),
        ),
      },
      address,
    );
  });

  test.each(named(/^v1-.*\.(idle|empty)\.json$/).filter(([file]) => !/HEALTH|VERSION/.test(file)))(
    'writes an empty answer as in %s',
    async (_, one) => {
      // Without Marathon's own framework the emulated master is as empty as the recorded one.
      const served = await serving();
      const { url } = leaderOf(served);
      const got: unknown = JSON.parse((await replay(url, one)).body);
      const strip = (value: unknown): unknown =>
        JSON.parse(JSON.stringify(value, (name, member: unknown) => (name === 'frameworks' ? [] : member)));
      expect(strip(got)).toEqual(strip(JSON.parse(bodyOf(one.file))));
    },
  );
});
