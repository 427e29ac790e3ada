import { group, type Kind } from '../kinds/kind.ts';
import type { ApiObject } from '../machinery/object.ts';
import { Slice } from '../machinery/slice.ts';
import type { GroupResource } from '../machinery/status.ts';
import { inSlices, type Steps } from '../machinery/steps.ts';
import type { Backend, Codec } from '../storage/backend.ts';
import type { WatchCache } from '../watch/cache.ts';
import type { Turns } from './turns.ts';

/** What a verb needs to know of the request beyond its own arguments. */
export interface RequestContext {
  /** Adds a Warning header to the answer. */
  warn(text: string): void;
  /** Aborted when the request has ended or run out of time. */
  signal: AbortSignal;
}

/** The same for a request that changes something, whose work may be long. */
export interface WriteContext extends RequestContext {
  /** Measures for how long the work of the request has held the event loop. */
  slice: Slice;
}

/** A request that begins to change something. */
export function writing(context: RequestContext): WriteContext {
  return { ...context, slice: new Slice() };
}

/** Does a part of a request's work. Throws the signal's reason where the request has ended meanwhile. */
export function workOf<T>(work: Steps<T>, { slice, signal }: WriteContext): T | Promise<T> {
  return inSlices(work, slice, signal);
}

/** Lets other requests in between, where the request has held the event loop for long. Throws as `workOf`. */
export function pause({ slice, signal }: WriteContext): Promise<void> | undefined {
  return slice.isOver ? slice.next(signal) : undefined;
}

/** What the verbs of one resource work with. */
export interface ResourceParts {
  kind: Kind;
  backend: Backend;
  codec: Codec;
  cache: WatchCache;
  /** The parts of another kind, for rules across objects. */
  others(plural: string): ResourceParts | undefined;
  /** For writes that have lost to others that rest on the same objects. */
  turns: Turns;
  /** Resolves after so many milliseconds. */
  pause(durationMs: number): Promise<void>;
  /** The time, for creationTimestamp and deletionTimestamp. */
  now(): Date;
  newUid(): string;
}

/** The kind's resource as Status messages name it. */
export function groupResource(kind: Kind): GroupResource {
  return { group, resource: kind.plural };
}

/** meta/v1 Time: RFC 3339 UTC, whole seconds. */
export function timestamp(time: Date): string {
  return `${time.toISOString().slice(0, 19)}Z`;
}

/** The name of an object that has been through validation. */
export function nameOf(object: ApiObject): string {
  return object.metadata.name ?? '';
}
