import { readFile } from 'node:fs/promises';
import type { IncomingHttpHeaders } from 'node:http';
import { Agent, request as httpsRequest, type RequestOptions } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'node:tls';
import { parse } from 'yaml';

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
  /** The body as JSON; throws when it is not. */
  json<T = Record<string, unknown>>(): T;
}

export interface Client {
  url: string;
  request(method: string, path: string, options?: RequestBody): Promise<Answer>;
  /** Resolves at the response headers; `lines` ends with the response and throws when it breaks off. */
  stream(path: string, options?: { accept?: string }): Promise<LineStream>;
  close(): void;
}

export interface LineStream {
  status: number;
  contentType: string | undefined;
  lines: AsyncIterable<string>;
  close(): void;
}

interface RequestBody {
  body?: string;
  contentType?: string;
  accept?: string;
  headers?: Record<string, string>;
}

/**
 * A plain HTTP/1.1 client with the credentials of a kubeconfig: for what kubectl cannot ask or show. It has at most so many
 * requests under way at once.
 */
export async function clientOf(kubeconfigFile: string, maxSockets = 8): Promise<Client> {
  const config = parse(await readFile(kubeconfigFile, 'utf8'));
  const { server, 'certificate-authority-data': ca } = config.clusters[0].cluster;
  const user = config.users[0].user;
  const decode = (data: string | undefined) => data && Buffer.from(data, 'base64').toString();
  const agent = new Agent({
    keepAlive: true,
    maxSockets,
    ca: decode(ca),
    cert: decode(user['client-certificate-data']),
    key: decode(user['client-key-data']),
  });
  const authorization: Record<string, string> = user.token ? { authorization: `Bearer ${user.token}` } : {};

  const open = (options: RequestOptions, path: string, body?: string) => {
    const url = new URL(path, server);
    const request = httpsRequest(url, { agent, ...options });
    request.end(body);
    return request;
  };

  async function request(method: string, path: string, options: RequestBody = {}): Promise<Answer> {
    const headers: Record<string, string> = {
      accept: options.accept ?? 'application/json',
      ...authorization,
      ...options.headers,
    };
    if (options.body !== undefined) {
      headers['content-type'] = options.contentType ?? 'application/json';
      // Node frames a body by itself for some methods only, and DELETE is none of them.
      headers['content-length'] = String(Buffer.byteLength(options.body));
    }
    return new Promise((resolve, reject) => {
      const call = open({ method, headers, timeout: 60_000 }, path, options.body);
      call.on('error', reject);
      call.on('timeout', () => call.destroy(new Error(`${method} ${path} was not answered`)));
      call.on('response', response => {
        const chunks: Buffer[] = [];
        response.on('data', chunk => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          resolve({
            status: response.statusCode!,
            headers: response.headers,
            text,
            json: () => JSON.parse(text),
          });
        });
      });
    });
  }

  async function stream(path: string, options: { accept?: string } = {}) {
    return new Promise<LineStream>((resolve, reject) => {
      // A connection of its own: closing one stream must not touch the others.
      const own = new Agent({ ...agent.options, keepAlive: false });
      const headers = { accept: options.accept ?? 'application/json', ...authorization };
      const call = open({ agent: own, headers }, path);
      call.on('error', reject);
      call.on('response', response => {
        resolve({
          status: response.statusCode!,
          contentType: response.headers['content-type'],
          lines: linesOf(response.setEncoding('utf8')),
          close: () => call.destroy(),
        });
      });
    });
  }

  return { url: server, request, stream, close: () => agent.destroy() };
}

/** The status of a GET as a kubelet's HTTPS probe makes it: no credential, no check of the certificate. */
export async function probe(url: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const call = httpsRequest(url, { rejectUnauthorized: false, agent: false, timeout: 5_000 }, response => {
      response.resume();
      resolve(response.statusCode!);
    });
    call.on('error', reject);
    call.on('timeout', () => call.destroy(new Error(`${url} was not answered`)));
    call.end();
  });
}

/** The protocol that a server chooses when it is offered HTTP/2 and HTTP/1.1. */
export async function negotiatedProtocol(url: string): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const offer = { ALPNProtocols: ['h2', 'http/1.1'], rejectUnauthorized: false };
    const socket = connect({ host: hostname, port: Number(port), ...offer }, () => {
      resolve(socket.alpnProtocol || 'none');
      socket.destroy();
    });
    socket.on('error', reject);
  });
}

async function* linesOf(chunks: AsyncIterable<string>): AsyncIterable<string> {
  let rest = '';
  for await (const chunk of chunks) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop()!;
    yield* lines;
  }
  if (rest) yield rest;
}

/**
 * Asks until the answer satisfies, for state that another process reaches in its own time and announces to
 * nobody. Throws with the last answer, or the last error, when the time is over.
 */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T>,
  isEnough: (answer: T) => boolean,
  timeoutMs = 60_000,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  let last: unknown;
  while (Date.now() < deadline) {
    try {
      const answer = await ask();
      if (isEnough(answer)) return answer;
      last = answer;
    } catch (error) {
      last = error;
    }
    await sleep(100);
  }
  throw new Error(`${what}: not within ${timeoutMs / 1000} s; last: ${describeAnswer(last)}`);
}

function describeAnswer(last: unknown): string {
  if (last instanceof Error) return last.stack ?? last.message;
  return (JSON.stringify(last) ?? String(last)).slice(0, 2_000);
}
