// What alerts of any monitoring ask for: the rules of the webhook by which they came decide, an alert's key makes it ask
// once, and its end releases what it asked for. Every wish is bounded by its rule, whatever the body says.
import { createHash } from 'node:crypto';
import type { Fact, FactBody, Signal } from '../core/model/signal';
import type { Webhook, WebhookRule } from '../core/model/spec';
import { type Context, DAY_MS, type Understood } from './translation';

export type Alert = {
  readonly name: string;
  readonly status: 'firing' | 'resolved';
  readonly labels: Readonly<Record<string, string>>;
  /** The same for every word on one firing, its end included. */
  readonly key: readonly string[];
  /** When it began to fire, as the sender has it; anything that is no time counts as now. */
  readonly startsAt: number;
};

/** Wishes that one message may have. Of more alerts at once the rest is for the next repeat. */
const MOST_WISHES = 100;

type Hook = { readonly cluster: string; readonly webhook: Webhook };
type Wish = { readonly rule: WebhookRule; readonly nth: number };

export const fromAlerts = (
  kind: string,
  alerts: readonly Alert[],
  context: Context,
): Omit<Understood, 'source'> => {
  const hook = hookOf(context);
  const base = { kind, at: context.receivedAt, clusters: hook === undefined ? [] : [hook.cluster] } as const;
  const signals = alerts.flatMap((alert): readonly Signal[] => {
    const bare: Signal = { ...base, subject: alert.name, urgency: 'soon' };
    const facts =
      hook === undefined
        ? []
        : matching(hook.webhook, alert).flatMap((wish) => factOf(wish, hook, alert, base.at) ?? []);
    return facts.length === 0 ? [bare] : facts.map((fact) => ({ ...bare, urgency: 'now', fact }));
  });
  const asks = signals.filter(({ fact }) => fact !== undefined);
  const kept = asks.length > MOST_WISHES ? asks.slice(0, MOST_WISHES) : signals;
  const isFiring = alerts.some(({ status }) => status === 'firing');
  if (asks.length > MOST_WISHES)
    return { signals: kept, ignored: `Only the first ${MOST_WISHES} of ${asks.length} requests are taken.` };
  return asks.length > 0 || !isFiring ? { signals } : { signals, ignored: whyNothing(hook) };
};

const hookOf = ({ source, webhooks }: Context): Hook | undefined => {
  if (source === undefined || webhooks === undefined || !Object.hasOwn(webhooks, source)) return undefined;
  return webhooks[source];
};

const whyNothing = (hook: Hook | undefined): string =>
  hook === undefined
    ? 'No webhook of the configuration is named, so no rule applies.'
    : `No rule of the webhook ${hook.webhook.name} matches a firing alert.`;

const matching = ({ rules }: Webhook, { labels }: Alert): readonly Wish[] =>
  rules
    .map((rule, nth) => ({ rule, nth }))
    .filter(({ rule }) =>
      Object.entries(rule.when).every(([name, value]) => labelOf(labels, name) === value),
    );

const labelOf = (labels: Alert['labels'], name: string): string | undefined =>
  Object.hasOwn(labels, name) ? labels[name] : undefined;

type Told = {
  readonly subject: string;
  readonly at: number;
  readonly expiresAt: number;
  readonly body: FactBody;
};

/** Each repeat of the same firing has the same key. Its end is the same fact, over. Second reader: none but the sender's
 *  own repeats, hence stored before it is acknowledged. */
const factOf = ({ rule, nth }: Wish, hook: Hook, alert: Alert, now: number): Fact | undefined => {
  const told = toldBy(rule, hook.webhook.name, alert, now);
  if (told === undefined) return undefined;
  const identity = JSON.stringify([hook.webhook.name, nth, ...alert.key]);
  const dedupeKey = createHash('sha256').update(identity).digest('hex').slice(0, 32);
  const scope = { kind: 'cluster', cluster: hook.cluster } as const;
  const fact = { scope, dedupeKey, ...told };
  return alert.status === 'resolved' ? { ...fact, at: now, expiresAt: now } : fact;
};

const toldBy = ({ do: does }: WebhookRule, source: string, alert: Alert, now: number): Told | undefined => {
  const word = { by: `webhook ${source}`, reason: alert.name };
  if ('scaleOut' in does) {
    const { pool, by, forMs } = does.scaleOut;
    return { subject: pool, at: now, expiresAt: now + forMs, body: { kind: 'scale-out', pool, by, source } };
  }
  if ('drain' in does) {
    const subject = hostOf(labelOf(alert.labels, does.drain.hostFrom));
    // Not from now: a repeat must not begin again a drain that has ended.
    const at = began(alert, now);
    const deadline = at + does.drain.withinMs;
    if (subject === undefined || deadline <= now) return undefined;
    return { subject, at, expiresAt: deadline, body: { kind: 'drain', ...word, deadline, force: false } };
  }
  const { target, name, from, forMs } = does.failOver;
  const subject = named(name ?? labelOf(alert.labels, from ?? ''));
  return subject === undefined
    ? undefined
    : { subject, at: now, expiresAt: now + forMs, body: { kind: 'fail-over', target, ...word } };
};

const began = ({ startsAt }: Alert, now: number): number =>
  startsAt <= now && now - startsAt < 7 * DAY_MS ? startsAt : now;

/** A name that may stand in a key. */
const named = (text: string | undefined): string | undefined =>
  text !== undefined && /^[\w.:/@+=-]{1,128}$/.test(text) ? text : undefined;

/** A host of `10.0.0.5:9100`, as exporters name it. */
const hostOf = (text: string | undefined): string | undefined => named(text?.replace(/:\d{1,5}$/, ''));
