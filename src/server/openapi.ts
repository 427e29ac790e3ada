import { group, version } from '../kinds/kind.ts';
import { encode } from '../machinery/encode.ts';
import type { JsonObject } from '../machinery/json.ts';
import { type FixedDocument, fixedDocument, sendDocument } from './document.ts';
import type { Exchange } from './exchange.ts';
import { acceptsJson } from './negotiation.ts';
import { sendText } from './respond.ts';

const groupVersionPath = `apis/${group}/${version}`;

/** The OpenAPI documents, made once. */
export interface OpenApi {
  v2: FixedDocument;
  /** The index of v3 documents. */
  v3Index: FixedDocument;
  v3: FixedDocument;
  lastModified: string;
}

/** Encodes the documents; `builtAt` is what v2 is said to be last modified at. */
export function createOpenApi(documents: { v2: JsonObject; v3: JsonObject }, builtAt: Date): OpenApi {
  const v3 = fixedDocument(encode(documents.v3));
  const index = { paths: { [groupVersionPath]: { serverRelativeURL: versionUrl(v3.hash) } } };
  return {
    v2: fixedDocument(encode(documents.v2)),
    v3Index: fixedDocument(encode(index)),
    v3,
    lastModified: builtAt.toUTCString(),
  };
}

/** Answers GET /openapi/v2. Only JSON is there; kube-apiserver makes the other forms when it merges. */
export async function sendOpenApiV2(exchange: Exchange, openApi: OpenApi): Promise<void> {
  if (refuses(exchange)) return;
  await sendDocument(exchange, openApi.v2, 'application/json', { 'Last-Modified': openApi.lastModified });
}

/** Answers GET /openapi/v3: which documents there are, with the hash of each in its URL. */
export async function sendOpenApiV3Index(exchange: Exchange, openApi: OpenApi): Promise<void> {
  if (refuses(exchange)) return;
  await sendDocument(exchange, openApi.v3Index, 'application/json');
}

/**
 * Answers GET /openapi/v3/apis/GROUP/VERSION. With the right `hash` in the query it may be kept for ever. Another hash comes
 * from an index of before an upgrade: the document is served all the same, only not to be kept. Go's servers redirect to the
 * right URL then, but kube-apiserver passes no redirect on, and explain would fail until it has read the new index.
 */
export async function sendOpenApiV3(exchange: Exchange, openApi: OpenApi, nowMs: number): Promise<void> {
  if (refuses(exchange)) return;
  const forEver = {
    'Cache-Control': 'public, immutable',
    Expires: new Date(nowMs + yearMs).toUTCString(),
  };
  const current = exchange.query.get('hash') === openApi.v3.hash;
  await sendDocument(exchange, openApi.v3, 'application/json', current ? forEver : {});
}

const yearMs = 365 * 24 * 3600 * 1000;

function versionUrl(hash: string): string {
  return `/openapi/v3/${groupVersionPath}?hash=${hash}`;
}

/** Answers a bare 406 to a client that does not take JSON. */
function refuses(exchange: Exchange): boolean {
  if (acceptsJson(exchange.request.headers.accept)) return false;
  sendText(exchange, 406, '');
  return true;
}
