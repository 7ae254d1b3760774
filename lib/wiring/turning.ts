// The outside of a function on AWS that makes plans: what takes things in, and the clouds and schedulers.
import { Ec2Cloud } from '../aws/cloud';
import { shippedCatalogue } from '../catalogue/shipped';
import { type Environment, readEnvironment } from '../config/env';
import { TURN_WORK } from '../core/plan';
import type { Transport } from '../engine/ports';
import { createDirect } from '../transport/direct';
import { createLambdaInvoke } from '../transport/lambda-invoke';
import { createReach } from '../transport/reach';
import type { Outside } from './engine';
import { type Around, intakeOf } from './functions';
import { notifiersOf } from './notifiers';

export const outsideOf = async (around: Around, asset: URL): Promise<Outside> => {
  const environment = readEnvironment();
  const intake = await intakeOf(around, asset, environment);
  const people = { secrets: intake.secrets, transport: createDirect() };
  return {
    ...intake,
    templates: environment.MUSTER_TEMPLATES,
    clouds: { aws: new Ec2Cloud({ clock: intake.clock }) },
    catalogue: shippedCatalogue(),
    transport: transportOf(environment),
    notifiers: (spec) => notifiersOf(spec, around.log, people),
    leaseMs: environment.MUSTER_LEASE_SECONDS * 1000,
    work: TURN_WORK,
  };
};

/** Direct, or through the forwarding function where the masters are private. */
const transportOf = (environment: Environment): Transport => {
  const functionName = environment.MUSTER_REACH_FUNCTION;
  if (functionName === undefined) return createDirect();
  return createReach(createLambdaInvoke({ functionName, region: environment.AWS_REGION }));
};
