import { readFileSync } from 'node:fs';
import { parseStored } from '../../../../src/machinery/decode.ts';
import type { JsonObject } from '../../../../src/machinery/json.ts';
import type { ObjectMeta } from '../../../../src/machinery/object.ts';

/** A CR as a cluster stores it. */
export interface CustomObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  spec: JsonObject;
}

/**
 * CRs that Calico's own client wrote to a real cluster (v3.99 with kube-apiserver 1.36.3), one of each kind and more, less their
 * managedFields.
 */
export const samples: CustomObject[] = readFileSync(new URL('samples.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map(line => parseStored(Buffer.from(line), true) as unknown as CustomObject);
