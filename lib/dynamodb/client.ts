// The only file that loads the SDK; the store imports it when it is first used.
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  DeleteCommand,
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';

export type Connection = {
  readonly region?: string;
  /** Another address than the region's own, for a local table. */
  readonly endpoint?: string;
  /** Where the SDK's own chain shall not be asked. */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** Of one attempt, in milliseconds. */
  readonly timeoutMs: number;
};

/** Reads are retried by the SDK. Writes are sent once: were the response of a conditional write lost, the SDK's own
 *  second attempt would meet the first one's work and report a conflict that never was. */
export const connect = ({ region, endpoint, credentials, timeoutMs }: Connection) => {
  const base = {
    ...(region === undefined ? {} : { region }),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(credentials === undefined ? {} : { credentials }),
  };
  const requestHandler = {
    requestTimeout: timeoutMs,
    throwOnRequestTimeout: true,
    connectionTimeout: Math.min(timeoutMs, 1000),
  };
  const reads = new DynamoDBClient({ ...base, requestHandler });
  // One handler, so that both share its open connections.
  const writes = new DynamoDBClient({ ...base, maxAttempts: 1, requestHandler: reads.config.requestHandler });
  const translation = { marshallOptions: { removeUndefinedValues: true } };
  return {
    reads: DynamoDBDocumentClient.from(reads, translation),
    writes: DynamoDBDocumentClient.from(writes, translation),
    GetCommand,
    QueryCommand,
    PutCommand,
    UpdateCommand,
    DeleteCommand,
  };
};

export type Connected = ReturnType<typeof connect>;
