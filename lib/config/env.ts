// The one place that reads the environment, and the one list of variables: the stacks write exactly these, the functions
// read exactly these.
import * as z from 'zod/mini';

const template = z.object({ id: z.string(), version: z.string(), bootstrap: z.string(), image: z.string() });
const json = <T>(schema: z.ZodMiniType<T>) =>
  z.pipe(
    z.string(),
    z.transform((text: string, context): T => {
      try {
        return schema.parse(JSON.parse(text));
      } catch (error) {
        context.issues.push({
          code: 'custom',
          input: text,
          message: `is not the JSON it should be: ${String(error)}`,
        });
        return z.NEVER;
      }
    }),
  );

const environment = z.object({
  /** Name of the table. */
  MUSTER_TABLE: z.string(),
  /** URL of the queue of raw events. */
  MUSTER_EVENTS_QUEUE: z.string(),
  /** URL of the queue of wakes. */
  MUSTER_WAKE_QUEUE: z.string(),
  AWS_REGION: z.string(),
  /** Launch templates by cluster and pool, as the stack made them. */
  MUSTER_TEMPLATES: z._default(json(z.record(z.string(), z.record(z.string(), template))), {}),
  /** Name of the forwarding function, where the masters are private. */
  MUSTER_REACH_FUNCTION: z.optional(z.string()),
  /** Seconds a turn may hold its lease: a little more than the function's timeout. */
  MUSTER_LEASE_SECONDS: z._default(z.coerce.number(), 130),
});

export type Environment = z.infer<typeof environment>;

/** Reads the environment of a function. Throws an Error that names every variable that is missing or wrong. */
export const readEnvironment = (
  variables: Readonly<Record<string, string | undefined>> = process.env,
): Environment => {
  const result = environment.safeParse(variables);
  if (result.success) return result.data;
  const faults = result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw new Error(`The function's environment is incomplete. ${faults.join('; ')}. Deploy the stack again.`);
};

/** One variable, for references of the form `env:NAME`. */
export const environmentVariable = (name: string): string | undefined => process.env[name];

/** The AWS SDK warns on every start that its next versions leave Node 20. True, and no business of whoever runs a verb. */
export const silenceSdkNotice = (): void => {
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true';
};
