// The verbs that ask something of a running Muster, against its API over HTTP.
import { afterEach, describe, expect, test } from '@jest/globals';
import { serve } from '@hono/node-server';
import type { AddressInfo } from 'node:net';
import { REQUESTS } from '../../lib/cli/requests';
import { apiRoutes } from '../../lib/doors/api';
import { collecting, emulatedFleet } from '../builders/emulated-fleet';
import { json, run } from './terminal';

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

const serving = async () => {
  const { engine, clock } = emulatedFleet();
  const queued: string[] = [];
  const events = collecting(queued);
  const { store } = engine;
  const app = apiRoutes(async () => ({
    store,
    clock,
    events,
    clusters: ['prod'],
    engine: async () => engine,
  }));
  const url = await new Promise<string>((resolve) => {
    const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, (info: AddressInfo) =>
      resolve(`http://127.0.0.1:${info.port}`),
    );
    ends.push(() => server.close());
  });
  return { url, queued };
};

/** The words of an example as a shell would give them. */
const wordsOf = (example: string): readonly string[] =>
  [...example.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '').slice(1);

describe('a request by the command line', () => {
  test.each(REQUESTS.map((verb) => [verb.name, verb.example]))(
    '%s is taken as its example has it',
    async (name, example) => {
      const { url, queued } = await serving();
      const said = await run([...wordsOf(example), '--api', url]);
      expect(said).toMatchObject({ code: 0, err: '', out: expect.stringContaining(`Accepted: ${name} of `) });
      expect(queued).toHaveLength(1);
      expect(JSON.parse(queued[0] ?? '')).toMatchObject({
        source: 'api',
        payload: { muster: 'request', kind: name, cluster: 'prod', by: 'ada' },
      });
    },
  );

  test('says as JSON too whether it was taken', async () => {
    const { url } = await serving();
    const words = ['resume', '--by', 'ada', '--reason', 'x', '--api', url, '--json'];
    expect(json(await run(words))).toMatchObject({ schemaVersion: 1, isTaken: true });
    expect(json(await run([...words, '--cluster', 'other']))).toMatchObject({ isTaken: false });
  });

  test('that cannot be taken ends with 1 and the reason of the API', async () => {
    const { url, queued } = await serving();
    const words = ['--by', 'ada', '--reason', 'x', '--api', url];
    expect(await run(['scale', 'api', '--min', '3', ...words])).toEqual({
      code: 1,
      out: '',
      err: 'There is no pool api in prod; there are web.\n',
    });
    expect((await run(['drain', 'i-1', '--within', '40d', ...words])).err).toContain('within: by when');
    expect(queued).toEqual([]);
  });

  test('is asked as well why an app waits', async () => {
    const { url } = await serving();
    expect(await run(['why', '/shop', '--api', url])).toEqual({
      code: 0,
      out: 'No turn has been recorded yet.\n',
      err: '',
    });
    expect(json(await run(['why', '/shop', '--api', url, '--json']))).toMatchObject({ app: '/shop' });
    expect(await run(['why', '/shop', '--api', url, '--cluster', 'x'])).toMatchObject({ code: 1, out: '' });
    expect((await run(['why'])).err).toContain('Name one app');
  });

  test('says where nobody answers, and how to reach somebody', async () => {
    const said = await run(['resume', '--by', 'ada', '--reason', 'x', '--api', 'http://127.0.0.1:9']);
    expect(said.code).toBe(1);
    expect(said.err).toContain('no Muster answers at http://127.0.0.1:9');
  });

  test.each([
    [['drain'], 'Name one machine, agent or hostname'],
    [['drain', 'i-1', 'i-2', '--by', 'ada', '--reason', 'x'], 'Name one machine'],
    [['drain', 'i-1', '--reason', 'x'], 'Name --by'],
    [['drain', 'i-1', '--by', 'ada', '--reason', ' '], 'Name --reason'],
    [['scale', 'web', '--by', 'ada', '--reason', 'x'], 'Name --min or --add'],
    [['scale', 'web', '--min', 'many', '--by', 'ada', '--reason', 'x'], '--min takes a whole number'],
    [['resume', '--by', 'ada', '--reason', 'x', '--api', 'nowhere'], '--api takes an address'],
  ])('%j is wrong usage', async (words, why) => {
    expect(await run(words)).toMatchObject({ code: 64, err: expect.stringContaining(why) });
  });
});
