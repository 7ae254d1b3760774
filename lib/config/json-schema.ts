// The JSON Schema of muster.yaml, for editors. What one value alone cannot show (references between parts, sums,
// what a cloud needs) is checked only by `muster validate`.
import { z } from 'zod';
import { fileSchema } from './file-schema';

export const jsonSchema = (): Record<string, unknown> => {
  const { $schema, ...rest } = z.toJSONSchema(fileSchema, { io: 'input' });
  return {
    $schema,
    $id: 'muster-yaml.schema.json',
    title: 'muster.yaml',
    description: 'What a Muster cluster should look like. One file per cluster.',
    ...rest,
  };
};
