import { copy } from './equal.ts';
import { goJsonType } from './go-text.ts';
import type { Json, JsonObject } from './json.ts';
import { isJsonObject, ownField, setOwnField } from './own-field.ts';
import { badRequest } from './status.ts';

/**
 * Applies a JSON merge patch as RFC 7386 defines it: fields that are null are removed, objects are merged, all else
 * replaces. The result shares nothing with its inputs.
 */
export function mergePatch(document: Json, patch: Json): Json {
  if (!isJsonObject(patch)) return copy(patch);
  const old: JsonObject = isJsonObject(document) ? document : {};
  const result: JsonObject = {};
  for (const name of Object.keys(old)) {
    if (!Object.hasOwn(patch, name)) setOwnField(result, name, copy(old[name]!));
    else if (patch[name] !== null) setOwnField(result, name, mergePatch(old[name]!, patch[name]!));
  }
  for (const name of Object.keys(patch)) {
    if (ownField(old, name) === undefined && patch[name] !== null) {
      setOwnField(result, name, mergePatch(null, patch[name]!));
    }
  }
  return result;
}

/**
 * Applies a merge patch to an object of the API. Throws the StatusError 400 of kube-apiserver
 * (`error decoding patch: …`) for a patch that is not an object; does not change its inputs.
 */
export function applyMergePatch(document: Json, patch: Json): Json {
  if (!isJsonObject(patch)) {
    throw badRequest(
      `error decoding patch: json: cannot unmarshal ${goJsonType(patch)} into Go value of type map[string]interface {}`,
    );
  }
  return mergePatch(document, patch);
}
