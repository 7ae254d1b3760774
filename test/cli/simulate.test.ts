import { describe, expect, test } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { main } from '../../lib/cli/main';
import { aTask, csvOf, HOUR, MINUTE, yaml } from './simulated';
import { json, run } from './terminal';

const TASKS = csvOf(
  Array.from({ length: 12 }, (_, nth) =>
    aTask({
      id: `t${nth}`,
      arriveMs: nth * 9 * MINUTE,
      durationMs: (1 + (nth % 4)) * 20 * MINUTE,
      cpuMilli: 1500 * (1 + (nth % 3)),
      memMib: 4096 * (1 + (nth % 5)),
    }),
  ),
);
const FILES = {
  't.csv': TASKS,
  'a.yaml': yaml(),
  'b.yaml': yaml({ shapes: '{ families: [m7i], cpus: 32..64 }' }),
  'spot.yaml': yaml({ market: '[spot]' }),
};
const ASK = ['simulate', '--trace', 't.csv', '--config', 'a.yaml'];

describe('muster simulate', () => {
  test('answers in the documented form', async () => {
    const said = await run([...ASK, '--json'], FILES);
    expect(said).toMatchObject({ code: 0, err: '' });
    const answer = json(said) as Record<string, number>;
    expect(Object.keys(answer).sort()).toEqual(
      'bound config cost finished hours lost machines moves neverRan ratio schemaVersion taken tasks tooLarge turns waitMax waitP50 waitP99 workBound'.split(
        ' ',
      ),
    );
    expect(answer).toMatchObject({
      schemaVersion: 1,
      config: 'a.yaml',
      tasks: 12,
      neverRan: 0,
      lost: 0,
      moves: 0,
    });
    expect(answer['ratio']).toBeCloseTo((answer['cost'] ?? 0) / (answer['bound'] ?? 1), 1);
    expect(answer['ratio']).toBeGreaterThan(1);
    expect(answer['waitP50']).toBeLessThanOrEqual(answer['waitP99'] ?? 0);
    expect(answer['waitMax']).toBeLessThan(180);
  });

  test('gives the same bytes for the same seed, and others for another', async () => {
    const ask = [...ASK.slice(0, -1), 'spot.yaml', '--spot-losses', '20000', '--json'];
    const [first, again, other] = [
      await run([...ask, '--seed', '7'], FILES),
      await run([...ask, '--seed', '7'], FILES),
      await run([...ask, '--seed', '8'], FILES),
    ];
    expect(first.out).toBe(again.out);
    expect(first.out).not.toBe(other.out);
    // Not only the losses: boot times too.
    const boots = [await run([...ASK, '--seed', '7'], FILES), await run([...ASK, '--seed', '8'], FILES)];
    expect(boots[0]?.out).not.toBe(boots[1]?.out);
  });

  test('puts two files side by side with their differences', async () => {
    const ask = [...ASK, '--compare', 'b.yaml'];
    const answer = json(await run([...ask, '--json'], FILES)) as {
      cost: number;
      compare: { config: string; cost: number };
      difference: { cost: number };
    };
    expect(answer.compare.config).toBe('b.yaml');
    expect(answer.compare.cost).toBeGreaterThan(answer.cost);
    expect(answer.difference.cost).toBeCloseTo(answer.compare.cost - answer.cost, 2);
    const alone = json(await run([...ASK.slice(0, -1), 'b.yaml', '--json'], FILES)) as { cost: number };
    expect(alone.cost).toBe(answer.compare.cost);
    const { out } = await run(ask, FILES);
    const row = out.split('\n').find((line) => line.startsWith('cost ')) ?? '';
    expect(row).toContain(`$${answer.cost.toFixed(2)}`);
    expect(row).toContain(`+$${answer.difference.cost.toFixed(2)} (+`);
  });

  test('names every fault of every file at once', async () => {
    const said = await run([...ASK, '--compare', 'bad.yaml'], {
      ...FILES,
      't.csv': 'task_id,arrival_s,duration_s,cpu_milli,mem_mib\na,x,1,1,1\na,1,0,1,-1\n',
      'bad.yaml': yaml({ size: '{ min: many }' }),
    });
    expect(said).toMatchObject({ code: 2, out: '' });
    for (const part of [
      't.csv:2: arrival_s:',
      't.csv:3: task_id:',
      't.csv:3: duration_s:',
      't.csv:3: mem_mib:',
    ])
      expect(said.err).toContain(part);
    expect(said.err).toMatch(/bad\.yaml:\d+:\d+: pools\[0\]\.size\.min/);
    const header = await run(ASK, { ...FILES, 't.csv': 'task_id,arrival_s,cpus\na,1,1\n' });
    expect(header).toMatchObject({ code: 2 });
    for (const column of ['duration_s', 'cpu_milli', 'mem_mib'])
      expect(header.err).toContain(`t.csv:1: the column ${column} is missing`);
    expect(
      await run(ASK, { ...FILES, 't.csv': 'task_id,arrival_s,duration_s,cpu_milli,mem_mib\n' }),
    ).toMatchObject({ code: 2, err: expect.stringContaining('no task') });
  });

  test('says what the emulated world has not, by pool', async () => {
    const said = await run([...ASK.slice(0, -1), 'examples/gce-and-on-premises.yaml'], FILES);
    expect(said).toMatchObject({ code: 2, out: '' });
    expect(said.err).toMatch(/pools\.web-eu\.cloud: the emulated world has no gce/);
    const twoAccounts = await run([...ASK.slice(0, -1), 'examples/aws-full.yaml'], FILES);
    expect(twoAccounts).toMatchObject({ code: 2, err: expect.stringContaining('one region of one account') });
  });

  test('refuses what it does not know', async () => {
    expect(await run(['simulate', '--trace', 't.csv'], FILES)).toMatchObject({ code: 64 });
    expect(await run([...ASK, '--fast'], FILES)).toMatchObject({
      code: 64,
      err: expect.stringContaining('--fast'),
    });
    expect(await run([...ASK, '--seed', 'x'], FILES)).toMatchObject({
      code: 64,
      err: expect.stringContaining('--seed takes a whole number'),
    });
  });

  test('shows how far it is only to a person who watches', async () => {
    let heard = '';
    const terminal = {
      out: () => undefined,
      err: (text: string) => void (heard += text),
      readFile: async (path: keyof typeof FILES) => FILES[path],
      stopped: Promise.resolve(),
    };
    const files = terminal as unknown as Parameters<typeof main>[1];
    const long = { ...FILES, 't.csv': csvOf([aTask(), aTask({ id: 'b', arriveMs: 50 * HOUR })]) };
    const read = async (path: string): Promise<string> => long[path as keyof typeof long];
    await main(ASK, { ...files, readFile: read });
    expect(heard).toBe('');
    await main(ASK, { ...files, readFile: read, isWatched: true });
    expect(heard).toMatch(/a\.yaml: \d+ %/);
  });
});

describe('the report of muster simulate', () => {
  test('is one page with four charts for both files, that asks for nothing else', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'simulate-'));
    try {
      const page = join(folder, 'what-if.html');
      const odd = '<b>&.yaml';
      const files = { ...FILES, [odd]: FILES['b.yaml'] };
      expect(await run([...ASK, '--compare', odd, '--report', page], files)).toMatchObject({ code: 0 });
      const html = readFileSync(page, 'utf8');
      expect(html.match(/<svg /g)).toHaveLength(5);
      expect(html).not.toMatch(/https?:|src=|href=|url\(|@import|<script/);
      expect(html).toContain("default-src 'none'");
      expect(html).toContain('prefers-color-scheme:dark');
      expect(html).toContain('&lt;b&gt;&amp;.yaml: cost');
      expect(html).not.toContain('<b>&');
      expect(html).not.toMatch(/NaN|Infinity|undefined/);
      await run([...ASK, '--compare', odd, '--report', join(folder, 'again.html')], files);
      expect(readFileSync(join(folder, 'again.html'), 'utf8')).toBe(html);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('that cannot be written is an error that names the file', async () => {
    expect(await run([...ASK, '--report', '/nowhere/at/all.html'], FILES)).toMatchObject({
      code: 1,
      err: expect.stringContaining('The report cannot be written to /nowhere/at/all.html'),
    });
  });
});
