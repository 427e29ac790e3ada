import { parseTimeoutMs } from '../machinery/options.ts';
import { timeout } from '../machinery/status.ts';
import type { Clock } from './clock.ts';
import { type Exchange, guarded, over } from './exchange.ts';
import { breakOff } from './http-message.ts';
import { sendStatus } from './respond.ts';

/**
 * Gives every request but a watch a bounded time: `maxMs`, or less if the query's `timeout` says so. When it is up, the client is
 * answered 504, or its answer broken off if it has begun, and the work is told to stop through the exchange's signal. An answer that is whole
 * has `maxMs` more to be taken. Throws a 400 StatusError for a `timeout` that is no duration.
 */
export function startDeadline(exchange: Exchange, maxMs: number, clock: Clock): void {
  const { info, query } = exchange;
  if (info.isResource && info.verb === 'watch') return;
  const delayMs = Math.min(parseTimeoutMs(query) ?? maxMs, maxMs);
  const expire = guarded(exchange, () => {
    const { response, abort } = exchange;
    if (!exchange.answered) {
      const error = timeout('request did not complete within the allotted timeout');
      exchange.reason = error.message;
      sendStatus(exchange, error.status);
    } else if (!response.writableEnded) breakOff(response);
    // Broken off now, it could take the next request on the connection with it.
    exchange.onEnd(
      clock.after(
        maxMs,
        guarded(exchange, () => breakOff(response)),
      ),
    );
    abort.abort(over);
  });
  exchange.onEnd(clock.after(delayMs, expire));
}
