// The parts of a file that can be read even where others cannot, so that checks across parts lose nothing to a slip
// elsewhere in the file.
import type { z } from 'zod';
import { partSchemas, scheduleSchema, webhookSchema } from './file-schema';
import { valueAt } from './issues';
import { poolSchema } from './pool-schema';

const poolParts = poolSchema.partial();
const scheduleParts = scheduleSchema.partial();
const webhookParts = webhookSchema.partial();
const mesosParts = partSchemas.mesos.partial();
const networkParts = partSchemas.network.partial();
const limitsParts = partSchemas.limits.partial();

export type PoolParts = z.infer<typeof poolParts>;
export type Parts = {
  readonly pools: readonly PoolParts[];
  readonly schedules: readonly z.infer<typeof scheduleParts>[];
  /** Keys of each schedule as they are written, right or wrong: a wrong value is a fault of its own. */
  readonly scheduleKeys: readonly ReadonlySet<string>[];
  readonly webhooks: readonly z.infer<typeof webhookParts>[];
  readonly mesos: z.infer<typeof mesosParts>;
  readonly network: z.infer<typeof networkParts>;
  readonly limits: z.infer<typeof limitsParts>;
};

/** Every key that is right by itself, and the defaults of those left out; indices are those of the file. */
export const readParts = (root: unknown): Parts => ({
  pools: entries(root, 'pools').map((raw) => rightKeys(poolParts, raw)),
  schedules: entries(root, 'schedules').map((raw) => rightKeys(scheduleParts, raw)),
  scheduleKeys: entries(root, 'schedules').map(
    (raw) => new Set(typeof raw === 'object' && raw !== null ? Object.keys(raw) : []),
  ),
  webhooks: entries(root, 'webhooks').map((raw) => rightKeys(webhookParts, raw)),
  mesos: rightKeys(mesosParts, valueAt(root, ['mesos'])),
  network: rightKeys(networkParts, valueAt(root, ['network'])),
  limits: rightKeys(limitsParts, valueAt(root, ['limits'])),
});

const entries = (root: unknown, key: string): readonly unknown[] => {
  const list = valueAt(root, [key]);
  return Array.isArray(list) ? list : [];
};

type Partial = z.ZodType & { readonly shape: Readonly<Record<string, z.ZodType>> };

const rightKeys = <Schema extends Partial>(schema: Schema, raw: unknown): z.infer<Schema> => {
  const right: Record<string, unknown> = {};
  const wrong: string[] = [];
  for (const [key, part] of Object.entries(schema.shape)) {
    const value = valueAt(raw, [key]);
    if (value === undefined) continue;
    if (part.safeParse(value).success) right[key] = value;
    else wrong.push(key);
  }
  const parts = schema.parse(right);
  // A wrong value is unknown, not its default.
  if (typeof parts === 'object' && parts !== null) {
    for (const key of wrong) Reflect.deleteProperty(parts, key);
  }
  return parts;
};
