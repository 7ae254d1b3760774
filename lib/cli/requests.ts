// The verbs by which a person asks something of a running Muster. Each is one POST to its API: what it can take, it has
// stored by the time it answers, and the next turn reads it.
import { API, callApi } from './call-api';
import { isSet, textOf, type Terminal, UsageError, type Verb, type Words } from './verb';

type Fields = Readonly<Record<string, string | number | boolean | undefined>>;
type Asking = {
  readonly name: string;
  readonly summary: string;
  readonly operands: string;
  /** Option → what it does; those of `flags` take no value. */
  readonly help: Readonly<Record<string, string>>;
  readonly flags?: readonly string[];
  readonly example: string;
  /** What the request says beside who asks and why. @throws UsageError */
  readonly fields: (words: Words) => Fields;
};

const COMMON = {
  by: 'Who asks; said wherever the request is.',
  reason: 'Why; said wherever the request is.',
  cluster: 'The cluster, where one Muster serves several.',
  api: `Where Muster serves its API (${API}).`,
};

const asking = ({ name, summary, operands, help, flags = [], example, fields }: Asking): Verb => ({
  name,
  summary,
  operands,
  options: Object.fromEntries(
    Object.keys({ ...help, ...COMMON }).map((option) => [
      option,
      { type: flags.includes(option) ? ('boolean' as const) : ('string' as const) },
    ]),
  ),
  help: { ...help, ...COMMON },
  example,
  codes: { 1: 'Muster does not answer, or cannot take the request' },
  run: async (words, terminal) => {
    const cluster = textOf(words, 'cluster');
    const body = {
      kind: name,
      ...fields(words),
      by: required(words, 'by'),
      reason: required(words, 'reason'),
      ...(cluster === undefined ? {} : { cluster }),
    };
    return post(textOf(words, 'api') ?? API, body, { words, terminal });
  },
});

const required = (words: Words, name: string): string => {
  const value = textOf(words, name);
  if (value === undefined || value.trim() === '') throw new UsageError(`Name --${name}.`);
  return value;
};

const post = async (
  api: string,
  body: Fields,
  { words, terminal }: { readonly words: Words; readonly terminal: Terminal },
): Promise<number> => {
  const { status, said } = await callApi(api, '/api/requests', body);
  const isTaken = status === 202;
  if (isSet(words, 'json')) terminal.out(`${JSON.stringify({ schemaVersion: 1, isTaken, message: said })}\n`);
  else if (isTaken) terminal.out(`${said}\n`);
  else terminal.err(`${said}\n`);
  return isTaken ? 0 : 1;
};

/** The one operand of the verb. */
const operand = (words: Words, what: string): string => {
  const [first, ...rest] = words.positionals;
  if (first === undefined || rest.length > 0) throw new UsageError(`Name one ${what}.`);
  return first;
};

const PROTECTED = 'machine, agent, hostname or app';
const SUBJECT = 'machine, agent or hostname';

const drains = {
  within: 'By when it is over: 30m, 2h, at most 7d (1h).',
  force: 'Though it is protected, out of budget or in a blackout window; what is left at the end is killed.',
};
const drainFields = (words: Words): Fields => ({
  subject: operand(words, SUBJECT),
  within: textOf(words, 'within') ?? '1h',
  ...(isSet(words, 'force') ? { force: true } : {}),
});

const goods = {
  shape: 'Only this machine shape.',
  zone: 'Only in this zone.',
};
const goodsFields = (words: Words): Fields => {
  const [shape, zone] = [textOf(words, 'shape'), textOf(words, 'zone')];
  return {
    pool: operand(words, 'pool'),
    ...(shape === undefined ? {} : { shape }),
    ...(zone === undefined ? {} : { zone }),
  };
};

const scaleFields = (words: Words): Fields => {
  const [min, add] = [textOf(words, 'min'), textOf(words, 'add')];
  if ((min === undefined) === (add === undefined)) throw new UsageError('Name --min or --add.');
  const base = { pool: operand(words, 'pool'), for: textOf(words, 'for') ?? '1h' };
  if (min !== undefined) return { ...base, min: wholeOf('min', min) };
  return { ...base, add: add?.endsWith('%') === true ? add : wholeOf('add', add ?? '') };
};

const wholeOf = (name: string, text: string): number => {
  if (/^\d{1,6}$/.test(text)) return Number(text);
  const share = name === 'add' ? ' or a share such as 20%' : '';
  throw new UsageError(`--${name} takes a whole number${share}, not "${text}".`);
};

const pauseFields = (words: Words): Fields => {
  const minutes = textOf(words, 'minutes');
  return minutes === undefined ? {} : { minutes: wholeOf('minutes', minutes) };
};

export const REQUESTS: readonly Verb[] = [
  asking({
    name: 'drain',
    summary: 'Empty a machine, its services moved first, and end it.',
    operands: 'SUBJECT',
    help: drains,
    flags: ['force'],
    example: 'muster drain i-0123456789abcdef0 --by ada --reason "a new kernel" --within 1h',
    fields: drainFields,
  }),
  asking({
    name: 'replace',
    summary: 'As drain, but begin once a machine in its place has registered.',
    operands: 'SUBJECT',
    help: drains,
    flags: ['force'],
    example: 'muster replace i-0123456789abcdef0 --by ada --reason "a bad disk" --within 2h',
    fields: drainFields,
  }),
  asking({
    name: 'undrain',
    summary: 'Take a drain or a replacement back, until its rest is killed.',
    operands: 'SUBJECT',
    help: {},
    example: 'muster undrain i-0123456789abcdef0 --by ada --reason "it can wait"',
    fields: (words) => ({ subject: operand(words, SUBJECT) }),
  }),
  asking({
    name: 'protect',
    summary: 'Disrupt nothing of a machine, an agent or an app for a while.',
    operands: 'SUBJECT',
    help: { for: 'For how long: 30m, 2h, at most 30d (1h).' },
    example: 'muster protect /shop --by ada --reason "a demo" --for 2h',
    fields: (words) => ({ subject: operand(words, PROTECTED), for: textOf(words, 'for') ?? '1h' }),
  }),
  asking({
    name: 'unprotect',
    summary: 'Take a protection back.',
    operands: 'SUBJECT',
    help: {},
    example: 'muster unprotect /shop --by ada --reason "the demo is over"',
    fields: (words) => ({ subject: operand(words, PROTECTED) }),
  }),
  asking({
    name: 'exclude',
    summary: 'Buy nothing of a pool, of a shape or in a zone, for a while.',
    operands: 'POOL',
    help: { ...goods, for: 'For how long: 30m, 2h, at most 30d (1h).' },
    example: 'muster exclude web --shape m7i.large --by ada --reason "bad hosts" --for 6h',
    fields: (words) => ({ ...goodsFields(words), for: textOf(words, 'for') ?? '1h' }),
  }),
  asking({
    name: 'include',
    summary: 'Take an exclusion back: the same pool, shape and zone.',
    operands: 'POOL',
    help: goods,
    example: 'muster include web --shape m7i.large --by ada --reason "they are mended"',
    fields: goodsFields,
  }),
  asking({
    name: 'scale',
    summary: 'Hold a pool at a least size for a while, or add machines now.',
    operands: 'POOL',
    help: {
      min: 'Agents that it has at least; 0 takes it back.',
      add: 'Agents more than there are, or a share of them: 5, 20%.',
      for: 'For how long: 30m, 2h, at most 30d (1h).',
    },
    example: 'muster scale web --min 20 --by ada --reason "a campaign" --for 8h',
    fields: scaleFields,
  }),
  asking({
    name: 'pause',
    summary: 'Buy, end and move nothing for a while; people are still told.',
    operands: '',
    help: { minutes: 'For how long, at most 10080 (60).' },
    example: 'muster pause --by ada --reason "a new switch" --minutes 30',
    fields: pauseFields,
  }),
  asking({
    name: 'resume',
    summary: 'Take a pause back.',
    operands: '',
    help: {},
    example: 'muster resume --by ada --reason "the switch is in"',
    fields: pauseFields,
  }),
];
