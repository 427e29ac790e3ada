import { goQuote } from './go-text.ts';
import { badRequest } from './status.ts';

/** Reading of query parameters as apimachinery converts them: the first value counts, unknown parameters do not. */

/** A text; the empty string where the parameter is absent. */
export function queryText(query: URLSearchParams, name: string): string {
  return query.get(name) ?? '';
}

/** A boolean: `0` and `false` in any case are false, everything else, even the empty text, is true. */
export function queryBoolean(query: URLSearchParams, name: string): boolean | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  return text !== '0' && text.toLowerCase() !== 'false';
}

/** A 64-bit integer. Throws the StatusError 400 with the text of Go's strconv. */
export function queryInteger(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  if (!/^[-+]?\d+$/.test(text)) {
    throw badRequest(`strconv.ParseInt: parsing ${goQuote(text)}: invalid syntax`);
  }
  const value = Number(text);
  if (Math.abs(value) >= 2 ** 63) {
    throw badRequest(`strconv.ParseInt: parsing ${goQuote(text)}: value out of range`);
  }
  return value + 0;
}
