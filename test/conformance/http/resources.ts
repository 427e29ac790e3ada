import type { Kind } from '../../../src/kinds/kind.ts';
import type { Decoded } from '../../../src/machinery/decode.ts';
import { encode } from '../../../src/machinery/encode.ts';
import { copy } from '../../../src/machinery/equal.ts';
import { applyJsonPatch } from '../../../src/machinery/json-patch.ts';
import { parseLabelSelector } from '../../../src/machinery/label-selector.ts';
import { applyMergePatch } from '../../../src/machinery/merge-patch.ts';
import type { ApiObject } from '../../../src/machinery/object.ts';
import type { ListOptions } from '../../../src/machinery/options.ts';
import { alreadyExists, badRequest, notFound } from '../../../src/machinery/status.ts';
import type { ApplyOptions } from '../../../src/registry/apply.ts';
import type { RequestContext } from '../../../src/registry/context.ts';
import type { Resource } from '../../../src/registry/resource.ts';
import { object, string } from '../../../src/schema/build.ts';
import { StorageError } from '../../../src/storage/errors.ts';
import type { CacheEntry } from '../../../src/watch/entry.ts';
import type { EventEncoder, EventType, WatchSink } from '../../../src/watch/stream.ts';

/** A namespaced kind with a status, and a cluster-scoped one without. */
export const gadget = testKind({
  kind: 'Gadget',
  plural: 'gadgets',
  namespaced: true,
  statusSubresource: true,
});
export const widget = testKind({
  kind: 'Widget',
  plural: 'widgets',
  namespaced: false,
  statusSubresource: false,
});

function testKind(facts: Pick<Kind, 'kind' | 'plural' | 'namespaced' | 'statusSubresource'>): Kind {
  return {
    ...facts,
    singular: facts.kind.toLowerCase(),
    shortNames: [facts.plural.slice(0, 2)],
    tiered: false,
    storageClass: 'resource',
    description: 'For tests.',
    schema: object({ spec: object({ note: string('Note.') }, 'Spec.') }, 'For tests.'),
    selectableFields: [],
    columns: [
      {
        name: 'Note',
        type: 'string',
        description: 'The note.',
        value: of => (of.spec as { note?: string } | undefined)?.note,
      },
    ],
    examples: { valid: [], invalid: [] },
  };
}

/** What the server calls of a resource. */
type Served = Pick<Resource, Exclude<keyof Resource, 'restore'>>;

/**
 * As much of a resource as the server needs to be tested: objects in a map, watches that see every change. Objects of certain
 * names misbehave: `hangs` never answers, `panics` and `unreadable` have a bug, `unavailable` and `too-large` are the store's errors, `warns` warns.
 */
export class TestResource implements Served {
  readonly kind: Kind;
  readonly readOnly = false;
  readonly objects = new Map<string, ApiObject>();
  readonly watches = new Set<{ sink: WatchSink; encoder: EventEncoder; started: boolean }>();
  /** Signals of the requests that hang. */
  readonly hanging: AbortSignal[] = [];
  /** The options of each watch, as the server passed them. */
  readonly watchOptions: ListOptions[] = [];
  revision = 1;

  constructor(kind: Kind) {
    this.kind = kind;
  }

  async create(context: RequestContext, namespace: string, body: Decoded): Promise<ApiObject> {
    const created = copy(body.value) as unknown as ApiObject;
    const name = created.metadata?.name;
    if (!name) throw badRequest('a name is needed');
    await this.#misbehave(name, context);
    for (const duplicate of body.duplicates) context.warn(duplicate);
    if (this.objects.has(`${namespace}/${name}`)) throw alreadyExists(this.#gr(), name);
    created.metadata = { ...created.metadata, ...(namespace && { namespace }), uid: `uid-${name}` };
    return this.#store('ADDED', created);
  }

  async get(namespace: string, name: string): Promise<CacheEntry> {
    await this.#misbehave(name, undefined);
    return entryOf(this.#find(namespace, name));
  }

  async list(namespace: string, options: ListOptions) {
    const selector = parseLabelSelector(options.labelSelector);
    const all = [...this.objects.values()].filter(
      of => (!namespace || of.metadata.namespace === namespace) && selector.matches(of.metadata.labels ?? {}),
    );
    const start = options.continue ? Number(options.continue) : 0;
    const end = options.limit ? start + options.limit : all.length;
    return {
      entries: all.slice(start, end).map(entryOf),
      resourceVersion: String(this.revision),
      ...(end < all.length && { continue: String(end), remainingItemCount: all.length - end }),
    };
  }

  async update(
    context: RequestContext,
    target: { namespace: string; name: string },
    body: Decoded,
  ): Promise<ApiObject> {
    await this.#misbehave(target.name, context);
    const old = this.#find(target.namespace, target.name);
    const next = copy(body.value) as unknown as ApiObject;
    return this.#store('MODIFIED', { ...next, metadata: { ...next.metadata, ...identity(old) } });
  }

  async patch(
    _context: RequestContext,
    target: { namespace: string; name: string },
    sent: { type: string; body: Decoded },
  ): Promise<ApiObject> {
    const old = this.#find(target.namespace, target.name) as never;
    const apply = sent.type === 'application/json-patch+json' ? applyJsonPatch : applyMergePatch;
    return this.#store('MODIFIED', apply(old, sent.body.value) as unknown as ApiObject);
  }

  async apply(
    _context: RequestContext,
    target: { namespace: string; name: string },
    body: Decoded,
    options: ApplyOptions,
  ): Promise<{ object: ApiObject; created: boolean }> {
    const key = `${target.namespace}/${target.name}`;
    const old = this.objects.get(key);
    if (!old) await options.authorizeCreate();
    const next = applyMergePatch((old ?? {}) as never, body.value) as unknown as ApiObject;
    next.metadata = { ...next.metadata, ...(target.namespace && { namespace: target.namespace }) };
    const created = old === undefined;
    return { object: this.#store(created ? 'ADDED' : 'MODIFIED', next), created };
  }

  async delete(namespace: string, name: string) {
    const last = this.#find(namespace, name);
    if (last.metadata.finalizers?.length) return { object: last, removed: false };
    this.objects.delete(`${namespace}/${name}`);
    this.revision++;
    this.tell('DELETED', last);
    return { object: last, removed: true };
  }

  async deleteCollection(
    _context: RequestContext,
    namespace: string,
    _options: unknown,
    listOptions: ListOptions,
  ) {
    const list = await this.list(namespace, listOptions);
    for (const entry of list.entries) await this.delete(entry.namespace, entry.name);
    return list;
  }

  async watch(_namespace: string, options: ListOptions, encoder: EventEncoder) {
    this.watchOptions.push(options);
    if (options.resourceVersion === 'refused') throw badRequest('invalid resource version: "refused"');
    return (sink: WatchSink) => {
      const watch = { sink, encoder, started: false };
      this.watches.add(watch);
      if (options.sendInitialEvents) {
        for (const of of this.objects.values()) this.#send(watch, 'ADDED', of);
        sink.write(encoder.bookmark(String(this.revision), true, !watch.started));
      }
      return {
        close: () => this.watches.delete(watch),
        bookmark: () => {
          if (options.allowWatchBookmarks) sink.write(encoder.bookmark(String(this.revision), false, false));
        },
      };
    };
  }

  /** Tells every watch of a change. */
  tell(type: EventType, of: ApiObject): void {
    for (const watch of this.watches) this.#send(watch, type, of);
  }

  /** Stores objects without telling anyone. */
  fill(count: number, make: (at: number) => ApiObject): void {
    for (let at = 0; at < count; at++) {
      const made = make(at);
      this.objects.set(`${made.metadata.namespace ?? ''}/${made.metadata.name}`, made);
    }
  }

  #send(watch: { sink: WatchSink; encoder: EventEncoder; started: boolean }, type: EventType, of: ApiObject) {
    watch.sink.write(watch.encoder.encode(type, entryOf(of), !watch.started));
    watch.started = true;
  }

  #store(type: 'ADDED' | 'MODIFIED', of: ApiObject): ApiObject {
    of.metadata.resourceVersion = String(++this.revision);
    this.objects.set(`${of.metadata.namespace ?? ''}/${of.metadata.name}`, of);
    this.tell(type, of);
    return of;
  }

  #find(namespace: string, name: string): ApiObject {
    const found = this.objects.get(`${namespace}/${name}`);
    if (!found) throw notFound(this.#gr(), name);
    return found;
  }

  #gr() {
    return { group: 'projectcalico.org', resource: this.kind.plural };
  }

  async #misbehave(name: string, context: RequestContext | undefined): Promise<void> {
    if (name === 'panics') throw new TypeError('a bug');
    if (name === 'unavailable') throw new StorageError('Unavailable', 'disk full');
    if (name === 'closed') throw new StorageError('Closed', 'closed');
    if (name === 'too-large') throw new StorageError('TooLarge', 'the object has 2000000 bytes');
    if (name === 'forgotten') throw new StorageError('Exists', 'k');
    if (name === 'warns') context?.warn('unknown field "spec.x"');
    if (name !== 'hangs') return;
    if (context) this.hanging.push(context.signal);
    await new Promise(() => {});
  }
}

function identity({ metadata }: ApiObject) {
  const { name, namespace, uid } = metadata;
  return { ...(name && { name }), ...(namespace && { namespace }), ...(uid && { uid }) };
}

const entries = new WeakMap<ApiObject, CacheEntry>();

/** The entry of an object: the same one each time, as in a cache. */
function entryOf(of: ApiObject): CacheEntry {
  const entry = entries.get(of) ?? makeEntry(of);
  entries.set(of, entry);
  return entry;
}

function makeEntry(of: ApiObject): CacheEntry {
  return {
    key: `${of.metadata.namespace ?? ''}/${of.metadata.name}`,
    namespace: of.metadata.namespace ?? '',
    name: of.metadata.name ?? '',
    revision: Number(of.metadata.resourceVersion ?? 1),
    labels: of.metadata.labels ?? {},
    fields: {},
    json: Buffer.from(encode(of)),
    bytes: 1_000,
    object: () => {
      if (of.metadata.name === 'unreadable') throw new TypeError('a bug');
      return structuredClone(of);
    },
  };
}
