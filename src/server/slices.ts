import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { limits } from '../limits.ts';
import type { Exchange } from './exchange.ts';
import { acceptsGzip, addVary, beginAnswer, gzipLevel, sendBytes } from './respond.ts';

/** About as much as is made of a body before its client takes it. */
export const sliceBytes = 64 * 1024;
/** What such an answer holds while it is sent: the slices at its beginning, and one that is made while another is on its way. */
const heldBytes = 4 * sliceBytes;
/** What compressing holds in addition (zlib: window and hash tables, and its output). */
const gzipBytes = 300 * 1024;

/** A body that is made as its client takes it. */
export interface Slices {
  slices: AsyncGenerator<Buffer, undefined>;
  /** What it holds until it is sent, beside its slices. */
  bytes?: number;
  /** What is kept until it is sent; many answers may share it. */
  kept?: Buffer;
}

/**
 * Answers with a body of any size at the pace at which the client reads, so that neither memory nor the other requests suffer
 * from a large one. Resolves when it is out or the client has gone. Throws a 429 where the user's unsent answers have used up
 * its share.
 */
export async function sendSlices(
  exchange: Exchange,
  code: number,
  contentType: string,
  { slices, bytes = 0, kept }: Slices,
): Promise<void> {
  const compress = acceptsGzip(exchange);
  const answer = exchange.answers.open(exchange);
  const release = answer.charge(heldBytes + bytes + (compress ? gzipBytes : 0));
  if (kept) answer.keep(kept);
  const first: Buffer[] = [];
  for (let size = 0; size <= limits.gzipMinBytes; size += first.at(-1)!.length) {
    const next = await slices.next();
    if (next.done) {
      release();
      return await sendBytes(exchange, code, contentType, ...first);
    }
    first.push(next.value);
  }
  if (!beginAnswer(exchange, code, contentType)) return;
  const { request, response, abort } = exchange;
  if (compress) {
    response.setHeader('Content-Encoding', 'gzip');
    addVary(exchange, 'Accept-Encoding');
  }
  const write = async (chunks: AsyncIterable<Buffer>) => {
    for await (const chunk of chunks) if (!(await answer.write(chunk))) return;
    response.end();
  };
  const all = prepend(first, slices);
  try {
    if (request.method === 'HEAD') response.end();
    else if (!compress) await write(all);
    else {
      const source = Readable.from(all, { objectMode: false });
      await pipeline(source, createGzip({ level: gzipLevel }), write, { signal: abort.signal });
    }
  } catch (error) {
    if (!isBrokenStream(error)) throw error;
  }
}

/** Whether an answer broke off because the client has gone or its time is up; it is destroyed then. */
function isBrokenStream(error: unknown): boolean {
  const code = String((error as { code?: unknown }).code);
  return /^(ERR_STREAM|ERR_HTTP2|ABORT_ERR|ECONNRESET|EPIPE)/.test(code);
}

/** Lets go of the first ones as it goes. */
async function* prepend(first: Buffer[], rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  while (first.length > 0) yield first.shift()!;
  yield* rest;
}
