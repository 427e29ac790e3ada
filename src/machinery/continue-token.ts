import { decode } from './decode.ts';
import { goJsonType } from './go-text.ts';
import { isJsonObject, ownField } from './own-field.ts';
import { badRequest, type StatusError } from './status.ts';

/** Where a list goes on: after which key, and at which revision (-1: whatever is newest, an inconsistent list). */
export interface ContinuePoint {
  revision: number;
  /** The first key of the next page, relative to the collection. */
  start: string;
}

const tokenVersion = 'meta.k8s.io/v1';

/** The continue token of a list, in the format of kube-apiserver (clients treat it as opaque). */
export function encodeContinue(point: ContinuePoint): string {
  const json = JSON.stringify({ v: tokenVersion, rv: point.revision, start: point.start });
  return Buffer.from(json).toString('base64url');
}

function invalidToken(detail: string): StatusError {
  return badRequest(`invalid continue token: continue key is not valid${detail}`);
}

function parseToken(token: string): { v: string; rv: number; start: string } {
  const bad = /[^A-Za-z0-9_-]/.exec(token)?.index ?? (token.length % 4 === 1 ? token.length - 1 : -1);
  if (bad >= 0) throw invalidToken(`: illegal base64 data at input byte ${bad}`);
  let fields: { [name: string]: unknown };
  try {
    const value = decode(Buffer.from(token, 'base64url'), 'application/json').value;
    if (!isJsonObject(value)) {
      throw new Error(
        `json: cannot unmarshal ${goJsonType(value)} into Go value of type storage.continueToken`,
      );
    }
    fields = {
      v: ownField(value, 'v') ?? '',
      rv: ownField(value, 'rv') ?? 0,
      start: ownField(value, 'start') ?? '',
    };
  } catch (error) {
    throw invalidToken(`: ${error instanceof Error ? error.message : error}`);
  }
  const { v, rv, start } = fields;
  const mistyped = typeof v !== 'string' ? 'v' : typeof start !== 'string' ? 'start' : undefined;
  if (mistyped) throw invalidToken(typeProblem(fields[mistyped], mistyped, 'string'));
  if (!Number.isSafeInteger(rv)) throw invalidToken(typeProblem(rv, 'rv', 'int64'));
  return { v: v as string, rv: rv as number, start: start as string };
}

function typeProblem(value: unknown, field: string, type: string): string {
  const found = typeof value === 'number' ? `number ${value}` : goJsonType(value);
  return `: json: cannot unmarshal ${found} into Go struct field continueToken.${field} of type ${type}`;
}

/** Whether a key, seen as a path, stays where it is when it is cleaned: it cannot leave its collection. */
function isCleanPath(key: string): boolean {
  const segments = (key.startsWith('/') ? key.slice(1) : key).split('/');
  return segments.every(segment => segment !== '' && segment !== '.' && segment !== '..');
}

/**
 * Reads a continue token back. Throws the StatusError 400 that kube-apiserver gives for one that it did not make.
 */
export function decodeContinue(token: string): ContinuePoint {
  const { v, rv, start } = parseToken(token);
  if (v !== tokenVersion) throw invalidToken(`: server does not recognize this encoded version ${v}`);
  if (rv === 0) {
    throw invalidToken(`: incorrect encoded start resourceVersion (version ${tokenVersion})`);
  }
  if (start === '') throw invalidToken(`: encoded start key empty (version ${tokenVersion})`);
  if (!isCleanPath(start)) throw invalidToken(`: ${start}`);
  return { revision: rv < 0 ? -1 : rv, start: start.startsWith('/') ? start.slice(1) : start };
}
