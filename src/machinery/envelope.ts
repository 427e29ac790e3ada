import { goJsonType } from './go-text.ts';
import type { Json } from './json.ts';
import { isJsonObject, ownField } from './own-field.ts';

/** The struct that Go's decoder reads version and kind into, as it prints it. */
const goStruct =
  'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }';

/** What Go says before the problem of a JSON document whose version and kind it wants to know. */
export const envelopeUnread = "couldn't get version/kind; json parse error: ";

/**
 * Why apiVersion and kind of a document cannot be told, in the words of kube-apiserver; undefined where they can, or
 * where both may be filled in. `text` is the document as it was sent.
 */
export function envelopeProblem(value: Json, text: string): string | undefined {
  const unreadable = (of: Json, target: string) =>
    `${envelopeUnread}json: cannot unmarshal ${goJsonType(of)} into Go ${target}`;
  if (value === null) return `Object 'Kind' is missing in '${text}'`;
  if (!isJsonObject(value)) return unreadable(value, `value of type ${goStruct}`);
  for (const name of ['apiVersion', 'kind']) {
    const field = ownField(value, name) ?? '';
    if (typeof field !== 'string') return unreadable(field, `struct field .${name} of type string`);
  }
  if (ownField(value, 'kind') === '') return `Object 'Kind' is missing in '${text}'`;
  const version = ownField(value, 'apiVersion');
  if (typeof version === 'string' && version.split('/').length > 2) {
    return `unexpected GroupVersion string: ${version}`;
  }
  return undefined;
}
