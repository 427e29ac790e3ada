import { parseTimeoutMs } from '../machinery/options.ts';
import { timeout } from '../machinery/status.ts';
import type { Clock } from './clock.ts';
import { type Exchange, over } from './exchange.ts';
import { sendStatus } from './respond.ts';

/**
 * Gives every request but a watch a bounded time: `maxMs`, or less if the query's `timeout` says so. When it is up, the client is
 * answered 504, or cut off if the answer has begun, and the work is told to stop through the exchange's signal.
 * Throws a 400 StatusError for a `timeout` that is no duration.
 */
export function startDeadline(exchange: Exchange, maxMs: number, clock: Clock): void {
  const { info, query } = exchange;
  if (info.isResource && info.verb === 'watch') return;
  const delayMs = Math.min(parseTimeoutMs(query) ?? maxMs, maxMs);
  exchange.onEnd(clock.after(delayMs, () => expire(exchange)));
}

function expire(exchange: Exchange): void {
  const { response, abort } = exchange;
  if (exchange.answered) {
    abort.abort(over);
    response.destroy();
    return;
  }
  sendStatus(exchange, timeout('request did not complete within the allotted timeout').status);
  abort.abort(over);
}
