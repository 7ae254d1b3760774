// The house rules, as tests: a rule that nothing fails on is a wish.
import { describe, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => file !== '' && existsSync(file));
const sources = files.filter((file) => /^(lib|lambdas|bin)\/.*\.ts$/.test(file));
const text = (file: string): string => readFileSync(file, 'utf8');
/** The code without its comments and string contents, roughly: enough to look for words. */
const code = (file: string): string =>
  text(file)
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/(^|[^:])\/\/.*$/gm, '$1')
    .replace(/'(?:[^'\\\n]|\\.)*'/g, "''");
const offenders = (list: readonly string[], pattern: RegExp): string[] =>
  list.filter((file) => pattern.test(code(file)));

describe('tidy', () => {
  test('the core knows no time, no chance, no environment and nothing asynchronous', () => {
    const core = sources.filter((file) => file.startsWith('lib/core/'));
    expect(core.length).toBeGreaterThan(20);
    expect(offenders(core, /\b(async|await|Promise|Date|process|console|setTimeout)\b|Math\.random/)).toEqual(
      [],
    );
  });

  test('the environment is read in one file only', () => {
    const others = sources.filter((file) => file !== 'lib/config/env.ts');
    expect(offenders(others, /process\.env/)).toEqual([]);
  });

  test('the clock is read in one place only', () => {
    const allowed = /^lib\/(engine\/clock|emulator\/http\/|cli\/)/;
    const others = sources.filter((file) => !allowed.test(file));
    expect(offenders(others, /Date\.now\(\)|new Date\(\)/)).toEqual([]);
    expect(offenders(sources, /Math\.random\(/)).toEqual([]);
  });

  test('no test replaces a module of ours', () => {
    const tests = files.filter((file) => /^test\/.*\.ts$/.test(file) && !file.startsWith('test/style/'));
    expect(offenders(tests, /jest\.(unstable_)?mock(Module)?\(/)).toEqual([]);
  });

  test('no file is longer than the wall', () => {
    const long = files
      .filter((file) => /\.(ts|sh|mjs|cjs)$/.test(file))
      .map((file) => ({
        file,
        lines: text(file).split('\n').length,
        wall: file.startsWith('test/') ? 500 : 400,
      }))
      .filter(({ lines, wall }) => lines > wall);
    expect(long).toEqual([]);
  });

  test('nothing is named for being nowhere else', () => {
    const banned = /(^|\/)(utils?|helpers?|common|shared|misc|types|manager|service)(\.|\/|$)/;
    expect(files.filter((file) => banned.test(file) && !file.startsWith('test/fixtures/'))).toEqual([]);
  });

  test('names are kebab-case', () => {
    const odd = [...sources, ...files.filter((file) => /^test\/.*\.ts$/.test(file))].filter(
      (file) => !/^[a-z0-9]+(-[a-z0-9]+)*(\.test|\.d)?\.ts$/.test(basename(file)),
    );
    expect(odd).toEqual([]);
  });

  test('every step has a test of its own with a property', () => {
    const steps = sources.filter((file) => file.startsWith('lib/core/steps/'));
    const without = steps.filter((file) => {
      const mirror = join('test/core/steps', `${basename(file, '.ts')}.test.ts`);
      return !existsSync(mirror) || !text(mirror).includes('fc.assert');
    });
    expect(without).toEqual([]);
  });

  test('every alarm has a runbook', () => {
    const alarms = [...text('lib/telemetry/names.ts').matchAll(/runbook: '([^']+)'/g)].map(
      ([, name]) => name ?? '',
    );
    expect(alarms.length).toBeGreaterThan(0);
    expect(alarms.filter((name) => !existsSync(`docs/operations/${name}.md`))).toEqual([]);
  });

  test('a handler is at most 25 lines', () => {
    const handlers = sources.filter((file) => file.startsWith('lambdas/'));
    expect(handlers.filter((file) => text(file).trimEnd().split('\n').length > 25)).toEqual([]);
  });

  test('nothing is put off', () => {
    const words = new RegExp(['TO', 'DO|FIX', 'ME'].join(''));
    expect(files.filter((file) => /\.(ts|sh|md)$/.test(file) && words.test(text(file)))).toEqual([]);
  });

  test('no waiver hides from the linter', () => {
    const words = new RegExp(['(oxlint|eslint)-dis', 'able|@ts-(ign', 'ore|expect-error)'].join(''));
    expect(files.filter((file) => file.endsWith('.ts') && words.test(text(file)))).toEqual([]);
  });

  test('every fixture folder says where it is from', () => {
    const folders = new Set(
      files.filter((file) => file.startsWith('test/fixtures/')).map((file) => dirname(file)),
    );
    const roots = [...new Set([...folders].map((folder) => folder.split('/').slice(0, 3).join('/')))];
    expect(roots.filter((root) => !existsSync(join(root, 'README.md')))).toEqual([]);
  });
});
