// The door of the events queue: raw bodies become signals, signals become facts and wakes. A body that nobody can read
// is parked with its error and acknowledged; retrying it in place would only hold up the others.
import middy from '@middy/core';
import type { SQSBatchItemFailure, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { createHash } from 'node:crypto';
import type { Signal } from '../core/model/signal';
import { ingest, type IngestDeps } from '../engine/ingest';
import { expiry } from '../engine/keys';
import { messageOf } from '../engine/failure';
import { translate } from '../events/translate';
import { METRICS } from '../telemetry/names';
import { type Watched, watched } from './door';
import { openEnvelope } from './envelope';
import type { SqsHandler } from './reconcile';
import type { WebhookDoor } from './webhook';

export type IngestDoor = IngestDeps & Watched & { readonly webhooks: WebhookDoor['webhooks'] };

const PARKED_FOR_MS = 14 * 24 * 60 * 60_000;
/** Characters of a parked body that are kept. */
const PARKED_TEXT = 100_000;

export const ingestDoor = (open: () => Promise<IngestDoor>, around: Watched): SqsHandler =>
  middy<SQSEvent, SQSBatchResponse>()
    .use(watched(around))
    .handler(async (event) => ({ batchItemFailures: await take(event.Records, await open()) }));

const take = async (records: readonly SQSRecord[], door: IngestDoor): Promise<SQSBatchItemFailure[]> => {
  const read = await Promise.allSettled(records.map(async (record) => readRecord(record, door)));
  const signals = read.flatMap((result) => (result.status === 'fulfilled' ? result.value : []));
  const unread = records.filter((_record, nth) => read[nth]?.status === 'rejected');
  const redelivered = records.some((record) => Number(record.attributes.ApproximateReceiveCount) > 1);
  try {
    await ingest(signals, redelivered, door);
    return unread.map(failureOf);
  } catch (error) {
    // One storage fault gives the whole batch again: taking an event twice does no harm, losing one does.
    door.log.error('events could not be stored and come again', { why: messageOf(error) });
    return records.map(failureOf);
  }
};

const failureOf = ({ messageId }: SQSRecord): SQSBatchItemFailure => ({ itemIdentifier: messageId });

const readRecord = async (record: SQSRecord, door: IngestDoor): Promise<readonly Signal[]> => {
  const envelope = openEnvelope(record.body, Number(record.attributes.SentTimestamp));
  if ('malformed' in envelope) return park(record, door, envelope.malformed);
  const { payload, receivedAt, source } = envelope;
  const answer = translate(payload, {
    receivedAt,
    webhooks: door.webhooks,
    ...(source === undefined ? {} : { source }),
  });
  if ('malformed' in answer) return park(record, door, answer.malformed);
  if (answer.ignored !== undefined)
    door.log.info('event ignored', { source: answer.source, why: answer.ignored });
  return answer.signals;
};

const park = async (record: SQSRecord, door: IngestDoor, why: string): Promise<readonly Signal[]> => {
  const now = door.clock.now();
  const id = createHash('sha256').update(record.body).digest('hex').slice(0, 32);
  await door.store.put({
    pk: 'parked',
    sk: id,
    at: now,
    why,
    body: record.body.slice(0, PARKED_TEXT),
    expiresAt: expiry(now + PARKED_FOR_MS),
  });
  door.meter.count(METRICS.eventsParked);
  door.log.warn('event parked', { subject: id, why });
  return [];
};
