// The CDK app: muster.yaml files in, one control-plane stack out. Needs no account, no network and no Docker to synthesise.
import { App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatFault } from '../config/fault';
import { parseSpec } from '../config/parse';
import type { Spec } from '../core/model/spec';
import { ControlPlaneStack } from './control-plane-stack';

/** The specs of the files. Throws an Error with every fault of every file. */
export const readSpecs = (files: readonly string[]): readonly Spec[] => {
  const parsed = files.map((file) => parseSpec(readFileSync(file, 'utf8'), file));
  const faults = parsed.flatMap((result) => ('faults' in result ? result.faults : []));
  if (faults.length > 0)
    throw new Error(
      `muster.yaml has faults, nothing was synthesised:\n${faults.map(formatFault).join('\n')}`,
    );
  return parsed.flatMap((result) => ('spec' in result ? [result.spec] : []));
};

/** The specs as each function reads them beside its code. */
export const writeDeployment = (
  asset: string,
  functions: readonly string[],
  specs: readonly Spec[],
): void => {
  for (const name of functions) writeFileSync(join(asset, name, 'deployment.json'), JSON.stringify(specs));
};

export type AppOptions = {
  readonly specs: readonly Spec[];
  readonly asset: string;
  readonly securityGroups?: readonly string[];
};

/** The app with its stack, checked by cdk-nag at synthesis. */
export const makeApp = (
  options: AppOptions,
  app = new App(),
): { readonly app: App; readonly stack: ControlPlaneStack } => {
  const { specs, asset, securityGroups = [] } = options;
  const region = specs.flatMap(({ pools }) => pools).find(({ cloud }) => cloud === 'aws')?.region;
  const stack = new ControlPlaneStack(app, 'Muster', {
    specs,
    asset,
    securityGroups,
    description: `Muster for ${specs.map(({ cluster }) => cluster).join(', ')}`,
    // An explicit region needs no look-up; the account is whoever deploys.
    ...(region === undefined ? {} : { env: { region } }),
  });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  return { app, stack };
};
