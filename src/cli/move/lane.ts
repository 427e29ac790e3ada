import type { Kind } from '../../kinds/kind.ts';
import type { ApiObject, ObjectMeta } from '../../machinery/object.ts';
import { fieldErrorBody } from '../../machinery/status.ts';
import type { Codec } from '../../storage/backend.ts';
import type { WatchCache } from '../../watch/cache.ts';
import { differences, type Form, fingerprint, formOf } from './compare.ts';

/** One kind on its way from one store to another. */
export interface Lane {
  kind: Kind;
  source: WatchCache;
  target: WatchCache;
  /** How the target lays the kind out. */
  codec: Codec;
  /** Fields of metadata that the target decides by itself. */
  decided: readonly (keyof ObjectMeta)[];
  /** Fields of metadata that the source makes up, anew in each process: they are taken once. */
  madeUp: readonly (keyof ObjectMeta)[];
  /** Both as paths of a form: in these fields source and target may differ. */
  decidedPaths: ReadonlySet<string>;
  /** The target makes the objects of the kind by itself. */
  derived: boolean;
}

/** An object of the source as the target will have it. */
export interface Expected {
  key: string;
  value: Uint8Array;
  object: ApiObject;
  form: Form;
  /** The form without what the target decides. */
  state: string;
  /** Why the target does not take it, if it does not. */
  refusal?: string;
}

/** An object of a lane by name, for people and for the journal. */
export function idOf(
  { kind }: Lane,
  { namespace = '', name = '' }: { namespace?: string; name?: string },
): string {
  return `${kind.kind} ${namespace ? `${namespace}/` : ''}${name}`;
}

/**
 * What becomes of an object in the target, where `current` is what it has of that name. Throws where the target has no form for it.
 */
export function expectedOf(lane: Lane, object: ApiObject, current: ApiObject | undefined): Expected {
  const { kind, codec, decided, madeUp } = lane;
  const wanted: ApiObject = { ...object, metadata: { ...object.metadata } };
  delete wanted.metadata.resourceVersion;
  for (const field of decided) {
    const kept = current?.metadata[field];
    if (kept === undefined) delete wanted.metadata[field];
    else Object.assign(wanted.metadata, { [field]: kept });
  }
  for (const field of madeUp) {
    const kept = current?.metadata[field];
    if (kept !== undefined) Object.assign(wanted.metadata, { [field]: kept });
  }
  const key = codec.keyFor(wanted);
  const value = codec.encode(wanted);
  const form = formOf(kind, codec.decode({ key, value, revision: 1 }));
  const state = fingerprint(form, lane.decidedPaths);
  const errors = codec.refuses?.({ object: wanted, ...(current && { old: current }) }) ?? [];
  if (errors.length === 0) return { key, value, object: wanted, form, state };
  const refusal = errors.map(error => `${error.field}: ${fieldErrorBody(error)}`).join('; ');
  return { key, value, object: wanted, form, state, refusal };
}

/** The state of an object that the target has, as `Expected` has it. */
export function stateOf(lane: Lane, object: ApiObject): string {
  return fingerprint(formOf(lane.kind, object), lane.decidedPaths);
}

/** Whether another object says the same, whatever its metadata. */
export function isSaidBy({ kind }: Lane, object: ApiObject, other: ApiObject): boolean {
  return differences(formOf(kind, object), formOf(kind, other)).every(path => path.startsWith('metadata.'));
}
