import { describe, expect, test } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { VERBS } from '../../lib/cli/main';
import { plan } from '../../lib/core/plan';
import { anApp, anInput, aWorld, waiting } from '../builders/fleet';
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
});

describe('muster validate', () => {
  test('finds every example right', async () => {
    const files = readdirSync('examples').map((file) => `examples/${file}`);
    expect(await run(['validate', ...files])).toMatchObject({ code: 0, err: '' });
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
      err: expect.stringContaining('nowhere.yaml'),
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

  test('applies the rules of a muster.yaml to an alert', async () => {
    expect((await run(['intake', alert, '--config', 'examples/aws-full.yaml'])).code).toBe(0);
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

describe('muster size', () => {
  const titus = 'lib/emulator/data/titus-2016-snapshot.csv';

  test('packs a real workload within 5 % of a proven bound, in machines that hold it', async () => {
    const said = await run(['size', '--tasks', titus, '--families', 'c7i,m7i,r7i', '--json']);
    expect(said.code).toBe(0);
    const answer = json(said) as {
      pricePerHour: number;
      lowerBound: number;
      boundKind: string;
      ratio: number;
      seconds: number;
      machines: { type: string; count: number; usdPerHour: number }[];
      unplaced: unknown[];
    };
    expect(answer.ratio).toBeLessThanOrEqual(1.05);
    expect(answer.unplaced).toEqual([]);
    const sum = answer.machines.reduce((total, { count, usdPerHour }) => total + count * usdPerHour, 0);
    expect(sum).toBeCloseTo(answer.pricePerHour, 4);
    const rows = readFileSync(titus, 'utf8')
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => line.split(','));
    const cpus = rows.reduce((total, cells) => total + Number(cells[2]), 0);
    const catalogue = new Map(
      readFileSync('lib/catalogue/data/ec2-catalogue-us-east-1.csv', 'utf8')
        .split('\n')
        .map((line) => [line.split(',')[0] ?? '', Number(line.split(',')[4])]),
    );
    expect(
      answer.machines.reduce((total, { type, count }) => total + count * (catalogue.get(type) ?? 0), 0),
    ).toBeGreaterThanOrEqual(cpus);
    expect(answer.machines.every(({ type }) => /^[cmr]7i\./.test(type) && !type.includes('metal'))).toBe(
      true,
    );
  });

  test('reads counts, apps and caps, and ignores what it does not know', async () => {
    const tasks = 'cpu_milli,mem_mib,count,app,max_per_host,colour\n1000,1024,3,a,1,red\n';
    const answer = json(
      await run(['size', '--tasks', 't.csv', '--families', 'm7i', '--json'], { 't.csv': tasks }),
    ) as { machines: { count: number }[] };
    expect(answer.machines.reduce((sum, { count }) => sum + count, 0)).toBe(3);
  });

  test('names every fault of a table with its line', async () => {
    const said = await run(['size', '--tasks', 't.csv'], { 't.csv': 'cpu_milli,mem_mib\nx,1\n1,-2\n' });
    expect(said.code).toBe(2);
    expect(said.err).toMatch(/:2[\s\S]*:3/);
    expect(
      await run(['size', '--tasks', 't.csv', '--catalogue', 'c.csv'], {
        't.csv': 'cpu_milli,mem_mib\n1,1\n',
        'c.csv': '',
      }),
    ).toMatchObject({ code: 2, err: expect.stringContaining('c.csv') });
  });

  test('says which task is larger than every shape', async () => {
    const said = await run(['size', '--tasks', 't.csv', '--json'], {
      't.csv': 'task_id,cpu_milli,mem_mib\nhuge,99000000,1\nsmall,100,100\n',
    });
    expect(said.code).toBe(3);
    expect(json(said)).toMatchObject({ unplaced: [{ task: 'huge', reason: 'larger than every shape' }] });
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
});

describe('muster plan', () => {
  test('makes the same plan of a recorded input as the turn did', async () => {
    const input = anInput({ world: aWorld({ queue: [waiting(anApp('/a'), 3)] }) });
    const said = await run(['plan', '--world', 'world.json', '--json'], {
      'world.json': JSON.stringify(input),
    });
    expect(said.code).toBe(0);
    expect(JSON.stringify(json(said))).toBe(JSON.stringify(plan(input)));
    expect(
      (await run(['plan', '--world', 'world.json'], { 'world.json': JSON.stringify(input) })).out,
    ).toContain('/a wants 3 instances');
  });

  test('says what is wrong with a file that is no recorded input', async () => {
    expect(await run(['plan', '--world', 'w.json'], { 'w.json': '{}' })).toMatchObject({
      code: 1,
      err: expect.stringContaining('spec'),
    });
    expect(await run(['plan', '--world', 'w.json'], { 'w.json': '{' })).toMatchObject({
      code: 1,
      err: expect.stringContaining('not JSON'),
    });
  });
});
