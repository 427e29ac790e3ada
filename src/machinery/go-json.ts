import type { Json } from './json.ts';
import { isJsonObject } from './own-field.ts';
import { compareText } from './text-order.ts';

function goString(text: string): string {
  const plain = JSON.stringify(text);
  if (!/[<>&\u2028\u2029]/.test(plain)) return plain;
  return plain.replace(
    /[<>&\u2028\u2029]/g,
    found => `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** A value as Go's encoding/json writes it: keys sorted, `<`, `>` and `&` escaped, integers exact. */
export function goJson(value: Json): string {
  if (typeof value === 'string') return goString(value);
  if (Array.isArray(value)) return `[${value.map(goJson).join(',')}]`;
  if (!isJsonObject(value)) return String(value);
  const names = Object.keys(value).sort(compareText);
  return `{${names.map(name => `${goString(name)}:${goJson(value[name]!)}`).join(',')}}`;
}
