import { setTimeout as sleep } from 'node:timers/promises';
import { limits } from '../../limits.ts';
import type { JsonObject } from '../../machinery/json.ts';
import { isJsonObject } from '../../machinery/own-field.ts';
import { StorageError } from '../errors.ts';
import type { Cluster } from './cluster.ts';
import { metadataOf } from './resource.ts';

export interface LeaseOptions {
  cluster: Cluster;
  namespace: string;
  name: string;
  /** Tells this server from all others, and from itself before a restart. */
  identity: string;
  /** A clock that never jumps, ms. */
  clock?: () => number;
}

const poll = { shortestMs: 15, longestMs: 60 };

/**
 * A coordination.k8s.io Lease that one server holds at a time. It is never renewed: the holder does what it has to before
 * `until` and gives it back. Of a holder that vanished it is taken once it has not changed for the time that it was taken for, by the
 * clock of whoever waits: clocks are not compared.
 */
export class Lease {
  readonly #options: Required<LeaseOptions>;
  readonly #lane: string;
  readonly #collection: string;
  /** The Lease as last seen, where nobody held it then. */
  #free: JsonObject | undefined;
  #held: JsonObject | undefined;
  #givingBack: Promise<void> = Promise.resolve();

  constructor(options: LeaseOptions) {
    this.#options = { clock: () => performance.now(), ...options };
    this.#lane = `lease ${options.name}`;
    this.#collection = `/apis/coordination.k8s.io/v1/namespaces/${options.namespace}/leases`;
  }

  /**
   * Waits until this server holds the Lease. Returns until when, by the clock; less the time that a request may be on its way.
   * Throws Unavailable when another server does not give it back in time, or the cluster does not answer.
   */
  async take(): Promise<number> {
    const { clock } = this.#options;
    const deadlineMs = clock() + limits.guardWaitMs;
    let seen = { version: '', sinceMs: 0 };
    for (;;) {
      const lease = this.#free ?? (await this.#read());
      const version = String(metadataOf(lease ?? {}).resourceVersion);
      if (version !== seen.version) seen = { version, sinceMs: clock() };
      const vanished = clock() - seen.sinceMs >= durationOf(lease);
      if (!lease || holderOf(lease) === '' || vanished) {
        // Counted from before the request: the others count from after it.
        const atMs = clock();
        this.#free = undefined;
        if (await this.#write(lease)) return atMs + limits.guardLeaseMs - limits.guardLeaseMarginMs;
        continue;
      }
      if (clock() > deadlineMs) {
        const message = `${this.#lane} is held by ${holderOf(lease)}`;
        throw new StorageError('Unavailable', message);
      }
      await sleep(poll.shortestMs + Math.random() * (poll.longestMs - poll.shortestMs));
    }
  }

  /** Gives the Lease back. Where that fails it runs out by itself. */
  giveBack(): Promise<void> {
    const held = this.#held;
    this.#held = undefined;
    if (held) this.#givingBack = this.#release(held);
    return this.#givingBack;
  }

  async #release(held: JsonObject): Promise<void> {
    try {
      const free = { ...held, spec: { ...specOf(held), holderIdentity: '' } };
      this.#free = await this.#call('PUT', this.#path, free, { parting: true });
    } catch {
      this.#free = undefined;
    }
  }

  async #read(): Promise<JsonObject | undefined> {
    try {
      return await this.#call('GET', this.#path);
    } catch (error) {
      if (error instanceof StorageError && error.code === 'NotFound') return undefined;
      throw error;
    }
  }

  /** Whether the Lease is ours now; not, where another server was faster. */
  async #write(lease: JsonObject | undefined): Promise<boolean> {
    const { identity, name, namespace } = this.#options;
    const time = `${new Date().toISOString().slice(0, -1)}000Z`;
    const spec = {
      holderIdentity: identity,
      leaseDurationSeconds: limits.guardLeaseMs / 1000,
      acquireTime: time,
      renewTime: time,
    };
    try {
      if (lease) {
        const taken = { ...lease, spec: { ...specOf(lease), ...spec } };
        this.#held = await this.#call('PUT', this.#path, taken);
      } else {
        const made = {
          apiVersion: 'coordination.k8s.io/v1',
          kind: 'Lease',
          metadata: { name, namespace },
          spec,
        };
        this.#held = await this.#call('POST', this.#collection, made);
      }
      return true;
    } catch (error) {
      const faster = error instanceof StorageError && ['Conflict', 'Exists', 'NotFound'].includes(error.code);
      if (!faster) throw error;
      return false;
    }
  }

  get #path(): string {
    return `${this.#collection}/${this.#options.name}`;
  }

  #call(method: string, path: string, body?: JsonObject, { parting = false } = {}): Promise<JsonObject> {
    const totalMs = parting ? limits.guardPartingMs : limits.guardRequestMs;
    return this.#options.cluster.call(this.#lane, method, path, { totalMs, parting, ...(body && { body }) });
  }
}

function specOf(lease: JsonObject): JsonObject {
  return isJsonObject(lease.spec) ? lease.spec : {};
}

function holderOf(lease: JsonObject): string {
  const { holderIdentity } = specOf(lease);
  return typeof holderIdentity === 'string' ? holderIdentity : '';
}

/** For how long the holder has taken it, ms. */
function durationOf(lease: JsonObject | undefined): number {
  const seconds = Number(specOf(lease ?? {}).leaseDurationSeconds);
  return Number.isFinite(seconds) ? seconds * 1000 : limits.guardLeaseMs;
}
