// Failures are named by what the caller should do, not by where they came from (house-style lesson 14).

/**
 * - `gone`: what it was about no longer exists. After a terminate that is success.
 * - `conflict`: somebody else wrote first, or a condition did not hold. Look again.
 * - `throttled`: nothing was done. Later, with jitter.
 * - `transient`: nothing was done, or repeating is harmless. Retry within a budget.
 * - `unknown-outcome`: it may or may not have been done (a timeout after sending). Read back, never assume.
 * - `permanent`: it will fail again until a person changes something.
 */
export type FailureKind = 'gone' | 'conflict' | 'throttled' | 'transient' | 'unknown-outcome' | 'permanent';

export class Failure extends Error {
  readonly kind: FailureKind;
  /** The code of the far end, where it has one: `InsufficientInstanceCapacity`, `401`. */
  readonly code: string;
  /** What a person can do about it; part of the message too. */
  readonly advice: string;

  constructor(
    kind: FailureKind,
    message: string,
    options: { code?: string; advice?: string; cause?: unknown } = {},
  ) {
    super(options.advice === undefined ? message : `${message} ${options.advice}`, { cause: options.cause });
    this.name = 'Failure';
    this.kind = kind;
    this.code = options.code ?? kind;
    this.advice = options.advice ?? '';
  }
}

export const isFailure = (error: unknown, kind?: FailureKind): error is Failure =>
  error instanceof Failure && (kind === undefined || error.kind === kind);

/** The message of anything that was thrown. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
