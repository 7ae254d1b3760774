// Values by reference: `ssm:/path` from the parameter store, `env:NAME` from the environment, anything else as it is. What
// a reference leads to may be a secret, so one that cannot be followed here must never pass for the value itself.
import { Failure } from '../engine/failure';
import type { Secrets } from '../engine/ports';

export const references = (from: {
  readonly ssm: Secrets;
  readonly variable: (name: string) => string | undefined;
}): Secrets => ({
  resolve: async (reference) => {
    if (reference.startsWith('ssm:')) return from.ssm.resolve(reference);
    if (reference.startsWith('gcp:'))
      throw new Failure(
        'permanent',
        `${reference} cannot be read: there is no client of Secret Manager yet.`,
        {
          advice: 'Keep the value in the parameter store (ssm:/path) or in the environment (env:NAME).',
        },
      );
    if (!reference.startsWith('env:')) return reference;
    const name = reference.slice('env:'.length);
    const value = from.variable(name);
    if (value !== undefined) return value;
    throw new Failure('permanent', `The environment variable ${name} is not set.`, {
      advice: `Set it where Muster runs; muster.yaml refers to it as ${reference}.`,
    });
  },
});
