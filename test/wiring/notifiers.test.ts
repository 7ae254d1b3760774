import { expect, test } from '@jest/globals';
import { existsSync } from 'node:fs';
import type { HttpRequest } from '../../lib/engine/ports';
import { NOTICES } from '../../lib/telemetry/names';
import { plainLog } from '../../lib/telemetry/log';
import { notifiersOf } from '../../lib/wiring/notifiers';
import { aSpec } from '../builders/fleet';

const told = async (
  alarm: string,
): Promise<{ readonly lines: readonly string[]; readonly posts: string[] }> => {
  const lines: string[] = [];
  const posts: string[] = [];
  const transport = async (request: HttpRequest) => {
    posts.push(request.body ?? '');
    return { status: 200, headers: {}, body: (async function* none() {})() };
  };
  const spec = aSpec({ notify: [{ kind: 'webhook', url: 'ssm:/muster/chat' }] });
  const secrets = { resolve: async () => 'https://chat.example/hook' };
  const log = plainLog((line) => lines.push(line));
  for (const notifier of notifiersOf(spec, log, { secrets, transport }))
    await notifier.tell({ alarm, cluster: 'prod', subject: 'web', text: 'Pool web stands.', id: '1' });
  return { lines, posts };
};

test.each(Object.keys(NOTICES))(
  '%s is told in the log and by webhook, with its runbook, which is there',
  async (alarm) => {
    const { lines, posts } = await told(alarm);
    const text = /^warning: (Pool web stands\. See (docs\/operations\/[\w-]+\.md)\.)$/.exec(lines[0] ?? '');
    expect(posts.map((body) => JSON.parse(body) as unknown)).toMatchObject([{ text: text?.[1], alarm }]);
    expect(existsSync(text?.[2] ?? '')).toBe(true);
  },
);

test('a notice that has no runbook promises none', async () => {
  expect((await told('something-else')).lines).toEqual(['warning: Pool web stands.']);
});
