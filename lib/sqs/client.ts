// The only file that loads the SDK; the queue imports it when it is first used.
import {
  DeleteMessageBatchCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';

export type Connection = {
  readonly region?: string;
  /** Another address than the region's own, for a local queue. */
  readonly endpoint?: string;
  /** Where the SDK's own chain shall not be asked. */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** Of one attempt, in milliseconds, waiting for messages not counted. */
  readonly timeoutMs: number;
};

/** The SDK's own retries stay on: a message that is sent twice is within the promise of the queue. */
export const connect = ({ region, endpoint, credentials, timeoutMs }: Connection) => ({
  client: new SQSClient({
    ...(region === undefined ? {} : { region }),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(credentials === undefined ? {} : { credentials }),
    requestHandler: {
      requestTimeout: timeoutMs,
      throwOnRequestTimeout: true,
      connectionTimeout: Math.min(timeoutMs, 1000),
    },
  }),
  DeleteMessageBatchCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
});

export type Connected = ReturnType<typeof connect>;
