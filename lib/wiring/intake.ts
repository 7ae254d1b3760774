// What the doors need that only take things in: no cloud, no scheduler, no planner. A webhook must answer quickly after
// a cold start, so it loads nothing of those.
import type { Spec } from '../core/model/spec';
import type { IngestDoor } from '../doors/ingest';
import type { WebhookDoor } from '../doors/webhook';
import { scopesOf } from '../engine/engine';
import type { Route } from '../engine/ingest';
import type { Clock, Log, Meter, Secrets, Sender, Store } from '../engine/ports';

export type Intake = {
  readonly specs: readonly Spec[];
  readonly store: Store;
  readonly events: Sender;
  readonly wake: Sender;
  readonly secrets: Secrets;
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter & { readonly flush?: () => void };
};

/** Specs that cannot be served together. @throws Error that names what two of them share. */
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

const routesOf = (specs: readonly Spec[]): readonly Route[] =>
  specs.map((spec) => ({ cluster: spec.cluster, scopes: scopesOf(spec.pools) }));

/** By name, over all clusters of a deployment. */
const hooksOf = (specs: readonly Spec[]): WebhookDoor['webhooks'] =>
  Object.fromEntries(
    specs.flatMap((spec) =>
      spec.webhooks.map((webhook) => [webhook.name, { cluster: spec.cluster, webhook }]),
    ),
  );

export const ingestParts = (intake: Intake): IngestDoor => ({
  ...intake,
  routes: routesOf(intake.specs),
  webhooks: hooksOf(intake.specs),
});

export const webhookParts = (intake: Intake): WebhookDoor => ({ ...intake, webhooks: hooksOf(intake.specs) });
