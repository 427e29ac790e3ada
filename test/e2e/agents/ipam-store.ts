import { type CalicoObject, type GoClient, Refused } from './go-client.ts';

/** A write that did not happen: the object was there already, was not there, or was another version. */
export class NotWritten extends Error {
  readonly why: 'exists' | 'absent' | 'conflict';

  constructor(why: NotWritten['why'], cause: Error) {
    super(cause.message, { cause });
    this.why = why;
  }
}

/** An object of IPAM's with the version that its next write must find. */
export interface Stored<Spec> {
  metadata: CalicoObject['metadata'];
  spec: Spec;
}

/**
 * The three kinds of IPAM as libcalico-go keeps them in an API server: create-only, compare-and-set, and a delete that first marks the
 * object, since deletes cannot compare. Methods throw NotWritten, and Refused for what IPAM does not expect.
 */
export class IpamStore {
  readonly #client: GoClient;
  readonly #kind: string;
  readonly #plural: string;
  readonly #trace: ((line: string) => void) | undefined;

  constructor(client: GoClient, kind: string, plural: string, trace?: (line: string) => void) {
    this.#client = client;
    this.#kind = kind;
    this.#plural = plural;
    this.#trace = trace;
  }

  async create<Spec>(name: string, spec: Spec, labels?: Record<string, string>): Promise<Stored<Spec>> {
    const object = this.#object({ name, ...(labels && { labels }) }, spec);
    this.#trace?.(`create ${this.#plural}`);
    return this.#stored<Spec>(this.#client.create(this.#plural, object));
  }

  /** Metadata is made anew for each write, as IPAM's own model has no place for what others add. */
  async update<Spec>({ metadata, spec }: Stored<Spec>): Promise<Stored<Spec>> {
    const { name, resourceVersion, labels } = metadata;
    const kept = { name, resourceVersion: resourceVersion!, ...(labels && { labels }) };
    const uid = this.#kind === 'IPAMHandle' ? { uid: metadata.uid! } : {};
    this.#trace?.(`update ${this.#plural}`);
    return this.#stored<Spec>(this.#client.update(this.#plural, this.#object({ ...kept, ...uid }, spec)));
  }

  /** A marked object that somebody did not come to delete is deleted here, and is absent. */
  async get<Spec extends { deleted: boolean }>(name: string): Promise<Stored<Spec>> {
    const stored = await this.#stored<Spec>(this.#client.get(this.#plural, name));
    if (!stored.spec.deleted) return stored;
    await this.remove(stored);
    throw new NotWritten('absent', new Error(`${this.#plural} ${name} was deleted`));
  }

  async list<Spec>(selector?: string): Promise<Stored<Spec>[]> {
    const query = selector ? { selector: `labelSelector=${encodeURIComponent(selector)}&` } : {};
    const { items } = await this.#client.list(this.#plural, query);
    return items as unknown as Stored<Spec>[];
  }

  /**
   * Throws NotWritten when the mark could not be set. Once it is set the object is as good as gone: whoever reads it next deletes it,
   * so that it may be missing here, or be another one of that name.
   */
  async remove<Spec extends { deleted: boolean }>(stored: Stored<Spec>): Promise<void> {
    const { name } = stored.metadata;
    await this.update({ ...stored, spec: { ...stored.spec, deleted: true } });
    try {
      await this.#stored(this.#client.get(this.#plural, name));
      this.#trace?.(`delete ${this.#plural}`);
      await this.#outcome(this.#client.remove(this.#plural, this.#object(stored.metadata, stored.spec)));
    } catch (error) {
      if (!(error instanceof NotWritten)) throw error;
    }
  }

  #object(metadata: CalicoObject['metadata'], spec: unknown): CalicoObject {
    const { name, resourceVersion, uid, labels } = metadata;
    return {
      kind: this.#kind,
      apiVersion: 'projectcalico.org/v3',
      metadata: {
        name,
        ...(uid && { uid }),
        ...(resourceVersion && { resourceVersion }),
        ...(labels && { labels }),
      },
      spec: spec as Record<string, unknown>,
    };
  }

  async #stored<Spec>(request: Promise<CalicoObject>): Promise<Stored<Spec>> {
    return (await this.#outcome(request)) as unknown as Stored<Spec>;
  }

  async #outcome<T>(request: Promise<T>): Promise<T> {
    try {
      return await request;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      const { reason, message } = error.status;
      if (reason === 'AlreadyExists') throw new NotWritten('exists', error);
      if (reason === 'NotFound') throw new NotWritten('absent', error);
      if (reason !== 'Conflict') throw error;
      throw new NotWritten(message.includes('UID in precondition') ? 'absent' : 'conflict', error);
    }
  }
}
