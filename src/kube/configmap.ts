import type { RequestHeaderSettings } from '../access/front-proxy.ts';
import { limits } from '../limits.ts';
import type { Json, JsonObject } from '../machinery/json.ts';
import type { Log } from '../observability/observability.ts';
import type { ClusterClient } from './client.ts';
import { asObject, text } from './fields.ts';
import { ClusterError, readObject } from './response.ts';
import type { Watch } from './watch.ts';

/** What kube-apiserver publishes on how to know its users. A part that is absent is switched off. */
export interface ClusterTrust {
  /** PEM of the authorities of client certificates. */
  clientCa?: string;
  requestHeader?: RequestHeaderSettings;
}

export interface TrustOptions {
  client: ClusterClient;
  /**
   * Called with the first state before followTrust resolves, then on every change. A throw is logged; what
   * was in force stays.
   */
  onChange(trust: ClusterTrust): void;
  log: Log;
  /**
   * Go on without trust when the ConfigMap cannot be read at first
   * (--authentication-tolerate-lookup-failure).
   */
  tolerateLookupFailure?: boolean;
}

export interface FollowedTrust {
  close(): void;
}

const namespace = 'kube-system';
const name = 'extension-apiserver-authentication';
/** Lists of one name are allowed to whoever may read that name: the Role lists it under resourceNames. */
const path = `/api/v1/namespaces/${namespace}/configmaps?fieldSelector=metadata.name%3D${name}`;

/**
 * Follows the ConfigMap kube-system/extension-apiserver-authentication by a watch, and reads it every
 * limits.trustReadMs besides. Rejects when the first read fails or finds none, unless that is tolerated.
 * While kube-apiserver is away the last state stays; when the ConfigMap is deleted it stays for
 * limits.trustGraceMs, since kube-apiserver writes it anew within a minute, and then nobody is trusted.
 */
export async function followTrust(options: TrustOptions): Promise<FollowedTrust> {
  const follower = new TrustFollower(options);
  try {
    const found = await follower.read();
    if (!found) throw new Error(`ConfigMap ${namespace}/${name} does not exist`);
  } catch (error) {
    const message = explained(error as Error);
    if (!options.tolerateLookupFailure) {
      follower.close();
      throw new Error(message, { cause: error });
    }
    options.log.error('the cluster does not say whom to trust; nobody is until it does', { error: message });
  }
  follower.start();
  return follower;
}

class TrustFollower implements FollowedTrust {
  readonly #options: TrustOptions;
  #watch: Watch | undefined;
  #timer: NodeJS.Timeout | undefined;
  #grace: NodeJS.Timeout | undefined;
  #reading: Promise<boolean> | undefined;
  #closed = false;
  /** The data seen last as text, to tell a change; '' while there is none. */
  #lastData = '';

  constructor(options: TrustOptions) {
    this.#options = options;
  }

  /** Reads the ConfigMap and opens the watch behind it. False when it does not exist. */
  read(): Promise<boolean> {
    this.#reading ??= this.#list().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  start(): void {
    this.#timer = setInterval(() => this.#readAgain(), limits.trustReadMs).unref();
    if (!this.#watch) this.#readAgain();
  }

  close(): void {
    this.#closed = true;
    this.#watch?.close();
    this.#watch = undefined;
    clearInterval(this.#timer);
    clearTimeout(this.#grace);
  }

  #readAgain(): void {
    this.read().catch((error: Error) => {
      this.#options.log.warn('unable to read whom the cluster trusts, the last state stays', {
        error: explained(error),
      });
    });
  }

  async #list(): Promise<boolean> {
    const list = readObject(path, await this.#options.client.request('GET', path));
    if (this.#closed) return false;
    // A watch from here on tells again whatever the one before told beyond this list.
    this.#watch?.close();
    this.#watch = this.#openWatch(text(asObject(list.metadata ?? null), 'resourceVersion') ?? '');
    const items = Array.isArray(list.items) ? list.items.map(asObject) : [];
    const found = items.find(item => text(asObject(item.metadata ?? null), 'name') === name);
    if (found) this.#present(found);
    else this.#gone();
    return found !== undefined;
  }

  #openWatch(resourceVersion: string): Watch {
    const watch: Watch = this.#options.client.watch(
      path,
      {
        event: ({ type, object }) => {
          if (this.#watch !== watch || type === 'BOOKMARK') return;
          if (type === 'DELETED') this.#gone();
          else this.#presentOrLog(object);
        },
        expired: () => {
          if (this.#watch === watch) this.#readAgain();
        },
      },
      { resourceVersion },
    );
    return watch;
  }

  #presentOrLog(configMap: JsonObject): void {
    try {
      this.#present(configMap);
    } catch (error) {
      this.#options.log.error('what the cluster says of whom to trust is not usable, the last state stays', {
        error: (error as Error).message,
      });
    }
  }

  /** Throws when the ConfigMap, if it has changed, is damaged or refused. */
  #present(configMap: JsonObject): void {
    clearTimeout(this.#grace);
    this.#grace = undefined;
    const data = asObject(configMap.data ?? null);
    const written = JSON.stringify(Object.entries(data).toSorted());
    if (written === this.#lastData) return;
    this.#lastData = written;
    this.#options.onChange(parseTrust(data));
  }

  #gone(): void {
    if (this.#grace || this.#lastData === '') return;
    this.#options.log.error(
      `ConfigMap ${namespace}/${name} is gone: unless it comes back in time, nobody is trusted`,
      { graceMs: limits.trustGraceMs },
    );
    this.#grace = setTimeout(() => {
      this.#grace = undefined;
      this.#lastData = '';
      this.#options.log.error(`ConfigMap ${namespace}/${name} did not come back: nobody is trusted any more`);
      this.#options.onChange({});
    }, limits.trustGraceMs).unref();
  }
}

/**
 * The trust that the data of the ConfigMap stand for. Throws when a list in it is not a JSON array of
 * strings.
 */
export function parseTrust(data: JsonObject): ClusterTrust {
  const clientCa = text(data, 'client-ca-file');
  const ca = text(data, 'requestheader-client-ca-file');
  const list = (key: string) => parseList(key, data[`requestheader-${key}`]);
  return {
    ...(clientCa && { clientCa }),
    ...(ca && {
      requestHeader: {
        ca,
        allowedNames: list('allowed-names'),
        usernameHeaders: list('username-headers'),
        uidHeaders: list('uid-headers'),
        groupHeaders: list('group-headers'),
        extraPrefixes: list('extra-headers-prefix'),
      },
    }),
  };
}

/** An absent list is an empty one. A damaged one must never pass for it: no allowed names means any name. */
function parseList(key: string, value: Json | undefined): string[] {
  if (value === undefined || value === '') return [];
  let parsed: unknown;
  try {
    parsed = JSON.parse(String(value));
  } catch {
    parsed = undefined;
  }
  if (!Array.isArray(parsed) || !parsed.every(each => typeof each === 'string')) {
    throw new Error(`requestheader-${key} is not a JSON array of strings`);
  }
  return parsed;
}

function explained(error: Error): string {
  if (!(error instanceof ClusterError && error.status === 403)) return error.message;
  return `${error.message}; bind the Role ${name}-reader in ${namespace} to this server's account`;
}
