import type { Json } from './json.ts';
import { isJsonObject } from './own-field.ts';

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

/** The order of the UTF-8 bytes of two texts, which is Go's. Negative where `a` comes first. */
export function compareText(a: string, b: string): number {
  const shared = Math.min(a.length, b.length);
  for (let index = 0; index < shared; index++) {
    const unitA = a.charCodeAt(index);
    const unitB = b.charCodeAt(index);
    if (unitA !== unitB) return rank(unitA) - rank(unitB);
  }
  return a.length - b.length;
}

/** A UTF-16 unit with surrogates, which stand for characters beyond U+FFFF, moved above all others. */
function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}
