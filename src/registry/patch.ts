import type { Decoded } from '../machinery/decode.ts';
import { encodeSorted } from '../machinery/encode.ts';
import { copy } from '../machinery/equal.ts';
import { goJsonType, goPrint } from '../machinery/go-text.ts';
import type { Json } from '../machinery/json.ts';
import { applyJsonPatch, unknownPatchFields } from '../machinery/json-patch.ts';
import { applyMergePatch } from '../machinery/merge-patch.ts';
import type { ApiObject } from '../machinery/object.ts';
import { isJsonObject } from '../machinery/own-field.ts';
import { badRequest } from '../machinery/status.ts';
import { applyStrategicMergePatch } from '../machinery/strategic-merge-patch.ts';
import { checkStrictPatch, type FieldValidation, readBody } from './body.ts';
import { retryOnConflict } from './change.ts';
import { pause, type ResourceParts, type WriteContext, workOf } from './context.ts';
import { ownersAfterUpdate } from './ownership.ts';
import { problemsAsUpdate, replace, type Subresource } from './update.ts';

/** The media types of the patches that are served. */
export const patchTypes = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
] as const;
export type PatchType = (typeof patchTypes)[number];

/**
 * Applies a patch to the live object and stores the result as an update would (machinery.md §4.2). A write conflict is tried again on
 * the fresh object, unless the patch itself names a resourceVersion. Throws 400, 404, 409, 413, 422.
 */
export async function patch(
  parts: ResourceParts,
  context: WriteContext,
  target: { namespace: string; name: string; subresource: Subresource },
  sent: { type: PatchType; body: Pick<Decoded, 'value' | 'duplicates'> },
  options: { dryRun: boolean; fieldValidation: FieldValidation; fieldManager?: string },
): Promise<ApiObject> {
  const { kind } = parts;
  const { dryRun, fieldManager } = options;
  const owners = ownersAfterUpdate(parts, target.subresource, fieldManager);
  return retryOnConflict(parts, target.namespace, target.name, async current => {
    await pause(context);
    const live = copy(current.object) as unknown as Json;
    await pause(context);
    const patched = applyPatch(live, sent);
    await pause(context);
    // Reading the body takes out what is unknown, which the message shows: the patch is applied once more for it.
    const text = () => textOf(sent, current.object);
    const body = { value: patched, duplicates: problemsOfPatch(sent) };
    const { object, strictErrors } = await workOf(readBody(kind, body), context);
    const others = () => problemsAsUpdate(parts, target, object, current.object);
    const found = { strictErrors, patched: text, others };
    await workOf(checkStrictPatch(kind, found, options.fieldValidation, context), context);
    return replace(parts, context, target, current, object, { dryRun, owners, mayForgetOwners: true });
  });
}

/** The object as patched, which is changed in place. */
function applyPatch(live: Json, sent: { type: PatchType; body: { value: Json } }): Json {
  if (sent.type === 'application/json-patch+json') return applyJsonPatch(live, sent.body.value);
  const { value } = sent.body;
  if (sent.type === 'application/strategic-merge-patch+json') return applyStrategicMergePatch(live, value);
  if (value === null) throw badRequest('Invalid JSON Patch');
  if (!isJsonObject(value)) {
    throw badRequest(
      `error decoding patch: json: cannot unmarshal ${goJsonType(value)} into Go value of type map[string]interface {}`,
    );
  }
  return applyMergePatch(live, value);
}

/** What the message of a strict refusal shows: the result, or the patch where Go has made no text of the result. */
function textOf(sent: { type: PatchType; body: { value: Json } }, object: ApiObject): string {
  return sent.type === 'application/strategic-merge-patch+json'
    ? goPrint(sent.body.value)
    : encodeSorted(applyPatch(copy(object) as unknown as Json, sent));
}

/** What strict decoding has against the patch itself. */
function problemsOfPatch(sent: { type: PatchType; body: Pick<Decoded, 'value' | 'duplicates'> }): string[] {
  const { value, duplicates } = sent.body;
  if (sent.type !== 'application/json-patch+json') return duplicates;
  const unknown = unknownPatchFields(value).map(path => `unknown field ${JSON.stringify(path)}`);
  return [...duplicates, ...unknown].map(text => `json patch ${text}`);
}
