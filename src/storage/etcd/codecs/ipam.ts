import { createHash } from 'node:crypto';
import { limits } from '../../../limits.ts';
import { encode } from '../../../machinery/encode.ts';
import type { JsonObject } from '../../../machinery/json.ts';
import type { ApiObject } from '../../../machinery/object.ts';
import type { FieldError } from '../../../machinery/status.ts';
import type { Codec } from '../../backend.ts';
import { rawKey } from '../keys.ts';
import { parseObject } from './resource.ts';

/** What IPAM keeps of one thing, as a v3 object has it. */
export interface IpamThing {
  name: string;
  spec: JsonObject;
  labels?: Record<string, string>;
  /** When it came to be, where the value says. */
  since?: string | undefined;
}

/** How IPAM keeps one of its kinds: keys and values of its own, which have no place for metadata. */
export interface IpamLayout {
  prefix: string;
  /** The key and the name that follow from a spec; undefined where it lacks what they are made of. */
  placeOf(spec: JsonObject): { key: string; name: string; labels?: Record<string, string> } | undefined;
  /** Keys that an object of this name may have. */
  keysNamed(name: string): string[];
  toValue(spec: JsonObject): JsonObject;
  /** Throws where the key or the value is none of the kind's. */
  toThing(key: string, value: JsonObject): IpamThing;
  skips?(key: string): boolean;
  /** What of a spec cannot be kept, or not be read by IPAM. */
  problems?(spec: JsonObject, old: JsonObject | undefined): FieldError[];
}

/**
 * The codec of a kind that IPAM keeps. UID, labels and the time of creation are not stored: the UID follows from the key and the
 * revision that created it, labels from the spec; the time is that of the claim, or when the value was first seen here.
 */
export function ipamCodec(
  facts: { kind: string; hasInt64: boolean },
  layout: IpamLayout,
  now: () => number = Date.now,
): Codec {
  const firstSeen = new FirstSeen(now);
  return {
    prefix: () => layout.prefix,
    keyFor: object => layout.placeOf(specOf(object))?.key ?? layout.prefix,
    candidateKeys: (_namespace, name) => layout.keysNamed(name),
    encode: object => Buffer.from(encode(layout.toValue(specOf(object)))),
    decode(entry) {
      const value = entry.value.length === 0 ? {} : parseObject(entry, facts.hasInt64);
      const { name, spec, labels, since } = layout.toThing(entry.key, value);
      const identity = `${rawKey(entry.key)}@${entry.createRevision ?? entry.revision}`;
      const metadata = {
        name,
        uid: uidOf(identity),
        resourceVersion: String(entry.revision),
        creationTimestamp: firstSeen.of(identity, since),
        ...(labels && { labels }),
      };
      return { kind: facts.kind, apiVersion: 'projectcalico.org/v3', metadata, spec };
    },
    ...(layout.skips && { skips: layout.skips }),
    refuses: ({ object, old }) => (object ? problemsOf(layout, object, old) : []),
  };
}

function specOf(object: ApiObject): JsonObject {
  return (object.spec ?? {}) as JsonObject;
}

function problemsOf(layout: IpamLayout, object: ApiObject, old: ApiObject | undefined): FieldError[] {
  const spec = specOf(object);
  const place = layout.placeOf(spec);
  const errors = metadataProblems(object, place?.labels ?? {});
  const { name } = object.metadata;
  if (place && name !== place.name) {
    const detail = `must be ${place.name}: in etcd the name follows from spec`;
    errors.push({ type: 'Invalid', field: 'metadata.name', value: name ?? '', detail });
  }
  return [...errors, ...(layout.problems?.(spec, old && specOf(old)) ?? [])];
}

function metadataProblems({ metadata }: ApiObject, derived: Record<string, string>): FieldError[] {
  const errors: FieldError[] = [];
  const forbid = (field: string) =>
    errors.push({ type: 'Forbidden', field, detail: "IPAM's values in etcd have no place for it" });
  for (const [label, value] of Object.entries(metadata.labels ?? {})) {
    if (derived[label] !== value) forbid(`metadata.labels[${label}]`);
  }
  for (const annotation of Object.keys(metadata.annotations ?? {})) {
    forbid(`metadata.annotations[${annotation}]`);
  }
  if (metadata.finalizers?.length) forbid('metadata.finalizers');
  if (metadata.ownerReferences?.length) forbid('metadata.ownerReferences');
  return errors;
}

const uidSpace = Buffer.from('7ad3c1f0a6f54d7c9d0a5b5f4e6a2c11', 'hex');

/** A UUID of version 5 (RFC 9562 §5.5). */
function uidOf(name: string): string {
  const hash = createHash('sha1').update(uidSpace).update(name).digest().subarray(0, 16);
  hash[6] = (hash[6]! & 0x0f) | 0x50;
  hash[8] = (hash[8]! & 0x3f) | 0x80;
  return hash.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** Remembers the time of creation of what has been seen; the oldest memories go when there are too many. */
class FirstSeen {
  readonly #times = new Map<string, string>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  of(identity: string, since: string | undefined): string {
    const known = this.#times.get(identity);
    if (known) return known;
    const claimed = since === undefined ? Number.NaN : Date.parse(since);
    const time = new Date(Number.isNaN(claimed) ? this.#now() : claimed);
    const text = `${time.toISOString().slice(0, 19)}Z`;
    this.#times.set(identity, text);
    if (this.#times.size > limits.maxFirstSeenTimes) {
      this.#times.delete(this.#times.keys().next().value!);
    }
    return text;
  }
}

/** The value at a key of IPAM, as a string map or number that it must be. Throws otherwise. */
export function mustBe(holds: boolean, entryKey: string, what: string): void {
  if (!holds) throw new Error(`${entryKey}: ${what}`);
}
