import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import type { Kind } from '../kinds/kind.ts';
import type { Decoded } from '../machinery/decode.ts';
import type { ApiObject } from '../machinery/object.ts';
import type { ListOptions } from '../machinery/options.ts';
import { Slice } from '../machinery/slice.ts';
import { type FieldError, StatusError } from '../machinery/status.ts';
import type { Steps } from '../machinery/steps.ts';
import type { Backend, Codec } from '../storage/backend.ts';
import type { WatchCache } from '../watch/cache.ts';
import type { CacheEntry } from '../watch/entry.ts';
import type { EventEncoder } from '../watch/stream.ts';
import { type ApplyOptions, apply } from './apply.ts';
import { checkStrict, type FieldValidation, readBody } from './body.ts';
import { type RequestContext, type ResourceParts, workOf, writing } from './context.ts';
import { create } from './create.ts';
import { type DeleteRequest, remove } from './delete.ts';
import { examine } from './examine.ts';
import { ownersAfterUpdate } from './ownership.ts';
import { type PatchType, patch } from './patch.ts';
import { get, list, type ResourceList } from './read.ts';
import { type OnExisting, type Restored, restore } from './restore.ts';
import { Turns } from './turns.ts';
import { problemsAsUpdate, type Subresource, update } from './update.ts';
import { type StartStream, watch } from './watch.ts';

export interface WriteOptions {
  dryRun: boolean;
  fieldValidation: FieldValidation;
  /** Who writes, for managedFields. A write without one, which is the server's own, is not tracked. */
  fieldManager?: string;
}

/**
 * The generic resource: every verb on the objects of one kind. `namespace` is '' for cluster-scoped kinds and for all
 * namespaces. All methods throw StatusError for what a client did, StorageError for what the store did.
 */
export class Resource {
  readonly kind: Kind;
  /** Whether clients may only read: others own the objects, and write them past this server. */
  readonly readOnly: boolean;
  readonly #parts: ResourceParts;

  constructor(options: {
    kind: Kind;
    backend: Backend;
    codec: Codec;
    cache: WatchCache;
    /** The other resources of the same store, for rules across objects. */
    others?: (plural: string) => Resource | undefined;
    now?: () => Date;
    newUid?: () => string;
    pause?: (durationMs: number) => Promise<void>;
  }) {
    const { others = () => undefined, ...rest } = options;
    this.kind = options.kind;
    this.readOnly = options.codec.readOnly === true;
    this.#parts = {
      now: () => new Date(),
      newUid: randomUUID,
      pause: durationMs => setTimeout(durationMs),
      turns: new Turns(),
      ...rest,
      others: plural => {
        const resource = others(plural);
        return resource ? resource.#parts : undefined;
      },
    };
  }

  async create(
    request: RequestContext,
    namespace: string,
    body: Decoded,
    options: WriteOptions,
  ): Promise<ApiObject> {
    const context = writing(request);
    const owners = ownersAfterUpdate(this.#parts, '', options.fieldManager);
    const object = await workOf(this.#read(context, body, options), context);
    return create(this.#parts, context, namespace, object, {
      dryRun: options.dryRun,
      owners,
      mayForgetOwners: true,
    });
  }

  /** Stores an object as it was elsewhere, with its UID, times and status, after the checks of a create. */
  restore(object: ApiObject, options: { onExisting: OnExisting }): Promise<Restored> {
    return restore(this.#parts, object, options);
  }

  get(namespace: string, name: string, options: { resourceVersion: string }): Promise<CacheEntry> {
    return get(this.#parts, namespace, name, options);
  }

  list(namespace: string, options: ListOptions, signal?: AbortSignal): Promise<ResourceList> {
    return list(this.#parts, namespace, options, signal);
  }

  async update(
    request: RequestContext,
    target: { namespace: string; name: string; subresource: Subresource },
    body: Decoded,
    options: WriteOptions,
  ): Promise<ApiObject> {
    const context = writing(request);
    const object = await workOf(this.#read(context, body, options, target), context);
    return update(this.#parts, context, target, object, options);
  }

  patch(
    context: RequestContext,
    target: { namespace: string; name: string; subresource: Subresource },
    sent: { type: PatchType; body: Decoded },
    options: WriteOptions,
  ): Promise<ApiObject> {
    return patch(this.#parts, writing(context), target, sent, options);
  }

  /** Server-side apply: changes the object, or creates it where it is not there. `created` tells which. */
  apply(
    context: RequestContext,
    target: { namespace: string; name: string; subresource: Subresource },
    body: Decoded,
    options: ApplyOptions,
  ): Promise<{ object: ApiObject; created: boolean }> {
    return apply(this.#parts, writing(context), target, body, options);
  }

  delete(
    namespace: string,
    name: string,
    options: DeleteRequest,
  ): Promise<{ object: ApiObject; removed: boolean }> {
    return remove(this.#parts, namespace, name, options);
  }

  /**
   * Deletes each object that the list options choose; one that is gone already is passed over. Returns the list, as it was.
   * One that may not be deleted does not keep the others: the first such refusal is thrown after the last object.
   */
  async deleteCollection(
    context: RequestContext,
    namespace: string,
    options: DeleteRequest,
    listOptions: ListOptions,
  ): Promise<ResourceList> {
    const list = await this.list(namespace, listOptions, context.signal);
    let refusal: StatusError | undefined;
    const slice = new Slice();
    for (const entry of list.entries) {
      if (slice.isOver) await slice.next();
      context.signal.throwIfAborted();
      try {
        await this.delete(entry.namespace, entry.name, options);
      } catch (error) {
        if (!(error instanceof StatusError)) throw error;
        if (error.status.code !== 404) refusal ??= error;
      }
    }
    if (refusal) throw refusal;
    return list;
  }

  watch(namespace: string, options: ListOptions, encoder: EventEncoder): Promise<StartStream> {
    return watch(this.#parts, namespace, options, encoder);
  }

  *#read(
    context: RequestContext,
    body: Decoded,
    options: WriteOptions,
    target?: { namespace: string; name: string; subresource: Subresource },
  ): Steps<ApiObject> {
    const sent = yield* readBody(this.kind, body);
    const { object, strictErrors } = sent;
    const parts = this.#parts;
    const others = function* (): Steps<FieldError[]> {
      const old = target && parts.cache.get(target.namespace, target.name)?.object();
      if (old) return yield* problemsAsUpdate(parts, target, object, old);
      return (yield* examine(parts.kind, sent)).errors;
    };
    yield* checkStrict(this.kind, { strictErrors, others }, options.fieldValidation, context);
    return object;
  }
}
