// The outside of a function on AWS. Made at the first event and kept; SDK clients are made where they are first used, so
// a function pays only for what its path needs.
import { readFile } from 'node:fs/promises';
import { Ec2Cloud } from '../aws/cloud';
import { SsmSecrets } from '../aws/secrets';
import { shippedCatalogue } from '../catalogue/shipped';
import { environmentVariable, type Environment, readEnvironment } from '../config/env';
import { readSpecJson } from '../config/spec-json';
import type { Spec } from '../core/model/spec';
import { DEFAULT_WORK } from '../core/pack/pack';
import { createDynamoStore } from '../dynamodb/dynamo-store';
import { systemClock } from '../engine/clock';
import type { Transport } from '../engine/ports';
import { createSqsQueue } from '../sqs/sqs-queue';
import { structuredLog } from '../telemetry/log';
import { embeddedMeter } from '../telemetry/meter';
import { createDirect } from '../transport/direct';
import { createLambdaInvoke } from '../transport/lambda-invoke';
import { createReach } from '../transport/reach';
import type { ReachDoor } from '../doors/reach';
import type { Outside } from './engine';
import { notifiersOf } from './notifiers';
import { references } from './references';

/** The specs that the stack compiled into the asset, one muster.yaml each. */
export const deployedSpecs = async (asset: URL): Promise<readonly Spec[]> => {
  const texts: unknown = JSON.parse(await readFile(asset, 'utf8'));
  return Array.isArray(texts) ? texts.map((text) => readSpecJson(JSON.stringify(text))) : [];
};

export const watchedBy = (name: string) => ({ log: structuredLog(name), meter: embeddedMeter() });

type Around = ReturnType<typeof watchedBy>;

/** The outside as the environment describes it; the same object for every event of the process. */
export const outsideOf = (around: Around, asset: URL): (() => Promise<Outside>) => {
  let made: Promise<Outside> | undefined;
  return () => (made ??= make(around, asset));
};

const make = async (around: Around, asset: URL): Promise<Outside> => {
  const environment = readEnvironment();
  const clock = systemClock;
  const region = environment.AWS_REGION;
  const secrets = references({ ssm: new SsmSecrets({ clock, region }), variable: environmentVariable });
  const transport = createDirect();
  return {
    ...around,
    specs: await deployedSpecs(asset),
    templates: environment.MUSTER_TEMPLATES,
    store: createDynamoStore({ tableName: environment.MUSTER_TABLE, region }),
    events: createSqsQueue({ queueUrl: environment.MUSTER_EVENTS_QUEUE, region }),
    wake: createSqsQueue({ queueUrl: environment.MUSTER_WAKE_QUEUE, region }),
    clouds: { aws: new Ec2Cloud({ clock }) },
    catalogue: shippedCatalogue(),
    secrets,
    transport: transportOf(environment),
    notifiers: (spec) => notifiersOf(spec, around.log, { secrets, transport }),
    clock,
    leaseMs: environment.MUSTER_LEASE_SECONDS * 1000,
    work: DEFAULT_WORK,
  };
};

const transportOf = (environment: Environment): Transport => {
  const functionName = environment.MUSTER_REACH_FUNCTION;
  if (functionName === undefined) return createDirect();
  return createReach(createLambdaInvoke({ functionName, region: environment.AWS_REGION }));
};

/** What the forwarding function lets through: the masters and Marathons of the deployed specs. It needs no environment
 *  and holds no permission. */
export const reachParts = async (around: Around, asset: URL): Promise<ReachDoor> => {
  const specs = await deployedSpecs(asset);
  const allow = {
    masters: specs.flatMap((spec) => spec.mesos.masters),
    marathon: specs.flatMap((spec) => spec.marathon.urls),
  };
  return { ...around, allow, transport: createDirect() };
};
