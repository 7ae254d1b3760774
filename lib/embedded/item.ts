// What a store accepts and how conditions and changes are read, as DynamoDB reads them, so that whatever passes on the
// embedded stores passes there too. Pure and synchronous: both embedded stores decide with it.
import { Failure } from '../engine/failure';
import type { Change, Clause, Condition, Item, Json, Key } from '../engine/ports';

/** Of an item's JSON in UTF-8. DynamoDB's own wall is 409,600 bytes by a slightly different count. */
export const MAX_ITEM_BYTES = 400_000;
const MAX_PARTITION_KEY_BYTES = 2048;
const MAX_SORT_KEY_BYTES = 1024;
/** The smallest magnitude of a DynamoDB number that is not zero. */
const SMALLEST_NUMBER = 1e-130;

/** Given the item as it is, the item as it shall be (`undefined`: none), or a thrown Failure. */
export type Decision<After extends Item | undefined = Item | undefined> = (before: Item | undefined) => After;

/** @throws Failure `permanent` when the item cannot be stored, `conflict` when the condition does not hold. */
export const putting = (item: Item, condition: Condition = []): Decision<Item> => {
  const kept = accepted(item);
  return (before) => {
    requireCondition(item, before, condition);
    return kept;
  };
};

/** @throws Failure as `putting`; `permanent` too when `add` meets a field that is not a number. */
export const updating = (key: Key, change: Change, condition: Condition = []): Decision<Item> => {
  checkChange(key, change);
  return (before) => {
    requireCondition(key, before, condition);
    return accepted(changed(key, before, change));
  };
};

/** @throws Failure `conflict` when the condition does not hold. */
export const removing =
  (key: Key, condition: Condition = []): Decision<undefined> =>
  (before) => {
    requireCondition(key, before, condition);
    return undefined;
  };

/** DynamoDB orders and compares strings by their UTF-8 bytes; JavaScript's `<` differs beyond U+FFFF. */
export const compareText = (a: string, b: string): number =>
  a === b ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b));

export const bytesOf = (item: Item): number => Buffer.byteLength(JSON.stringify(item));

/** For text that was read back from a file. */
export const isItem = (value: unknown): value is Item =>
  isKey(value) &&
  (!('expiresAt' in value) || value.expiresAt === undefined || typeof value.expiresAt === 'number');

export const isKey = (value: unknown): value is Key =>
  typeof value === 'object' &&
  value !== null &&
  'pk' in value &&
  'sk' in value &&
  typeof value.pk === 'string' &&
  typeof value.sk === 'string';

export const nameOf = (key: Key): string => `${key.pk} / ${key.sk}`;

/** @throws Failure `permanent` when DynamoDB would not take the key. */
export const checkKey = (key: Key): void => {
  const bad =
    fault('pk', key.pk, MAX_PARTITION_KEY_BYTES) ?? fault('sk', key.sk, MAX_SORT_KEY_BYTES) ?? undefined;
  if (bad !== undefined) throw new Failure('permanent', `The key ${nameOf(key)} cannot be stored: ${bad}.`);
};

const fault = (name: string, text: string, max: number): string | undefined => {
  if (text === '') return `${name} is empty`;
  return Buffer.byteLength(text) > max ? `${name} is longer than ${max} bytes` : undefined;
};

/** A frozen deep copy, so that neither the writer nor a reader can change what is stored. */
const accepted = (item: Item): Item => {
  checkKey(item);
  const { pk, sk, expiresAt, ...rest } = item;
  if (expiresAt !== undefined && typeof expiresAt !== 'number')
    throw new Failure('permanent', `The item ${nameOf(item)} has an expiresAt that is not a number.`);
  const fields: Record<string, Json> = {};
  for (const [name, value] of Object.entries(rest))
    if (value !== undefined) Object.defineProperty(fields, name, own(frozen(value, item)));
  const expiry = expiresAt === undefined ? {} : { expiresAt };
  const kept: Item = Object.freeze({ pk, sk, ...expiry, ...fields });
  const bytes = bytesOf(kept);
  if (bytes > MAX_ITEM_BYTES)
    throw new Failure(
      'permanent',
      `The item ${nameOf(item)} has ${bytes} bytes; a store takes at most ${MAX_ITEM_BYTES}.`,
      { code: 'ItemTooLarge', advice: 'Split it over several items.' },
    );
  return kept;
};

const own = (value: Json) => ({ value, enumerable: true, writable: true, configurable: true });

const isList = (value: Json): value is readonly Json[] => Array.isArray(value);

const frozen = (value: Json, key: Key): Json => {
  if (typeof value === 'number') return acceptedNumber(value, key);
  if (value === null || typeof value !== 'object') return value;
  if (isList(value)) return Object.freeze(value.map((one) => frozen(one, key)));
  const entries = Object.entries(value).filter(([, one]) => one !== undefined);
  return Object.freeze(Object.fromEntries(entries.map(([name, one]) => [name, frozen(one, key)])));
};

const acceptedNumber = (value: number, key: Key): number => {
  const size = Math.abs(value);
  if (!(size <= Number.MAX_SAFE_INTEGER) || (size > 0 && size < SMALLEST_NUMBER))
    throw new Failure(
      'permanent',
      `The item ${nameOf(key)} holds the number ${value}, which cannot be stored exactly everywhere.`,
      { advice: 'Store it as a string.' },
    );
  return value + 0;
};

// ---- conditions --------------------------------------------------------------------------------------------

const requireCondition = (key: Key, before: Item | undefined, condition: Condition): void => {
  const broken = condition.find((clause) => !holds(before, clause));
  if (broken !== undefined)
    throw new Failure(
      'conflict',
      `The item ${nameOf(key)} was not written: ${sentence(broken)} does not hold.`,
      { code: 'ConditionalCheckFailed' },
    );
};

const sentence = (clause: Clause): string =>
  'value' in clause
    ? `${clause.field} ${clause.is} ${JSON.stringify(clause.value)}`
    : `${clause.field} is ${clause.is}`;

const fieldOf = (item: Item | undefined, field: string): Json | undefined =>
  item !== undefined && Object.hasOwn(item, field) ? item[field] : undefined;

const holds = (item: Item | undefined, clause: Clause): boolean => {
  const actual = fieldOf(item, clause.field);
  if (!('value' in clause)) return (actual === undefined) === (clause.is === 'absent');
  if (actual === undefined) return clause.orAbsent === true;
  const order = orderOf(actual, clause.value);
  return order === undefined ? clause.is === '<>' : COMPARISONS[clause.is](order);
};

const COMPARISONS = {
  '=': (order: number) => order === 0,
  '<>': (order: number) => order !== 0,
  '<': (order: number) => order < 0,
  '<=': (order: number) => order <= 0,
  '>': (order: number) => order > 0,
  '>=': (order: number) => order >= 0,
};

/** `undefined` when the two are of different types: then nothing but `<>` holds. */
const orderOf = (actual: Json, value: string | number): number | undefined => {
  if (typeof actual === 'number' && typeof value === 'number') return actual - value;
  if (typeof actual === 'string' && typeof value === 'string') return compareText(actual, value);
  return undefined;
};

// ---- changes -----------------------------------------------------------------------------------------------

/** The rules of an update expression: no field twice, no key field, whole numbers only in `add` (DynamoDB adds
 *  decimals, JavaScript adds binary fractions: 0.1 + 0.2 would differ).
 *  @throws Failure `permanent` */
const checkChange = (key: Key, { set = {}, add = {}, remove = [] }: Change): void => {
  checkKey(key);
  const fields = [...Object.keys(set), ...Object.keys(add), ...remove];
  const twice = fields.find((field, at) => fields.indexOf(field) !== at);
  const refuse = (why: string): never => {
    throw new Failure('permanent', `The item ${nameOf(key)} cannot be changed like that: ${why}.`);
  };
  if (twice !== undefined) refuse(`${twice} is changed twice`);
  if (fields.includes('pk') || fields.includes('sk')) refuse('a key field is changed');
  for (const [field, amount] of Object.entries(add))
    if (!Number.isSafeInteger(amount)) refuse(`${amount} is added to ${field}, which is not a whole number`);
};

const changed = (key: Key, before: Item | undefined, { set = {}, add = {}, remove = [] }: Change): Item => {
  const fields = new Map<string, Json | undefined>(Object.entries(before ?? {}));
  for (const [field, value] of Object.entries(set)) fields.set(field, value);
  for (const field of remove) fields.delete(field);
  for (const [field, amount] of Object.entries(add)) {
    const base = fields.get(field) ?? (fields.has(field) ? null : 0);
    if (typeof base !== 'number')
      throw new Failure('permanent', `The item ${nameOf(key)} cannot be added to: ${field} is no number.`);
    fields.set(field, base + amount);
  }
  return { ...Object.fromEntries(fields), pk: key.pk, sk: key.sk };
};
