// A standard SQS queue. Visibility, dead letters and their limit are attributes of the queue itself.
import type { BatchResultErrorEntry, Message } from '@aws-sdk/client-sqs';
import { Failure } from '../engine/failure';
import type { Delivery, Receiver, Sender } from '../engine/ports';
import type { Connected, Connection } from './client';
import { failureOf } from './failures';

export type SqsQueueOptions = Partial<Connection> & { readonly queueUrl: string };

export type SqsQueue = Sender &
  Receiver & {
    /** Closes the connections that are kept open. */
    close(): Promise<void>;
  };

const TIMEOUT_MS = 5000;
const MAX_DELAY_MS = 900_000;
const MAX_WAIT_MS = 20_000;
const MAX_BATCH = 10;

/** Loads the SDK and connects at the first call. A `receive` brings ten messages at most, whatever it is asked for,
 *  and waits for 20 seconds at most. Waits and delays are rounded up to whole seconds. */
export const createSqsQueue = (options: SqsQueueOptions): SqsQueue => new UrlQueue(options);

class UrlQueue implements SqsQueue {
  private readonly options: SqsQueueOptions;
  private connected: Promise<Connected> | undefined;

  constructor(options: SqsQueueOptions) {
    this.options = options;
  }

  async send(...[body, { delayMs = 0 } = {}]: Parameters<Sender['send']>): Promise<void> {
    const { queueUrl } = this.options;
    const doing = `The message to ${queueUrl} was not sent`;
    if (body === '') throw new Failure('permanent', `${doing}: it is empty.`);
    if (!(delayMs >= 0 && delayMs <= MAX_DELAY_MS))
      throw new Failure(
        'permanent',
        `${doing}: it cannot wait for ${delayMs} ms, only up to ${MAX_DELAY_MS}.`,
      );
    const { client, SendMessageCommand } = await this.connect();
    const input = { QueueUrl: queueUrl, MessageBody: body, DelaySeconds: Math.ceil(delayMs / 1000) };
    await sent(client.send(new SendMessageCommand(input)), doing);
  }

  async receive({ max, waitMs }: Parameters<Receiver['receive']>[0]): Promise<readonly Delivery[]> {
    const { client, ReceiveMessageCommand } = await this.connect();
    const { queueUrl, timeoutMs = TIMEOUT_MS } = this.options;
    const waitSeconds = Math.ceil(Math.min(Math.max(waitMs, 0), MAX_WAIT_MS) / 1000);
    const command = new ReceiveMessageCommand({
      QueueUrl: queueUrl,
      MaxNumberOfMessages: Math.min(Math.max(max, 1), MAX_BATCH),
      WaitTimeSeconds: waitSeconds,
      MessageSystemAttributeNames: ['ApproximateReceiveCount'],
    });
    const answer = client.send(command, { requestTimeout: waitSeconds * 1000 + timeoutMs });
    const { Messages } = await sent(answer, `No messages were received from ${queueUrl}`);
    return (Messages ?? []).flatMap(deliveryOf);
  }

  /** A receipt that is no longer valid is no failure: its message is in other hands, or gone.
   *  @throws Failure `transient` when some are not acknowledged after a second attempt: they will come back. */
  async acknowledge(deliveries: readonly Delivery[]): Promise<void> {
    const results = await Promise.allSettled(chunks(deliveries).map((chunk) => this.remove(chunk, 2)));
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  }

  async close(): Promise<void> {
    (await this.connected)?.client.destroy();
  }

  private async remove(deliveries: readonly Delivery[], attempts: number): Promise<void> {
    const { client, DeleteMessageBatchCommand } = await this.connect();
    const { queueUrl } = this.options;
    const command = new DeleteMessageBatchCommand({
      QueueUrl: queueUrl,
      Entries: deliveries.map(({ receipt }, at) => ({ Id: String(at), ReceiptHandle: receipt })),
    });
    const doing = `${deliveries.length} messages of ${queueUrl} were not acknowledged`;
    const { Failed = [] } = await sent(client.send(command), doing);
    const faults = Failed.filter((fault) => !isStale(fault));
    const [first] = faults;
    if (first === undefined) return;
    if (attempts > 1) return this.remove(pick(deliveries, faults), attempts - 1);
    throw new Failure(
      'transient',
      `${faults.length} of ${doing} and will come back: ${first.Code ?? ''} ${first.Message ?? ''}.`,
      first.Code === undefined ? {} : { code: first.Code },
    );
  }

  private connect(): Promise<Connected> {
    this.connected ??= import('./client').then(({ connect }) =>
      connect({ ...this.options, timeoutMs: this.options.timeoutMs ?? TIMEOUT_MS }),
    );
    return this.connected;
  }
}

const sent = async <Answer>(answer: Promise<Answer>, doing: string): Promise<Answer> => {
  try {
    return await answer;
  } catch (error) {
    throw failureOf(error, doing);
  }
};

const deliveryOf = ({ MessageId, ReceiptHandle, Body, Attributes }: Message): readonly Delivery[] =>
  MessageId === undefined || ReceiptHandle === undefined
    ? []
    : [
        {
          id: MessageId,
          receipt: ReceiptHandle,
          body: Body ?? '',
          receives: Number(Attributes?.ApproximateReceiveCount ?? 1),
        },
      ];

const chunks = (deliveries: readonly Delivery[]): readonly (readonly Delivery[])[] =>
  Array.from({ length: Math.ceil(deliveries.length / MAX_BATCH) }, (_, at) =>
    deliveries.slice(at * MAX_BATCH, (at + 1) * MAX_BATCH),
  );

const isStale = ({ SenderFault, Code = '' }: BatchResultErrorEntry): boolean =>
  SenderFault === true && (Code.includes('ReceiptHandleIsInvalid') || Code.includes('InvalidParameterValue'));

const pick = (deliveries: readonly Delivery[], faults: readonly BatchResultErrorEntry[]) =>
  deliveries.filter((_, at) => faults.some(({ Id }) => Id === String(at)));
