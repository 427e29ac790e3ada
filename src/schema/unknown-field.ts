import { nearest } from './nearest.ts';
import { fieldSchema } from './prune.ts';
import type { Schema } from './schema.ts';

/**
 * The known field that was probably meant by an unknown one at a path as `prune` returns it: the nearest of those that
 * stand beside it. Undefined where none is near.
 */
export function meantField(schema: Schema, path: string): string | undefined {
  let at: Schema | undefined = schema;
  let rest = path;
  while (at) {
    const index = /^\[\d+\]\.?/.exec(rest);
    if (index && at.items) {
      at = at.items;
      rest = rest.slice(index[0].length);
      continue;
    }
    const name: string | undefined = /^[^.[]+(?=[.[])/.exec(rest)?.[0];
    const next: Schema | undefined = name === undefined ? undefined : fieldSchema(at, name);
    // Names of unknown fields may hold dots and brackets of their own.
    if (name === undefined || !next) return nearest(rest, Object.keys(at.properties ?? {}));
    at = next;
    rest = rest.slice(name.length).replace(/^\./, '');
  }
  return undefined;
}
