import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import type { Log } from '../observability/observability.ts';

/** Where a certificate, a key or a token comes from. Files are read again, data is not. */
export type Source = { file: string } | { data: Buffer };

/** The TLS side of connections to the cluster. */
export interface ClusterTls {
  ca?: Buffer;
  cert?: Buffer | string;
  key?: Buffer | string;
  servername?: string;
  rejectUnauthorized?: false;
}

export interface ClusterCredentials {
  headers: Record<string, string | string[]>;
  /** The same object as long as nothing in it changes; a new one asks for new connections. */
  tls: ClusterTls;
}

/** How to reach a cluster. */
export interface ClusterAccess {
  /** Origin, and path prefix where there is one, without a slash at the end. */
  server: string;
  proxyUrl?: string;
  /** What to present just now. Throws when a file or a plugin fails and nothing is known from before. */
  credentials(): Promise<ClusterCredentials>;
  /** To be called when the cluster answers 401: the next credentials() reads everything anew. */
  renew(): void;
}

/** What an exec plugin or an auth provider gives. */
export interface PluginCredential {
  authorization?: string;
  cert?: string;
  key?: string;
}

export interface Plugin {
  credential(): Promise<PluginCredential>;
  /** Drops what the plugin gave, so that it is asked again. */
  renew(): void;
}

export interface AccessOptions {
  server: string;
  proxyUrl?: string;
  tlsServerName?: string;
  insecureSkipTlsVerify?: boolean;
  ca?: Source;
  cert?: Source;
  key?: Source;
  token?: Source;
  headers: Record<string, string | string[]>;
  plugin?: Plugin;
  log: Log;
  /** A clock that never jumps, ms. */
  now?: () => number;
}

/**
 * Age up to which what was read is used without another look; client-go waits a minute, kubelet rotates
 * earlier than that.
 */
const rereadMs = 10_000;

/** Shortest time between two renewals. */
const renewMs = 1_000;

/**
 * Access that reads its files again every `rereadMs` while it is in use, and keeps the last good state when
 * that fails.
 */
export function clusterAccess(options: AccessOptions): ClusterAccess {
  const now = options.now ?? (() => performance.now());
  let known: ClusterCredentials | undefined;
  let readAtMs = Number.NEGATIVE_INFINITY;
  let renewedAtMs = Number.NEGATIVE_INFINITY;
  let reading: Promise<ClusterCredentials> | undefined;

  let fault = '';

  const read = async (): Promise<ClusterCredentials> => {
    try {
      const fresh = await readCredentials(options);
      const sameTls = known && equalTls(known.tls, fresh.tls);
      // A pair caught in the middle of its rotation does not match; this throws.
      if (!sameTls) createSecureContext(fresh.tls);
      known = { ...fresh, tls: known && sameTls ? known.tls : fresh.tls };
      fault = '';
    } catch (error) {
      const message = (error as Error).message;
      if (!known) throw new Error(`credentials for ${options.server}: ${message}`);
      if (message !== fault)
        options.log.warn('credentials not read again, the old ones stay', { error: message });
      fault = message;
    }
    readAtMs = now();
    return known;
  };
  return {
    server: options.server,
    ...(options.proxyUrl && { proxyUrl: options.proxyUrl }),
    credentials: () => {
      if (known && now() - readAtMs < rereadMs) return Promise.resolve(known);
      reading ??= read().finally(() => {
        reading = undefined;
      });
      return reading;
    },
    renew: () => {
      // Credentials that are refused though they are fresh would be fetched for each request.
      if (now() - renewedAtMs < renewMs) return;
      renewedAtMs = now();
      readAtMs = Number.NEGATIVE_INFINITY;
      options.plugin?.renew();
    },
  };
}

async function readCredentials(options: AccessOptions): Promise<ClusterCredentials> {
  const [ca, cert, key, token, plugin] = await Promise.all([
    readSource(options.ca),
    readSource(options.cert),
    readSource(options.key),
    readSource(options.token),
    options.plugin?.credential(),
  ]);
  const bearer = token && `Bearer ${token.toString().trim()}`;
  const authorization = bearer ?? plugin?.authorization;
  const clientCert = plugin?.cert ?? cert;
  const clientKey = plugin?.key ?? key;
  return {
    headers: { ...options.headers, ...(authorization && { authorization }) },
    tls: {
      ...(ca && { ca }),
      ...(clientCert && { cert: clientCert }),
      ...(clientKey && { key: clientKey }),
      ...(options.tlsServerName && { servername: options.tlsServerName }),
      ...(options.insecureSkipTlsVerify && { rejectUnauthorized: false }),
    },
  };
}

async function readSource(source: Source | undefined): Promise<Buffer | undefined> {
  if (!source) return undefined;
  if ('data' in source) return source.data;
  const content = await readFile(source.file);
  if (content.toString().trim() === '') throw new Error(`${source.file} is empty`);
  return content;
}

function equalTls(one: ClusterTls, other: ClusterTls): boolean {
  const fields = ['ca', 'cert', 'key', 'servername', 'rejectUnauthorized'] as const;
  return fields.every(field => String(one[field] ?? '') === String(other[field] ?? ''));
}
