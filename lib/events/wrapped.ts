// Events inside something else's envelope: an SNS notification, a Pub/Sub push, a batch of SQS messages.
import * as z from 'zod/mini';
import type { Context, Fields, Translation, Understood } from './translation';

type Inner = { readonly payload: unknown; readonly context: Context };
type Opened = readonly Inner[] | { readonly malformed: string; readonly source: string };

const sns = z.object({ Message: z.string() });
const pubSub = z.object({ message: z.object({ data: z.base64() }) });
const sqsBatch = z.object({
  Records: z.array(z.object({ body: z.string(), awsRegion: z.optional(z.string()) })),
});

/** The events inside, or undefined when nothing is wrapped here. */
export const unwrap = (raw: Fields, context: Context): Opened | undefined => {
  if (raw['Type'] === 'Notification' && Object.hasOwn(raw, 'TopicArn')) {
    const read = z.safeParse(sns, raw);
    return read.success ? inner('sns', [read.data.Message], context) : misfit('sns', 'Message');
  }
  if (Object.hasOwn(raw, 'subscription') && Object.hasOwn(raw, 'message')) {
    const read = z.safeParse(pubSub, raw);
    if (!read.success) return misfit('pubsub', 'message.data');
    return inner('pubsub', [Buffer.from(read.data.message.data, 'base64').toString()], context);
  }
  if (Array.isArray(raw['Records'])) {
    const read = z.safeParse(sqsBatch, raw);
    if (!read.success) return misfit('sqs', 'Records.body');
    const region = read.data.Records.find(({ awsRegion }) => awsRegion !== undefined)?.awsRegion;
    const inQueue = region === undefined ? context : { ...context, region };
    return inner(
      'sqs',
      read.data.Records.map(({ body }) => body),
      inQueue,
    );
  }
  return undefined;
};

const misfit = (source: string, field: string) => ({
  source,
  malformed: `This field is missing or wrong: ${field}.`,
});

const inner = (source: string, bodies: readonly string[], context: Context): Opened => {
  try {
    return bodies.map((body): Inner => {
      const payload: unknown = JSON.parse(body);
      return { payload, context };
    });
  } catch {
    return { source, malformed: 'What the envelope holds is not JSON.' };
  }
};

/** All signals of the events inside; the first malformed one makes the whole malformed. */
export const together = (translations: readonly Translation[]): Translation => {
  const malformed = translations.find((translation) => 'malformed' in translation);
  if (malformed !== undefined) return malformed;
  const read = translations.filter((translation): translation is Understood => !('malformed' in translation));
  const ignored = read.flatMap((translation) => translation.ignored ?? []);
  return {
    source: read[0]?.source ?? 'sqs',
    signals: read.flatMap(({ signals }) => signals),
    ...(ignored.length === 0 ? {} : { ignored: ignored.join(' ') }),
  };
};
