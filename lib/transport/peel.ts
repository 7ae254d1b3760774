// GET_AGENTS of 40,000 agents is some 75 MB of JSON. Only one agent of it is ever needed at a time, so the bytes are
// scanned for the ends of list elements and each element is parsed alone, while the rest of the document (the shell,
// with a 0 in the place of each element) is kept and parsed at the end: that it parses, and that its lists have as many
// entries as were handed out, is the proof that the answer was whole.
import { Failure } from '../engine/failure';

export type PeelOptions = {
  /** Names of lists of objects that are members of a member of the document: `{"x":{"<name>":[{...},...]}}`. */
  readonly lists: readonly string[];
  /** How deep the lists lie: 2 as above; 1 for members of the document itself. */
  readonly ownerDepth?: number;
  readonly onElement: (list: string, text: string) => void;
  /** Longest element and longest shell, in bytes. */
  readonly maxBytes?: number;
};

export type Peeler = {
  write(chunk: Uint8Array): void;
  /** The shell: it parses only when the document was whole. */
  end(): string;
};

const DEFAULT_MAX_BYTES = 4_194_304;
const DEFAULT_OWNER_DEPTH = 2;
const QUOTE = 0x22;
const OPEN_LIST = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const ZERO = Buffer.from('0');

type State = {
  readonly ownerDepth: number;
  depth: number;
  inString: boolean;
  escaped: boolean;
  /** The last string at the depth of a list's name, with its closing quote. */
  name: string;
  /** The list that is being read. */
  list: string | undefined;
  inElement: boolean;
  readonly element: Pile;
  readonly shell: Pile;
};
type Pile = { parts: Uint8Array[]; bytes: number };

export const createPeeler = (options: PeelOptions): Peeler => {
  const state: State = {
    ownerDepth: options.ownerDepth ?? DEFAULT_OWNER_DEPTH,
    depth: 0,
    inString: false,
    escaped: false,
    name: '',
    list: undefined,
    inElement: false,
    element: { parts: [], bytes: 0 },
    shell: { parts: [], bytes: 0 },
  };
  const peel = { ...options, maxBytes: options.maxBytes ?? DEFAULT_MAX_BYTES };
  return {
    write: (chunk) => scan(state, peel, chunk),
    end: () => emptied(state.shell),
  };
};

type Peel = PeelOptions & { readonly maxBytes: number };

/** Bytes that mean something outside a string. */
const TELLING = new Uint8Array(256);
for (const byte of [QUOTE, OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT]) TELLING[byte] = 1;

const scan = (state: State, peel: Peel, chunk: Uint8Array): void => {
  const end = chunk.length;
  let from = 0;
  let at = 0;
  while (at < end) {
    at = state.inString ? throughString(state, chunk, at) : toTelling(chunk, at);
    if (at === end || state.inString) continue;
    const byte = chunk[at] ?? 0;
    if (byte === QUOTE) openString(state);
    else if (byte === OPEN_OBJECT || byte === OPEN_LIST) from = open(state, peel, { chunk, at, from });
    else if (byte === CLOSE_OBJECT || byte === CLOSE_LIST) from = close(state, peel, { chunk, at, from });
    at += 1;
  }
  keep(state, peel, chunk.subarray(from));
};

const toTelling = (chunk: Uint8Array, from: number): number => {
  // Asked for once: reading a length at each byte takes ten times as long as looking at the byte.
  const end = chunk.length;
  let at = from;
  while (at < end && TELLING[chunk[at] ?? 0] === 0) at += 1;
  return at;
};

/** Where the string that is open ends: behind its closing quote, which also closes it, or at the chunk's end. */
const throughString = (state: State, chunk: Uint8Array, from: number): number => {
  const end = chunk.length;
  let at = from;
  let escaped = state.escaped;
  while (at < end) {
    const byte = chunk[at] ?? 0;
    at += 1;
    if (escaped) escaped = false;
    else if (byte === BACKSLASH) escaped = true;
    else if (byte === QUOTE) {
      state.inString = false;
      break;
    }
  }
  state.escaped = escaped;
  if (state.depth === state.ownerDepth)
    state.name += Buffer.from(chunk.subarray(from, at)).toString('latin1');
  return at;
};

type Place = { readonly chunk: Uint8Array; readonly at: number; readonly from: number };

const openString = (state: State): void => {
  state.inString = true;
  if (state.depth === state.ownerDepth) state.name = '';
};

/** Where the run of bytes that is not yet kept begins, after this one. */
const open = (state: State, peel: Peel, { chunk, at, from }: Place): number => {
  state.depth += 1;
  if (state.inElement) return from;
  if (chunk[at] === OPEN_LIST) {
    if (state.depth === state.ownerDepth + 1) {
      state.list = peel.lists.find((list) => state.name === `${list}"`);
    }
    return from;
  }
  if (state.list === undefined || state.depth !== state.ownerDepth + 2) return from;
  keep(state, peel, chunk.subarray(from, at));
  keep(state, peel, ZERO);
  state.inElement = true;
  return at;
};

const close = (state: State, peel: Peel, { chunk, at, from }: Place): number => {
  state.depth -= 1;
  if (state.depth < 0) throw truncated();
  if (state.inElement) {
    if (state.depth !== state.ownerDepth + 1 || state.list === undefined) return from;
    keep(state, peel, chunk.subarray(from, at + 1));
    state.inElement = false;
    peel.onElement(state.list, emptied(state.element));
    return at + 1;
  }
  if (state.depth === state.ownerDepth) state.list = undefined;
  return from;
};

const keep = (state: State, peel: Peel, bytes: Uint8Array): void => {
  if (bytes.byteLength === 0) return;
  const pile = state.inElement ? state.element : state.shell;
  pile.parts.push(bytes);
  pile.bytes += bytes.byteLength;
  if (pile.bytes > peel.maxBytes) {
    throw new Failure('transient', `One part of the answer is longer than ${peel.maxBytes} bytes.`, {
      code: 'too-long',
    });
  }
};

const emptied = (pile: Pile): string => {
  const [only] = pile.parts;
  const whole = pile.parts.length === 1 && only !== undefined ? only : Buffer.concat(pile.parts);
  pile.parts = [];
  pile.bytes = 0;
  return Buffer.from(whole.buffer, whole.byteOffset, whole.byteLength).toString('utf8');
};

const truncated = (): Failure =>
  new Failure('transient', 'The answer is cut short or is not JSON.', { code: 'not-json' });
