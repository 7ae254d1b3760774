// The CDK app: muster.yaml files in, one control-plane stack out. Needs no account, no network and no Docker to synthesise.
import { App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatFault } from '../config/fault';
import { parseSpec } from '../config/parse';
import { checkTogether } from '../config/together';
import type { Spec } from '../core/model/spec';
import { ControlPlaneStack } from './control-plane-stack';
import { DEFAULT_OPTIONS, type DeploymentOptions } from './options';

/** The specs of the files. Throws an Error with every fault of every file, or with what two of them must not share. */
export const readSpecs = (files: readonly string[]): readonly Spec[] => {
  const parsed = files.map((file) => parseSpec(textOf(file), file));
  const faults = parsed.flatMap((result) => ('faults' in result ? result.faults : []));
  if (faults.length > 0)
    throw new Error(
      `muster.yaml has faults, nothing was synthesised:\n${faults.map(formatFault).join('\n')}`,
    );
  const specs = parsed.flatMap((result) => ('spec' in result ? [result.spec] : []));
  checkTogether(specs);
  return specs;
};

const textOf = (file: string): string => {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new Error(`${file} cannot be read. Name muster.yaml files: -c config=FILE[,FILE].`, { cause });
  }
};

/** The specs as each function reads them beside its code. */
export const writeDeployment = (
  asset: string,
  functions: readonly string[],
  specs: readonly Spec[],
): void => {
  for (const name of functions) writeFileSync(join(asset, name, 'deployment.json'), JSON.stringify(specs));
};

export type AppProps = {
  readonly specs: readonly Spec[];
  /** Folder of the bundled functions. */
  readonly asset: string;
  readonly options?: DeploymentOptions;
};

/** The app with its stack, checked by cdk-nag at synthesis. Throws an Error where the specs cannot be one deployment. */
export const makeApp = (
  { specs, asset, options = DEFAULT_OPTIONS }: AppProps,
  app = new App(),
): { readonly app: App; readonly stack: ControlPlaneStack } => {
  const stack = new ControlPlaneStack(app, options.stack, {
    specs,
    asset,
    options,
    description: `Muster for ${specs.map(({ cluster }) => cluster).join(', ')}`,
    env: placeOf(specs),
  });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  return { app, stack };
};

/** Where the pools are. An explicit region needs no look-up; the account is that of whoever deploys unless a pool names
 *  one, and then CDK deploys to no other. */
const placeOf = (specs: readonly Spec[]): { readonly region: string; readonly account?: string } => {
  const pools = specs.flatMap((spec) => spec.pools).filter(({ cloud }) => cloud === 'aws');
  const region = pools[0]?.region;
  if (region === undefined) {
    const clusters = specs.map(({ cluster }) => cluster).join(', ');
    throw new Error(
      `No pool of ${clusters} is on AWS, so there is no region to deploy to. Run \`muster serve FILE\` instead.`,
    );
  }
  const accounts = [...new Set(pools.map(({ account }) => account))].filter((name) => name !== 'default');
  if (accounts.length > 1) {
    throw new Error(
      `One deployment is in one account, and these pools name ${accounts.length}: ${accounts.join(', ')}. Deploy a muster.yaml for each account.`,
    );
  }
  return { region, ...(accounts[0] === undefined ? {} : { account: accounts[0] }) };
};
