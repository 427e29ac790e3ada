import type { Entry, Guard, Write } from '../backend.ts';
import { StorageError } from '../errors.ts';
import { rangeOf, rawKey } from './keys.ts';
import {
  type Compare,
  compareResult,
  compareTarget,
  type KeyValue,
  type RequestOp,
  type txnRequest,
  type txnResponse,
} from './messages.ts';
import type { Of } from './protobuf.ts';

/**
 * One write as one transaction of etcd: the compare that Calico makes (version 0 for a create, the mod revision otherwise;
 * datastore.md §2.1), the guards as further compares, and where they do not hold, a look at the key to say why.
 */
export function transactionOf(write: Write, guards: Guard[]): Of<typeof txnRequest> {
  const key = Buffer.from(rawKey(write.key));
  const look: RequestOp = { range: { key, keysOnly: true } };
  const success: RequestOp[] =
    write.type === 'delete'
      ? [{ deleteRange: { key, prevKv: true } }]
      : // Looked at after the put, for the revision that created the key.
        [{ put: { key, value: write.value } }, look];
  return { compare: [...expectation(write, key), ...guards.map(compareOf)], success, failure: [look] };
}

function expectation(write: Write, key: Uint8Array): Compare[] {
  const { equal, greater } = compareResult;
  const { version, modRevision } = compareTarget;
  if (write.type === 'create') return [{ key, target: version, result: equal, version: 0 }];
  return [
    // An absent key has the mod revision 0, which somebody may expect.
    { key, target: version, result: greater, version: 0 },
    { key, target: modRevision, result: equal, modRevision: write.expect },
  ];
}

function compareOf(guard: Guard): Compare {
  if ('key' in guard) {
    const { equal: result } = compareResult;
    const key = Buffer.from(rawKey(guard.key));
    // An absent key has the mod revision 0.
    return { key, target: compareTarget.modRevision, result, modRevision: guard.revision };
  }
  return {
    ...rangeOf(guard.prefix),
    target: compareTarget.modRevision,
    result: compareResult.less,
    modRevision: guard.unchangedSince + 1,
  };
}

/** What the transaction has stored. Throws Exists, NotFound or Conflict where it has not been done. */
export function outcomeOf(write: Write, response: Of<typeof txnResponse>): Entry {
  const { key } = write;
  const revision = response.header!.revision;
  if (!response.succeeded) throw refusal(write, response.responses[0]?.range?.kvs[0]);
  if (write.type === 'delete') {
    const [last] = response.responses[0]!.deleteRange!.prevKvs;
    return { key, value: last!.value, revision, createRevision: last!.createRevision };
  }
  const { createRevision } = response.responses[1]!.range!.kvs[0]!;
  return { key, value: write.value, revision, createRevision };
}

/** The expectation is looked at before the guards. */
function refusal(write: Write, present: KeyValue | undefined): StorageError {
  const { key } = write;
  if (write.type === 'create') {
    if (present) return new StorageError('Exists', `${key} exists`);
  } else {
    if (!present) return new StorageError('NotFound', `${key} is not there`);
    if (present.modRevision !== write.expect) {
      return new StorageError('Conflict', `${key} is at ${present.modRevision}, not at ${write.expect}`);
    }
  }
  return new StorageError('Conflict', `${key}: what the write depends on has changed`);
}
