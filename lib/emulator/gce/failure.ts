/** What a call of Compute Engine is refused with: `error.code` and `error.errors[0].reason` of its JSON. What goes wrong
 *  after it was accepted is in the operation instead. */
export class GoogleFailure extends Error {
  readonly status: number;
  readonly reason: string;

  constructor(status: number, reason: string, message: string) {
    super(message);
    this.name = 'GoogleFailure';
    this.status = status;
    this.reason = reason;
  }
}
