import type { User } from '../../../src/access/user.ts';
import type { JsonObject } from '../../../src/machinery/json.ts';
import { unauthorized } from '../../../src/machinery/status.ts';
import { createMetrics } from '../../../src/observability/metrics.ts';
import type { Clock } from '../../../src/server/clock.ts';
import type { TlsMaterial } from '../../../src/server/listener.ts';
import { type ApiServer, createServer, type ServerOptions } from '../../../src/server/server.ts';
import { authority, client, type Issued, serverCertificate } from '../../unit/access/certificates.ts';
import type { Connection, RequestOptions, Transport } from './client.ts';
import { gadget, TestResource, widget } from './resources.ts';

/** Time that moves only when a test says so. */
export class TestClock implements Clock {
  #nowMs = Date.UTC(2026, 0, 2, 3, 4, 5);
  readonly #timers = new Set<{ atMs: number; callback: () => void }>();
  readonly #repeated = new Set<{ atMs: number; intervalMs: number; callback: () => void }>();

  nowMs(): number {
    return this.#nowMs;
  }

  elapsedMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer = { atMs: this.#nowMs + delayMs, callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  every(intervalMs: number, callback: () => void): () => void {
    const repeated = { atMs: this.#nowMs + intervalMs, intervalMs, callback };
    this.#repeated.add(repeated);
    return () => this.#repeated.delete(repeated);
  }

  random(): number {
    return 0.5;
  }

  /** Number of timers that wait, those that repeat apart. */
  get waiting(): number {
    return this.#timers.size;
  }

  advance(byMs: number): void {
    this.#nowMs += byMs;
    for (const timer of [...this.#timers].filter(({ atMs }) => atMs <= this.#nowMs)) {
      this.#timers.delete(timer);
      timer.callback();
    }
    for (const each of this.#repeated) {
      if (each.atMs > this.#nowMs) continue;
      each.atMs = this.#nowMs + each.intervalMs;
      each.callback();
    }
  }
}

/** A running server with test resources, and a way to speak to it. */
export interface Setting {
  server: ApiServer;
  port: number;
  gadgets: TestResource;
  widgets: TestResource;
  clock: TestClock;
  /** What went to the log: level, message and fields. */
  log: { level: string; message: string; fields: Record<string, unknown> }[];
  /** Certificates that were presented to the authenticator, as common names of the leaf. */
  attributes: unknown[];
  tls: ChangingTls;
  connection: Connection;
  connect(options?: { cert?: string; key?: string }): Connection;
  /** A request as the user `admin`. */
  request(options: RequestOptions): ReturnType<Connection['request']>;
  stream(options: RequestOptions): ReturnType<Connection['stream']>;
  stop(): Promise<void>;
}

export const admin = { authorization: 'Bearer admin' };
export const json = { ...admin, 'content-type': 'application/json' };
export const base = '/apis/projectcalico.org/v3';

class ChangingTls {
  current: TlsMaterial;
  readonly #listeners: (() => void)[] = [];

  constructor(current: TlsMaterial) {
    this.current = current;
  }

  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  change(next: TlsMaterial): void {
    this.current = next;
    for (const listener of this.#listeners) listener();
  }
}

/** The authority and certificates of all settings: making them costs more than a server. */
export interface Certificates {
  ca: Issued;
  server: Issued;
  client: Issued;
}

let shared: Promise<Certificates> | undefined;

export function certificates(): Promise<Certificates> {
  shared ??= (async () => {
    const ca = await authority('test ca');
    return { ca, server: await serverCertificate(ca), client: await client(ca, 'test client') };
  })();
  return shared;
}

export async function start(transport: Transport, options: Partial<ServerOptions> = {}): Promise<Setting> {
  const { ca, server: serving } = await certificates();
  const [gadgets, widgets] = [new TestResource(gadget), new TestResource(widget)];
  const log: Setting['log'] = [];
  const attributes: unknown[] = [];
  const clock = new TestClock();
  const tls = new ChangingTls({ cert: serving.pem, key: serving.keyPem, clientCas: [ca.pem] });
  const write =
    (level: string) =>
    (message: string, fields: Record<string, unknown> = {}) => {
      log.push({ level, message, fields });
    };
  const server = createServer({
    bindAddress: '127.0.0.1',
    securePort: 0,
    tls,
    ...transport.offer,
    kinds: [gadget, widget],
    resources: new Map([gadgets, widgets].map(resource => [resource.kind.plural, resource as never])),
    authenticate: async ({ rawHeaders }) => userOf(rawHeaders),
    authorize: async (user, asked) => {
      attributes.push(asked);
      if (user.name === 'undecided') throw new Error('no answer from the cluster');
      return {
        allowed:
          user.name === 'admin' ||
          user.name === 'busy' ||
          (user.name === 'patcher' && asked.verb === 'patch'),
        reason: user.name === 'told' ? 'no <right>' : '',
      };
    },
    alwaysAllowPaths: ['/open/*'],
    log: { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') },
    metrics: createMetrics(),
    versionInfo: {
      major: '1',
      minor: '0',
      gitVersion: 'v1.0.0',
      gitCommit: '',
      gitTreeState: '',
      buildDate: '',
      goVersion: '',
      compiler: '',
      platform: 'test',
    },
    healthChecks: [],
    openApi: { v2: openApiOf('v2'), v3: openApiOf('v3') },
    clock,
    ...options,
  });
  const { port } = await server.listen();
  const connections: Connection[] = [];
  const connect: Setting['connect'] = (identity = {}) => {
    const opened = transport.connect(port, { ca: ca.pem, ...identity });
    connections.push(opened);
    return opened;
  };
  const connection = connect();
  return {
    server,
    port,
    gadgets,
    widgets,
    clock,
    log,
    attributes,
    tls,
    connection,
    connect,
    request: asked => connection.request({ ...asked, headers: { ...admin, ...asked.headers } }),
    stream: asked => connection.stream({ ...asked, headers: { ...admin, ...asked.headers } }),
    stop: async () => {
      for (const opened of connections) opened.close();
      await server.close();
    },
  };
}

/** A large document, so that compression pays. */
function openApiOf(version: string): JsonObject {
  return { version, text: 'x'.repeat(200_000) };
}

/** The user is the bearer token; `admin` is in system:masters, `patcher` may patch, `invalid` is not valid, `broken` breaks the authenticator. */
function userOf(rawHeaders: string[]): User {
  const at = rawHeaders.findIndex((name, index) => index % 2 === 0 && name.toLowerCase() === 'authorization');
  const name = at < 0 ? '' : rawHeaders[at + 1]!.replace('Bearer ', '');
  if (name === 'invalid') throw unauthorized();
  if (name === 'broken') throw new Error('no <answer>');
  if (!name) return { name: 'system:anonymous', groups: ['system:unauthenticated'], extra: {} };
  const groups = name === 'admin' ? ['system:masters', 'system:authenticated'] : ['system:authenticated'];
  return { name, groups, extra: {} };
}
