import { promisify } from 'node:util';
import { gzip as gzipCallback } from 'node:zlib';
import { limits } from '../limits.ts';
import { decode } from '../machinery/decode.ts';
import { encode } from '../machinery/encode.ts';
import { ExpectedError } from '../machinery/expected-error.ts';
import type { Status } from '../machinery/status.ts';
import { pieceBytes } from './answers.ts';
import { type Exchange, negotiationInput } from './exchange.ts';
import { createIndenter } from './indent.ts';
import { type Negotiated, negotiateError } from './negotiation.ts';
import { discardBody } from './place.ts';
import { toYaml } from './yaml.ts';
import type { YamlCaller } from './yaml-thread.ts';

const gzip = promisify(gzipCallback);

/** Fastest level: a page of a list costs little more than sending it, and Go's servers use a low one too. */
export const gzipLevel = 1;

/** An error that is answered in plain text, as kube-apiserver does where no Status is possible. */
export class TextError extends ExpectedError {
  readonly code: number;
  readonly headers: Record<string, string>;

  constructor(code: number, message: string, headers: Record<string, string> = {}) {
    super(message);
    this.name = 'TextError';
    this.code = code;
    this.headers = headers;
  }
}

/**
 * Claims the answer of an exchange: true for the first caller only, and only while the client is there.
 * Sets the code, the Warning headers and the type.
 */
export function beginAnswer(exchange: Exchange, code: number, contentType?: string): boolean {
  if (exchange.answered) return false;
  exchange.answered = true;
  const { request, response, warnings } = exchange;
  // Whatever is left of the body is passed over. Left unread, Node would reset an HTTP/2 stream before its answer is out.
  discardBody(request);
  response.statusCode = code;
  const texts = warnings.headers();
  if (texts.length > 0) response.setHeader('Warning', texts);
  if (contentType) response.setHeader('Content-Type', contentType);
  return true;
}

/** Whether the client takes gzip. */
export function acceptsGzip(exchange: Exchange): boolean {
  const header = exchange.request.headers['accept-encoding'];
  if (typeof header !== 'string') return false;
  return header.split(',').some(coding => {
    const [name = '', ...parameters] = coding.split(';').map(part => part.trim().toLowerCase());
    return name === 'gzip' && !parameters.some(parameter => /^q=0(\.0*)?$/.test(parameter));
  });
}

/** Answers with bytes as they are, compressed when they are many and the client takes gzip. Resolves when they are out. */
export async function sendBytes(
  exchange: Exchange,
  code: number,
  contentType: string,
  ...parts: Buffer[]
): Promise<void> {
  const size = lengthOf(parts);
  if (size <= limits.gzipMinBytes || !acceptsGzip(exchange)) {
    await sendBody(exchange, parts, () => beginAnswer(exchange, code, contentType));
    return;
  }
  const body = await compressed(exchange, parts, size);
  await sendBody(exchange, [body], () => {
    if (!beginAnswer(exchange, code, contentType)) return false;
    exchange.response.setHeader('Content-Encoding', 'gzip');
    addVary(exchange, 'Accept-Encoding');
    return true;
  });
}

/** The parts joined and compressed; both are counted, since many may wait for the threads that compress. */
async function compressed(exchange: Exchange, parts: Buffer[], size: number): Promise<Buffer> {
  const release = exchange.answers.open(exchange).charge(size);
  try {
    return await gzip(Buffer.concat(parts), { level: gzipLevel });
  } finally {
    release();
  }
}

/** Who has YAML read or written for an exchange. */
export function yamlCaller({ user, abort }: Exchange): YamlCaller {
  return { owner: user.name, signal: abort.signal };
}

/** Answers with a Status; its code is the answer's, and retryAfterSeconds becomes a Retry-After header. */
export function sendStatus(exchange: Exchange, status: Status): void {
  const as =
    status.reason === 'NotAcceptable'
      ? { mediaType: 'application/json' as const, pretty: false }
      : negotiateError(negotiationInput(exchange));
  const body = statusBody(Buffer.from(encode(status)), as);
  if (!beginAnswer(exchange, status.code, as.mediaType)) return;
  const { response } = exchange;
  const retryAfterSeconds = status.details?.retryAfterSeconds ?? 0;
  if (retryAfterSeconds > 0) response.setHeader('Retry-After', retryAfterSeconds);
  if (status.code === 403) response.setHeader('X-Content-Type-Options', 'nosniff');
  response.setHeader('Content-Length', body.length);
  response.end(body);
}

/** Answers in plain text. Text that may repeat what a client sent is marked so that no browser takes it for HTML. */
export function sendText(
  exchange: Exchange,
  code: number,
  text: string,
  headers: Record<string, string> = {},
): void {
  const body = Buffer.from(text);
  if (!beginAnswer(exchange, code, 'text/plain; charset=utf-8')) return;
  const { response } = exchange;
  response.setHeader('X-Content-Type-Options', 'nosniff');
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  response.setHeader('Content-Length', body.length);
  response.end(body);
}

/** A small body is copied and handed over whole: it costs less than its stream does. */
const smallBytes = 16 * 1024;

/**
 * Sends a body whose length is known, at the client's pace, without a copy of it. `begin` sets the head of the answer, and says
 * whether there may be one. Resolves when the body is out or the client has gone. Throws a 429 before it begins, where the
 * user's unsent answers have used up its share.
 */
export async function sendBody(exchange: Exchange, parts: Buffer[], begin: () => boolean): Promise<void> {
  const size = lengthOf(parts);
  const isEmpty = exchange.request.method === 'HEAD';
  const isSmall = size <= smallBytes;
  const answer = isEmpty || isSmall ? undefined : exchange.answers.open(exchange);
  for (const part of parts) if (part.length > smallBytes) answer?.keep(part);
  // TLS makes a copy of what is handed to it.
  answer?.charge(Math.min(size, pieceBytes));
  if (!begin()) return;
  const { response } = exchange;
  response.setHeader('Content-Length', size);
  if (!answer) {
    response.end(isEmpty ? undefined : parts.length === 1 ? parts[0] : Buffer.concat(parts));
    return;
  }
  for (const part of parts) if (!(await answer.write(part))) return;
  response.end();
}

function lengthOf(parts: Buffer[]): number {
  return parts.reduce((sum, { length }) => sum + length, 0);
}

/** Adds a name to the Vary header. */
export function addVary({ response }: Exchange, name: string): void {
  const present = response.getHeader('Vary');
  response.setHeader('Vary', present ? `${String(present)}, ${name}` : name);
}

/** A long list of causes stays JSON, which is YAML too: to write it otherwise takes long. */
function statusBody(json: Buffer, { mediaType, pretty }: Negotiated): Buffer {
  if (mediaType === 'application/yaml' && json.length <= limits.smallYamlAnswerBytes) {
    return Buffer.from(toYaml(decode(json, 'application/json').value));
  }
  return Buffer.concat([pretty ? createIndenter()(json) : json, newline]);
}

const newline = Buffer.from('\n');
