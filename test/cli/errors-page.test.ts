import { expect, test } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const page = readFileSync('docs/errors.md', 'utf8');

/** All that the code can say: its text with what is put in left open, and pieces of one sentence joined. */
const said = readdirSync('lib', { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => readFileSync(join('lib', name), 'utf8'))
  .join('\n')
  .replaceAll(/\$\{[^}]*\}/g, '...')
  .replaceAll(/['"`]\s*\+\s*['"`]/g, '');

/** What AWS and Node say, not we. */
const THEIRS =
  /^(Unknown option|AccessDenied|UnauthorizedOperation|InsufficientInstanceCapacity|VcpuLimitExceeded|MaxSpotInstanceCountExceeded)$/;

/** What a person reads, and what of it stands in the code where the rest is put in. */
const PUT_TOGETHER: Readonly<Record<string, string>> = {
  'No Mesos master of mesos.masters answered': 'No ... of ... answered',
  'No Marathon of marathon.urls answered': 'No ... of ... answered',
  'the connection failed (ECONNREFUSED)': 'the connection failed (...)',
  'answered 401': 'answered ...',
  'answered 403': 'answered ...',
};

const quoted = page
  .split('\n')
  .filter((line) => line.startsWith('| ') && !/^\| (text|answer|-)/.test(line))
  .flatMap((line) => [...(line.split(' | ')[0] ?? '').matchAll(/`([^`]+)`/g)])
  .flatMap(([, text = '']) => (THEIRS.test(text) ? [] : [text]));

test.each(quoted)('the code still says what docs/errors.md explains: %s', (text) => {
  const pieces = (PUT_TOGETHER[text] ?? text).split('...').map((piece) => piece.trim());
  expect(pieces.filter((piece) => !said.includes(piece))).toEqual([]);
});

test('names only runbooks that there are', () => {
  const links = [...page.matchAll(/\(operations\/([\w-]+)\.md\)/g)].map(([, name = '']) => `${name}.md`);
  expect(links.filter((name) => !readdirSync('docs/operations').includes(name))).toEqual([]);
});
