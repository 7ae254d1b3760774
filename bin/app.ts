// The CDK app's door: bundles the functions, reads muster.yaml, synthesises.
// npx cdk synth -c config=muster.yaml[,other.yaml] [-c securityGroups=sg-1,sg-2]
import { App } from 'aws-cdk-lib';
import { bundleFunctions, FUNCTIONS, LAMBDA_DIR } from '../build/bundle';
import { makeApp, readSpecs, writeDeployment } from '../lib/infra/app';

const app = new App();
const words = (name: string): readonly string[] => {
  const value: unknown = app.node.tryGetContext(name);
  return typeof value === 'string' ? value.split(',').map((word) => word.trim()) : [];
};

try {
  const files = words('config');
  const specs = readSpecs(files.length > 0 ? files : ['examples/aws-minimal.yaml']);
  await bundleFunctions();
  writeDeployment(LAMBDA_DIR, FUNCTIONS, specs);
  makeApp({ specs, asset: LAMBDA_DIR, securityGroups: words('securityGroups') }, app).app.synth();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
