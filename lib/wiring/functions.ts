// The outside of a function on AWS that only takes things in. Made at the first event and kept; SDK clients are made where
// they are first used, so a function pays only for what its path needs.
import { readFile } from 'node:fs/promises';
import { SsmSecrets } from '../aws/secrets';
import { environmentVariable, type Environment, readEnvironment } from '../config/env';
import { readSpecJson } from '../config/spec-json';
import type { Spec } from '../core/model/spec';
import { createDynamoStore } from '../dynamodb/dynamo-store';
import { systemClock } from '../engine/clock';
import { createSqsQueue } from '../sqs/sqs-queue';
import { structuredLog } from '../telemetry/log';
import { embeddedMeter } from '../telemetry/meter';
import type { Intake } from './intake';
import { references } from './references';

/** The specs that the stack compiled into the asset, one for each muster.yaml. */
export const deployedSpecs = async (asset: URL): Promise<readonly Spec[]> => {
  const texts: unknown = JSON.parse(await readFile(asset, 'utf8'));
  return Array.isArray(texts) ? texts.map((text) => readSpecJson(JSON.stringify(text))) : [];
};

export const watchedBy = (name: string) => ({ log: structuredLog(name), meter: embeddedMeter() });
export type Around = ReturnType<typeof watchedBy>;

/** Made once, whoever asks. */
export const once = <T>(make: () => Promise<T>): (() => Promise<T>) => {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
};

export const intakeOf = async (
  around: Around,
  asset: URL,
  environment: Environment = readEnvironment(),
): Promise<Intake> => {
  const clock = systemClock;
  const region = environment.AWS_REGION;
  return {
    ...around,
    specs: await deployedSpecs(asset),
    store: createDynamoStore({ tableName: environment.MUSTER_TABLE, region }),
    events: createSqsQueue({ queueUrl: environment.MUSTER_EVENTS_QUEUE, region }),
    wake: createSqsQueue({ queueUrl: environment.MUSTER_WAKE_QUEUE, region }),
    secrets: references({ ssm: new SsmSecrets({ clock, region }), variable: environmentVariable }),
    clock,
  };
};
