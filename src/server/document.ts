import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip as gzipCallback } from 'node:zlib';
import { limits } from '../limits.ts';
import type { Exchange } from './exchange.ts';
import { acceptsGzip, addVary, beginAnswer, sendBody } from './respond.ts';

const gzip = promisify(gzipCallback);

/** A document that does not change while the server runs: its bytes, its hash, and its compressed bytes once asked for. */
export interface FixedDocument {
  readonly bytes: Buffer;
  /** SHA-512, upper-case hex: the same on every replica that serves the same document. */
  readonly hash: string;
  compressed(): Promise<Buffer>;
}

/** Encodes and hashes a document. */
export function fixedDocument(text: string): FixedDocument {
  const bytes = Buffer.from(text);
  let compressed: Promise<Buffer> | undefined;
  return {
    bytes,
    hash: createHash('sha512').update(bytes).digest('hex').toUpperCase(),
    compressed: () => (compressed ??= gzip(bytes)),
  };
}

/** Whether If-None-Match names the hash. */
export function notModified(exchange: Exchange, hash: string): boolean {
  const header = exchange.request.headers['if-none-match'];
  if (!header) return false;
  return header.split(',').some(tag => tag.trim().replace(/^W\//, '') === `"${hash}"` || tag.trim() === '*');
}

/**
 * Answers a conditional GET with a fixed document: 304 when the client has it, else 200, compressed where that pays.
 * Sets ETag and `Vary: Accept`; `headers` replaces the server's usual ones.
 */
export async function sendDocument(
  exchange: Exchange,
  document: FixedDocument,
  contentType: string,
  headers: Record<string, string> = {},
): Promise<void> {
  const modified = !notModified(exchange, document.hash);
  const compress = modified && document.bytes.length > limits.gzipMinBytes && acceptsGzip(exchange);
  const body = compress ? await document.compressed() : document.bytes;
  const begin = () => {
    if (!beginAnswer(exchange, modified ? 200 : 304, modified ? contentType : undefined)) return false;
    const { response } = exchange;
    response.setHeader('ETag', `"${document.hash}"`);
    addVary(exchange, 'Accept');
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    if (!compress) return true;
    response.setHeader('Content-Encoding', 'gzip');
    addVary(exchange, 'Accept-Encoding');
    return true;
  };
  if (modified) await sendBody(exchange, [body], begin);
  else if (begin()) exchange.response.end();
}
