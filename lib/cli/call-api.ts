// One call of the API of a running Muster.
import { messageOf } from '../engine/failure';
import { UsageError } from './verb';

export const API = 'http://127.0.0.1:7070';
/** Milliseconds; a request is stored within one or two. */
const TIMEOUT_MS = 10_000;

/** `said` is the answer's message, or a sentence about its status. @throws Error when nobody answers, UsageError for an
 *  address that is none. A body makes it a POST. */
export const callApi = async (
  api: string,
  path: string,
  body?: object,
): Promise<{ readonly status: number; readonly said: string; readonly text: string }> => {
  const base = URL.canParse(api) ? new URL(api) : undefined;
  if (base === undefined || !/^https?:$/.test(base.protocol))
    throw new UsageError(`--api takes an address such as ${API}, not "${api}".`);
  const post = {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  };
  let answer: Response;
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    answer = await fetch(new URL(path, base), body === undefined ? { signal } : { ...post, signal });
  } catch (cause) {
    throw new Error(
      `no Muster answers at ${base.origin} (${messageOf(cause)}). Start muster serve, or name another address with --api; how to ask one on AWS is in docs/operations.`,
      { cause },
    );
  }
  const text = await answer.text();
  const said = saidIn(text) ?? `${base.origin} answered ${answer.status}.`;
  return { status: answer.status, said, text };
};

const saidIn = (text: string): string | undefined => {
  try {
    const answer: unknown = JSON.parse(text);
    const message: unknown =
      typeof answer === 'object' && answer !== null ? Reflect.get(answer, 'message') : undefined;
    return typeof message === 'string' ? message : undefined;
  } catch {
    return undefined;
  }
};
