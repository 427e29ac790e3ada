/** Connections as an attacker makes them: what goes wrong on one is counted and never thrown. */
import { type ClientHttp2Session, connect as connectHttp2, type OutgoingHttpHeaders } from 'node:http2';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, type TLSSocket } from 'node:tls';
import type { Credential, Target } from './attack.ts';

/** A TLS connection, or undefined where none is made within 10 s. */
export async function openSocket(
  target: Target,
  options: { credential?: Credential; protocol?: 'h2' | 'http/1.1' } = {},
): Promise<TLSSocket | undefined> {
  const { hostname: host, port } = new URL(target.url);
  const socket = connect({
    host,
    port: Number(port),
    ca: target.ca,
    ALPNProtocols: [options.protocol ?? 'http/1.1'],
    ...options.credential,
  });
  socket.on('error', () => {});
  const timer = setTimeout(() => socket.destroy(), 10_000);
  const opened = await new Promise<boolean>(resolve => {
    socket.once('secureConnect', () => resolve(true));
    socket.once('close', () => resolve(false));
  });
  clearTimeout(timer);
  return opened ? socket : undefined;
}

/** An HTTP/2 session; it connects in its own time, and ends with the signal at the latest. */
export function openSession(
  target: Target,
  options: { credential?: Credential | undefined; windowBytes?: number; signal?: AbortSignal } = {},
): ClientHttp2Session {
  const session = connectHttp2(target.url, {
    ca: target.ca,
    ...options.credential,
    settings: { initialWindowSize: options.windowBytes ?? 1 << 20 },
    maxSessionMemory: 1_000,
  });
  session.on('error', () => {});
  const end = () => session.destroy();
  options.signal?.addEventListener('abort', end);
  session.once('close', () => options.signal?.removeEventListener('abort', end));
  return session;
}

/** The status of one request, 0 where there was none, and its text. */
export function ask(
  session: ClientHttp2Session,
  headers: OutgoingHttpHeaders,
  body?: string | Buffer,
): Promise<{ status: number; text: string }> {
  return new Promise(resolve => {
    if (session.closed || session.destroyed)
      return void sleep(5).then(() => resolve({ status: 0, text: '' }));
    const stream = session.request(headers, { endStream: body === undefined });
    let status = 0;
    const chunks: Buffer[] = [];
    stream.on('response', answer => {
      status = Number(answer[':status']);
    });
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('error', () => {});
    stream.on('close', () => resolve({ status, text: Buffer.concat(chunks).toString() }));
    if (body !== undefined) stream.end(body);
  });
}

/**
 * Does the work again and again until the signal, so many at once. A failure of one is no end, and what is under way at the end is not
 * waited for: a client of Node may never learn that its connection has gone.
 */
export async function repeatedly(
  signal: AbortSignal,
  atOnce: number,
  work: (index: number) => Promise<unknown>,
): Promise<void> {
  let index = 0;
  const ended = over(signal);
  const worker = async () => {
    while (!signal.aborted) await Promise.race([work(index++).catch(() => {}), ended]);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

/** Resolves with the signal. */
export function over(signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** A tally of answers by status. */
export class Tally {
  readonly counts: Record<string, number> = {};

  add(name: string | number, by = 1): void {
    this.counts[name] = (this.counts[name] ?? 0) + by;
  }
}
