// The format of the log. After one line that names it, frames: each is one commit, one line, whole or not there.
//
//   <length> <checksum of the JSON> <checksum of the two before> <JSON>\n        (three times eight hex digits)
//
// The head has a checksum of its own so that a damaged length is seen as damage and is not taken for a frame that a
// crash cut short: the first must stop the start, the second must not. JSON text has no NUL, so a frame of full
// length that holds one has pages which a power cut kept from being written, and was never acknowledged.
import { crc32 } from 'node:zlib';
import type { Item, Key } from '../engine/ports';
import { isItem, isKey } from './item';

export type Entry = { readonly put: Item } | { readonly remove: Key };

export const HEADER = Buffer.from('muster store 1\n');
const HEAD_BYTES = 27;

const hex = (value: number): string => value.toString(16).padStart(8, '0');

export const frameOf = (entries: readonly Entry[]): Buffer => {
  const json = Buffer.from(JSON.stringify(entries));
  const head = `${hex(json.length)} ${hex(crc32(json))}`;
  return Buffer.concat([Buffer.from(`${head} ${hex(crc32(head))} `), json, Buffer.from('\n')]);
};

export type Scan =
  /** All frames are whole, or the last one was cut short at `end` by a crash before it was acknowledged. */
  | { readonly kind: 'sound' | 'torn'; readonly end: number }
  | { readonly kind: 'damaged'; readonly end: number; readonly why: string };

/** Calls `each` for every frame in order, and stops at the first that is not whole. */
export const scan = (log: Buffer, each: (entries: readonly Entry[]) => void): Scan => {
  if (!log.subarray(0, HEADER.length).equals(HEADER))
    return { kind: 'damaged', end: 0, why: `it does not begin with "${HEADER.toString().trim()}"` };
  let at = HEADER.length;
  while (at < log.length) {
    const frame = readFrame(log, at);
    if (!('entries' in frame)) return { ...frame, end: at };
    each(frame.entries);
    at = frame.next;
  }
  return { kind: 'sound', end: at };
};

type Frame =
  | { readonly entries: readonly Entry[]; readonly next: number }
  | { readonly kind: 'torn' }
  | { readonly kind: 'damaged'; readonly why: string };

const TORN: Frame = { kind: 'torn' };
const damaged = (why: string): Frame => ({ kind: 'damaged', why });

const readFrame = (log: Buffer, at: number): Frame => {
  const rest = log.subarray(at);
  if (rest.length < HEAD_BYTES) return cutShort(rest) ? TORN : damaged('bytes that no frame begins with');
  const [length = '', sum = '', headSum = ''] = rest.subarray(0, HEAD_BYTES).toString('latin1').split(' ');
  if (headSum === hex(crc32(`${length} ${sum}`)))
    return readBody(rest, Number.parseInt(length, 16), { sum, at });
  return onlyNulsAfter(rest, HEAD_BYTES) ? TORN : damaged('the head of a frame does not match its checksum');
};

const readBody = (rest: Buffer, length: number, { sum, at }: { sum: string; at: number }): Frame => {
  const end = HEAD_BYTES + length + 1;
  if (end > rest.length) return TORN;
  const body = rest.subarray(HEAD_BYTES, end);
  if (hex(crc32(body.subarray(0, -1))) === sum && body.at(-1) === 0x0a)
    return parseFrame(body.toString(), at + end);
  const isUnwritten = end === rest.length && body.includes(0);
  return isUnwritten ? TORN : damaged('a frame does not match its checksum');
};

const parseFrame = (json: string, next: number): Frame => {
  const entries: unknown = JSON.parse(json);
  return Array.isArray(entries) && entries.every(isEntry)
    ? { entries, next }
    : damaged('a frame holds what this version does not know');
};

/** Fewer bytes than a head: the beginning of one, possibly with NULs where it was not written. */
const cutShort = (rest: Buffer): boolean => /^[0-9a-f ]*\0*$/.test(rest.toString('latin1'));

const onlyNulsAfter = (rest: Buffer, from: number): boolean =>
  rest.subarray(0, from).includes(0) && rest.subarray(from).every((byte) => byte === 0);

const isEntry = (value: unknown): value is Entry => {
  if (typeof value !== 'object' || value === null) return false;
  return 'put' in value ? isItem(value.put) : 'remove' in value && isKey(value.remove);
};
