import type { Json, JsonObject } from '../machinery/json.ts';
import type { ClusterResponse } from './client.ts';
import { asObject, text } from './fields.ts';

/** An answer of kube-apiserver that is not the one hoped for. */
export class ClusterError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = 'ClusterError';
    this.status = status;
  }
}

/**
 * The object in a 2xx answer. Throws ClusterError, with the message of the Status where there is one, on any
 * other.
 */
export function readObject(path: string, response: ClusterResponse): JsonObject {
  const { status, body } = response;
  const ok = status >= 200 && status < 300;
  let parsed: JsonObject = {};
  try {
    parsed = asObject(JSON.parse(body.toString()) as Json);
  } catch {
    if (ok) throw new ClusterError(status, `${path}: the answer is not JSON`);
  }
  if (ok) return parsed;
  const message = text(parsed, 'message') ?? body.toString().trim().slice(0, 200);
  throw new ClusterError(status, `${path}: HTTP ${status}${message && `: ${message}`}`);
}
