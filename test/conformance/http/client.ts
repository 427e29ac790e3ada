import { type ClientHttp2Session, connect as connectHttp2, constants } from 'node:http2';
import { Agent, request as requestHttp1 } from 'node:https';
import { PassThrough, pipeline, Readable, type Writable } from 'node:stream';

export interface RequestOptions {
  method?: string;
  path: string;
  headers?: Record<string, string>;
  /** A stream is sent without a length. */
  body?: string | Buffer | Readable;
}

export interface Answer {
  code: number;
  headers: Record<string, string | string[] | undefined>;
  bytes: Buffer;
  text: string;
  /** The body as JSON. */
  json(): Record<string, unknown>;
}

/** An answer whose body is still coming. */
export interface AnswerStream {
  code: number;
  headers: Answer['headers'];
  /** The next line of the body, parsed; undefined at its clean end. Rejects when the stream breaks off. */
  next(): Promise<Record<string, unknown> | undefined>;
  /** Goes away without a word to the server's application. */
  cancel(): void;
  /** Stops reading, so that the server's queue fills. */
  pause(): void;
}

/** One client connection (HTTP/2) or pool (HTTP/1.1). */
export interface Connection {
  request(options: RequestOptions): Promise<Answer>;
  stream(options: RequestOptions): Promise<AnswerStream>;
  close(): void;
}

export interface Transport {
  name: 'HTTP/1.1' | 'HTTP/2';
  /** What the server is told to offer. */
  offer: { http2: boolean };
  connect(port: number, tls: { ca: string; cert?: string; key?: string }): Connection;
}

/** The start of an answer, the same over both protocols. */
interface Reply {
  code: number;
  headers: Answer['headers'];
  body: Readable;
}

export const http1: Transport = {
  name: 'HTTP/1.1',
  offer: { http2: true },
  connect(port, tls) {
    const agent = new Agent({ keepAlive: true, ...tls });
    const send = (options: RequestOptions) =>
      new Promise<Reply>((resolve, reject) => {
        const request = requestHttp1({
          host: '127.0.0.1',
          port,
          agent,
          method: options.method ?? 'GET',
          path: options.path,
          headers: {
            ...(typeof options.body === 'string' || Buffer.isBuffer(options.body)
              ? { 'content-length': String(Buffer.byteLength(options.body)) }
              : {}),
            // Node's client does not frame the body of a GET unless told to.
            ...(options.body instanceof Readable && { 'transfer-encoding': 'chunked' }),
            ...options.headers,
          },
        });
        request.on('error', reject);
        request.on('response', response => {
          response.on('error', () => {});
          resolve({ code: response.statusCode!, headers: response.headers, body: response });
        });
        sendBody(request, options.body);
      });
    return {
      request: options => whole(send(options)),
      stream: options => streamed(send(options)),
      close: () => agent.destroy(),
    };
  },
};

export const http2: Transport = {
  name: 'HTTP/2',
  offer: { http2: true },
  connect(port, tls) {
    const session = connectHttp2(`https://127.0.0.1:${port}`, tls);
    session.on('error', () => {});
    return {
      request: options =>
        whole(sendHttp2(session, options, body => pipeline(body, new PassThrough(), () => {}))),
      stream: options => streamed(sendHttp2(session, options)),
      close: () => session.destroy(),
    };
  },
};

/** `take` gets the body in the turn in which it comes: Node drops one that nobody reads yet when its stream is closed. */
function sendHttp2(
  session: ClientHttp2Session,
  options: RequestOptions,
  take: (body: Readable) => Readable = body => body,
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const stream = session.request(
      { ':method': options.method ?? 'GET', ':path': options.path, ...options.headers },
      { endStream: options.body === undefined },
    );
    stream.on('error', reject);
    stream.on('close', () => reject(new Error(`the stream was closed with ${stream.rstCode}`)));
    stream.on('response', ({ ':status': code, ...headers }) => {
      resolve({ code: code!, headers: headers as Answer['headers'], body: take(stream) });
    });
    if (options.body !== undefined) sendBody(stream, options.body);
  });
}

function sendBody(to: Writable, body: RequestOptions['body']): void {
  if (body === undefined || typeof body === 'string' || Buffer.isBuffer(body)) to.end(body);
  else body.pipe(to);
}

async function whole(reply: Promise<Reply>): Promise<Answer> {
  const { code, headers, body } = await reply;
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(chunk as Buffer);
  const bytes = Buffer.concat(chunks);
  const text = bytes.toString('utf8');
  return { code, headers, bytes, text, json: () => JSON.parse(text) as Record<string, unknown> };
}

async function streamed(reply: Promise<Reply>): Promise<AnswerStream> {
  const { code, headers, body } = await reply;
  const lines = linesOf(body);
  return {
    code,
    headers,
    next: async () => {
      const { value, done } = await lines.next();
      return done ? undefined : (JSON.parse(value) as Record<string, unknown>);
    },
    cancel: () => {
      body.on('error', () => {});
      if ('close' in body && 'rstCode' in body)
        (body as unknown as { close(code: number): void }).close(constants.NGHTTP2_CANCEL);
      else body.destroy();
    },
    pause: () => {
      body.on('error', () => {});
      body.pause();
    },
  };
}

async function* linesOf(body: Readable): AsyncGenerator<string, undefined> {
  let parts: Buffer[] = [];
  for await (const chunk of body as AsyncIterable<Buffer>) {
    let start = 0;
    for (let end = chunk.indexOf('\n'); end >= 0; end = chunk.indexOf('\n', start)) {
      yield Buffer.concat([...parts, chunk.subarray(start, end)]).toString('utf8');
      parts = [];
      start = end + 1;
    }
    if (start < chunk.length) parts.push(chunk.subarray(start));
  }
  if (parts.length > 0) throw new Error(`the body ended within a line: ${Buffer.concat(parts)}`);
  return undefined;
}
