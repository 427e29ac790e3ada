import type { Json, JsonObject } from './json.ts';
import { isJsonObject, setOwnField } from './own-field.ts';
import { compareText } from './text-order.ts';

/** JSON.rawJSON (Node 22 and later) is not in TypeScript's library yet. */
const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown };

function bigintAsLiteral(_name: string, value: unknown): unknown {
  return typeof value === 'bigint' ? rawJSON(value.toString()) : value;
}

/**
 * Encodes a value as JSON; bigint becomes an integer literal, fields that are undefined are left out. `pretty`
 * indents by two spaces, as kube-apiserver does. The result of decoding a body always encodes; throws TypeError
 * for what JSON has no form for (cycles).
 */
export function encode(value: unknown, options?: { pretty?: boolean }): string {
  const indent = options?.pretty ? 2 : undefined;
  try {
    return JSON.stringify(value, undefined, indent);
  } catch (error) {
    // Few objects hold a bigint, and a replacer costs three times as much: it is used only when it has to be.
    if (!(error instanceof TypeError)) throw error;
    return JSON.stringify(value, bigintAsLiteral, indent);
  }
}

/** The same with the fields of every object in the order of their names, as Go encodes maps. */
export function encodeSorted(value: Json): string {
  return encode(sorted(value));
}

function sorted(value: Json): Json {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isJsonObject(value)) return value;
  const result: JsonObject = {};
  for (const name of Object.keys(value).sort(compareText)) setOwnField(result, name, sorted(value[name]!));
  return result;
}
