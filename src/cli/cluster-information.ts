import { randomUUID } from 'node:crypto';
import { limits } from '../limits.ts';
import type { Json, JsonObject } from '../machinery/json.ts';
import type { ApiObject } from '../machinery/object.ts';
import { StatusError } from '../machinery/status.ts';
import type { Resource } from '../registry/resource.ts';

/** Adds a word to spec.clusterType, where it is not there. Returns whether it was added. */
export function addClusterType(object: ApiObject, word: string): boolean {
  const spec = (object.spec ?? {}) as JsonObject;
  const words = String(spec.clusterType ?? '')
    .split(',')
    .filter(each => each !== '');
  if (words.includes(word)) return false;
  object.spec = { ...spec, clusterType: [...words, word].join(',') };
  return true;
}

/**
 * Fills in what Calico's components expect of an installation, as its client does at every start (EnsureInitialized): an identity,
 * that the datastore may be used unless somebody has said no, and the word for the store. Throws StorageError, StatusError.
 */
export async function completeClusterInformation(
  resource: Resource | undefined,
  clusterType?: string,
): Promise<void> {
  if (!resource) return;
  const context = { warn: () => {}, signal: new AbortController().signal };
  const target = { namespace: '', name: 'default', subresource: '' } as const;
  for (let attempt = 1; ; attempt++) {
    try {
      const object = (await resource.get('', target.name, { resourceVersion: '' })).object();
      const spec = (object.spec ?? {}) as JsonObject;
      let changed = clusterType !== undefined && addClusterType(object, clusterType);
      if (!spec.clusterGUID) {
        object.spec = { ...(object.spec as JsonObject), clusterGUID: randomUUID().replaceAll('-', '') };
        changed = true;
      }
      if (spec.datastoreReady === undefined) {
        object.spec = { ...(object.spec as JsonObject), datastoreReady: true };
        changed = true;
      }
      if (!changed) return;
      const body = { value: object as unknown as Json, duplicates: [], position: () => undefined };
      await resource.update(context, target, body, { dryRun: false, fieldValidation: 'Ignore' });
      return;
    } catch (error) {
      // Others do the same at their start.
      const lost =
        error instanceof StatusError && ['Conflict', 'NotFound'].includes(error.status.reason ?? '');
      if (!lost || attempt === limits.maxPatchAttempts) throw error;
    }
  }
}
