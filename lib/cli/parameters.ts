// What an emulated parameter store must hold for a muster.yaml to be served against it: an image for each reference of a
// pool, and one secret for all that senders and schedulers prove themselves with.
import type { Spec } from '../core/model/spec';
import type { EmulatedWorld } from '../emulator/world';

const IMAGE = 'ami-0123456789abcdef0';

/** Puts them there. References to other places than the parameter store, and addresses to notify, are the operator's. */
export const putParameters = (world: EmulatedWorld, spec: Spec, secret: string): void => {
  for (const name of namesIn(spec.pools.map(({ image }) => image)))
    world.ssm.PutParameter({ Name: name, Value: IMAGE, Type: 'String' });
  for (const name of namesIn(spec.webhooks.map((webhook) => webhook.secret)))
    world.ssm.PutParameter({ Name: name, Value: secret, Type: 'SecureString', Overwrite: true });
  for (const name of namesIn([spec.mesos.auth, spec.marathon.auth]))
    world.ssm.PutParameter({ Name: name, Value: `bearer ${secret}`, Type: 'SecureString', Overwrite: true });
};

/** Each once, in the order of the file. */
const namesIn = (references: readonly (string | undefined)[]): ReadonlySet<string> =>
  new Set(
    references.flatMap((reference) =>
      reference?.startsWith('ssm:/') === true && !reference.startsWith('ssm:/aws/')
        ? [reference.slice('ssm:'.length)]
        : [],
    ),
  );
