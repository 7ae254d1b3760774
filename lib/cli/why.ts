// muster why: why an app waits, what would cure it and what is done about it, asked of a running Muster.
import { z } from 'zod';
import { API, callApi } from './call-api';
import { isSet, textOf, UsageError, type Verb } from './verb';

const answer = z.looseObject({
  isWaiting: z.boolean(),
  why: z.array(z.string()),
  cure: z.array(z.string()),
  doing: z.array(z.string()),
});

export const why: Verb = {
  name: 'why',
  summary: 'Why does an app wait, what would cure it, and is Muster on it?',
  operands: 'APP',
  options: { cluster: { type: 'string' }, api: { type: 'string' } },
  help: {
    cluster: 'The cluster, where one Muster serves several.',
    api: `Where Muster serves its API (${API}).`,
  },
  example: 'muster why /shop',
  codes: { 1: 'Muster does not answer, or has no such cluster' },
  run: async (words, terminal) => {
    const [app, ...rest] = words.positionals;
    if (app === undefined || rest.length > 0) throw new UsageError('Name one app.');
    const query = new URLSearchParams({ app });
    const cluster = textOf(words, 'cluster');
    if (cluster !== undefined) query.set('cluster', cluster);
    const { status, said, text } = await callApi(textOf(words, 'api') ?? API, `/api/why?${query.toString()}`);
    if (status !== 200) {
      terminal.err(`${said}\n`);
      return 1;
    }
    if (isSet(words, 'json')) {
      terminal.out(`${text}\n`);
      return 0;
    }
    const { why: reasons, cure, doing } = answer.parse(JSON.parse(text));
    for (const reason of reasons) terminal.out(`${reason}\n`);
    for (const one of doing) terminal.out(`Muster is on it: ${one}\n`);
    for (const one of cure) terminal.out(`What helps: ${one}\n`);
    return 0;
  },
};
