// The CDK app's door: bundles the functions, reads muster.yaml, synthesises. docs/deploy.md has the words of the context:
// npx cdk synth -c config=muster.yaml[,other.yaml] [-c securityGroups=sg-1,sg-2] [-c rootDevice=...] ...
import { App } from 'aws-cdk-lib';
import { bundleFunctions, FUNCTIONS, LAMBDA_DIR } from '../build/bundle';
import { makeApp, readSpecs, writeDeployment } from '../lib/infra/app';
import { readOptions, words } from '../lib/infra/options';

const app = new App();
const context = (name: string): unknown => app.node.tryGetContext(name);

try {
  const files = words(context, 'config');
  const specs = readSpecs(files.length > 0 ? files : ['examples/aws-minimal.yaml']);
  const options = readOptions(context);
  await bundleFunctions();
  writeDeployment(LAMBDA_DIR, FUNCTIONS, specs);
  makeApp({ specs, asset: LAMBDA_DIR, options }, app).app.synth();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
