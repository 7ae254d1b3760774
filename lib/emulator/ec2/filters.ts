// Filters and pages of EC2's describe calls. Values of one filter are alternatives, filters must all hold.
import { AwsFailure } from '../aws-failure';
import type { Ec2Filter, Ec2Tag, Paged } from './api';

/** `fields` by filter name; a filter that is not known here is refused, as EC2 refuses it. */
export const matchesFilters = (
  filters: readonly Ec2Filter[] | undefined,
  tags: ReadonlyMap<string, string>,
  fields: Readonly<Record<string, string | undefined>>,
): boolean => (filters ?? []).every((filter) => matches(filter, tags, fields));

const matches = (
  filter: Ec2Filter,
  tags: ReadonlyMap<string, string>,
  fields: Readonly<Record<string, string | undefined>>,
): boolean => {
  if (filter.Name === 'tag-key') return filter.Values.some((pattern) => [...tags.keys()].some(glob(pattern)));
  if (filter.Name === 'tag-value')
    return filter.Values.some((pattern) => [...tags.values()].some(glob(pattern)));
  if (!filter.Name.startsWith('tag:') && !Object.hasOwn(fields, filter.Name)) {
    throw new AwsFailure('InvalidParameterValue', `The filter '${filter.Name}' is invalid`);
  }
  const value = filter.Name.startsWith('tag:') ? tags.get(filter.Name.slice(4)) : fields[filter.Name];
  return value !== undefined && filter.Values.some((pattern) => glob(pattern)(value));
};

/** `*` and `?` as EC2 reads them; a backslash makes the next character plain. */
const glob = (pattern: string): ((value: string) => boolean) => {
  if (!/[*?\\]/.test(pattern)) return (value) => value === pattern;
  const source = pattern.replace(/\\(.)|[.+^${}()|[\]]|[*?]/g, (token, escaped: string | undefined) => {
    if (escaped !== undefined) return escaped.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    return token === '*' ? '.*' : token === '?' ? '.' : `\\${token}`;
  });
  const expression = new RegExp(`^${source}$`, 's');
  return (value) => expression.test(value);
};

/** One page of `rows`. The token is the position of the next row. */
export const paged = <T>(
  rows: readonly T[],
  input: Paged,
  most: number,
): { page: readonly T[]; next: { NextToken?: string } } => {
  const size = pageSize(input, most);
  const from = startOf(input);
  const to = from + size;
  return { page: rows.slice(from, to), next: to < rows.length ? { NextToken: String(to) } : {} };
};

export const pageSize = (input: Paged, most: number): number => {
  const asked = input.MaxResults ?? most;
  if (asked >= 1 && asked <= most) return asked;
  throw new AwsFailure(
    'InvalidParameterValue',
    `Value ( ${asked} ) for parameter maxResults is invalid. Expecting a value between 1 and ${most}.`,
  );
};

export const startOf = (input: Paged): number => {
  const token = input.NextToken ?? '';
  if (token === '') return 0;
  if (/^\d+$/.test(token)) return Number(token);
  throw new AwsFailure('InvalidNextToken', 'The token supplied is invalid.');
};

export const tagList = (tags: ReadonlyMap<string, string>): Ec2Tag[] =>
  [...tags].map(([Key, Value]) => ({ Key, Value }));
