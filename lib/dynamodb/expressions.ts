// Conditions and changes in DynamoDB's expression language. Names and values always go by placeholder: almost any
// word may be reserved, and a name may hold any character.
import type { Change, Clause, Condition, Json } from '../engine/ports';

type Placeholders = {
  readonly ExpressionAttributeNames?: Record<string, string>;
  readonly ExpressionAttributeValues?: Record<string, Json>;
};

export const conditionExpression = (
  condition: Condition = [],
): Placeholders & { readonly ConditionExpression?: string } => {
  const naming = createNaming();
  return { ...conditionPart(condition, naming), ...naming.placeholders() };
};

export const updateExpression = (
  change: Change,
  condition: Condition = [],
): Placeholders & { readonly ConditionExpression?: string; readonly UpdateExpression?: string } => {
  const naming = createNaming();
  const { name, value } = naming;
  const part = (verb: string, pieces: readonly string[]): string[] =>
    pieces.length === 0 ? [] : [`${verb} ${pieces.join(', ')}`];
  const parts = [
    ...part(
      'SET',
      Object.entries(change.set ?? {}).map(([field, to]) => `${name(field)} = ${value(to)}`),
    ),
    ...part(
      'ADD',
      Object.entries(change.add ?? {}).map(([field, by]) => `${name(field)} ${value(by)}`),
    ),
    ...part('REMOVE', (change.remove ?? []).map(name)),
  ];
  return {
    ...(parts.length === 0 ? {} : { UpdateExpression: parts.join(' ') }),
    ...conditionPart(condition, naming),
    ...naming.placeholders(),
  };
};

type Naming = {
  readonly name: (field: string) => string;
  readonly value: (value: Json) => string;
  readonly placeholders: () => Placeholders;
};

/** DynamoDB refuses an empty table of placeholders, so those that are not used are left out. */
const createNaming = (): Naming => {
  const names: Record<string, string> = {};
  const values: Record<string, Json> = {};
  const add = <T>(table: Record<string, T>, mark: string, value: T): string => {
    const placeholder = `${mark}${Object.keys(table).length}`;
    table[placeholder] = value;
    return placeholder;
  };
  return {
    name: (field) => add(names, '#n', field),
    value: (value) => add(values, ':v', value),
    placeholders: () => ({
      ...(Object.keys(names).length === 0 ? {} : { ExpressionAttributeNames: names }),
      ...(Object.keys(values).length === 0 ? {} : { ExpressionAttributeValues: values }),
    }),
  };
};

const conditionPart = (condition: Condition, naming: Naming): { ConditionExpression?: string } =>
  condition.length === 0
    ? {}
    : { ConditionExpression: condition.map((clause) => `(${clauseText(clause, naming)})`).join(' AND ') };

const clauseText = (clause: Clause, { name, value }: Naming): string => {
  const field = name(clause.field);
  if (!('value' in clause)) return `attribute_${clause.is === 'absent' ? 'not_exists' : 'exists'}(${field})`;
  const comparison = `${field} ${clause.is} ${value(clause.value)}`;
  if (clause.orAbsent === true) return `attribute_not_exists(${field}) OR ${comparison}`;
  // An absent attribute is <> to everything there; a clause fails on it unless it says otherwise.
  return `attribute_exists(${field}) AND ${comparison}`;
};
