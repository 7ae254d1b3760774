// What a source's file makes of a raw event, and what it is told besides.
import * as z from 'zod/mini';
import type { Millis } from '../core/model/machine';
import type { Signal } from '../core/model/signal';
import type { Webhook } from '../core/model/spec';

export type Context = {
  /** When the event reached us: the only clock there is here. */
  readonly receivedAt: Millis;
  /** The webhook by which the event came, once the door has authenticated it. */
  readonly source?: string;
  /** By name, over all clusters of the deployment. */
  readonly webhooks?: Readonly<Record<string, { readonly cluster: string; readonly webhook: Webhook }>>;
  /** Our own region, for the one AWS body that does not name its own (a lifecycle hook sent straight to SQS). */
  readonly region?: string;
};

/** `ignored` says why nothing, or nothing lasting, comes of an event that was understood. */
export type Understood = {
  readonly source: string;
  readonly signals: readonly Signal[];
  readonly ignored?: string;
};
/** A known kind in the wrong shape, or no shape that is known: to be parked with its payload. */
export type Malformed = { readonly malformed: string; readonly source?: string };
export type Translation = Understood | Malformed;

/** One source: how its events are told from all others, and what is made of them. */
export type Source = {
  readonly recognises: (raw: Fields) => boolean;
  readonly translate: (raw: Fields, context: Context) => Translation;
};

export type Fields = Readonly<Record<string, unknown>>;

export const isFields = (raw: unknown): raw is Fields =>
  typeof raw === 'object' && raw !== null && !Array.isArray(raw);

/** Reads the raw event by a schema; a misfit names every field at fault, and repeats no value. */
export const reading =
  <Schema extends z.core.$ZodType>(
    source: string,
    schema: Schema,
    use: (event: z.output<Schema>, context: Context) => Omit<Understood, 'source'> | Malformed,
  ): Source['translate'] =>
  (raw, context) => {
    const result = z.safeParse(schema, raw);
    if (!result.success) return { source, malformed: fieldFaults(result.error.issues) };
    const answer = use(result.data, context);
    return 'malformed' in answer ? { source, ...answer } : { source, ...answer };
  };

const fieldFaults = (issues: readonly z.core.$ZodIssue[]): string => {
  const fields = issues.map(
    (issue) => `${issue.path.map(String).join('.') || 'the body'} (${wanted(issue)})`,
  );
  return `These fields are missing or not of the form they should have: ${fields.join(', ')}.`;
};

const wanted = (issue: z.core.$ZodIssue): string => {
  if (issue.code === 'invalid_type') return issue.expected;
  if (issue.code === 'invalid_value') return issue.values.map(String).join(' or ');
  if (issue.code === 'invalid_format') return 'a text of letters, digits and plain signs, not too long';
  return issue.code === 'custom' ? issue.message : issue.code.replaceAll('_', ' ');
};

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)$/;
const RFC_1123 = /^[A-Z][a-z]{2}, \d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/;

const instantOf = (form: RegExp, phrase: string) =>
  z.pipe(
    z
      .string()
      .check(
        z.refine((text) => form.test(text) && !Number.isNaN(millisOf(text)), { error: phrase, abort: true }),
      ),
    z.transform(millisOf),
  );

/** CloudWatch writes its offset without a colon, which no standard of JavaScript's promises to read. */
function millisOf(text: string): Millis {
  return Date.parse(text.replace(/([+-]\d\d)(\d\d)$/, '$1:$2'));
}

/** A time in ISO 8601, as epoch milliseconds. A bad one is malformed: it must not silently become now. */
export const instant = instantOf(ISO, 'a time in ISO 8601');
/** AWS Health writes `Tue, 17 Feb 2026 15:00:00 GMT`. */
export const httpDate = instantOf(RFC_1123, 'a time in RFC 1123');

export const text = z.string().check(z.minLength(1));
/** An id, which becomes part of a key: of characters that all stores take, and short enough for DynamoDB's 1,024 bytes
 *  even when another one stands beside it. */
export const id = z.string().check(z.regex(/^[\w.:/@+=-]{1,128}$/));
/** Printable ASCII, as AWS allows it in names. */
export const shortText = z.string().check(z.regex(/^[ -~]{1,255}$/));

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;
