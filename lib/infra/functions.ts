// The five functions, all from the one asset that the bundle made.
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import {
  Architecture,
  type Code,
  Function as LambdaFunction,
  type FunctionProps,
  Runtime,
} from 'aws-cdk-lib/aws-lambda';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import type { DeploymentOptions } from './options';
import type { MessageQueue } from './queue';

export type FunctionName = 'ingest' | 'reconcile' | 'webhook' | 'api' | 'reach';

/** Seconds. A turn's lease is a little longer, so that it ends only with the function. */
export const TIMEOUTS: Readonly<Record<FunctionName, number>> = {
  ingest: 10,
  reconcile: 120,
  webhook: 10,
  api: 60,
  reach: 120,
};
export const LEASE_SECONDS = TIMEOUTS.reconcile + 10;

/** MiB; cpu comes with memory, and a plan of a large fleet wants both. */
const MEMORY: Readonly<Record<FunctionName, number>> = {
  ingest: 256,
  reconcile: 1024,
  webhook: 256,
  api: 1024,
  reach: 256,
};

/** Executions kept for a function, which are also the most that it can have. Those that a queue feeds are never below the
 *  five pollers that Lambda starts with: a refused batch would count as a delivery and end among the dead letters.
 *  `reach` is called by turns alone, which are few. */
const RESERVED: Partial<Readonly<Record<FunctionName, number>>> = {
  ingest: 20,
  reconcile: 10,
  webhook: 10,
  api: 5,
};

/** What all functions of a deployment have in common. */
export type Build = { readonly asset: Code; readonly concurrency: DeploymentOptions['concurrency'] };

export const makeFunction = (
  scope: Construct,
  name: FunctionName,
  { asset, concurrency }: Build,
  more: Partial<FunctionProps> = {},
): LambdaFunction =>
  new LambdaFunction(scope, name, {
    runtime: Runtime.NODEJS_24_X,
    architecture: Architecture.ARM_64,
    handler: `${name}/index.handler`,
    code: asset,
    timeout: Duration.seconds(TIMEOUTS[name]),
    memorySize: MEMORY[name],
    ...reservation(name, concurrency),
    logGroup: new LogGroup(scope, `${name}-logs`, {
      retention: RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    }),
    ...more,
  });

const reservation = (name: FunctionName, concurrency: Build['concurrency']): Partial<FunctionProps> => {
  const reserved = concurrency === 'shared' ? undefined : RESERVED[name];
  return reserved === undefined ? {} : { reservedConcurrentExecutions: reserved };
};

/** Batches of ten, at once; a message that fails comes again alone. */
export const feed = (reader: LambdaFunction, from: MessageQueue): void => {
  reader.addEventSource(new SqsEventSource(from.queue, { batchSize: 10, reportBatchItemFailures: true }));
};
