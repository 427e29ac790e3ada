import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { kinds } from '../../../../src/kinds/index.ts';
import { copy } from '../../../../src/machinery/equal.ts';
import type { Json, JsonObject } from '../../../../src/machinery/json.ts';
import type { ApiObject, ObjectMeta } from '../../../../src/machinery/object.ts';
import { hasInt64 } from '../../../../src/schema/int64.ts';
import type { Codec } from '../../../../src/storage/backend.ts';
import { etcdCodec } from '../../../../src/storage/etcd/codecs/codec.ts';
import { contractKey } from '../../../../src/storage/etcd/keys.ts';
import { etcdSamples } from '../../../e2e/etcd-samples.ts';

const codecs = new Map<string, Codec>(
  kinds.map(kind => [kind.kind, etcdCodec({ ...kind, hasInt64: hasInt64(kind.schema) })]),
);
const codecOf = (kind: string) => codecs.get(kind)!;

function object(kind: string, metadata: ObjectMeta, spec: JsonObject = {}): ApiObject {
  return { apiVersion: 'projectcalico.org/v3', kind, metadata, spec };
}

function decode(kind: string, key: string, value: string, revision = 7, createRevision = 7): ApiObject {
  return codecOf(kind).decode({ key, value: Buffer.from(value), revision, createRevision });
}

/** The kind whose codec a sample's key is for. */
function kindOf(key: string): string | undefined {
  const found = kinds.filter(({ kind }) => {
    const codec = codecOf(kind);
    return key.startsWith(codec.prefix()) && !codec.skips?.(key);
  });
  assert.ok(found.length < 2, key);
  return found[0]?.kind;
}

const root = '/calico/resources/v3/projectcalico.org/';

describe("Calico's own values", () => {
  for (const { key: raw, value } of etcdSamples()) {
    const key = contractKey(Buffer.from(raw));
    const kind = kindOf(key);
    if (!kind) continue;
    test(`${raw} is read, and written as it was`, () => {
      const read = decode(kind, key, value);
      assert.equal(read.metadata.resourceVersion, '7');
      assert.equal(codecOf(kind).keyFor(read), key);
      // The name of a handle is in lower case, which its key need not be.
      if (kind !== 'IPAMHandle') {
        const candidates = codecOf(kind).candidateKeys(read.metadata.namespace, read.metadata.name!);
        assert.ok(candidates.includes(key), candidates.join());
      }
      assert.deepEqual(codecOf(kind).refuses?.({ object: read, old: read }) ?? [], []);
      const written = Buffer.from(codecOf(kind).encode(read)).toString();
      assert.deepEqual(sorted(written), sorted(value));
    });
  }

  test('each kind that is served is among them', () => {
    const found = new Set(etcdSamples().map(({ key }) => kindOf(contractKey(Buffer.from(key)))));
    assert.deepEqual(
      kinds.map(({ kind }) => kind).filter(kind => !found.has(kind)),
      [],
    );
  });
});

/** JSON with members in order, and long numbers as they stand. */
function sorted(text: string): unknown {
  const exact = text.replaceAll(/(?<=[:,[])(\d{16,})(?=[,\]}])/g, '"number $1"');
  return JSON.parse(exact);
}

describe('names of policies', () => {
  const policies = `${root}globalnetworkpolicies/`;
  const stored = (name: string, tier?: string, annotation?: string) =>
    JSON.stringify({
      metadata: { name, ...(annotation && { annotations: { 'projectcalico.org/metadata': annotation } }) },
      spec: { ...(tier && { tier }) },
    });
  const cases: [key: string, value: string, shown: string][] = [
    ['a', stored('a', 'default', '{"name":"a"}'), 'a'],
    ['default.a', stored('default.a', 'default', '{"name":"default.a"}'), 'default.a'],
    ['default.a', stored('default.a', 'default'), 'a'],
    ['default.a', stored('default.a'), 'a'],
    ['default.a', stored('default.a', 'default', '{"name":"a"}'), 'a'],
    ['t.a', stored('t.a', 't'), 't.a'],
    ['t.a', stored('t.a', 't', 'no JSON'), 't.a'],
  ];
  for (const [key, value, shown] of cases) {
    test(`${key} with ${value} is ${shown}`, () => {
      const read = decode('GlobalNetworkPolicy', policies + key, value);
      assert.equal(read.metadata.name, shown);
      assert.equal(read.metadata.annotations, undefined);
      const again = Buffer.from(codecOf('GlobalNetworkPolicy').encode(read)).toString();
      assert.equal(decode('GlobalNetworkPolicy', policies + key, again).metadata.name, shown);
    });
  }

  test('annotations of the user stay, but for the one that Calico takes', () => {
    const codec = codecOf('GlobalNetworkPolicy');
    const annotations = { note: 'n', 'projectcalico.org/metadata': 'mine' };
    const value = Buffer.from(codec.encode(object('GlobalNetworkPolicy', { name: 'a', annotations })));
    assert.deepEqual(JSON.parse(value.toString()).metadata.annotations, {
      note: 'n',
      'projectcalico.org/metadata': '{"name":"a"}',
    });
    const read = decode('GlobalNetworkPolicy', `${policies}a`, value.toString());
    assert.deepEqual(read.metadata.annotations, { note: 'n' });
  });
});

test('values that are no objects of the kind are refused, with the key', () => {
  const cases: [kind: string, key: string, value: string][] = [
    ['Tier', `${root}tiers/a`, ''],
    ['Tier', `${root}tiers/a`, 'no JSON'],
    ['Tier', `${root}tiers/a`, 'null'],
    ['Tier', `${root}tiers/a`, '{"kind":"Tier"}'],
    ['Tier', `${root}tiers/a`, '{"kind":"IPPool","metadata":{"name":"a"}}'],
    ['Tier', `${root}tiers/a`, '{"apiVersion":"v1","metadata":{"name":"a"}}'],
    ['Tier', `${root}tiers/a`, '{"metadata":{"name":"b"}}'],
    ['Tier', `${root}tiers/a`, '{"metadata":{}}'],
    ['Tier', `${root}tiers/a`, '{"metadata":{"name":"a","labels":{"x":1}}}'],
    ['Tier', `${root}tiers/a/b`, '{"metadata":{"name":"a"}}'],
    ['NetworkSet', `${root}networksets/a`, '{"metadata":{"name":"a"}}'],
    ['NetworkSet', `${root}networksets/n/a`, '{"metadata":{"name":"a","namespace":"m"}}'],
    ['BlockAffinity', '/calico/ipam/v2/affinity/other/n/ipv4/block/10.0.0.0-26', '{}'],
    ['BlockAffinity', '/calico/ipam/v2/affinity/host/n/ipv4/block/10.0.0.1-26', '{}'],
    ['BlockAffinity', '/calico/ipam/v2/affinity/host/n/ipv4/block/10.0.0.0-26', '{"deleted":"false"}'],
    ['IPAMBlock', '/calico/ipam/v2/assignment/ipv6/block/10.0.0.0-26', '{"cidr":"10.0.0.0/26"}'],
    ['IPAMBlock', '/calico/ipam/v2/assignment/ipv4/block/10.0.0.0-26', '{"cidr":"10.0.0.64/26"}'],
    [
      'IPAMBlock',
      '/calico/ipam/v2/assignment/ipv4/block/10.0.0.0-26',
      '{"cidr":"10.0.0.0/26","allocations":1}',
    ],
    ['IPAMHandle', '/calico/ipam/v2/handle/a/b', '{}'],
    ['IPAMHandle', '/calico/ipam/v2/handle/a', '{"block":[]}'],
    ['IPAMConfiguration', '/calico/ipam/v2/config', '{"strict_affinity":"yes"}'],
  ];
  for (const [kind, key, value] of cases) {
    assert.throws(
      () => decode(kind, key, value),
      (error: Error) => error.message.startsWith(`${key}: `),
      value,
    );
  }
});

describe('what IPAM keeps', () => {
  const affinityKey = '/calico/ipam/v2/affinity/host/node1/ipv4/block/192.168.0.112-28';

  test('an affinity: an empty value counts, labels follow', () => {
    const read = decode('BlockAffinity', affinityKey, '');
    assert.equal(read.metadata.name, 'node1-192-168-0-112-28');
    assert.deepEqual(read.spec, {
      cidr: '192.168.0.112/28',
      deleted: false,
      node: 'node1',
      state: '',
      type: 'host',
    });
    assert.deepEqual(read.metadata.labels, {
      'projectcalico.org/affinity-type': 'host',
      'projectcalico.org/hostname-hash': '7DS2CCNJGGLTHBDQLLFO6SX24SY2YDDEG3W2VN556FA2W4DLLV5A',
      'projectcalico.org/ip-version': '4',
    });
  });

  test('a name that would be too long is cut and has a hash', () => {
    const node = `n${'0123456789'.repeat(24)}`;
    const key = codecOf('BlockAffinity').keyFor(object('BlockAffinity', {}, { node, cidr: '10.99.0.0/26' }));
    const { name } = decode('BlockAffinity', key, '{}').metadata;
    assert.equal(name!.length, 252);
    assert.ok(name!.endsWith('012345-10-99-0-0-26-61f86d2e454'), name);
  });

  test('the marker of old releases is passed over, and no other key is', () => {
    const { skips } = codecOf('BlockAffinity');
    assert.equal(skips!('/calico/ipam/v2/affinity/host/node1'), true);
    assert.equal(skips!(affinityKey), false);
    assert.equal(codecOf('IPAMConfiguration').skips!('/calico/ipam/v2/config'), false);
    assert.equal(codecOf('IPAMConfiguration').skips!('/calico/ipam/v2/configuration'), true);
  });

  test('a UID is of the key and the revision that created it, whatever is written later', () => {
    const uid = (key: string, created: number, revision: number) =>
      decode('BlockAffinity', key, '{}', revision, created).metadata.uid;
    const first = uid(affinityKey, 5, 5);
    assert.match(first!, /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    assert.equal(uid(affinityKey, 5, 9), first);
    assert.notEqual(uid(affinityKey, 12, 12), first);
    assert.notEqual(uid(affinityKey.replace('112', '128'), 5, 5), first);
  });

  test('the time of creation is that of the claim, and stays when the claim is given up', () => {
    const key = '/calico/ipam/v2/assignment/ipv4/block/10.0.0.0-31';
    const value = { cidr: '10.0.0.0/31', affinity_claim_time: '2026-11-23T16:23:14+01:00' };
    const claimed = decode('IPAMBlock', key, JSON.stringify(value), 5, 5);
    assert.equal(claimed.metadata.creationTimestamp, '2026-11-23T15:23:14Z');
    const released = decode('IPAMBlock', key, '{"cidr":"10.0.0.0/31"}', 6, 5);
    assert.equal(released.metadata.creationTimestamp, '2026-11-23T15:23:14Z');
  });

  test('a block as it is new', () => {
    const spec = {
      cidr: '10.0.0.0/30',
      allocations: [null, null, null, null],
      unallocated: [0, 1, 2, 3],
      attributes: [],
      sequenceNumber: 1_795_447_394_212_775_991n,
      strictAffinity: false,
    };
    const value = Buffer.from(
      codecOf('IPAMBlock').encode(object('IPAMBlock', { name: '10-0-0-0-30' }, spec)),
    );
    assert.equal(
      value.toString(),
      '{"cidr":"10.0.0.0/30","affinity":null,"allocations":[null,null,null,null],"unallocated":[0,1,2,3],' +
        '"attributes":null,"sequenceNumber":1795447394212775991,"sequenceNumberForAllocation":{},"deleted":false}',
    );
  });

  test('a configuration that leaves a switch out has it off', () => {
    const { spec } = decode('IPAMConfiguration', '/calico/ipam/v2/config', '{"maxBlocksPerHost":3}');
    assert.deepEqual(spec, { autoAllocateBlocks: false, maxBlocksPerHost: 3, strictAffinity: false });
  });
});

describe('what has no place in etcd is refused', () => {
  const affinity = object(
    'BlockAffinity',
    { name: 'node1-10-0-0-0-26' },
    { node: 'node1', cidr: '10.0.0.0/26', state: 'confirmed', deleted: false },
  );
  const block = object(
    'IPAMBlock',
    { name: '10-0-0-0-31' },
    { cidr: '10.0.0.0/31', allocations: [0, null], unallocated: [1], attributes: [{}] },
  );
  const handle = object('IPAMHandle', { name: 'a.b' }, { handleID: 'a.B', block: {} });
  const allow = object('Profile', { name: 'projectcalico-default-allow' });
  const cases: [
    why: string,
    base: ApiObject,
    change: { metadata?: ObjectMeta; spec?: JsonObject },
    fields: string[],
  ][] = [
    ['nothing', affinity, {}, []],
    ['nothing', block, {}, []],
    ['nothing', handle, {}, []],
    [
      'metadata',
      affinity,
      {
        metadata: {
          labels: { a: 'b' },
          annotations: { c: 'd' },
          finalizers: ['e/f'],
          ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: 'n', uid: 'u' }],
        },
      },
      ['metadata.labels[a]', 'metadata.annotations[c]', 'metadata.finalizers', 'metadata.ownerReferences'],
    ],
    ['labels that follow', affinity, { metadata: { labels: { 'projectcalico.org/ip-version': '4' } } }, []],
    [
      'a label that says something else',
      affinity,
      { metadata: { labels: { 'projectcalico.org/ip-version': '6' } } },
      ['metadata.labels[projectcalico.org/ip-version]'],
    ],
    ['another name', affinity, { metadata: { name: 'mine' } }, ['metadata.name']],
    ['a slash in a node', affinity, { spec: { node: 'a/b' } }, ['metadata.name', 'spec.node']],
    ['a type that there is not', affinity, { spec: { type: 'pet' } }, ['spec.type']],
    ['a block not in its canonical form', block, { spec: { cidr: '10.0.0.1/31' } }, ['spec.cidr']],
    ['a short list', block, { spec: { allocations: [0] } }, ['spec.allocations']],
    ['an owner that is not there', block, { spec: { allocations: [1, null] } }, ['spec.allocations[0]']],
    ['a position outside', block, { spec: { unallocated: [2] } }, ['spec.unallocated[0]']],
    ['strictAffinity', block, { spec: { strictAffinity: true } }, ['spec.strictAffinity']],
    ['another name of a handle', handle, { metadata: { name: 'a.c' } }, ['metadata.name']],
    ['a handle with a slash', handle, { spec: { handleID: 'a/b' } }, ['metadata.name', 'spec.handleID']],
    ['the built-in profile', allow, {}, ['metadata.name']],
  ];
  for (const [why, base, change, fields] of cases) {
    test(`${base.kind}: ${why}`, () => {
      const changed = copy(base);
      Object.assign(changed.metadata, change.metadata);
      Object.assign(changed.spec as Record<string, Json>, change.spec);
      const errors = codecOf(base.kind).refuses!({ object: changed });
      assert.deepEqual(
        errors.map(({ field }) => field),
        fields,
      );
    });
  }

  test('an affinity cannot change its type, nor the built-in profile go', () => {
    const changed = copy(affinity);
    (changed.spec as JsonObject).type = 'virtual';
    const [error] = codecOf('BlockAffinity').refuses!({ object: changed, old: affinity });
    assert.equal(error?.field, 'spec.type');
    assert.equal(codecOf('Profile').refuses!({ old: allow }).length, 1);
    assert.equal(codecOf('BlockAffinity').refuses!({ old: affinity }).length, 0);
  });
});
