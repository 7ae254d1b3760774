// The main job, as a person would play it: the command as a process of its own. After a wanted change of what it says,
// `UPDATE_GOLDEN=1 npm test -- test/stories` writes the transcript again; look at what changed before it is committed.
import { beforeAll, describe, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const GOLDEN = new URL('main-job.golden.txt', import.meta.url);
const GOLDEN_LINES = 46;

type Played = {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
  /** What lies in its temporary folder when it has ended, but for what its loader caches there. */
  readonly left: readonly string[];
  readonly livesOn: boolean;
};

const play = async (...words: readonly string[]): Promise<Played> => {
  const temporary = mkdtempSync(join(tmpdir(), 'muster-story-'));
  try {
    const child = spawn(process.execPath, ['--import', 'tsx', 'bin/muster.ts', 'start', '--once', ...words], {
      env: { ...process.env, NODE_OPTIONS: '', TMPDIR: temporary },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A group of its own, so that whatever it began can be asked for after its end.
      detached: true,
    });
    const said = { out: '', err: '' };
    child.stdout.on('data', (chunk: Buffer) => (said.out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (said.err += chunk.toString()));
    const status = await new Promise<number | null>((resolve) => child.on('close', resolve));
    const left = readdirSync(temporary).filter((name) => !name.startsWith('tsx-'));
    return { ...said, status, left, livesOn: await livesOn(-(child.pid ?? 0)) };
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
};

/** The loader's compiler ends by itself a moment after the process that it served. */
const livesOn = async (group: number): Promise<boolean> => {
  for (let tries = 0; tries < 50; tries += 1) {
    if (!isAlive(group)) return false;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return true;
};

const isAlive = (group: number): boolean => {
  try {
    process.kill(group, 0);
  } catch {
    return false;
  }
  // Where nobody collects the dead they stay in their group.
  return !existsSync('/proc/self/stat') || statesOf(-group).some((state) => state !== 'Z');
};

const statesOf = (group: number): readonly string[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      const stat = readOrNothing(`/proc/${pid}/stat`);
      const [state = '', , of] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return Number(of) === group ? [state] : [];
    });

const readOrNothing = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
};

describe('the main job', () => {
  let first: Played;
  let again: Played;
  let other: Played;
  beforeAll(async () => {
    [first, again] = await Promise.all([play('--seed', '1'), play('--seed', '1')]);
    other = await play('--seed', '2', '--json');
  }, 180_000);

  test('meets every expectation, with another seed too', () => {
    expect(first).toMatchObject({ status: 0, err: '' });
    expect(first.out).toContain('Everything that was expected is so.');
    expect(first.out.match(/^yes {2}/gm)?.length).toBeGreaterThan(9);
    expect(first.out).not.toMatch(/^NO /m);
    expect(other.status).toBe(0);
    const { seed, expectations } = JSON.parse(other.out) as {
      readonly seed: number;
      readonly expectations: readonly { readonly text: string; readonly holds: boolean }[];
    };
    expect(seed).toBe(2);
    expect(expectations.filter(({ holds }) => !holds)).toEqual([]);
  });

  test.each([
    [
      'a spot notice',
      /EC2 takes (i-\w+) back.*\n(?:.*\n)*?.*Offer no more \1.*\n(?:.*\n)*?.*\1 of web .* was emptied/,
    ],
    [
      'a host that dies',
      /The host under (i-\w+) dies.*\n(?:.*\n)*?.*Mark gone the agent of \1.*its machine terminated/,
    ],
    [
      'a drain that is asked for',
      /Offer no more (i-\w+) of web: ada wants .*\n(?:.*\n)*?.*\1 of web .* was emptied/,
    ],
  ])('tells %s from its signal to its end', (_what, told) => {
    expect(first.out).toMatch(told);
  });

  test('leaves no file and no process behind', () => {
    for (const played of [first, again, other]) expect(played).toMatchObject({ left: [], livesOn: false });
  });

  test('is the same story to the byte with the same seed', () => {
    expect(again.out).toBe(first.out);
  });

  test('begins as the golden transcript does', () => {
    const begins = `${first.out.split('\n').slice(0, GOLDEN_LINES).join('\n')}\n`;
    if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(GOLDEN, begins);
    expect(begins).toBe(readFileSync(GOLDEN, 'utf8'));
  });
});
