import { bool, bytes, integer, type Message, many, message, type Of, one, part, text } from './protobuf.ts';

/**
 * etcd's published interface (etcdserverpb and mvccpb, version 3), as far as it is used here: field numbers are etcd's, names
 * are in camel case.
 */

const header = message({ clusterId: integer(1), revision: integer(3) });
export type Header = Of<typeof header>;

const keyValue = message({
  key: bytes(1),
  createRevision: integer(2),
  modRevision: integer(3),
  version: integer(4),
  value: bytes(5),
});
export type KeyValue = Of<typeof keyValue>;

export const rangeRequest = message({
  key: bytes(1),
  rangeEnd: bytes(2),
  limit: integer(3),
  revision: integer(4),
  keysOnly: bool(8),
  countOnly: bool(9),
});
export const rangeResponse = message({
  header: one(1, header),
  kvs: many(one(2, keyValue)),
  more: bool(3),
});

const putRequest = message({ key: bytes(1), value: bytes(2) });
const deleteRangeRequest = message({ key: bytes(1), rangeEnd: bytes(2), prevKv: bool(3) });
const deleteRangeResponse = message({ deleted: integer(2), prevKvs: many(one(3, keyValue)) });

const requestOp = message({
  range: part(1, rangeRequest),
  put: part(2, putRequest),
  deleteRange: part(3, deleteRangeRequest),
});
export type RequestOp = Partial<Of<typeof requestOp>>;
const responseOp = message({
  range: one(1, rangeResponse),
  deleteRange: one(3, deleteRangeResponse),
});

/** How a compare holds: `result` is one of compareResult, the target the one of the four that is set. */
const compare = message({
  result: integer(1),
  target: integer(2),
  key: bytes(3),
  version: integer(4),
  modRevision: integer(6),
  rangeEnd: bytes(64),
});
export type Compare = Partial<Of<typeof compare>>;
export const compareResult = { equal: 0, greater: 1, less: 2 };
export const compareTarget = { version: 0, modRevision: 2 };

export const txnRequest = message({
  compare: many(part(1, compare)),
  success: many(part(2, requestOp)),
  failure: many(part(3, requestOp)),
});
export const txnResponse = message({
  header: one(1, header),
  succeeded: bool(2),
  responses: many(one(3, responseOp)),
});

export const compactionRequest = message({ revision: integer(1) });
export const compactionResponse = message({ header: one(1, header) });

const watchCreateRequest = message({
  key: bytes(1),
  rangeEnd: bytes(2),
  startRevision: integer(3),
  prevKv: bool(6),
  fragment: bool(8),
});
const watchProgressRequest = message({});
export const watchRequest = message({
  create: part(1, watchCreateRequest),
  progress: part(3, watchProgressRequest),
});

const event = message({ type: integer(1), kv: one(2, keyValue), prevKv: one(3, keyValue) });
export type Event = Of<typeof event>;
export const eventType = { put: 0, delete: 1 };

export const watchResponse = message({
  header: one(1, header),
  watchId: integer(2),
  created: bool(3),
  canceled: bool(4),
  compactRevision: integer(5),
  cancelReason: text(6),
  fragment: bool(7),
  events: many(one(11, event)),
});
export type WatchResponse = Of<typeof watchResponse>;

export const statusRequest = message({});
export const statusResponse = message({
  header: one(1, header),
  version: text(2),
  leader: integer(4),
  errors: many(text(8)),
});

export const authenticateRequest = message({ name: text(1), password: text(2) });
export const authenticateResponse = message({ token: text(2) });

/** A remote procedure that answers once. */
export interface Method<Q, R> {
  path: string;
  request: Message<Q>;
  response: Message<R>;
}

export const methods = {
  range: { path: '/etcdserverpb.KV/Range', request: rangeRequest, response: rangeResponse },
  txn: { path: '/etcdserverpb.KV/Txn', request: txnRequest, response: txnResponse },
  compact: { path: '/etcdserverpb.KV/Compact', request: compactionRequest, response: compactionResponse },
  status: { path: '/etcdserverpb.Maintenance/Status', request: statusRequest, response: statusResponse },
  authenticate: {
    path: '/etcdserverpb.Auth/Authenticate',
    request: authenticateRequest,
    response: authenticateResponse,
  },
};
export const watchPath = '/etcdserverpb.Watch/Watch';
