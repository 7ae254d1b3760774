// The synthesised stacks of the examples, with the context that `cdk synth` gives the app, and what tests read of them.
import { afterAll } from '@jest/globals';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import type { Spec } from '../../lib/core/model/spec';
import { makeApp, readSpecs } from '../../lib/infra/app';
import { DEFAULT_OPTIONS, type DeploymentOptions } from '../../lib/infra/options';

export const MINIMAL = 'examples/aws-minimal.yaml';
export const FULL = 'examples/aws-full.yaml';

export type Properties = Readonly<Record<string, unknown>>;

const cdkJson = z.object({ context: z.record(z.string(), z.unknown()) });

/** A folder in the place of the bundle: what is deployed says nothing of what is in it. */
export const emptyAsset = (): string => {
  const asset = mkdtempSync(join(tmpdir(), 'muster-asset-'));
  writeFileSync(join(asset, 'index.mjs'), '');
  return asset;
};

const outputs: string[] = [];
afterAll(() => {
  for (const directory of outputs.splice(0)) rmSync(directory, { recursive: true });
});

export const anApp = (): App => {
  const outdir = mkdtempSync(join(tmpdir(), 'muster-cdk-'));
  outputs.push(outdir);
  return new App({ context: cdkJson.parse(JSON.parse(readFileSync('cdk.json', 'utf8'))).context, outdir });
};

export const synthesised = (
  specs: readonly Spec[] | string,
  asset: string,
  options: Partial<DeploymentOptions> = {},
): Template => {
  const parts = {
    specs: typeof specs === 'string' ? readSpecs([specs]) : specs,
    asset,
    options: { ...DEFAULT_OPTIONS, ...options },
  };
  return Template.fromStack(makeApp(parts, anApp()).stack);
};

const resource = z.object({ Properties: z.record(z.string(), z.unknown()) });

export const propertiesOf = (template: Template, type: string): readonly Properties[] =>
  Object.values(template.findResources(type)).map((found) => resource.parse(found).Properties);

const statement = z.object({
  Sid: z.string().optional(),
  Effect: z.string(),
  Action: z.union([z.string(), z.array(z.string())]).transform((action) => [action].flat()),
  Resource: z.unknown(),
  Condition: z.unknown().optional(),
});
const policy = z.object({ PolicyDocument: z.object({ Statement: z.array(statement) }) });
export type Statement = z.output<typeof statement>;

/** Of every identity policy, or of those whose logical id begins so. */
export const statementsOf = (template: Template, prefix = ''): readonly Statement[] =>
  Object.entries(template.findResources('AWS::IAM::Policy'))
    .filter(([id]) => id.startsWith(prefix))
    .flatMap(([, found]) => policy.parse(resource.parse(found).Properties).PolicyDocument.Statement);
