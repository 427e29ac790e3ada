/** Requests that are nearly right, each with a nonce that its answer must echo. */
import { kinds } from '../../../src/kinds/index.ts';
import type { Kind } from '../../../src/kinds/kind.ts';
import { encode } from '../../../src/machinery/encode.ts';
import { mutateBytes, mutateValue } from './mutate.ts';
import type { Random } from './random.ts';

export interface Request {
  nonce: string;
  headers: Record<string, string>;
  body?: Buffer;
}

const v3 = '/apis/projectcalico.org/v3';
const patchTypes = [
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/json-patch+json',
  'application/apply-patch+yaml',
];
const oddTypes = [
  'text/plain',
  'application/xml',
  'application/json; charset=x',
  '',
  'application/vnd.kubernetes.protobuf',
];
const accepts = [
  'application/json',
  'application/json',
  'application/yaml',
  '*/*',
  'application/json;as=Table;g=meta.k8s.io;v=v1',
  'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1',
  'text/html',
  'application/json;q=0.1, */*;q=x',
];
const queries = [
  'fieldValidation=Strict',
  'fieldValidation=Ignore',
  'fieldValidation=Odd',
  'pretty=true',
  'fieldManager=fuzz',
  `fieldManager=${'x'.repeat(200)}`,
  'force=true',
  'timeout=1ms',
  'timeout=banana',
  'dryRun=Some',
  'resourceVersion=1',
  'resourceVersion=99999999999',
  'resourceVersionMatch=Exact',
  'propagationPolicy=Orphan',
  'gracePeriodSeconds=-1',
  'limit=1',
  'limit=-1',
  'continue=AAAA',
  'labelSelector=a%3Db',
  'labelSelector=a+in+(',
  'fieldSelector=metadata.name%3Da',
  'fieldSelector=spec.x%3D1',
  'includeObject=None',
  '%zz',
];
/** Objects that others rest on, and agents keep. */
const writable = kinds.filter(
  kind => kind.plural !== 'clusterinformations' && kind.examples.valid.length > 0,
);

/**
 * The next request. It may be any verb on any kind; what it writes is a dry run, or an object whose name has the nonce in it, so
 * that whatever is answered about it can be told from what belongs to others.
 */
export function nextRequest(random: Random, turn: number): Request {
  const nonce = `fz-${random.seed.toString(36)}-${turn}-z`;
  const kind = random.one(writable);
  const name = random.chance(0.05) ? encodeURIComponent(`${nonce}/..%\u0000é`) : nonce;
  const collection = kind.namespaced ? `${v3}/namespaces/fuzz/${kind.plural}` : `${v3}/${kind.plural}`;
  const method = random.one([
    'POST',
    'POST',
    'POST',
    'POST',
    'POST',
    'POST',
    'POST',
    'PUT',
    'PATCH',
    'GET',
    'DELETE',
  ]);
  const query = random.chance(0.4) ? [random.one(queries)] : [];
  // An object that is stored is named in errors of others where a rule is about both.
  const mayStore = kind.plural === 'networksets' && random.chance(0.3);
  if (method !== 'GET' && !mayStore) query.push('dryRun=All');
  // A list would tell of what belongs to others.
  if (method === 'GET' && random.chance(0.3)) query.push(`labelSelector=nonce%3D${nonce}`);
  const isList = query.some(one => one.startsWith(`labelSelector=nonce`));
  const path = method === 'POST' || isList ? collection : `${collection}/${name}`;
  const headers: Record<string, string> = {
    ':method': method,
    ':path': query.length > 0 ? `${path}?${query.join('&')}` : path,
    accept: random.chance(0.8) ? 'application/json' : random.one(accepts),
    'audit-id': nonce,
    ...(random.chance(0.1) && { [random.one(['x-forwarded-for', 'x-remote-user', 'if-match'])]: 'x' }),
  };
  if (method === 'GET') return { nonce, headers };
  headers['content-type'] = contentType(random, method);
  const body = bodyOf(random, { kind, nonce, patch: headers['content-type'] });
  return { nonce, headers, body };
}

function contentType(random: Random, method: string): string {
  if (random.chance(0.03)) return random.one(oddTypes);
  if (method === 'PATCH') return random.one(patchTypes);
  return random.chance(0.1) ? 'application/yaml' : 'application/json';
}

function bodyOf(
  random: Random,
  { kind, nonce, patch }: { kind: Kind; nonce: string; patch: string },
): Buffer {
  const object = structuredClone(random.one(kind.examples.valid)) as unknown as Record<string, unknown>;
  const metadata = { ...(object.metadata as object), labels: { nonce }, annotations: { nonce }, name: nonce };
  if (kind.namespaced) Object.assign(metadata, { namespace: 'fuzz' });
  Object.assign(object, { apiVersion: 'projectcalico.org/v3', kind: kind.kind, metadata });
  for (let left = random.below(4); left > 0; left--) mutateValue(random, object);
  let value: unknown = object;
  if (patch === 'application/json-patch+json') {
    value = [
      {
        op: random.one(['add', 'replace', 'test', 'move']),
        path: '/spec',
        from: '/metadata',
        value: object.spec,
      },
    ];
  }
  const bytes = Buffer.from(encode(value));
  return random.chance(0.1) ? mutateBytes(random, bytes) : bytes;
}
