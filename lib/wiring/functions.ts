// The outside of a function on AWS that only takes things in. Made at the first event and kept; SDK clients are made where
// they are first used, so a function pays only for what its path needs.
import { readFileSync } from 'node:fs';
import { SsmSecrets } from '../aws/secrets';
import { environmentVariable, type Environment, readEnvironment } from '../config/env';
import { readSpecsJson } from '../config/spec-json';
import type { Spec } from '../core/model/spec';
import { createDynamoStore } from '../dynamodb/dynamo-store';
import { systemClock } from '../engine/clock';
import { createSqsQueue } from '../sqs/sqs-queue';
import { structuredLog } from '../telemetry/log';
import { embeddedMeter } from '../telemetry/meter';
import type { Intake } from './intake';
import { references } from './references';

/** The specs that the stack compiled into the asset, one for each muster.yaml. */
export const deployedSpecs = (asset: URL): readonly Spec[] => readSpecsJson(readFileSync(asset, 'utf8'));

export const watchedBy = (name: string) => ({ log: structuredLog(name), meter: embeddedMeter() });
export type Around = ReturnType<typeof watchedBy>;

/** Made once, whoever asks; what failed is made again when it is next asked for. */
export const once = <T>(make: () => Promise<T>): (() => Promise<T>) => {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make().catch((error: unknown) => {
      made = undefined;
      throw error;
    });
    return made;
  };
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
    specs: deployedSpecs(asset),
    store: createDynamoStore({ tableName: environment.MUSTER_TABLE, region }),
    events: createSqsQueue({ queueUrl: environment.MUSTER_EVENTS_QUEUE, region }),
    wake: createSqsQueue({ queueUrl: environment.MUSTER_WAKE_QUEUE, region }),
    secrets: references({ ssm: new SsmSecrets({ clock, region }), variable: environmentVariable }),
    clock,
  };
};
