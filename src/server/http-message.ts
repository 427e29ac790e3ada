import type { IncomingHttpHeaders } from 'node:http';
import type { Http2Stream, ServerHttp2Stream } from 'node:http2';
import type { Readable, Writable } from 'node:stream';
import type { TLSSocket } from 'node:tls';

/** What the server uses of a request, the same over HTTP/1.1 (http.IncomingMessage) and HTTP/2 (Http2ServerRequest). */
export interface HttpRequest extends Readable {
  method?: string | undefined;
  url?: string | undefined;
  httpVersionMajor: number;
  headers: IncomingHttpHeaders;
  rawHeaders: string[];
  /** Whether the whole request has been received. */
  complete: boolean;
  socket: TLSSocket;
  /** HTTP/2 only. */
  stream?: Http2Stream;
}

/** What the server uses of a response, the same over HTTP/1.1 and HTTP/2. */
export interface HttpResponse extends Writable {
  statusCode: number;
  readonly headersSent: boolean;
  setHeader(name: string, value: string | number | string[]): void;
  hasHeader(name: string): boolean;
  getHeader(name: string): unknown;
  flushHeaders(): void;
  /** HTTP/2 only. */
  stream?: ServerHttp2Stream;
}

/** Whether an answer that is over did not reach the client whole. */
export function brokeOff({ stream, writableFinished }: HttpResponse): boolean {
  return stream ? stream.aborted || stream.rstCode !== 0 : !writableFinished;
}
