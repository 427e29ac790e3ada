import { type ClientHttp2Session, connect } from 'node:http2';

/** How to reach a server under measurement: always on loopback. */
export interface Target {
  url: string;
  ca: string;
  cert?: string;
  key?: string;
}

export interface Connection {
  request(
    method: string,
    path: string,
    body?: string,
    headers?: Record<string, string>,
  ): Promise<{ status: number; body: Buffer }>;
  /** Opens an endless GET; `onData` gets its bytes. Resolves once the headers are there. */
  stream(path: string, onData: (chunk: Buffer) => void): Promise<void>;
  close(): void;
}

/** One HTTP/2 connection. */
export async function open(target: Target): Promise<Connection> {
  const session: ClientHttp2Session = connect(target.url, {
    ca: target.ca,
    ...(target.cert && { cert: target.cert, key: target.key }),
    settings: { initialWindowSize: 1 << 20 },
  });
  await new Promise<void>((resolve, reject) => {
    session.once('connect', () => resolve());
    session.once('error', reject);
  });
  session.setLocalWindowSize(1 << 26);
  return {
    request: (method, path, body, headers) =>
      new Promise((resolve, reject) => {
        const stream = session.request({
          ':method': method,
          ':path': path,
          accept: 'application/json',
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...headers,
        });
        let status = 0;
        const chunks: Buffer[] = [];
        stream.on('response', headers => {
          status = Number(headers[':status']);
        });
        stream.on('data', (chunk: Buffer) => chunks.push(chunk));
        stream.on('end', () => resolve({ status, body: Buffer.concat(chunks) }));
        stream.on('error', reject);
        stream.end(body);
      }),
    stream: (path, onData) =>
      new Promise((resolve, reject) => {
        const stream = session.request({ ':method': 'GET', ':path': path, accept: 'application/json' });
        stream.on('response', headers => {
          if (headers[':status'] === 200) resolve();
          else reject(new Error(`GET ${path}: ${headers[':status']}`));
        });
        stream.on('data', onData);
        stream.on('error', reject);
        stream.end();
      }),
    close: () => session.destroy(),
  };
}

/** Runs `count` calls of `work`, at most `concurrency` at once; the time of each in ms. */
export async function inParallel(
  count: number,
  concurrency: number,
  work: (index: number) => Promise<void>,
): Promise<number[]> {
  const times: number[] = [];
  let next = 0;
  const worker = async () => {
    while (next < count) {
      const index = next++;
      const start = performance.now();
      await work(index);
      times.push(performance.now() - start);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  return times;
}

export function percentile(times: number[], part: number): number {
  const sorted = [...times].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
}
