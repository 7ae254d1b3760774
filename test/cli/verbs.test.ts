import { describe, expect, test } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { VERBS } from '../../lib/cli/main';
import { REQUESTS } from '../../lib/cli/requests';
import { json, run } from './terminal';

describe('the command line', () => {
  test('lists its verbs, and says so when there is no such verb', async () => {
    const overview = await run(['help']);
    expect(overview.code).toBe(0);
    for (const { name } of VERBS) expect(overview.out).toContain(name);
    expect(await run(['fly'])).toMatchObject({
      code: 64,
      err: expect.stringContaining('There is no verb "fly"'),
    });
    expect((await run([])).code).toBe(64);
  });

  test.each(VERBS.map((verb) => [verb.name, verb] as const))(
    '%s explains itself with an example and refuses unknown options',
    async (name, verb) => {
      const help = await run([name, '--help']);
      expect(help).toMatchObject({ code: 0, err: '' });
      expect(help.out).toContain(verb.example);
      for (const option of Object.keys(verb.options)) expect(help.out).toContain(`--${option}`);
      expect(await run([name, '--nonsense'])).toMatchObject({
        code: 64,
        err: expect.stringContaining(`muster ${name}`),
      });
    },
  );

  test.each(['validate', 'intake', 'size', 'render', 'plan', 'serve', 'world'])(
    '%s without its operand says which one',
    async (name) => {
      expect(await run([name])).toMatchObject({ code: 64, err: expect.stringMatching(/Name/) });
    },
  );

  test('says what is wrong with the words in one sentence', async () => {
    expect((await run(['validate', '--nonsense'])).err).toMatch(
      /^muster validate: .*Unknown option '--nonsense'\. See muster validate --help\.\n$/,
    );
    expect(await run(['start', 'now', '--once'])).toMatchObject({
      code: 64,
      err: expect.stringContaining('It takes no operand, and "now" was given.'),
    });
    expect((await run(['start', '--json'])).code).toBe(64);
    expect(await run(['serve', 'muster.yaml', '--port', '99999'])).toMatchObject({
      code: 64,
      err: expect.stringContaining('--port takes a whole number from 0 to 65535'),
    });
  });

  /** The others run until they are stopped, or ask a fleet or a Muster that must be there. */
  const asks = new Set(['start', 'serve', 'world', 'plan', 'why', ...REQUESTS.map(({ name }) => name)]);
  test.each(VERBS.filter(({ name }) => !asks.has(name)))(
    "$name's example works as it stands",
    async ({ example }) => {
      const said = await run(example.split(' ').slice(1));
      expect(said.code).toBe(0);
      expect(said.out.length).toBeGreaterThan(50);
    },
    180_000,
  );
});

describe('muster validate', () => {
  test('finds every example right', async () => {
    const files = readdirSync('examples').map((file) => `examples/${file}`);
    expect((await run(['validate', ...files])).code).toBe(0);
    expect((await run(['validate', 'examples/aws-full.yaml'])).err).toBe('');
  });

  test('tells that a cloud is right and yet not served', async () => {
    const said = await run(['validate', 'examples/gce-and-on-premises.yaml']);
    expect(said.err).toMatch(/pool web-eu is on gce, .*nothing will be bought/);
    expect(said.err).toMatch(/pool cellar is on command/);
  });

  test('prints every fault with its line and column', async () => {
    const said = await run(['validate', 'bad.yaml'], { 'bad.yaml': 'version: 2\ncluster: x\ncluter: y\n' });
    expect(said.code).toBe(2);
    expect(said.err.split('\n').filter((line) => /bad\.yaml:\d+:\d+/.test(line)).length).toBeGreaterThan(2);
    expect(json(await run(['validate', '--json', 'bad.yaml'], { 'bad.yaml': 'version: 2\n' }))).toMatchObject(
      { schemaVersion: 1, files: [{ file: 'bad.yaml' }] },
    );
  });

  test('exports the schema that is in the reference', async () => {
    const said = await run(['validate', '--schema']);
    expect(json(said)).toEqual(JSON.parse(readFileSync('docs/reference/muster-yaml.schema.json', 'utf8')));
  });

  test('says that a file cannot be read', async () => {
    expect(await run(['validate', 'nowhere.yaml'])).toMatchObject({
      code: 1,
      err: 'muster validate: nowhere.yaml cannot be read: there is no such file.\n',
    });
    expect(await run(['validate', 'examples'])).toMatchObject({
      code: 1,
      err: expect.stringContaining('examples cannot be read: it is a folder'),
    });
  });
});

describe('muster intake', () => {
  const spot = 'test/fixtures/events/aws-ec2-spot-interruption-warning.json';
  const alert = 'test/fixtures/events/alertmanager-webhook-v4.json';

  test('says what would come of each payload', async () => {
    const said = await run(['intake', spot, '--json']);
    expect(said.code).toBe(0);
    const [row] = json(said) as readonly Record<string, unknown>[];
    expect(
      Object.keys(row ?? {}).filter((key) => !['file', 'source', 'signals', 'ignored'].includes(key)),
    ).toEqual([]);
    expect(row).toMatchObject({
      file: spot,
      signals: [
        {
          kind: expect.any(String),
          subject: expect.stringMatching(/^i-/),
          urgency: 'now',
          expiresAt: expect.any(String),
        },
      ],
    });
  });

  test('applies the rules of a muster.yaml to an alert, by the only webhook of its kind', async () => {
    const text = readFileSync(alert, 'utf8').replaceAll('MesosPoolSaturated', 'HighLatency');
    const said = await run(['intake', 'a.json', '--config', 'examples/aws-full.yaml', '--json'], {
      'a.json': text,
    });
    expect(said.code).toBe(0);
    expect(json(said)).toMatchObject([
      {
        source: 'alertmanager',
        signals: expect.arrayContaining([
          expect.objectContaining({ subject: 'HighLatency', expiresAt: expect.any(String) }),
        ]),
      },
    ]);
    const other = await run(['intake', alert, '--config', 'examples/aws-full.yaml', '--webhook', 'no']);
    expect(other).toMatchObject({ code: 64, err: expect.stringContaining('alertmanager, batch') });
  });

  test('understands every recorded payload, in the documented form', async () => {
    const folder = 'test/fixtures/events';
    const files = readdirSync(folder)
      .filter((name) => name.endsWith('.json'))
      .map((name) => `${folder}/${name}`);
    const said = await run(['intake', ...files, '--config', 'examples/aws-full.yaml', '--json']);
    expect(said).toMatchObject({ code: 0, err: '' });
    const rows = json(said) as readonly Record<string, unknown>[];
    expect(rows.map(({ file }) => file)).toEqual(files);
    for (const row of rows)
      expect(row).toEqual({
        file: expect.any(String),
        source: expect.any(String),
        signals: expect.any(Array),
        ...('ignored' in row ? { ignored: expect.any(String) } : {}),
      });
    for (const signal of rows.flatMap(({ signals }) => signals as readonly Record<string, unknown>[]))
      expect(signal).toEqual({
        kind: expect.any(String),
        subject: expect.any(String),
        urgency: expect.stringMatching(/^(now|soon|tick)$/),
        ...('expiresAt' in signal ? { expiresAt: expect.stringMatching(/^\d{4}-.*Z$/) } : {}),
      });
  });

  test.each([
    ['not JSON', 'no'],
    ['an empty file', ''],
    ['a shape that nothing has', '{"hello":"world"}'],
    [
      'a known kind in the wrong form',
      '{"source":"aws.ec2","detail-type":"EC2 Spot Instance Interruption Warning","detail":{}}',
    ],
    ['ten megabytes', JSON.stringify({ text: 'x'.repeat(10_000_000) })],
  ])('exits with 2 for %s, and says why', async (_name, text) => {
    const said = await run(['intake', 'payload.json'], { 'payload.json': text });
    expect(said).toMatchObject({ code: 2, out: expect.stringContaining('not understood') });
    expect(said.out.length).toBeLessThan(2_000);
  });
});

describe('muster render', () => {
  test('prints the user data of a pool', async () => {
    const said = await run(['render', 'examples/aws-minimal.yaml']);
    expect(said).toMatchObject({ code: 0, out: expect.stringContaining('#cloud-config') });
    expect(json(await run(['render', 'examples/aws-minimal.yaml', '--json']))).toMatchObject({
      schemaVersion: 1,
      version: expect.any(String),
      bytes: expect.any(Number),
    });
  });

  test('asks which pool is meant', async () => {
    expect(await run(['render', 'examples/aws-full.yaml', '--pool', 'nobody'])).toMatchObject({
      code: 64,
      err: expect.stringContaining('web'),
    });
  });

  test.each(['aws-full', 'aws-minimal', 'gce-and-on-premises', 'local'])(
    'has the user data of each pool of %s, small enough for its cloud',
    async (name) => {
      const file = `examples/${name}.yaml`;
      const { files } = json(await run(['validate', '--json', file])) as {
        files: { spec: { pools: { name: string; cloud: string }[] } }[];
      };
      for (const pool of files[0]?.spec.pools ?? []) {
        const said = await run(['render', file, '--pool', pool.name, '--json']);
        if (pool.cloud === 'command') {
          expect(said).toMatchObject({
            code: 1,
            err: expect.stringContaining('No bootstrap can be rendered'),
          });
          continue;
        }
        expect(said.code).toBe(0);
        expect(json(said)).toMatchObject({ pool: pool.name, userData: expect.stringContaining(pool.name) });
        expect((json(said) as { bytes: number }).bytes).toBeLessThan(16_384);
      }
    },
  );
});
