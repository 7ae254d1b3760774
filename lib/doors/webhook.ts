// The door of the webhooks: POST /hooks/<name>. The size is limited before anything is parsed, the caller is
// authenticated over the raw body, the payload is read once to tell the sender at once when nobody could make sense of
// it, and then it goes on the events queue. Nothing is decided here: a webhook can ask, the brakes still hold.
import middy from '@middy/core';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import type { Webhook } from '../core/model/spec';
import { messageOf } from '../engine/failure';
import { expiry } from '../engine/keys';
import type { Clock, Secrets, Sender, Store } from '../engine/ports';
import { translate } from '../events/translate';
import { authenticate, REPLAY_WINDOW_MS } from './authenticate';
import { type Watched, watched } from './door';
import { sealEnvelope } from './envelope';

/** Bytes of a body. Alertmanager's largest useful message is a few hundred alerts; an SQS message holds 1 MiB. */
export const MOST_BYTES = 262_144;

export type WebhookDoor = Watched & {
  readonly clock: Clock;
  readonly secrets: Secrets;
  readonly events: Sender;
  readonly store: Store;
  /** By name of the webhook: names are unique over the clusters of a deployment. */
  readonly webhooks: Readonly<Record<string, { readonly cluster: string; readonly webhook: Webhook }>>;
};

type Answer = APIGatewayProxyStructuredResultV2;
export type WebhookHandler = (event: APIGatewayProxyEventV2, context: Context) => Promise<Answer>;

export const webhookDoor = (open: () => Promise<WebhookDoor>, around: Watched): WebhookHandler =>
  middy<APIGatewayProxyEventV2, Answer>()
    .use(watched(around))
    .handler(async (event) => receive(event, await open()));

const answer = (statusCode: number, message: string): Answer => ({
  statusCode,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ message }),
});

const receive = async (event: APIGatewayProxyEventV2, door: WebhookDoor): Promise<Answer> => {
  const name = /^\/hooks\/([\w.-]{1,64})\/?$/.exec(event.rawPath)?.[1];
  const entry = name === undefined || !Object.hasOwn(door.webhooks, name) ? undefined : door.webhooks[name];
  if (name === undefined || entry === undefined) return answer(404, 'There is no webhook of this name.');
  const raw = event.body ?? '';
  const body = event.isBase64Encoded ? Buffer.from(raw, 'base64').toString() : raw;
  if (Buffer.byteLength(body) > MOST_BYTES)
    return answer(
      413,
      `The body is larger than ${MOST_BYTES} bytes. Send fewer alerts at once (max_alerts).`,
    );
  return admit(name, entry.webhook, { event, body, door });
};

type Arrival = { readonly event: APIGatewayProxyEventV2; readonly body: string; readonly door: WebhookDoor };

const admit = async (name: string, webhook: Webhook, arrival: Arrival): Promise<Answer> => {
  const { event, body, door } = arrival;
  const secret = await door.secrets.resolve(webhook.secret);
  const headers = Object.fromEntries(
    Object.entries(event.headers).map(([key, value]) => [key.toLowerCase(), value]),
  );
  const admission = authenticate(webhook, secret, { headers, body, now: door.clock.now() });
  if (!admission.admitted) {
    door.log.warn('webhook refused', { source: name, why: admission.why });
    return answer(401, 'Refused. Check the secret on both sides.');
  }
  if (admission.signed === undefined) return accept(name, body, door);
  const seen = await door.store.get(signatureKey(admission.signed));
  if (seen !== undefined) return answer(409, 'This signed message was received before.');
  const accepted = await accept(name, body, door);
  // Only once it is on the queue: a sender whose message could not be queued may send the very same again.
  const expiresAt = expiry(door.clock.now() + 2 * REPLAY_WINDOW_MS);
  if (accepted.statusCode === 202) await door.store.put({ ...signatureKey(admission.signed), expiresAt });
  return accepted;
};

const signatureKey = (signed: string) => ({ pk: 'signature', sk: signed });

const accept = async (name: string, body: string, door: WebhookDoor): Promise<Answer> => {
  const receivedAt = door.clock.now();
  let payload: unknown;
  try {
    payload = JSON.parse(body);
  } catch (error) {
    return answer(400, `The body is not JSON: ${messageOf(error)}`);
  }
  const understood = translate(payload, { receivedAt, source: name, webhooks: door.webhooks });
  if ('malformed' in understood) return answer(400, understood.malformed);
  await door.events.send(sealEnvelope(name, payload, receivedAt));
  const asks = understood.signals.filter(({ fact }) => fact !== undefined).length;
  return answer(
    202,
    asks > 0
      ? `Accepted: ${asks} requests.`
      : `Accepted; nothing is asked for. ${understood.ignored ?? ''}`.trim(),
  );
};
