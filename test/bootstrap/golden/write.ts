// Writes the golden files anew after an intended change: `npx tsx test/bootstrap/golden/write.ts`. Read the diff.
import { writeFileSync } from 'node:fs';
import { render } from '../../../lib/bootstrap/render';
import { GOLDEN } from '../pools';

for (const [name, input] of Object.entries(GOLDEN)) {
  writeFileSync(new URL(`${name}.yaml`, import.meta.url), render(input).userData);
}
