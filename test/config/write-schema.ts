// Writes docs/reference/muster-yaml.schema.json: npx tsx test/config/write-schema.ts
import { writeFileSync } from 'node:fs';
import { jsonSchema } from '../../lib/config/json-schema';

writeFileSync(
  new URL('../../docs/reference/muster-yaml.schema.json', import.meta.url),
  `${JSON.stringify(jsonSchema(), null, 2)}\n`,
);
