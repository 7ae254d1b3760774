// The main job, as a person would play it.
import { describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const play = (
  seed: number,
): { readonly status: number | null; readonly out: string; readonly left: readonly string[] } => {
  const temporary = mkdtempSync(join(tmpdir(), 'muster-story-'));
  try {
    const { status, stdout } = spawnSync(
      process.execPath,
      ['--import', 'tsx', 'bin/muster.ts', 'start', '--once', '--seed', String(seed)],
      {
        env: { ...process.env, NODE_OPTIONS: '', TMPDIR: temporary },
        encoding: 'utf8',
      },
    );
    return { status, out: stdout, left: readdirSync(temporary).filter((name) => name.startsWith('muster')) };
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
};

describe('the main job', () => {
  test('meets every expectation, leaves nothing behind, and is the same story with the same seed', () => {
    const [first, second] = [play(1), play(1)];
    expect(first.out).toContain('Everything that was expected is so.');
    expect(first.out).not.toMatch(/^NO /m);
    expect(first.status).toBe(0);
    expect(first.left).toEqual([]);
    expect(second.out).toBe(first.out);
  });
});
