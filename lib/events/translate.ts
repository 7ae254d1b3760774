// Any raw event → signals. Pure and total: whatever it is given, it answers. The list of sources is all there is; the
// first that recognises the event translates it.
import type { Webhook } from '../core/model/spec';
import { alertmanager, grafana } from './alertmanager';
import { autoScalingDirect } from './auto-scaling';
import { computeEngine } from './compute-engine';
import { eventBridge } from './eventbridge';
import { ownRequest } from './request';
import { datadog, googleMonitoring, postedAlarm } from './monitoring';
import { marathon, mesos } from './schedulers';
import { signedRequest } from './signed';
import { ownTick } from './tick';
import { type Context, isFields, type Source, type Translation } from './translation';
import { together, unwrap } from './wrapped';

export type { Context, Translation, Understood } from './translation';

const ALERTS: readonly Source[] = [alertmanager, grafana];
const OUR_OWN: readonly Source[] = [ownTick, ownRequest];
const SOURCES: readonly Source[] = [
  ...OUR_OWN,
  eventBridge,
  autoScalingDirect,
  ...ALERTS,
  signedRequest,
  computeEngine,
  datadog,
  googleMonitoring,
  marathon,
  mesos,
];

/** What the API hands to the queue is named so; webhooks are named as in the configuration. */
export const API_SOURCE = 'api';

/** A webhook's sender may ask for what its kind can ask for, and not pass for EventBridge or for the API by sending a
 *  body of their shape. Without a source the body comes from the queue itself, which only they can send to. */
const admitted = ({ source, webhooks }: Context): readonly Source[] | 'unknown' => {
  if (source === undefined || webhooks === undefined) return SOURCES;
  if (source === API_SOURCE) return OUR_OWN;
  const kind = Object.hasOwn(webhooks, source) ? webhooks[source]?.webhook.kind : undefined;
  if (kind === undefined) return 'unknown';
  return BY_KIND[kind];
};

const BY_KIND: Readonly<Record<Webhook['kind'], readonly Source[]>> = {
  hmac: [signedRequest],
  alertmanager: ALERTS,
  grafana: [grafana],
  datadog: [datadog],
  'google-monitoring': [googleMonitoring],
  cloudwatch: [postedAlarm],
};

/** An envelope may hold an envelope (SNS in SQS in a batch), but nothing real goes deeper. */
const DEEPEST = 4;

const UNKNOWN =
  'The body has the shape of no event that is known. It should be one of EventBridge, Auto Scaling, Alertmanager, Grafana, ' +
  'a signed request, a Google audit log entry, or one of these inside SNS, SQS or Pub/Sub.';

const UNASKED = 'The body is not of the form that senders of this kind may send.';

/** `raw` is the parsed body. Foreign events are `ignored` with the reason; `malformed` is a known kind in the wrong
 *  shape, with the fields at fault, or a shape that no source has. Values are never repeated. */
export const translate = (raw: unknown, context: Context): Translation => translateAt(raw, context, 0);

const translateAt = (raw: unknown, context: Context, depth: number): Translation => {
  if (!isFields(raw)) return { malformed: 'The body is not a JSON object.' };
  const sources = admitted(context);
  if (sources === 'unknown') {
    return { source: 'webhook', signals: [], ignored: 'The webhook it came by is no longer configured.' };
  }
  const opened = sources === SOURCES && depth < DEEPEST ? unwrap(raw, context) : undefined;
  if (opened !== undefined) {
    if ('malformed' in opened) return opened;
    return together(opened.map((inner) => translateAt(inner.payload, inner.context, depth + 1)));
  }
  const source = sources.find(({ recognises }) => recognises(raw));
  if (source === undefined) return { malformed: sources === SOURCES ? UNKNOWN : UNASKED };
  return source.translate(raw, context);
};
