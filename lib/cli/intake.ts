// muster intake: what would this payload do? Reads recorded events and says which signals come of them.
import type { Spec, Webhook } from '../core/model/spec';
import { systemClock } from '../engine/clock';
import { messageOf } from '../engine/failure';
import { translate, type Translation } from '../events/translate';
import { INVALID, readSpec } from './spec-file';
import { isSet, readText, textOf, type Terminal, UsageError, type Verb, type Words } from './verb';

type Row = {
  readonly file: string;
  readonly source: string;
  readonly signals: readonly {
    readonly kind: string;
    readonly subject: string;
    readonly urgency: string;
    readonly expiresAt?: string;
  }[];
  readonly ignored?: string;
  readonly malformed?: string;
};
type Hooks = Readonly<Record<string, { readonly cluster: string; readonly webhook: Webhook }>>;

export const intake: Verb = {
  name: 'intake',
  summary: 'What would these event payloads do?',
  operands: 'FILE...',
  options: { config: { type: 'string' }, webhook: { type: 'string' } },
  help: {
    config: 'A muster.yaml whose webhook rules apply.',
    webhook: 'Name of the webhook by which the payloads come; the only one of its kind otherwise.',
  },
  example: 'muster intake test/fixtures/events/alertmanager-webhook-v4.json --config examples/aws-full.yaml',
  codes: { 2: 'a payload was not understood' },
  run: async (words, terminal) => {
    if (words.positionals.length === 0) throw new UsageError('Name at least one file with a JSON payload.');
    const config = textOf(words, 'config');
    const spec = config === undefined ? undefined : await readSpec(config, terminal);
    if (config !== undefined && spec === undefined) return INVALID;
    const hooks = hooksOf(spec);
    const webhook = namedHook(words, hooks);
    const rows: Row[] = [];
    for (const file of words.positionals) rows.push(await rowOf(file, hooks, webhook, terminal));
    if (isSet(words, 'json')) terminal.out(`${JSON.stringify(rows, null, 2)}\n`);
    else for (const row of rows) terminal.out(`${lineOf(row)}\n`);
    return rows.some(({ malformed }) => malformed !== undefined) ? INVALID : 0;
  },
};

const hooksOf = (spec: Spec | undefined): Hooks =>
  Object.fromEntries(
    (spec?.webhooks ?? []).map((webhook) => [webhook.name, { cluster: spec?.cluster ?? '', webhook }]),
  );

const namedHook = (words: Words, hooks: Hooks): string | undefined => {
  const name = textOf(words, 'webhook');
  if (name === undefined || Object.hasOwn(hooks, name)) return name;
  const known = Object.keys(hooks).join(', ');
  throw new UsageError(
    `No webhook is called ${name}; ${known === '' ? 'name a muster.yaml that has it with --config' : `there are ${known}`}.`,
  );
};

const rowOf = async (
  file: string,
  webhooks: Hooks,
  webhook: string | undefined,
  terminal: Terminal,
): Promise<Row> => {
  let payload: unknown;
  try {
    payload = JSON.parse(await readText(file, terminal));
  } catch (error) {
    return { file, source: 'unknown', signals: [], malformed: messageOf(error) };
  }
  const answer = understand(payload, webhooks, webhook);
  if ('malformed' in answer)
    return { file, source: answer.source ?? 'unknown', signals: [], malformed: answer.malformed };
  const signals = answer.signals.map(({ kind, subject, urgency, fact }) => ({
    kind,
    subject,
    urgency,
    ...(fact === undefined ? {} : { expiresAt: new Date(fact.expiresAt).toISOString() }),
  }));
  return {
    file,
    source: answer.source,
    signals,
    ...(answer.ignored === undefined ? {} : { ignored: answer.ignored }),
  };
};

/** A payload of a sender by webhook comes by the one that was named, or else by the only one of its kind. */
const understand = (payload: unknown, webhooks: Hooks, named: string | undefined): Translation => {
  const receivedAt = systemClock.now();
  if (named !== undefined) return translate(payload, { receivedAt, webhooks, source: named });
  const answer = translate(payload, { receivedAt, webhooks });
  const kind = KINDS[answer.source ?? ''];
  const [only, ...others] = Object.entries(webhooks).filter(([, { webhook }]) => webhook.kind === kind);
  if (only === undefined || others.length > 0) return answer;
  return translate(payload, { receivedAt, webhooks, source: only[0] });
};

const KINDS: Readonly<Record<string, Webhook['kind']>> = {
  alertmanager: 'alertmanager',
  grafana: 'alertmanager',
  webhook: 'hmac',
  datadog: 'datadog',
  'gcp-monitoring': 'google-monitoring',
};

const lineOf = ({ file, source, signals, ignored, malformed }: Row): string => {
  if (malformed !== undefined) return `${file}: not understood. ${malformed}`;
  const told = signals.map(
    ({ kind, subject, urgency, expiresAt }) =>
      `${kind} for ${subject}, ${urgency}${expiresAt === undefined ? '' : `, until ${expiresAt}`}`,
  );
  const rest = ignored === undefined ? [] : [`ignored: ${ignored}`];
  return `${file}: ${source}. ${[...told, ...rest].join('; ')}`;
};
