// The door of the events queue: raw bodies become signals, signals become facts and wakes. A body that nobody can read
// is parked with its error and acknowledged; retrying it in place would only hold up the others.
import middy from '@middy/core';
import partialBatch from '@middy/sqs-partial-batch-failure';
import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { createHash } from 'node:crypto';
import type { Signal } from '../core/model/signal';
import type { Webhook } from '../core/model/spec';
import { ingest, type IngestDeps } from '../engine/ingest';
import { expiry } from '../engine/keys';
import { messageOf } from '../engine/failure';
import { translate } from '../events/translate';
import { METRICS } from '../telemetry/names';
import { type Watched, watched } from './door';
import { openEnvelope } from './envelope';

export type IngestDoor = IngestDeps & Watched & { readonly webhooks: Readonly<Record<string, readonly Webhook[]>> };

const PARKED_FOR_MS = 14 * 24 * 60 * 60_000;
/** Characters of a parked body that are kept. */
const PARKED_TEXT = 100_000;

export const ingestDoor = (open: () => Promise<IngestDoor>): ((event: SQSEvent, context: Context) => Promise<SQSBatchResponse>) => {
  const handler = async (event: SQSEvent): Promise<readonly PromiseSettledResult<unknown>[]> => {
    const door = await open();
    const read = await Promise.allSettled(event.Records.map(async (record) => readRecord(record, door)));
    const signals = read.flatMap((result) => (result.status === 'fulfilled' ? result.value : []));
    const redelivered = event.Records.some((record) => Number(record.attributes.ApproximateReceiveCount) > 1);
    // One storage fault fails the whole batch: each of its events is given again, and giving it twice does no harm.
    const stored = await Promise.allSettled([ingest(signals, redelivered, door)]);
    const fault = stored.find((result) => result.status === 'rejected');
    if (fault !== undefined) door.log.error('events could not be stored and come again', { why: messageOf(fault.reason) });
    door.meter.flush?.();
    return fault === undefined ? read : event.Records.map(() => fault);
  };
  return middy<SQSEvent, readonly PromiseSettledResult<unknown>[]>()
    .use(partialBatch({ logger: undefined as never }))
    .handler(handler) as never;
};

const readRecord = async (record: SQSRecord, door: IngestDoor): Promise<readonly Signal[]> => {
  const envelope = openEnvelope(record.body, Number(record.attributes.SentTimestamp));
  if ('malformed' in envelope) return park(record, door, envelope.malformed);
  const { payload, receivedAt, source } = envelope;
  const answer = translate(payload, { receivedAt, webhooks: door.webhooks, ...(source === undefined ? {} : { source }) });
  if ('malformed' in answer) return park(record, door, answer.malformed);
  if (answer.ignored !== undefined) door.log.info('event ignored', { source: answer.source, why: answer.ignored });
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
