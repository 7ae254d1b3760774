// npm run build: everything in dist.
import { bundleCli, bundleFunctions } from './bundle';

await Promise.all([bundleFunctions(), bundleCli()]);
