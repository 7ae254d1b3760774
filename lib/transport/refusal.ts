// An answer of a scheduler that is no success, and the failure that it becomes once its API knows what it means.
import { Failure, type FailureKind } from '../engine/failure';
import type { Use } from './hosts';

export type Refusal = {
  /** `DRAIN_AGENT`, `PUT /v2/apps/web` */
  readonly call: string;
  readonly use: Use;
  readonly url: string;
  readonly status: number;
  readonly text: string;
};

/** What a refusal means: whether anything was done, and what a person can do. */
export type Verdict = { readonly kind: FailureKind; readonly advice?: string };

/** @param said the far end's own words, on one line; empty when it said nothing. */
export const failureOf = ({ call, url, status }: Refusal, { kind, advice }: Verdict, said: string): Failure =>
  new Failure(kind, `${call} at ${url} answered ${status}${said === '' ? '' : `: ${said}`}.`, {
    code: String(status),
    ...(advice === undefined ? {} : { advice }),
  });
