/**
 * An error that tells a caller of something that callers do, such as a request that is refused. It has no stack: to record one costs
 * more than the rest of a refusal, and an attacker can have thousands a second.
 */
export class ExpectedError extends Error {
  constructor(message: string) {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(message);
    Error.stackTraceLimit = stackTraceLimit;
  }
}
