// What zod found, as faults: one sentence of what is wrong and one of what to write.
import type { z } from 'zod';
import type { YamlText } from './document';
import type { Fault, Path } from './fault';
import { formatPath } from './fault';
import { suggest } from './suggest';

export type Issue = z.core.$ZodIssue;

/** Whether the position is that of the value or of its key. */
export type Finding = {
  readonly path: Path;
  readonly at?: 'key';
  readonly problem: string;
  readonly advice: string;
};

export const toFault = (finding: Finding, file: string, text: YamlText): Fault => ({
  file,
  ...(finding.at === 'key' ? text.keyPositionOf(finding.path) : text.positionOf(finding.path)),
  path: formatPath(finding.path),
  problem: finding.problem,
  advice: finding.advice,
});

/** At most one finding for a value, so that two checks of one text do not say the same thing twice. */
export const findingsOf = (issues: readonly Issue[], root: unknown): readonly Finding[] => {
  const seen = new Set<string>();
  return issues
    .flatMap((issue) => fromIssue(issue, [], root))
    .filter((finding) => {
      const key = formatPath(finding.path);
      return !seen.has(key) && seen.add(key);
    });
};

/** Default phrases, for what has no phrase of its own in the schema. */
export const phraseOf = (issue: z.core.$ZodRawIssue): string | undefined => {
  if (issue.code === 'invalid_type') return TYPE_PHRASES[issue.expected] ?? `a ${issue.expected}`;
  if (issue.code === 'invalid_value') return `one of ${issue.values.map(String).join(', ')}`;
  if (issue.code === 'too_small' && issue.origin === 'array') return 'a list of at least one entry';
  return undefined;
};

const TYPE_PHRASES: Readonly<Record<string, string>> = {
  object: 'a map of keys and values',
  record: 'a map of keys and values',
  array: 'a list',
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
};

const fromIssue = (issue: Issue, above: Path, root: unknown): readonly Finding[] => {
  const path = [...above, ...issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part))];
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => unknownKey([...path, key], key, issue.message.split(',')));
  }
  if (issue.code === 'invalid_union') {
    // The branch whose own type fits and that fails further down says it best.
    const branch = issue.errors.find(
      (errors) => errors.length > 0 && errors.every((error) => error.path.length > 0),
    );
    if (branch !== undefined) return branch.flatMap((error) => fromIssue(error, path, root));
  }
  const phrase = issue.code === 'invalid_key' ? (issue.issues[0]?.message ?? issue.message) : issue.message;
  return [misfit(path, phrase, root, issue.code === 'invalid_key')];
};

const MERGE_ADVICE =
  'YAML 1.2 has no merge key: write the keys out, or give the whole map an anchor and an alias';

const unknownKey = (path: Path, key: string, known: readonly string[]): Finding => {
  const near = suggest(key, known);
  const advice = near === undefined ? `Known here: ${known.join(', ')}` : `Did you mean ${near}?`;
  return { path, at: 'key', problem: 'this key is not known', advice: key === '<<' ? MERGE_ADVICE : advice };
};

const misfit = (path: Path, phrase: string, root: unknown, isKey: boolean): Finding => {
  const value = valueAt(root, path);
  const [noun = phrase, examples] = phrase.split(', such as ');
  const advice = examples === undefined ? `Write ${noun}` : `Write for example ${examples}`;
  if (value === undefined) return { path, problem: 'this is missing', advice: `Write ${phrase}` };
  if (isKey) return { path, at: 'key', problem: `the key is not ${noun}`, advice };
  const near = typeof value === 'string' ? suggest(value, choices(noun)) : undefined;
  if (near !== undefined)
    return {
      path,
      problem: `${describe(value, path, noun)} is not ${noun}`,
      advice: `Did you mean ${near}?`,
    };
  return { path, problem: `${describe(value, path, noun)} is not ${noun}`, advice };
};

const choices = (noun: string): readonly string[] =>
  noun.startsWith('one of ') ? noun.slice('one of '.length).split(', ') : [];

/** Keys under which a secret may stand by mistake: their values are never repeated. */
const HIDDEN_KEYS: ReadonlySet<string> = new Set([
  'auth',
  'secret',
  'url',
  'urls',
  'masters',
  'zk',
  'key',
  'when',
]);
const REPEATABLE = /^[\w .:/%*+-]{1,40}$/;

const describe = (value: unknown, path: Path, wanted: string): string => {
  if (path.some((part) => HIDDEN_KEYS.has(String(part)))) return 'the value';
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a map';
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value !== 'string') return 'the value';
  const isWhole = wanted.startsWith('a list') || wanted.startsWith('a map');
  return isWhole || !REPEATABLE.test(value) ? 'the text' : `"${value}"`;
};

/** The value in the parsed document; undefined when the path leads nowhere. */
export const valueAt = (root: unknown, path: Path): unknown => {
  let value: unknown = root;
  for (const part of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    value = Reflect.get(value, part);
  }
  return value;
};
