// One deployment, or one `muster serve`, of several files.
import type { Spec } from '../core/model/spec';

/** @throws Error that names what two of the specs share and must not. */
export const checkTogether = (specs: readonly Spec[]): void => {
  const cluster = twice(specs.map((spec) => spec.cluster));
  if (cluster !== undefined)
    throw new Error(`Two files are of the cluster ${cluster}. One file holds all of a cluster.`);
  const hook = twice(specs.flatMap((spec) => spec.webhooks.map(({ name }) => name)));
  if (hook !== undefined)
    throw new Error(
      `Two clusters have a webhook ${hook}, and /hooks/${hook} can lead to one. Give each its own name.`,
    );
};

const twice = (names: readonly string[]): string | undefined =>
  names.find((name, nth) => names.indexOf(name) !== nth);
