import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ApiObject } from '../../../src/machinery/object.ts';
import { v3Codec } from '../../../src/storage/v3-codec.ts';

const pools = v3Codec({ kind: 'IPPool', plural: 'ippools', namespaced: false, hasInt64: false });
const policies = v3Codec({
  kind: 'NetworkPolicy',
  plural: 'networkpolicies',
  namespaced: true,
  hasInt64: false,
});
const blocks = v3Codec({ kind: 'IPAMBlock', plural: 'ipamblocks', namespaced: false, hasInt64: true });

function object(kind: string, metadata: ApiObject['metadata'], spec = {}): ApiObject {
  return { apiVersion: 'projectcalico.org/v3', kind, metadata, spec };
}

test('keys and prefixes', () => {
  assert.equal(pools.prefix(), '/ippools/');
  assert.equal(pools.keyFor(object('IPPool', { name: 'a' })), '/ippools/a');
  assert.deepEqual(pools.candidateKeys(undefined, 'a'), ['/ippools/a']);
  assert.equal(policies.prefix(), '/networkpolicies/');
  assert.equal(policies.prefix('default'), '/networkpolicies/default/');
  const policy = object('NetworkPolicy', { name: 'p', namespace: 'default' });
  assert.equal(policies.keyFor(policy), '/networkpolicies/default/p');
  assert.deepEqual(policies.candidateKeys('default', 'p'), ['/networkpolicies/default/p']);
});

test('an object comes back as it was stored, with the revision as its version', () => {
  const stored = object(
    'IPPool',
    { name: 'a', resourceVersion: '5', labels: { x: 'y' } },
    { cidr: '10.0.0.0/8' },
  );
  const value = pools.encode(stored);
  const text = Buffer.from(value).toString();
  assert.equal(
    text,
    JSON.stringify(object('IPPool', { name: 'a', labels: { x: 'y' } }, { cidr: '10.0.0.0/8' })),
  );
  assert.equal(stored.metadata.resourceVersion, '5', 'the object handed in is left alone');
  const read = pools.decode({ key: '/ippools/a', value, revision: 17 });
  assert.deepEqual(read, { ...stored, metadata: { ...stored.metadata, resourceVersion: '17' } });
});

test('64-bit integers are kept', () => {
  const spec = { sequenceNumber: 1_780_000_000_000_000_001n, max: 18_446_744_073_709_551_615n, small: 3 };
  const value = blocks.encode(object('IPAMBlock', { name: 'b' }, spec));
  assert.match(Buffer.from(value).toString(), /"sequenceNumber":1780000000000000001,/);
  assert.deepEqual(blocks.decode({ key: '/ipamblocks/b', value, revision: 2 }).spec, spec);
});

test('prototype keys are plain data', () => {
  const value = Buffer.from(
    '{"apiVersion":"v3","kind":"IPPool","metadata":{"name":"a"},"__proto__":{"polluted":true}}',
  );
  const read = pools.decode({ key: '/ippools/a', value, revision: 2 });
  assert.equal(Object.getPrototypeOf(read), Object.prototype);
  assert.equal(Buffer.from(pools.encode(read)).toString(), value.toString());
});

test('bytes that are no such object', () => {
  const cases: [string, RegExp][] = [
    ['', /no JSON/],
    ['{"apiVersion":"v3","kind":"IPPool","meta', /no JSON/],
    ['null', /not a IPPool/],
    ['[]', /not a IPPool/],
    ['"text"', /not a IPPool/],
    ['{"apiVersion":"v3","kind":"Tier","metadata":{"name":"a"}}', /not a IPPool/],
    ['{"kind":"IPPool","metadata":{"name":"a"}}', /not a IPPool/],
    ['{"apiVersion":"v3","kind":"IPPool"}', /no metadata/],
    ['{"apiVersion":"v3","kind":"IPPool","metadata":[]}', /no metadata/],
    ['{"apiVersion":"v3","kind":"IPPool","metadata":{}}', /is named/],
    ['{"apiVersion":"v3","kind":"IPPool","metadata":{"name":"b"}}', /is named \/b/],
    ['{"apiVersion":"v3","kind":"IPPool","metadata":{"name":["a"]}}', /is named/],
  ];
  for (const [text, message] of cases) {
    const entry = { key: '/ippools/a', value: Buffer.from(text), revision: 2 };
    assert.throws(() => pools.decode(entry), message, text);
  }
});
