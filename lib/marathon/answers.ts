// What an answer of Marathon that is not a success means for the caller (semantics §2.3, §2.8).
import type { Failure } from '../engine/failure';
import { failureOf, type Refusal, type Verdict } from '../transport/refusal';
import { errorSchema } from './schema';

/**
 * - `transient`: this address did nothing (no leader known, or a redirect, which is not followed).
 * - `gone`: no such app, pod, task or deployment.
 * - `conflict`: the app is locked; the message ends with the ids of the deployments that hold it.
 * - `throttled`: as many deployments run as Marathon allows.
 * - `unknown-outcome`: the answer leaves open whether a write was done (its 503 is also a time-out).
 */
export const refusalOf = (refusal: Refusal): Failure =>
  failureOf(refusal, verdictOf(refusal), saidIn(refusal.text));

const verdictOf = ({ status, text, use }: Refusal): Verdict => {
  if (status >= 300 && status < 400) return { kind: 'transient' };
  if (status === 403 && /deployments/i.test(text)) return { kind: 'throttled' };
  const plain = VERDICTS[status];
  if (plain !== undefined) return plain;
  if (status < 500) return { kind: 'permanent' };
  const isUndone = use === 'read' || /determine the current leader/.test(text);
  return { kind: isUndone ? 'transient' : 'unknown-outcome' };
};

const VERDICTS: Readonly<Record<number, Verdict>> = {
  401: {
    kind: 'permanent',
    advice: 'Marathon does not know these credentials: check the secret that marathon.auth names.',
  },
  403: { kind: 'permanent', advice: 'The user of marathon.auth may not do this: check its permissions.' },
  404: { kind: 'gone' },
  409: { kind: 'conflict' },
  429: { kind: 'throttled' },
};

const saidIn = (text: string): string => {
  const error = errorIn(text);
  const message = (error?.message ?? text).replace(/\s+/g, ' ').slice(0, 300).replace(/\.$/, '');
  const deployments = (error?.deployments ?? []).map((deployment) => deployment.id);
  return deployments.length === 0 ? message : `${message} (deployments: ${deployments.join(', ')})`;
};

const errorIn = (text: string) => {
  try {
    const parsed = errorSchema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
};
