// A queue with its dead letters: encrypted, TLS only, and patient enough for the function that reads it.
import { Duration } from 'aws-cdk-lib';
import { type DeadLetterQueue, Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';

/** Lambda asks for six times the reader's timeout, so that its retries end before a message comes again. */
const VISIBILITY_TIMES = 6;
const MOST_RECEIVES = 5;

export class MessageQueue extends Construct {
  readonly queue: Queue;
  readonly deadLetters: Queue;

  constructor(scope: Construct, id: string, readerTimeout: Duration) {
    super(scope, id);
    this.deadLetters = new Queue(this, 'DeadLetters', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    const deadLetterQueue: DeadLetterQueue = { queue: this.deadLetters, maxReceiveCount: MOST_RECEIVES };
    this.queue = new Queue(this, 'Queue', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      visibilityTimeout: Duration.seconds(readerTimeout.toSeconds() * VISIBILITY_TIMES),
      retentionPeriod: Duration.days(4),
      deadLetterQueue,
    });
  }
}
