// The text as YAML: its value, and where in the file each path of it stands.
import {
  isAlias,
  isCollection,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  visit,
} from 'yaml';
import type { Document, ErrorCode, Node, Pair } from 'yaml';
import type { Fault, Path } from './fault';

/** Far above any real file; a parser should not be handed more. */
const TEXT_LIMIT = 1_000_000;

export type Position = { readonly line: number; readonly column: number };
export type YamlText = {
  readonly value: unknown;
  /** Of the value at the path, or of the nearest thing above it when there is none. */
  readonly positionOf: (path: Path) => Position;
  /** Of the last key of the path. */
  readonly keyPositionOf: (path: Path) => Position;
  /** Faults that leave the rest readable: a key that is written twice. */
  readonly faults: readonly Fault[];
};

/** Reads YAML 1.2. Faults of syntax end it: what follows them cannot be trusted. No message repeats the file's text,
 *  which may hold a secret that somebody put there by mistake. */
export const readYaml = (text: string, file: string): YamlText | { readonly fatal: readonly Fault[] } => {
  const fatal = (position: Position, problem: string, advice: string) => ({
    fatal: [{ file, ...position, path: '', problem, advice }],
  });
  if (text.length > TEXT_LIMIT) {
    return fatal(START, 'the file is longer than 1,000,000 characters', 'Give the path of a muster.yaml');
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, stringKeys: true });
  const at = (offset: number): Position => toPosition(lines, offset);

  const faults = [
    ...document.errors.map((error) => ({ code: error.code, offset: error.pos[0] })),
    ...document.warnings.map((warning) => ({ code: warning.code, offset: warning.pos[0] })),
    ...unresolvedAliases(document).map((offset) => ({ code: 'BAD_ALIAS' as const, offset })),
  ].map(({ code, offset }) => ({ file, ...at(offset), path: '', ...(SENTENCES[code] ?? UNREADABLE), code }));
  const plain = faults.map(({ code: _code, ...fault }) => fault);
  if (faults.some((fault) => fault.code !== 'DUPLICATE_KEY')) return { fatal: plain };

  const value = toValue(document);
  if (value === EXCESSIVE) {
    return fatal(START, 'aliases unfold to far more than the file holds', 'Write the repeated parts out');
  }
  const locate = locator(document, at);
  return {
    value,
    positionOf: (path) => locate(path).value,
    keyPositionOf: (path) => locate(path).key,
    faults: plain,
  };
};

const START: Position = { line: 1, column: 1 };

const toPosition = (lines: LineCounter, offset: number): Position => {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(1, line), column: Math.max(1, col) };
};

type Sentence = { readonly problem: string; readonly advice: string };

const UNREADABLE: Sentence = {
  problem: 'this is not YAML',
  advice: 'Check quotes, brackets and indentation here; the rest of the file is checked once it can be read',
};
const INDENTATION: Sentence = {
  problem: 'the indentation does not fit what stands above it',
  advice: 'Give all keys of one map the same number of leading spaces',
};

const SENTENCES: Partial<Record<ErrorCode, Sentence>> = {
  DUPLICATE_KEY: { problem: 'this key is written twice in the same map', advice: 'Keep one of them' },
  TAB_AS_INDENT: { problem: 'a tab is used as indentation', advice: 'YAML allows only spaces there' },
  BAD_INDENT: {
    problem: 'a list or map is not closed, or its lines are not indented enough',
    advice: 'Close it with ] or }, or indent its lines more than its key',
  },
  BLOCK_AS_IMPLICIT_KEY: INDENTATION,
  MULTILINE_IMPLICIT_KEY: INDENTATION,
  MISSING_CHAR: {
    problem: 'a colon, a closing quote or a bracket is missing',
    advice: 'Write `key: value`, and close every quote and bracket',
  },
  BAD_SCALAR_START: {
    problem: 'a value cannot begin with this character',
    advice: 'Put the value in double quotes',
  },
  MULTIPLE_DOCS: {
    problem: 'the file holds more than one YAML document',
    advice: 'Write one file for each cluster, without a --- line between them',
  },
  NON_STRING_KEY: { problem: 'a key must be plain text', advice: 'Put the key in quotes' },
  BAD_ALIAS: {
    problem: 'an alias names no anchor above it',
    advice: 'Write &name at the value first, or put a text that begins with * in quotes',
  },
  TAG_RESOLVE_FAILED: {
    problem: 'this tag is not known',
    advice: 'Remove it, or put a text that begins with ! in quotes',
  },
};

const unresolvedAliases = (document: Document.Parsed): readonly number[] => {
  const offsets: number[] = [];
  visit(document, {
    Alias: (_key, alias) => {
      if (alias.resolve(document) === undefined) offsets.push(alias.range?.[0] ?? 0);
    },
  });
  return offsets;
};

const EXCESSIVE = Symbol('excessive');

const toValue = (document: Document.Parsed): unknown => {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch {
    return EXCESSIVE;
  }
};

type Located = { readonly value: Position; readonly key: Position };

const locator = (document: Document.Parsed, at: (offset: number) => Position) => {
  const startOf = (node: unknown, fallback: Position): Position =>
    isNode(node) && node.range ? at(node.range[0]) : fallback;

  return (path: Path): Located => {
    let node = follow(document, document.contents);
    let here: Located = { value: START, key: START };
    for (const part of path) {
      const step = into(node, part);
      if (step === undefined) return { value: here.key, key: here.key };
      const value = startOf(step.value, here.value);
      here = { value, key: startOf(step.key, value) };
      node = follow(document, step.value);
    }
    return here;
  };
};

const follow = (document: Document.Parsed, node: unknown): Node | undefined => {
  const target = isAlias(node) ? node.resolve(document) : node;
  return isNode(target) ? target : undefined;
};

const into = (node: Node | undefined, part: string | number): Pick<Pair, 'key' | 'value'> | undefined => {
  if (!isCollection(node)) return undefined;
  if (isMap(node)) {
    // The last of two equal keys is the one whose value counts.
    return node.items.findLast((pair) => (isScalar(pair.key) ? String(pair.key.value) : '') === String(part));
  }
  const item = isSeq(node) && typeof part === 'number' ? node.items[part] : undefined;
  return item === undefined ? undefined : { key: item, value: item };
};
