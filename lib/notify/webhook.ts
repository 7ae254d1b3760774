// Tells people by a JSON POST to a URL of theirs: a chat's incoming webhook, an on-call service, anything.
import { Failure } from '../engine/failure';
import type { HttpAnswer, Notice, Notifier, Secrets, Transport } from '../engine/ports';

export type WebhookOptions = {
  readonly transport: Transport;
  readonly secrets: Secrets;
  /** Reference of the URL, which is a secret with most services: whoever has it may post. */
  readonly url: string;
  /** Milliseconds; 5,000 when absent. */
  readonly timeoutMs?: number;
};

/**
 * The body is `{text, alarm, cluster, subject, id}`; `text` is what chats show. The id is also sent as Idempotency-Key,
 * because a notice whose answer was lost is sent again.
 * @throws Failure; `unknown-outcome` when it may have arrived. Messages name the host only, never the URL.
 */
export class WebhookNotifier implements Notifier {
  readonly #options: WebhookOptions;

  constructor(options: WebhookOptions) {
    this.#options = options;
  }

  async tell(notice: Notice): Promise<void> {
    const { transport, secrets, url, timeoutMs } = this.#options;
    const target = addressOf(await secrets.resolve(url));
    const { text, alarm, cluster, subject, id } = notice;
    const answer = await transport({
      method: 'POST',
      url: target.href,
      headers: { 'content-type': 'application/json', 'idempotency-key': id },
      body: JSON.stringify({ text, alarm, cluster, subject, id }),
      timeoutMs: timeoutMs ?? TIMEOUT_MS,
    }).catch((error: unknown) => {
      throw nameless(error, target.host);
    });
    await letGo(answer);
    if (answer.status < 200 || answer.status > 299) throw refusal(answer.status, target.host);
  }
}

const TIMEOUT_MS = 5_000;

const addressOf = (text: string): URL => {
  const address = URL.canParse(text) ? new URL(text) : undefined;
  if (address?.protocol === 'https:' || address?.protocol === 'http:') return address;
  throw new Failure('permanent', 'The address of the notification webhook is not an http or https URL.', {
    code: 'BadAddress',
    advice: 'Correct the value that notify.url refers to.',
  });
};

// A transport's own words may contain the whole URL.
const nameless = (error: unknown, host: string): Failure => {
  const kind = error instanceof Failure ? error.kind : 'unknown-outcome';
  const code = error instanceof Failure ? error.code : kind;
  return new Failure(kind, `The notification webhook at ${host} did not answer (${code}).`, {
    code,
    advice: 'Check that it can be reached from here.',
  });
};

const refusal = (status: number, host: string): Failure => {
  const said = `The notification webhook at ${host} answered ${status}.`;
  const code = String(status);
  if (status === 429) return new Failure('throttled', said, { code });
  if (status >= 500 || status === 408) return new Failure('transient', said, { code });
  const advice =
    status >= 300 && status < 400
      ? 'Redirects are not followed: give the address that it leads to.'
      : 'Check that the address is still valid and takes a JSON POST.';
  return new Failure('permanent', said, { code, advice });
};

// The answer's text is nobody's business, and an unread body holds its connection. The status has said all: a body that
// breaks off changes nothing.
const letGo = async (answer: HttpAnswer): Promise<void> => {
  const body = answer.body[Symbol.asyncIterator]();
  try {
    await body.next();
    await body.return?.();
  } catch {
    return;
  }
};
