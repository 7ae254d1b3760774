// The door of the wake queue: each wake is a turn of one cluster. A turn that fails is given again by the queue and ends
// in its dead letters; it never fails the wakes of other clusters in the same batch.
import middy from '@middy/core';
import type { Context, SQSBatchItemFailure, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import * as z from 'zod/mini';
import type { Engine } from '../engine/engine';
import { isFailure, messageOf } from '../engine/failure';
import { reconcile, type TurnReport } from '../engine/reconcile';
import { METRICS } from '../telemetry/names';
import { type Watched, watched } from './door';

export type ReconcileDoor = Watched & {
  readonly engine: (cluster: string) => Engine;
  /** Told of each turn that ended; for the process that shows turns live. */
  readonly onTurn?: (cluster: string, report: TurnReport) => void;
};

export type SqsHandler = (event: SQSEvent, context: Context) => Promise<SQSBatchResponse>;

export const reconcileDoor = (open: () => Promise<ReconcileDoor>, around: Watched): SqsHandler =>
  middy<SQSEvent, SQSBatchResponse>()
    .use(watched(around))
    .handler(async (event) => {
      const door = await open();
      const { wakes, strange } = byCluster(event.Records);
      for (const { messageId } of strange)
        door.log.error('a message of the wake queue is no wake', { subject: messageId });
      const failures = await Promise.all(
        [...wakes].map(([cluster, records]) => turn(door, cluster, records)),
      );
      return { batchItemFailures: [...failures.flat(), ...strange.map(failureOf)] };
    });

const wake = z.object({ muster: z.literal('wake'), cluster: z.string() });

type Wakes = {
  readonly wakes: ReadonlyMap<string, readonly SQSRecord[]>;
  /** Nobody of ours sent these: they go the way to the dead letters, and nobody else's wake with them. */
  readonly strange: readonly SQSRecord[];
};

/** Wakes of the same cluster in one batch are one turn. */
const byCluster = (records: readonly SQSRecord[]): Wakes => {
  const wakes = new Map<string, SQSRecord[]>();
  const strange: SQSRecord[] = [];
  for (const record of records) {
    const cluster = clusterOf(record.body);
    if (cluster === undefined) strange.push(record);
    else wakes.set(cluster, [...(wakes.get(cluster) ?? []), record]);
  }
  return { wakes, strange };
};

const clusterOf = (body: string): string | undefined => {
  try {
    return wake.parse(JSON.parse(body)).cluster;
  } catch {
    return undefined;
  }
};

const failureOf = ({ messageId }: SQSRecord): SQSBatchItemFailure => ({ itemIdentifier: messageId });

const turn = async (
  door: ReconcileDoor,
  cluster: string,
  records: readonly SQSRecord[],
): Promise<readonly SQSBatchItemFailure[]> => {
  try {
    const report = await reconcile(door.engine(cluster));
    door.onTurn?.(cluster, report);
    return [];
  } catch (error) {
    if (isFailure(error, 'conflict')) {
      door.log.info('the turn was deposed', { cluster, why: messageOf(error) });
      return [];
    }
    door.meter.count(METRICS.turnsFailed);
    door.log.error('the turn failed', { cluster, why: messageOf(error) });
    return records.map(failureOf);
  }
};
