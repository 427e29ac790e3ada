import { ExpectedError } from '../machinery/expected-error.ts';
import { commonName } from './certificate.ts';
import { CertificatePool } from './certificate-pool.ts';
import type { Peer } from './peer.ts';
import type { Credentials, User } from './user.ts';

/**
 * Whom to believe when it names another user in headers, and the headers (kube-apiserver's --requestheader-…
 * flags).
 */
export interface RequestHeaderSettings {
  /** PEM of the authorities of front proxies. */
  ca: string;
  /** Common names that a front proxy may have; empty allows any certificate of `ca`. */
  allowedNames: string[];
  usernameHeaders: string[];
  uidHeaders: string[];
  groupHeaders: string[];
  extraPrefixes: string[];
}

/**
 * The request-header way of signing in: a front proxy, known by its certificate, names the user in headers.
 * Its pool is its own: a certificate of the client CA never makes the headers count, whatever its common name
 * is.
 */
export class FrontProxy {
  readonly pool: CertificatePool;
  #settings: Omit<RequestHeaderSettings, 'ca'> | undefined;

  constructor(settings?: RequestHeaderSettings, options: { now?: () => number } = {}) {
    this.pool = new CertificatePool(options);
    if (settings) this.replace(settings);
  }

  /**
   * Uses these settings from the next request on; undefined switches header users off. Throws, and changes
   * nothing, on a bad CA bundle or an empty header name.
   */
  replace(settings: RequestHeaderSettings | undefined): void {
    if (!settings) {
      this.pool.clear();
      this.#settings = undefined;
      return;
    }
    const { ca, ...rest } = settings;
    const headers = {
      allowedNames: rest.allowedNames,
      usernameHeaders: headerNames(rest.usernameHeaders),
      uidHeaders: headerNames(rest.uidHeaders),
      groupHeaders: headerNames(rest.groupHeaders),
      extraPrefixes: headerNames(rest.extraPrefixes),
    };
    if (this.pool.pem !== ca) this.pool.replace(ca);
    this.#settings = headers;
  }

  /**
   * The user that a front proxy names. Undefined when no certificate was sent, header users are off or no
   * user is named; throws when the certificate does not lead to the front-proxy CA or its common name is not
   * allowed (apiserver: x509 Verifier around headerrequest).
   */
  user(credentials: Credentials): User | undefined {
    const settings = this.#settings;
    const verdict = settings && this.pool.verify(credentials);
    if (!verdict) return undefined;
    if (!verdict.trusted) throw new ExpectedError(`front proxy: ${verdict.reason}`);
    const name = commonName(verdict.leaf);
    if (!mayBeNamed(name, settings))
      throw new ExpectedError(`x509: subject with cn=${name} is not in the allowed list`);
    return headerUser(settings, credentials.rawHeaders);
  }

  /** Whether this is the connection of a front proxy: by its certificate alone, whatever its requests say. */
  isFrontProxy(peer: Peer): boolean {
    const settings = this.#settings;
    const verdict = settings && this.pool.verify(peer);
    return verdict?.trusted === true && mayBeNamed(commonName(verdict.leaf), settings!);
  }
}

function mayBeNamed(name: string, { allowedNames }: Pick<RequestHeaderSettings, 'allowedNames'>): boolean {
  return allowedNames.length === 0 || allowedNames.includes(name);
}

function headerNames(names: string[]): string[] {
  return names.map(name => {
    const trimmed = name.trim().toLowerCase();
    if (!trimmed) throw new Error(`request headers: empty header name ${JSON.stringify(name)}`);
    return trimmed;
  });
}

/**
 * Reads the user from raw headers: Node joins repeated headers in `headers`, and a group may hold a comma.
 * Only the first value of a user or uid header counts; empty groups are left out; values are taken as they
 * are.
 */
function headerUser(settings: Omit<RequestHeaderSettings, 'ca'>, rawHeaders: string[]): User | undefined {
  const values = new Map<string, string[]>();
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const header = rawHeaders[i]!.toLowerCase();
    const list = values.get(header);
    const value = headerText(rawHeaders[i + 1]!);
    if (list) list.push(value);
    else values.set(header, [value]);
  }
  const first = (headers: string[]) => headers.map(header => values.get(header)?.[0]).find(Boolean);
  const name = first(settings.usernameHeaders);
  if (!name) return undefined;
  const uid = first(settings.uidHeaders);
  return {
    name,
    ...(uid && { uid }),
    groups: settings.groupHeaders.flatMap(header => values.get(header) ?? []).filter(Boolean),
    extra: headerExtra(settings.extraPrefixes, values),
  };
}

/**
 * Header names arrive in any case (HTTP/2: lower), so keys are lower-cased, then percent-decoded; a key that
 * cannot be decoded stays.
 */
function headerExtra(prefixes: string[], values: ReadonlyMap<string, string[]>): Record<string, string[]> {
  const extra = new Map<string, string[]>();
  for (const prefix of prefixes) {
    for (const [header, list] of values) {
      if (!header.startsWith(prefix)) continue;
      const key = percentDecoded(header.slice(prefix.length));
      extra.set(key, [...(extra.get(key) ?? []), ...list]);
    }
  }
  return Object.fromEntries(extra);
}

function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Node gives header bytes as Latin-1; kube-apiserver sends names as UTF-8. */
function headerText(value: string): string {
  return /[\x80-\xff]/.test(value) ? Buffer.from(value, 'latin1').toString('utf8') : value;
}
