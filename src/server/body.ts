import { badRequest, requestEntityTooLarge, StatusError } from '../machinery/status.ts';
import type { HttpRequest } from './http-message.ts';

/**
 * Reads the whole body of a request, at most `maxBytes` of it. Bodies without a length (chunked, HTTP/2) are read like
 * others. Throws a StatusError: 413 when the body is larger, 415 for a Content-Encoding, 400 when the client breaks off.
 */
export async function readBody(request: HttpRequest, maxBytes: number, signal: AbortSignal): Promise<Buffer> {
  const encoding = request.headers['content-encoding'];
  if (encoding && encoding.toLowerCase() !== 'identity') {
    throw new StatusError(
      'UnsupportedMediaType',
      `the body of the request has the Content-Encoding ${JSON.stringify(encoding)}, which is not supported: send it as it is`,
    );
  }
  const tooLarge = () => requestEntityTooLarge(`limit is ${maxBytes}`);
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) throw tooLarge();
  return await new Promise<Buffer>((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const settle = (act: () => void) => {
      request.off('data', onData).off('end', onEnd).off('error', onBroken).off('aborted', onBroken);
      signal.removeEventListener('abort', onBroken);
      act();
    };
    const onData = (chunk: Buffer) => {
      size += chunk.length;
      if (size > maxBytes) settle(() => reject(tooLarge()));
      else chunks.push(chunk);
    };
    const onEnd = () => settle(() => resolve(Buffer.concat(chunks, size)));
    const onBroken = () => settle(() => reject(badRequest('the body of the request ended early')));
    request.on('data', onData).on('end', onEnd).on('error', onBroken).on('aborted', onBroken);
    signal.addEventListener('abort', onBroken);
    if (signal.aborted) onBroken();
  });
}
