// The store on a DynamoDB table. What a lost response means is decided here (DESIGN §4, invariant S18): a write whose
// outcome is not known throws `unknown-outcome`, never a conflict that may be its own work.
import { Failure, isFailure } from '../engine/failure';
import type { Change, Condition, Item, Key, Store } from '../engine/ports';
import type { Connected, Connection } from './client';
import { conditionExpression, updateExpression } from './expressions';
import { type Attempt, failureOf, isTimeout } from './failures';
import { TABLE } from './table-definition';

export type DynamoStoreOptions = Partial<Connection> & { readonly tableName: string };

export type DynamoStore = Store & {
  /** Closes the connections that are kept open. */
  close(): Promise<void>;
};

/** Of one attempt. A write can take twice as long, since it may be repeated once. */
const TIMEOUT_MS = 3000;
const MAX_ITEM_BYTES = 400_000;
const SMALLEST_NUMBER = 1e-130;

/** Loads the SDK and connects at the first call. An update that makes an item larger than 400,000 bytes is refused by
 *  the table itself, whose own wall is a little further (409,600). */
export const createDynamoStore = (options: DynamoStoreOptions): DynamoStore => new TableStore(options);

class TableStore implements DynamoStore {
  private readonly options: DynamoStoreOptions;
  private connected: Promise<Connected> | undefined;

  constructor(options: DynamoStoreOptions) {
    this.options = options;
  }

  async get(key: Key): Promise<Item | undefined> {
    const { reads, GetCommand } = await this.connect();
    const input = { TableName: this.options.tableName, Key: keyOf(key), ConsistentRead: true };
    const attempt = this.attempt(key, 'read');
    const answer = await sent(reads.send(new GetCommand(input)), attempt);
    return answer.Item === undefined ? undefined : itemOf(answer.Item, attempt);
  }

  async list(...[pk, options = {}]: Parameters<Store['list']>): Promise<readonly Item[]> {
    const { reads, QueryCommand } = await this.connect();
    const { prefix = '', limit = Number.POSITIVE_INFINITY, newestFirst = false } = options;
    const attempt: Attempt = {
      doing: `The partition ${pk} of the table ${this.options.tableName} was not read`,
      effect: 'read',
    };
    const items: Item[] = [];
    let from: Record<string, unknown> | undefined;
    // A page ends after 1 MB, however few items that are.
    while (items.length < limit) {
      const page = await sent(
        reads.send(
          new QueryCommand({
            TableName: this.options.tableName,
            ...partitionExpression(pk, prefix),
            ConsistentRead: true,
            ScanIndexForward: !newestFirst,
            ...(Number.isFinite(limit) ? { Limit: limit - items.length } : {}),
            ...(from === undefined ? {} : { ExclusiveStartKey: from }),
          }),
        ),
        attempt,
      );
      items.push(...(page.Items ?? []).map((item) => itemOf(item, attempt)));
      from = page.LastEvaluatedKey;
      if (from === undefined) break;
    }
    return items;
  }

  async put(item: Item, condition?: Condition): Promise<void> {
    checkStorable(item, item);
    const { writes, PutCommand } = await this.connect();
    const input = { TableName: this.options.tableName, Item: item, ...conditionExpression(condition) };
    await this.write(item, () => writes.send(new PutCommand(input)));
  }

  async update(key: Key, change: Change, condition?: Condition): Promise<Item> {
    checkChange(key, change);
    const { writes, UpdateCommand } = await this.connect();
    const input = {
      TableName: this.options.tableName,
      Key: keyOf(key),
      ReturnValues: 'ALL_NEW' as const,
      ...updateExpression(change, condition),
    };
    const send = () => writes.send(new UpdateCommand(input));
    const isAdding = Object.keys(change.add ?? {}).length > 0;
    const { Attributes } = await (isAdding
      ? sent(send(), this.attempt(key, 'write'))
      : this.write(key, send));
    return itemOf(Attributes, this.attempt(key, 'write'));
  }

  async remove(key: Key, condition?: Condition): Promise<void> {
    const { writes, DeleteCommand } = await this.connect();
    const input = { TableName: this.options.tableName, Key: keyOf(key), ...conditionExpression(condition) };
    await this.write(key, () => writes.send(new DeleteCommand(input)));
  }

  async close(): Promise<void> {
    const connected = await this.connected;
    connected?.reads.destroy();
    connected?.writes.destroy();
  }

  private connect(): Promise<Connected> {
    this.connected ??= import('./client').then(({ connect }) =>
      connect({ ...this.options, timeoutMs: this.options.timeoutMs ?? TIMEOUT_MS }),
    );
    return this.connected;
  }

  private attempt(key: Key, effect: Attempt['effect']): Attempt {
    const what = `The item ${key.pk} / ${key.sk} of the table ${this.options.tableName}`;
    return { doing: `${what} was not ${effect === 'read' ? 'read' : 'written'}`, effect };
  }

  /** A write that can be done twice with the same result is sent again once when its connection broke, which is what
   *  a function meets that slept on an open connection. Whatever the second attempt meets then, the first may be the
   *  cause, so only its success tells anything. */
  private async write<Answer>(key: Key, send: () => Promise<Answer>): Promise<Answer> {
    const attempt = this.attempt(key, 'write');
    try {
      return await sent(send(), attempt);
    } catch (first) {
      if (!isFailure(first, 'unknown-outcome') || isTimeout(first)) throw first;
      return sent(send(), attempt).catch((second: unknown) => {
        const why = isFailure(second) ? second.message : first.message;
        throw new Failure('unknown-outcome', `The answer to a write was lost, and then: ${why}`, {
          code: first.code,
          cause: first,
        });
      });
    }
  }
}

const sent = async <Answer>(answer: Promise<Answer>, attempt: Attempt): Promise<Answer> => {
  try {
    return await answer;
  } catch (error) {
    throw failureOf(error, attempt);
  }
};

const keyOf = ({ pk, sk }: Key) => ({ [TABLE.partitionKey]: pk, [TABLE.sortKey]: sk });

const partitionExpression = (pk: string, prefix: string) => ({
  KeyConditionExpression: prefix === '' ? '#pk = :pk' : '#pk = :pk AND begins_with(#sk, :sk)',
  ExpressionAttributeNames: { '#pk': TABLE.partitionKey, ...(prefix === '' ? {} : { '#sk': TABLE.sortKey }) },
  ExpressionAttributeValues: { ':pk': pk, ...(prefix === '' ? {} : { ':sk': prefix }) },
});

const isItem = (value: unknown): value is Item =>
  typeof value === 'object' &&
  value !== null &&
  'pk' in value &&
  'sk' in value &&
  typeof value.pk === 'string' &&
  typeof value.sk === 'string';

const itemOf = (value: unknown, { doing }: Attempt): Item => {
  if (isItem(value)) return value;
  throw new Failure('permanent', `${doing}: the answer holds an item without pk and sk.`);
};

/** Numbers that JavaScript or DynamoDB would not give back as they are, and items above the port's limit.
 *  @throws Failure `permanent` */
const checkStorable = (key: Key, value: object): void => {
  const json = JSON.stringify(value, (_, one: unknown) => {
    if (typeof one === 'number' && !isExact(one))
      throw refusal(key, `it holds the number ${one}, which is not kept exactly. Store it as a string`);
    return one;
  });
  const bytes = Buffer.byteLength(json);
  if (bytes > MAX_ITEM_BYTES)
    throw refusal(
      key,
      `it has ${bytes} bytes, and at most ${MAX_ITEM_BYTES} are taken. Split it over several items`,
    );
};

const isExact = (value: number): boolean => {
  const size = Math.abs(value);
  return size <= Number.MAX_SAFE_INTEGER && (size === 0 || size >= SMALLEST_NUMBER);
};

/** DynamoDB adds decimals where the embedded stores add binary fractions, so only whole numbers are added. */
const checkChange = (key: Key, { set = {}, add = {} }: Change): void => {
  checkStorable(key, set);
  for (const [field, amount] of Object.entries(add))
    if (!Number.isSafeInteger(amount))
      throw refusal(key, `${amount} is added to ${field}, which is not a whole number`);
};

const refusal = (key: Key, why: string): Failure =>
  new Failure('permanent', `The item ${key.pk} / ${key.sk} cannot be stored: ${why}.`);
