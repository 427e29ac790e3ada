import { type Change, group } from '../kinds/kind.ts';
import { limits } from '../limits.ts';
import type { ApiObject } from '../machinery/object.ts';
import { type FieldError, invalid } from '../machinery/status.ts';
import type { Guard } from '../storage/backend.ts';
import { nameOf, type ResourceParts, type WriteContext, workOf } from './context.ts';
import { objectErrors } from './prepare.ts';
import { recordingView } from './view.ts';

/**
 * Refuses an object with problems: its own and those that it has with others, all at once as 422. Returns what must still
 * hold of the others when it is stored. Throws what else a rule across objects throws (403, 409), StorageError.
 */
export async function checkChange(
  parts: ResourceParts,
  context: WriteContext,
  operation: 'create' | 'update',
  object: ApiObject,
  old: ApiObject | undefined,
): Promise<Guard[]> {
  const { kind, codec } = parts;
  const errors = await workOf(objectErrors(kind, object, old), context);
  const guards: Guard[] = [];
  const typesFit = !errors.some(error => error.type === 'TypeInvalid');
  if (typesFit) errors.push(...(codec.refuses?.({ object, ...(old && { old }) }) ?? []));
  if (kind.admit && typesFit) {
    const recording = recordingView(parts);
    errors.push(...(await kind.admit({ operation, object, old }, recording.view)));
    guards.push(...recording.guards);
  }
  refuse(parts, object, errors);
  return guards;
}

/** The same for an object that is to be deleted, of which only the rules across objects can say something. */
export async function checkRemoval(parts: ResourceParts, object: ApiObject): Promise<Guard[]> {
  const { kind, codec } = parts;
  refuse(parts, object, codec.refuses?.({ old: object }) ?? []);
  if (!kind.admit) return [];
  const change: Change = { operation: 'delete', object, old: undefined };
  const { view, guards } = recordingView(parts);
  refuse(parts, object, await kind.admit(change, view));
  return guards;
}

/** Throws 422 where there are problems. */
export function refuse(parts: ResourceParts, object: ApiObject, errors: FieldError[]): void {
  if (errors.length === 0) return;
  throw invalid(group, parts.kind.kind, nameOf(object), errors.slice(0, limits.maxFieldErrors));
}
