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
