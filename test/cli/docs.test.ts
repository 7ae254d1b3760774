import { expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { CLI_PAGE, cliPage } from './write-docs';

test('docs/cli.md is what the verbs say of themselves; npx tsx test/cli/write-docs.ts writes it again', () => {
  expect(readFileSync(CLI_PAGE, 'utf8')).toBe(cliPage());
});
