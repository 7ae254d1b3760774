// The bundled command line, run as after `npm ci`: from another folder, with nothing of the sources but the examples.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { bundleCli, CLI_DIR } from '../../build/bundle';

const run = promisify(execFile);
const elsewhere = mkdtempSync(join(tmpdir(), 'muster-cli-'));

const muster = async (...args: readonly string[]): Promise<string> => {
  const { stdout } = await run(process.execPath, [join(CLI_DIR, 'muster.mjs'), ...args], {
    cwd: elsewhere,
    env: {},
    timeout: 55_000,
  });
  return stdout;
};

describe('the bundled command line', () => {
  beforeAll(() => bundleCli());
  afterAll(() => rmSync(elsewhere, { recursive: true }));

  test('finds the shipped catalogue and the bootstrap', async () => {
    writeFileSync(join(elsewhere, 'tasks.csv'), 'cpu_milli,mem_mib,count\n1000,2048,10\n');
    const size: unknown = JSON.parse(
      await muster('size', '--tasks', 'tasks.csv', '--families', 'm7i', '--json'),
    );
    expect(size).toMatchObject({ unplaced: [] });
    const yaml = resolve('examples/aws-minimal.yaml');
    expect(await muster('validate', yaml)).toContain('small');
    expect(await muster('render', yaml, '--pool', 'web')).toMatch(/^#cloud-config/);
  });

  test('plays the main job with the clients that it bundles, and leaves nothing behind', async () => {
    const before = readdirSync(elsewhere);
    expect(await muster('start', '--once')).toContain('Everything that was expected is so.');
    expect(readdirSync(elsewhere)).toEqual(before);
  }, 60_000);
});
